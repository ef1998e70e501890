/** The reason of a knock. The people in the room read it, not the person who moves. */
export function knockReason(sourceUserId: string): string {
  return `I am moving to a new account. My old one in this room is ${sourceUserId}; please let me in.`;
}

/** What people in a room are told with a knock: it goes to them, not to the person who moves. */
export function knockReason(sourceUserId: string): string {
  return `I am moving to a new account. My old one in this room is ${sourceUserId}; please let me in.`;
}

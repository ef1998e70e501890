/** A link to a person that every client understands (CS appendices §matrix.to navigation). */
export function matrixToUser(userId: string): string {
  return `https://matrix.to/#/${encodeURIComponent(userId)}`;
}

/**
 * A link to a room, with servers to join it through: a room ID alone names none (CS appendices
 * §Routing).
 */
export function matrixToRoom(roomIdOrAlias: string, via: readonly string[]): string {
  const query = via.map((server) => `via=${encodeURIComponent(server)}`).join("&");
  return `https://matrix.to/#/${encodeURIComponent(roomIdOrAlias)}${query === "" ? "" : `?${query}`}`;
}

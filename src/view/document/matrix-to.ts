/** A link to a person that every client understands (CS appendices §matrix.to navigation). */
export function matrixToUser(userId: string): string {
  return `https://matrix.to/#/${encoded(userId)}`;
}

/**
 * An ID from a server may have half a surrogate pair, which cannot be encoded. Quotes and brackets
 * would end the link in Markdown or HTML.
 */
function encoded(text: string): string {
  return encodeURIComponent(text.toWellFormed()).replace(
    /['()]/gu,
    (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

/**
 * A link to a room, with servers to join it through: a room ID alone names none (CS appendices
 * §Routing).
 */
export function matrixToRoom(roomIdOrAlias: string, via: readonly string[]): string {
  const query = via.map((server) => `via=${encoded(server)}`).join("&");
  return `https://matrix.to/#/${encoded(roomIdOrAlias)}${query === "" ? "" : `?${query}`}`;
}

/**
 * Whether a text from a server can be one segment of a path. "", "." and ".." would name another
 * endpoint. A lone surrogate would arrive as another character.
 */
export function isPathSegment(text: string): boolean {
  return text !== "" && text !== "." && text !== ".." && text.isWellFormed();
}

/**
 * Whether a text from a server can be part of a path as it is: "", "." and ".." would name another
 * endpoint, half a character would arrive as another.
 */
export function isPathSegment(text: string): boolean {
  return text !== "" && text !== "." && text !== ".." && text.isWellFormed();
}

/** A JSON object with untrusted values. */
export type JsonObject = Readonly<Record<string, unknown>>;

/** Whether an untrusted value is a JSON object, neither `null` nor an array. */
export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** A non-empty text, or `null`. */
export function textOrNull(value: unknown): string | null {
  return typeof value === "string" && value !== "" ? value : null;
}

/**
 * Deeper than any client nests. Beyond it JSON.stringify and recursive code may overflow the stack.
 */
const DEEPEST = 200;

/**
 * Larger than the content of any client. The largest contents are lists of pictures and of rooms.
 */
const MAX_VALUES = 200_000;

/** Whether a JSON value is nested too deeply, or has too many values, to be processed. */
export function isTooComplex(value: unknown): boolean {
  return countValues(value) === null;
}

/** The number of values in a JSON value, itself included; `null` if it cannot be processed. */
export function countValues(value: unknown): number | null {
  const open: { value: unknown; depth: number }[] = [{ value, depth: 0 }];
  let count = 0;
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    count += 1;
    if (next.depth > DEEPEST || count + open.length > MAX_VALUES) return null;
    if (typeof next.value !== "object" || next.value === null) continue;
    const depth = next.depth + 1;
    const inner: readonly unknown[] = Array.isArray(next.value) ? next.value : Object.values(next.value);
    for (const each of inner) {
      // Texts and numbers are counted, but not visited.
      if (typeof each === "object" && each !== null) open.push({ value: each, depth });
      else count += 1;
    }
  }
  return count > MAX_VALUES ? null : count;
}

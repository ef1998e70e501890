import { z } from "zod";

export type JsonObject = Readonly<Record<string, unknown>>;

/** Whether an untrusted value is a JSON object, neither `null` nor an array. */
export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The answer of a request that only has to succeed. */
export const anyAnswer = z.object({});

/** A text that is not empty, or `null`. */
export function textOrNull(value: unknown): string | null {
  return typeof value === "string" && value !== "" ? value : null;
}

/**
 * Deeper than any client nests; beyond it JSON.stringify and recursive code may run out of stack.
 */
const DEEPEST = 200;

/** Whether a JSON value is nested so deeply that nothing can be done with it. */
export function isTooDeep(value: unknown): boolean {
  let level: unknown[] = [value];
  for (let depth = 0; level.length > 0; depth += 1) {
    if (depth > DEEPEST) return true;
    level = level.flatMap((entry) =>
      typeof entry === "object" && entry !== null ? (Object.values(entry) as unknown[]) : [],
    );
  }
  return false;
}

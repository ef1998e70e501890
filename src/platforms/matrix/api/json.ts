import { z } from "zod";

/** A JSON object with untrusted values. */
export type JsonObject = Readonly<Record<string, unknown>>;

/** Whether an untrusted value is a JSON object, neither `null` nor an array. */
export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The schema of an answer that only has to be a success. */
export const anyAnswer = z.object({});

/** A non-empty text, or `null`. */
export function textOrNull(value: unknown): string | null {
  return typeof value === "string" && value !== "" ? value : null;
}

/**
 * Deeper than any client nests. Beyond it JSON.stringify and recursive code may overflow the stack.
 */
const DEEPEST = 200;

/** Whether a JSON value is nested too deeply to be processed. */
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

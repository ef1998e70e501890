import type { z } from "zod";
import { nearestWord } from "../grammar/nearest-word.ts";
import { configurationSchema, KNOWN_KEYS } from "./schema.ts";

/** A fault without its line; `path` as zod gives it. */
export interface KeyFault {
  readonly path: readonly PropertyKey[];
  readonly message: string;
}

/**
 * Checks a parsed file against the schema. Returns its values with defaults, or every fault with
 * the path of its key.
 */
export function checkAgainstSchema(raw: unknown): {
  values: z.infer<typeof configurationSchema> | null;
  faults: KeyFault[];
} {
  const result = configurationSchema.safeParse(raw, { error: plainMessage });
  if (result.success) return { values: result.data, faults: [] };
  return { values: null, faults: result.error.issues.flatMap(faultsOfIssue) };
}

function faultsOfIssue(issue: z.core.$ZodIssue): KeyFault[] {
  if (issue.code === "unrecognized_keys") {
    return issue.keys.map((key) => ({
      path: [...issue.path, key],
      message: unknownKeyMessage(issue.path, key),
    }));
  }
  if (issue.code === "invalid_key") return issue.issues.map(({ message }) => ({ path: issue.path, message }));
  return [{ path: issue.path, message: issue.message }];
}

function unknownKeyMessage(parent: readonly PropertyKey[], key: string): string {
  const section = parent.map(String).join(".");
  const siblings = KNOWN_KEYS.filter((known) => parentOf(known) === section).map(lastOf);
  // A key of another section was most likely put in the wrong place.
  const nearest = nearestWord(key, siblings) ?? KNOWN_KEYS.find((known) => lastOf(known) === key);
  if (nearest !== undefined) return `unknown key; did you mean "${nearest}"?`;
  return `unknown key; known here: ${siblings.join(", ")}`;
}

function parentOf(path: string): string {
  return path.includes(".") ? path.slice(0, path.lastIndexOf(".")) : "";
}

function lastOf(path: string): string {
  return path.slice(path.lastIndexOf(".") + 1);
}

const TYPE_NAMES: Readonly<Record<string, string>> = {
  string: "text (put it in quotes)",
  boolean: "true or false",
  array: "a list",
  object: "a block of keys",
  record: "a block of keys",
};

function plainMessage(issue: z.core.$ZodRawIssue): string | undefined {
  if (issue.code === "invalid_type") {
    return issue.input === undefined
      ? "is required"
      : `must be ${TYPE_NAMES[issue.expected] ?? issue.expected}`;
  }
  if (issue.code === "invalid_value") return `must be one of ${issue.values.map(String).join(", ")}`;
  return undefined;
}

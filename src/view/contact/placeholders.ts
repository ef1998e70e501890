/** The placeholders of texts that a person types for others. `{rooms}` is for `!ask` alone. */
export const PLACEHOLDERS = ["old", "new", "name"] as const;
export type Placeholder = (typeof PLACEHOLDERS)[number] | "rooms";

const PLACEHOLDER = /\{([^{}\s]*)\}/gu;

/**
 * The placeholders of a typed text that are not known, as they were typed. A text with one is a
 * mistake.
 */
export function unknownPlaceholders(typed: string, known: readonly Placeholder[] = PLACEHOLDERS): string[] {
  const found = [...typed.matchAll(PLACEHOLDER)].filter(([, name]) => !known.some((each) => each === name));
  return [...new Set(found.map(([whole]) => whole))];
}

/** A typed text with its placeholders filled. What is filled in is not searched again. */
export function filled(typed: string, values: Readonly<Partial<Record<Placeholder, string>>>): string {
  const byName = new Map<string, string>(Object.entries(values));
  return typed.replace(PLACEHOLDER, (whole: string, name: string) => byName.get(name) ?? whole);
}

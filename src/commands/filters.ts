import { parseDuration } from "../grammar/duration.ts";
import type { CommandValues, FlagSpecification } from "../grammar/specification.ts";
import { CATEGORY_NAMES } from "../model/categories.ts";
import type { PlanFilters } from "../model/filters.ts";
import { parseMatrixLink } from "../platforms/matrix/ids/matrix-link.ts";

/** The flags that choose rooms. Every command that chooses rooms has the same ones. */
export const filterFlags: Readonly<Record<string, FlagSpecification>> = {
  only: { kind: "text", isRepeatable: true },
  exclude: { kind: "text", isRepeatable: true },
  space: { kind: "text", isRepeatable: true },
  server: { kind: "text", isRepeatable: true },
  direct: { kind: "boolean" },
  "no-direct": { kind: "boolean" },
  active: { kind: "duration" },
  categories: { kind: "choices", choices: CATEGORY_NAMES },
};

/** The usage of the flags that choose rooms. */
export const filterUsage =
  "[--only ROOM]… [--exclude ROOM]… [--space ROOM]… [--server NAME]… [--direct|--no-direct] [--active 1y] [--categories rooms,tags,…]";

/** The help for the flags that choose rooms. */
export const filterDetails: readonly string[] = [
  "`--only` and `--exclude` name rooms. `--space` selects a space and everything in it. These flags and `--server` can be given more than once. `--active 1y` selects rooms with a message in the last year. The report lists rooms that a filter leaves out as left out.",
  "A room is named by its ID, an alias, a link to it, or its number in the last list I showed, such as `#3`.",
];

/** @param shownRooms the numbered list shown last, for `#3` */
export function readFilters(
  { flags, lists }: CommandValues,
  { shownRooms, now }: { shownRooms: readonly string[]; now: number },
): PlanFilters {
  const rooms = (flag: string): string[] => (lists[flag] ?? []).map((word) => roomOfWord(word, shownRooms));
  const active = flags["active"];
  const named = lists["categories"];
  const categories = named === undefined ? null : CATEGORY_NAMES.filter((name) => named.includes(name));
  return {
    only: rooms("only"),
    exclude: rooms("exclude"),
    spaces: rooms("space"),
    servers: lists["server"] ?? [],
    isDirect: flags["direct"] === true ? true : flags["no-direct"] === true ? false : null,
    activeSince: typeof active === "string" ? now - (parseDuration(active) ?? 0) : null,
    hasRooms: categories?.includes("rooms") ?? true,
    categories,
  };
}

/**
 * The room ID or alias that a word names: a `matrix.to` link, a number in the last list, or the ID
 * or alias itself.
 */
export function roomOfWord(typed: string, shownRooms: readonly string[]): string {
  // A word at the end of a sentence. No room ID, alias or link ends with these characters.
  const word = typed.replace(/(?<=^[#!@].+|^[a-z]+:.+)[.,;:!?]+$/u, "");
  const target = parseMatrixLink(word);
  if (target?.kind === "room") return target.roomId;
  if (target?.kind === "alias") return target.alias;
  if (target?.kind === "event") return target.roomIdOrAlias;
  const number = /^#(\d{1,6})$/u.exec(word)?.[1];
  return (number === undefined ? undefined : shownRooms[Number(number) - 1]) ?? word;
}

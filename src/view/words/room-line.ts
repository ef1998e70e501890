import type { ReportRoom } from "../../model/report.ts";
import type { Block, Inline } from "../document/document.ts";
import { code, join, paragraph, person, strong } from "../document/document.ts";
import { untrustedCode, untrustedText } from "../document/untrusted-text.ts";

/** A room in a list: its name and its alias or ID. */
export function shownRoomName({
  name,
  alias,
  roomId,
}: Pick<ReportRoom, "name" | "alias" | "roomId">): Inline[] {
  const id = code(untrustedCode(alias ?? roomId));
  return name === null || name === alias ? [id] : [strong(untrustedText(name)), " ", id];
}

/**
 * The people who can help with a room, as links, with their power.
 * @param more number of further helpers
 */
export function helperNames(helpers: ReportRoom["helpers"], more: number): Inline[] {
  if (helpers.length === 0) return [];
  const named = helpers.map(({ userId, displayName, power }): Inline => {
    const shown = displayName === null || displayName === "" ? "" : `${untrustedText(displayName, 40)} `;
    return {
      kind: "group",
      children: [shown, person(userId), ` (${power === "creator" ? "creator" : `power ${power}`})`],
    };
  });
  return [...join(named, ", "), ...(more > 0 ? [` and ${more} more`] : [])];
}

/** Words in filters that match none of the old account's rooms. */
export function unknownRoomsNote(words: readonly string[]): Block[] {
  if (words.length === 0) return [];
  const named = words.map((word) => code(untrustedCode(word)));
  return [paragraph("Not among your old account's rooms: ", ...join(named, ", "), ".")];
}

/** The filters match no room. */
export function noRoomFits(total: number): string {
  return total === 1
    ? "Your one room does not fit these filters."
    : `None of your ${total} rooms fits these filters.`;
}

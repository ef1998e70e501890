import type { ReportRoom } from "../../model/report.ts";
import type { Block, Inline } from "../document/document.ts";
import { code, join, paragraph, roomLink, strong } from "../document/document.ts";
import { matrixToRoom } from "../document/matrix-to.ts";
import { untrustedCode, untrustedText } from "../document/untrusted-text.ts";
import type { MaybeFromFile } from "./from-file.ts";
import { namedPerson } from "./named-person.ts";

/** A room that a message names. Helpers show further servers that are in it. */
export type NamedRoom = Pick<ReportRoom, "name" | "alias" | "roomId"> & Partial<Pick<ReportRoom, "helpers">>;

/** The number of servers in a link. More of them hardly help and make the link long. */
const MAX_VIA = 3;

/**
 * A room in a message: its name, which links to the room. The alias or ID is shown only in plain
 * text, or if the name is missing or not unique in the list. The name is untrusted text, so it is
 * cleaned. The link contains only the ID.
 */
export function shownRoomName(room: NamedRoom, isAmbiguous = false): Inline[] {
  const { name, alias, roomId } = room;
  const id = untrustedCode(alias ?? roomId);
  const shown = name === null || name === alias ? "" : untrustedText(name);
  // A server can send any text as a room ID. Clients would take a link to `@…` for a mention.
  if (!roomId.startsWith("!")) return shown === "" ? [code(id)] : [strong(shown), " ", code(id)];
  const url = matrixToRoom(roomId, viaOf(room));
  if (shown === "") return [roomLink(url, id, id)];
  return isAmbiguous ? [strong(roomLink(url, shown, "")), " ", code(id)] : [strong(roomLink(url, shown, id))];
}

/** A room in a file of plain text: its name with its alias or ID. */
export function plainRoomName({ name, alias, roomId }: NamedRoom): string {
  const id = untrustedCode(alias ?? roomId);
  return name === null || name === alias ? id : `${untrustedCode(name)} (${id})`;
}

/**
 * Names the rooms of one list (`shownRoomName`). Names that differ only in case or spaces count as
 * equal.
 * @param rooms all rooms of the list
 */
export function roomNames(rooms: readonly NamedRoom[]): (room: NamedRoom) => Inline[] {
  const read = ({ name }: NamedRoom): string => untrustedText(name ?? "").toLowerCase();
  const counts = new Map<string, number>();
  for (const room of rooms) counts.set(read(room), (counts.get(read(room)) ?? 0) + 1);
  return (room) => shownRoomName(room, (counts.get(read(room)) ?? 0) > 1);
}

/** The server in the room's ID, and the servers of members who can help. */
function viaOf({ roomId, helpers = [] }: NamedRoom): string[] {
  const servers = [roomId, ...helpers.map(({ userId }) => userId)].map((id) =>
    id.split(":").slice(1).join(":"),
  );
  return [...new Set(servers.filter((server) => server !== ""))].slice(0, MAX_VIA);
}

/**
 * The people who can help with a room, as links, with their power.
 * @param more number of further helpers
 */
export function helperNames(helpers: ReportRoom["helpers"], more: number): Inline[] {
  if (helpers.length === 0) return [];
  const named = helpers.map((helper): Inline => {
    const { power } = helper;
    const held = power === "creator" ? "creator" : `power ${power}`;
    return { kind: "group", children: [namedPerson(helper), ` (${held})`] };
  });
  return [...join(named, ", "), ...(more > 0 ? [` and ${more} more`] : [])];
}

/** Words in filters that match none of the old account's rooms. */
export function unknownRoomsNote(words: readonly string[], { isFromFile }: MaybeFromFile = {}): Block[] {
  if (words.length === 0) return [];
  const named = words.map((word) => code(untrustedCode(word)));
  return [
    paragraph(
      `Not among ${isFromFile === true ? "the rooms of your files" : "your old account's rooms"}: `,
      ...join(named, ", "),
      ".",
    ),
  ];
}

/** The filters match no room. */
export function noRoomFits(total: number): string {
  return total === 1
    ? "Your one room does not fit these filters."
    : `None of your ${total} rooms fits these filters.`;
}

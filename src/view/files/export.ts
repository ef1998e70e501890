import type { RoomKind } from "../../model/conversation-address.ts";
import type { DataFile, RoomsFile } from "../../model/room-file.ts";
import type { Inline } from "../document/document.ts";
import { code, paragraph } from "../document/document.ts";
import type { Attachment, Message } from "../document/message.ts";
import { alert, notice } from "../document/message.ts";
import { counted, formatCount } from "../document/numbers.ts";

const MEBIBYTE = 1_048_576;

/** Shown while the old account is read. */
export function readingForExport(): Message {
  return notice(paragraph("Reading your old account …"));
}

interface ExportView {
  /** Where the file is sent. */
  roomKind: RoomKind;
  prefix: string;
}

/** The answer to `!export rooms`. */
export function roomsExported(
  { rooms, contacts }: Pick<RoomsFile, "rooms" | "contacts">,
  attachments: readonly Attachment[],
  view: ExportView,
): Message {
  return {
    ...notice(
      paragraph(
        `Your old account's ${counted(rooms.length, "room")}${peopleWords(contacts.length)}`,
        ...partsWords(attachments),
        ". ",
        ...readers(view),
        ...advice(view),
      ),
    ),
    attachments,
  };
}

/** The answer to `!export data`. */
export function dataExported(file: DataFile, attachment: Attachment, view: ExportView): Message {
  const settings = Object.keys(file.accountData).length;
  return {
    ...notice(
      paragraph(
        `What a move copies of your old account's settings: ${counted(settings, "setting")} with direct chats and ignored people, the notification rules, the tags of ${counted(Object.keys(file.tags).length, "room")}, and the profile. No key and no password is in it. `,
        ...readers(view),
        ...advice(view),
      ),
    ),
    attachments: [attachment],
  };
}

/** The bot's server does not take the file. */
export function exportTooLarge(maxBytes: number): Message {
  return alert(
    paragraph(
      `The file is larger than my server takes (${sizeWords(maxBytes)}), so I could not send it. Please ask the operator of this bot.`,
    ),
  );
}

function sizeWords(bytes: number): string {
  const [unit, unitBytes] = bytes >= MEBIBYTE ? ["MB", MEBIBYTE] : ["kB", 1_024];
  return `${formatCount(Math.floor(bytes / unitBytes))} ${unit}`;
}

/** Settings are only written as JSON. */
export function onlyJson(prefix: string): Message {
  return notice(
    paragraph("Settings have no table, so I write them as JSON only: ", code(`${prefix}export data`), "."),
  );
}

function peopleWords(count: number): string {
  if (count === 0) return "";
  return `, and ${count === 1 ? "1 person" : `${formatCount(count)} people`} of direct chats`;
}

function partsWords(attachments: readonly Attachment[]): string[] {
  return attachments.length === 1
    ? []
    : [`, in ${attachments.length} files, because I can send and read no larger ones`];
}

function readers({ roomKind }: ExportView): Inline[] {
  return roomKind === "direct" ? [] : ["Everybody in this room can read the file. "];
}

function advice({ prefix }: ExportView): Inline[] {
  return [
    "Keep it outside your old server. If that server is ever gone, ",
    code(`${prefix}import`),
    " moves you from it.",
  ];
}

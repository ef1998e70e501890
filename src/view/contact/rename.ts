import type { NameChange, RenameFacts, RenameLeftReason } from "../../platforms/telling.ts";
import type { ContactPreview } from "../../service/contact/proposals.ts";
import type { Block, Inline } from "../document/document.ts";
import { code, cutList, numberedList, paragraph, strong } from "../document/document.ts";
import type { Attachment, Message } from "../document/message.ts";
import { notice, textFile } from "../document/message.ts";
import { counted } from "../document/numbers.ts";
import { formatDuration } from "../document/time.ts";
import { untrustedCode, untrustedText } from "../document/untrusted-text.ts";
import { plainRoomName, roomNames } from "../words/room-line.ts";
import type { Question } from "./question.ts";
import { exactText, isShownExactly } from "./text-for-others.ts";

/** The longest list in the message itself. The file has all. */
const MAX_LISTED = 20;
/** The word that confirms it. */
const RENAME = "rename";
/** The longest name that servers take. It is shown whole. */
const MAX_NAME = 256;

type Shown = Pick<ContactPreview<"rename">, "facts" | "order" | "canBegin" | "durationMs">;

/** Which names of the old account would change, or why none. */
export function renameQuestion(
  { facts, order, canBegin, durationMs }: Shown,
  prefix: string,
): Question | Message {
  if (!canBegin) return nothingToRename(facts, prefix);
  const { account, named } = facts;
  const head = paragraph(strong(headline(facts, order.undo)), " Nothing was done yet.");
  const spread = account === null ? [] : [paragraph(...whoSeesIt(account, order.undo))];
  return {
    preview: {
      all: [
        head,
        ...(account === null
          ? []
          : [paragraph("It has ", nameWords(account.from), " now. It gets:"), nameBlock(account.to)]),
        ...spread,
        ...roomLines(facts, order.undo),
        ...leftRooms(facts),
        paragraph(
          `This takes ${formatDuration(durationMs)}. `,
          ...(order.undo
            ? []
            : [
                code(`${prefix}rename-old --undo`),
                " brings the former name back as long as nobody changes it.",
              ]),
        ),
      ],
      counts: [head, ...spread],
      files: areNamesShown(facts) ? [] : [wholeList(facts)],
    },
    answers: { word: RENAME, typed: [] },
    numberedRooms: named.map(({ room }) => room.roomId),
  };
}

function headline({ account, named }: RenameFacts, isUndo: boolean): string {
  const where = account === null ? ` in ${counted(named.length, "room")}` : "";
  return isUndo
    ? `Shall I give your old account its former name back${where}?`
    : `Shall I rename your old account${where}?`;
}

function whoSeesIt({ rooms, overwritten }: NonNullable<RenameFacts["account"]>, isUndo: boolean): Inline[] {
  return [
    `Your old server writes the name into ${counted(rooms, "joined room")}. Each of them shows a line about it.`,
    ...(overwritten === 0 || isUndo
      ? []
      : [
          ` In ${counted(overwritten, "room")} you have a name or a picture for that room alone. The new name overwrites it. I remember it for your move.`,
        ]),
  ];
}

function nameWords(name: string | null): Inline {
  return name === null || name === "" ? "no name" : strong(untrustedText(name, MAX_NAME));
}

/** In a line, where a name cannot have line ends. */
function newNameWords(name: string | null): Inline {
  return name === null || name === "" ? "no name" : code(untrustedCode(name, MAX_NAME));
}

function nameBlock(name: string | null): Block {
  return name === null || name === "" ? paragraph("no name") : exactText(name);
}

function roomLines({ account, named }: RenameFacts, isUndo: boolean): Block[] {
  if (named.length === 0) return [];
  const nameOf = roomNames(named.map(({ room }) => room));
  const lines = named
    .slice(0, MAX_LISTED)
    .map(({ room, from, to }): Inline[] => [...nameOf(room), ": ", nameWords(from), " → ", newNameWords(to)]);
  const more = named.length - lines.length;
  return [
    ...(account !== null && isUndo
      ? [paragraph("The names that you had chosen for rooms come back too:")]
      : []),
    numberedList(lines),
    ...(more > 0 ? [paragraph(`${more} more are in the file.`)] : []),
  ];
}

/** All names, exactly. */
function wholeList({ account, named }: RenameFacts): Attachment {
  const lines = named.map(
    ({ room, ...change }, index) => `${index + 1}. ${plainRoomName(room)}: ${changeWords(change)}`,
  );
  return textFile("rename.txt", [
    ...(account === null ? [] : [`Everywhere: ${changeWords(account)}`]),
    ...lines,
  ]);
}

function changeWords({ from, to }: NameChange): string {
  return `${from ?? "no name"} → ${to ?? "no name"}`;
}

function areNamesShown({ account, named }: RenameFacts): boolean {
  if (named.length > MAX_LISTED || !isShownExactly(account?.to ?? "")) return false;
  return named.every(({ to }) => untrustedCode(to ?? "", MAX_NAME) === (to ?? ""));
}

const leftWords: Readonly<Record<RenameLeftReason, string>> = {
  has_id: "the name has the ID of your new account already",
  same: "it has this name already",
  changed_since: "somebody has changed the name since I gave it, so I leave it alone",
  nothing_to_undo: "I gave no name there that is still shown",
  not_allowed: "your old server does not let its accounts change their names",
  length: "a name has at least one character and at most 256",
  not_in_room: "your old account is not in it",
};

/** Named rooms in which nothing is done. */
function leftRooms({ leftRooms: left }: RenameFacts): Block[] {
  if (left.length === 0) return [];
  const nameOf = roomNames(left.map(({ room }) => room));
  const lines = left.map(({ room, why }): Inline[] => [...nameOf(room), `: ${leftWords[why]}`]);
  return [paragraph(strong(`These stay as they are (${left.length})`)), cutList(lines, MAX_LISTED)];
}

function nothingToRename(facts: RenameFacts, prefix: string): Message {
  return notice(
    paragraph(
      ...(facts.left === "length" ? [] : [strong("There is nothing to rename. ")]),
      ...(facts.left === null ? [] : [`${accountWords[facts.left]} `]),
      "Nothing was done.",
    ),
    ...leftRooms(facts),
    ...(facts.left === "has_id"
      ? [paragraph("For another name, write it in quotes: ", code(`${prefix}rename-old "…"`), ".")]
      : []),
  );
}

const accountWords: Readonly<Record<RenameLeftReason, string>> = {
  has_id: "Your old account's name has the ID of your new account already.",
  same: "Your old account has this name already.",
  changed_since: "Somebody has changed your old account's name since I gave it one, so I leave it alone.",
  nothing_to_undo: "Your old account has no name that I gave it.",
  not_allowed: "Your old server does not let its accounts change their names. Ask its administrator.",
  length: "A name has at least one character and at most 256. Please choose another one.",
  not_in_room: "Your old account is not in this room.",
};

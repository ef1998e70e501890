import { cutAtWord } from "../../grammar/placeholders.ts";
import type { AnnounceFacts, AnnounceLeftReason } from "../../platforms/telling.ts";
import type { ContactPreview } from "../../service/contact/proposals.ts";
import type { Block, Inline } from "../document/document.ts";
import { code, list, numberedList, paragraph, strong } from "../document/document.ts";
import type { Attachment, Message } from "../document/message.ts";
import { notice, textFile } from "../document/message.ts";
import { counted } from "../document/numbers.ts";
import { formatDuration } from "../document/time.ts";
import { untrustedCode } from "../document/untrusted-text.ts";
import { plainRoomName, roomNames } from "../words/room-line.ts";
import type { Question } from "./question.ts";
import { exactText } from "./text-for-others.ts";

/** The longest lists in the message itself. The file has all. */
const MAX_LISTED = 20;
const MAX_LEFT = 3;
/** The part of a text in the message itself: a message has about 16,000 bytes. */
const MAX_TEXT = 1_500;
/** The word that confirms it. */
const ANNOUNCE = "announce";

type Shown = Pick<ContactPreview<"announce">, "facts" | "canBegin" | "durationMs">;

/** Which rooms would be told, and with which words, or why none. */
export function announceQuestion({ facts, canBegin, durationMs }: Shown, prefix: string): Question | Message {
  if (!canBegin) return nobodyToTell(facts, prefix);
  const { rooms, left } = facts;
  const head = paragraph(
    strong(`Shall I tell ${counted(rooms.length, "room")} about your new account?`),
    " Nothing was sent yet.",
  );
  const isCut = LEFT_IN_ORDER.some((why) => left.filter((each) => each.why === why).length > MAX_LEFT);
  return {
    preview: {
      all: [
        head,
        ...words(facts),
        ...roomLines(rooms),
        paragraph(
          `This takes ${formatDuration(durationMs)}. Nobody is mentioned. Right before each message I look again, and leave out rooms that are encrypted or too large by then.`,
        ),
        ...notTold(left, prefix),
      ],
      counts: [head],
      files: rooms.length > MAX_LISTED || isCut || !areTextsShown(facts) ? [wholeList(facts)] : [],
    },
    answers: { word: ANNOUNCE, typed: [] },
    numberedRooms: rooms.map(({ room }) => room.roomId),
  };
}

/** Each text, and by whom. */
function words({ rooms, texts }: AnnounceFacts): Block[] {
  return texts.flatMap(({ by, text }) => {
    const count = rooms.filter((room) => room.by.includes(by)).length;
    const where = count === rooms.length ? "" : ` in ${counted(count, "room")}`;
    return [
      paragraph(`Your ${by === "source" ? "old" : "new"} account writes${where}:`),
      exactText(cutAtWord(text, MAX_TEXT)),
      ...(text.length > MAX_TEXT ? [paragraph("The whole text is in the file.")] : []),
    ];
  });
}

function areTextsShown({ texts }: AnnounceFacts): boolean {
  return texts.every(({ text }) => text.length <= MAX_TEXT);
}

function roomLines(rooms: AnnounceFacts["rooms"]): Block[] {
  const nameOf = roomNames(rooms.map(({ room }) => room));
  const lines = rooms
    .slice(0, MAX_LISTED)
    .map(({ room, members }): Inline[] => [...nameOf(room), ...memberWords(room, members)]);
  const more = rooms.length - lines.length;
  return [numberedList(lines), ...(more > 0 ? [paragraph(`${more} more are in the file.`)] : [])];
}

function memberWords({ direct }: { direct: boolean }, members: number | null): Inline[] {
  if (direct) return [", direct chat"];
  return members === null ? [] : [`, ${counted(members, "member")}`];
}

const leftTitles: Readonly<Record<AnnounceLeftReason, string>> = {
  encrypted: "Encrypted, so I can't write there",
  too_large: "More than 20 members",
  not_moved: "Your new account is not in them",
  told_recently: "Told within the last 14 days",
  may_not_speak: "Your old account may not write there",
  unreadable: "Your old server does not show them",
  space: "Spaces, in which nobody reads messages",
  replaced: "Replaced by another room",
  server_notices: "Notices of your old server",
  not_in_room: "Your old account is not in them",
  excluded: "Chats with me, or that I opened",
};

const LEFT_IN_ORDER: readonly AnnounceLeftReason[] = [
  ...(["encrypted", "may_not_speak", "unreadable", "too_large", "not_moved", "told_recently"] as const),
  ...(["space", "replaced", "server_notices", "not_in_room", "excluded"] as const),
];

/** The rooms that are not told, by cause, with what reaches them. */
function notTold(left: AnnounceFacts["left"], prefix: string): Block[] {
  if (left.length === 0) return [];
  const nameOf = roomNames(left.map(({ room }) => room));
  const lines = LEFT_IN_ORDER.flatMap((why): Inline[][] => {
    const rooms = left.filter((each) => each.why === why).map(({ room }) => room);
    if (rooms.length === 0) return [];
    const shown = rooms.slice(0, MAX_LEFT).map((room): Inline => ({ kind: "group", children: nameOf(room) }));
    const more = rooms.length - shown.length;
    return [
      [
        `${leftTitles[why]} (${rooms.length}): `,
        ...shown.flatMap((name, index) => (index === 0 ? [name] : [", ", name])),
        ...(more > 0 ? [` and ${more} more`] : []),
      ],
    ];
  });
  const canName = left.some(
    ({ why }) => why === "too_large" || why === "told_recently" || why === "not_moved",
  );
  return [
    paragraph(strong(`Not told (${left.length})`)),
    list(lines),
    paragraph(
      code(`${prefix}rename-old`),
      " reaches all rooms of your old account: it puts the ID of your new account into the name of your old one, which encrypted rooms show too.",
      ...(canName
        ? [
            " To write into a room that is too large, told already or not moved, name it: ",
            code(`${prefix}announce ROOM`),
            ".",
          ]
        : []),
    ),
  ];
}

function wholeList({ rooms, texts, left }: AnnounceFacts): Attachment {
  const parts = [
    ...texts.map(({ by, text }) => `# By your ${by === "source" ? "old" : "new"} account\n${text}`),
    `# Told (${rooms.length})\n${rooms.map(({ room }, index) => `${index + 1}. ${plainRoomName(room)}`).join("\n")}`,
    ...LEFT_IN_ORDER.flatMap((why) => {
      const these = left.filter((each) => each.why === why);
      if (these.length === 0) return [];
      const lines = these.map(({ room }) => `- ${plainRoomName(room)}`);
      return [`# Not told: ${leftTitles[why]} (${these.length})\n${lines.join("\n")}`];
    }),
  ];
  return textFile("announce.txt", [parts.join("\n\n")]);
}

/** A word of the command is neither a room nor in quotes. */
export function textNeedsQuotes(word: string, prefix: string): Message {
  return notice(
    paragraph(
      "I know no room ",
      code(untrustedCode(word)),
      ". If it belongs to your text, please put the text in quotes: ",
      code(`${prefix}announce "…"`),
      ". Nothing was sent.",
    ),
  );
}

function nobodyToTell({ left }: AnnounceFacts, prefix: string): Message {
  return notice(
    paragraph(strong("There is no room that I can tell now. "), "Nothing was sent."),
    ...notTold(left, prefix),
  );
}

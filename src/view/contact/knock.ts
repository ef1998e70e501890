import type { KnockFacts, NotKnockedReason } from "../../platforms/contact.ts";
import type { ContactPreview } from "../../service/contact/proposals.ts";
import type { Block, Inline } from "../document/document.ts";
import { code, cutList, numberedList, paragraph, strong } from "../document/document.ts";
import type { Attachment, Message } from "../document/message.ts";
import { notice, textFile } from "../document/message.ts";
import { counted } from "../document/numbers.ts";
import { formatDuration } from "../document/time.ts";
import { untrustedText } from "../document/untrusted-text.ts";
import { reasonText } from "../words/reasons.ts";
import { plainRoomName, roomNames } from "../words/room-line.ts";
import type { Question } from "./question.ts";
import { exactText } from "./text-for-others.ts";

/** The longest list in the message itself. The file has all. */
const MAX_LISTED = 20;
/** The word that confirms it. */
const KNOCK = "knock";

/** At which rooms the new account would knock, or why at none. */
export function knockQuestion(
  { facts, canBegin, durationMs }: Pick<ContactPreview<"knock">, "facts" | "canBegin" | "durationMs">,
  prefix: string,
): Question | Message {
  if (!canBegin) return nothingToKnockAt(facts, prefix);
  const { knocks } = facts;
  const head = paragraph(
    strong(`Shall I knock at ${counted(knocks.length, "room")} with your new account?`),
    " Nothing was done yet.",
  );
  return {
    preview: {
      all: [
        head,
        paragraph("The people in the room read this reason. It stays in the room's history:"),
        exactText(knocks[0]?.reason ?? ""),
        ...roomLines(knocks),
        paragraph(
          `This takes ${formatDuration(durationMs)}. Somebody in the room then accepts or declines. When they accept, I join by myself.`,
        ),
        ...leftAlone(facts, prefix),
      ],
      counts: [head],
      files: knocks.length > MAX_LISTED ? [wholeList(knocks)] : [],
    },
    answers: { word: KNOCK, typed: [] },
    numberedRooms: knocks.map(({ room }) => room.roomId),
  };
}

function roomLines(knocks: KnockFacts["knocks"]): Block[] {
  const nameOf = roomNames(knocks.map(({ room }) => room));
  const lines = knocks.slice(0, MAX_LISTED).map(({ room }): Inline[] => {
    const { reason } = room;
    const before =
      reason?.code === "refused" ? [`: ${untrustedText(reasonText(reason), 300)} I knock once more.`] : [];
    return [...nameOf(room), ...before];
  });
  const more = knocks.length - lines.length;
  return [numberedList(lines), ...(more > 0 ? [paragraph(`${more} more are in the file.`)] : [])];
}

function wholeList(knocks: KnockFacts["knocks"]): Attachment {
  const lines = knocks.map(({ room }, index) => `${index + 1}. ${plainRoomName(room)}`);
  return textFile("knock.txt", [knocks[0]?.reason ?? "", "", ...lines]);
}

const leftTitles: Readonly<Record<NotKnockedReason, string>> = {
  declined: "Somebody declined my knock, so I leave these alone",
  pending: "My knock waits for an answer",
  open: "Your new account gets in without a knock",
  joined: "Your new account is in already",
  not_knockable: "These do not take a knock of your new account",
};

const LEFT_IN_ORDER: readonly NotKnockedReason[] = ["declined", "pending", "open", "joined", "not_knockable"];

/** The rooms at which the new account does not knock, by cause. */
function leftAlone({ left }: Pick<KnockFacts, "left">, prefix: string): Block[] {
  const nameOf = roomNames(left.map(({ room }) => room));
  return LEFT_IN_ORDER.flatMap((why): Block[] => {
    const rooms = left.filter((each) => each.why === why).map(({ room }) => room);
    if (rooms.length === 0) return [];
    return [
      paragraph(strong(`${leftTitles[why]} (${rooms.length})`)),
      cutList(rooms.map(nameOf), MAX_LISTED),
      ...whatHelps(why, prefix),
    ];
  });
}

function whatHelps(why: NotKnockedReason, prefix: string): Block[] {
  switch (why) {
    case "declined":
      return [paragraph("To knock there once more, name the room: ", code(`${prefix}knock ROOM`), ".")];
    case "open":
      return [paragraph(code(`${prefix}migrate start`), " brings it in.")];
    case "not_knockable":
      return [paragraph(code(`${prefix}report`), " says why, and who can help.")];
    case "pending":
    case "joined":
      return [];
  }
}

/** What happens after the knocks. */
export function afterKnocks(prefix: string): Inline[] {
  return [
    "When somebody accepts a knock, I join by myself and tell you. ",
    code(`${prefix}report`),
    " shows who can let you in.",
  ];
}

function nothingToKnockAt(facts: KnockFacts, prefix: string): Message {
  return notice(
    paragraph(
      strong("There is nothing to knock at. "),
      facts.left.length === 0 ? "No room of your plan waits for a knock. " : "",
      "Nothing was done.",
    ),
    ...leftAlone(facts, prefix),
  );
}

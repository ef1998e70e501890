import type { KeptInRoomReason, LeaveFacts, LeaveOrder, RoomLeft } from "../../platforms/contact.ts";
import type { ContactPreview } from "../../service/contact/proposals.ts";
import type { AnswerWords, PreviewWords } from "../contact/question.ts";
import type { Block, Inline } from "../document/document.ts";
import { code, list, numberedList, paragraph, quote, strong } from "../document/document.ts";
import type { Message } from "../document/message.ts";
import { notice } from "../document/message.ts";
import { counted } from "../document/numbers.ts";
import { formatDuration } from "../document/time.ts";
import { untrustedCode, untrustedText } from "../document/untrusted-text.ts";
import type { NamedRoom } from "../words/room-line.ts";
import { roomNames } from "../words/room-line.ts";
import { keptWords } from "./reasons.ts";

/** The longest list in the message itself. The file has all. */
const MAX_LISTED = 20;

/** The word that confirms it. */
const LEAVE = "leave";
/** The typed word that confirms leaving rooms whose keys the new account may lack. */
const LEAVE_WITHOUT_KEYS = "leave without keys";

/** The typed word that adds a kept room. @param number of the room in the question's list */
export function leaveWord(number: number): string {
  return `leave #${number}`;
}

/** A kept room of the question's numbered list. */
export interface ListedRoom extends Pick<NamedRoom, "roomId" | "name" | "alias"> {
  readonly reasons: readonly KeptInRoomReason[];
}

/** What a question about leaving is about, as far as the next question repeats it. */
export interface Listed {
  /** Rooms that are left without a word of their own. */
  readonly leaves: number;
  /** Of them, rooms whose keys the new account may lack. */
  readonly lacking: number;
  /** In the order of their numbers. */
  readonly kept: readonly ListedRoom[];
}

interface LeaveQuestion {
  readonly preview: PreviewWords;
  readonly answers: AnswerWords;
  readonly numberedRooms: readonly string[];
  readonly listed: Listed;
}

/** Which rooms the old account would leave, and where it stays. A message: nothing is asked. */
export function leaveQuestion(
  { facts, order, durationMs }: Pick<ContactPreview<"leave">, "facts" | "order" | "durationMs">,
  prefix: string,
): LeaveQuestion | (Message & { numberedRooms: readonly string[] }) {
  const listed = listedIn(facts);
  const numberedRooms = listed.kept.map(({ roomId }) => roomId);
  const isNamed = order.rooms.length > 0;
  const answers = answersOf(listed, { chosen: [], isNamed });
  if (answers.word === null && answers.typed.length === 0 && (answers.listed ?? []).length === 0)
    return { ...nothingToLeave(facts, order, prefix), numberedRooms };
  const { leaves } = facts;
  const head =
    leaves.length === 0
      ? paragraph(strong("Your old account stays,"), " because something would be lost. Nothing was changed.")
      : questionHead(leaves.length);
  const stays =
    facts.kept.length > 0 ? [paragraph(`It stays in ${counted(facts.kept.length, "room")}.`)] : [];
  return {
    preview: {
      all: [
        head,
        ...leftRooms(leaves),
        paragraph("The people in the rooms read this reason:"),
        quote(untrustedText(facts.reason, 300)),
        ...(leaves.length > 0 ? [paragraph(`This takes ${formatDuration(durationMs)}.`)] : []),
        ...keptRooms(facts, order, prefix),
      ],
      counts: [head, ...stays],
      files: leaves.length + facts.kept.length > MAX_LISTED ? [wholeList(facts)] : [],
    },
    ...{ answers, numberedRooms, listed },
  };
}

/** The question after a person has added a kept room. @param chosen the numbers so far */
export function nextLeaveQuestion(listed: Listed, chosen: readonly number[]): LeaveQuestion {
  const nameOf = roomNames(listed.kept);
  const lines = (isWanted: (number: number) => boolean): Inline[][] =>
    listed.kept.flatMap((room, index): Inline[][] =>
      isWanted(index + 1)
        ? [[code(`#${index + 1}`), " ", ...nameOf(room), `: ${reasonsWords(room.reasons)}`]]
        : [],
    );
  const added = lines((number) => chosen.includes(number));
  const open = lines((number) => canBeChosen(listed.kept[number - 1]) && !chosen.includes(number));
  const total = listed.leaves + chosen.length;
  const head = questionHead(total);
  return {
    preview: {
      all: [
        head,
        ...(listed.leaves > 0
          ? [paragraph(`${counted(listed.leaves, "room")} as listed before, and these:`)]
          : []),
        list(added),
        ...(open.length > 0 ? [paragraph(strong(`It stays (${open.length})`)), list(open)] : []),
      ],
      counts: [head],
    },
    answers: answersOf(listed, { chosen, isNamed: true }),
    numberedRooms: listed.kept.map(({ roomId }) => roomId),
    listed,
  };
}

function questionHead(rooms: number): Block {
  return paragraph(
    strong(`Shall your old account leave ${counted(rooms, "room")}?`),
    " Nothing was changed yet. It can't be taken back: only somebody in a room can let your old account in again.",
  );
}

/** Whether a typed word can add a kept room. */
export function canBeChosen(room: ListedRoom | undefined): boolean {
  return (
    room !== undefined &&
    !room.reasons.some(({ code: each }) => each === "server_notices" || each === "bot_chat")
  );
}

function answersOf(
  { leaves, lacking, kept }: Listed,
  { chosen, isNamed }: { chosen: readonly number[]; isNamed: boolean },
): AnswerWords {
  const open = isNamed
    ? kept.flatMap((room, index) =>
        canBeChosen(room) && !chosen.includes(index + 1) ? [leaveWord(index + 1)] : [],
      )
    : [];
  const canLeave = leaves + chosen.length > 0;
  const withoutKeys = { word: LEAVE_WITHOUT_KEYS, does: `To leave them all, ${lacking} without all keys` };
  const [first] = open;
  return {
    word: canLeave && lacking === 0 ? LEAVE : null,
    typed: [
      ...(canLeave && lacking > 0 ? [withoutKeys] : []),
      ...(first === undefined
        ? []
        : [{ word: first, does: "To add a room in which it stays, by its number" }]),
    ],
    listed: open.slice(1),
  };
}

function listedIn({ leaves, kept }: LeaveFacts): Listed {
  return {
    leaves: leaves.length,
    lacking: leaves.filter(({ lacksKeys }) => lacksKeys).length,
    kept: kept.slice(0, MAX_LISTED).map(({ room: { roomId, name, alias }, reasons }) => ({
      ...{ roomId, name, alias, reasons },
    })),
  };
}

function leftRooms(leaves: LeaveFacts["leaves"]): Block[] {
  if (leaves.length === 0) return [];
  const nameOf = roomNames(leaves.map(({ room }) => room));
  const lines = leaves.slice(0, MAX_LISTED).map((each): Inline[] => [...nameOf(each.room), ...notes(each)]);
  const more = leaves.length - lines.length;
  return [
    paragraph(strong(`It leaves (${leaves.length})`)),
    list(more > 0 ? [...lines, `and ${more} more, which are in the file`] : lines),
  ];
}

function notes({ dropsPower, isUnheard, lacksKeys }: RoomLeft): string[] {
  const all = [
    ...(dropsPower ? ["it gives its power back first"] : []),
    ...(isUnheard ? ["nobody there hears of it, because the room shuts out your old server"] : []),
    ...(lacksKeys ? ["your new account may lack keys of its messages"] : []),
  ];
  return all.length === 0 ? [] : [`: ${all.join("; ")}`];
}

function reasonsWords(reasons: readonly KeptInRoomReason[]): string {
  return reasons.map(keptWords).join("; ");
}

function keptRooms({ kept, outside }: LeaveFacts, { rooms }: LeaveOrder, prefix: string): Block[] {
  const nameOf = roomNames([...kept.map(({ room }) => room), ...outside]);
  const lines = kept
    .slice(0, MAX_LISTED)
    .map(({ room, reasons }): Inline[] => [...nameOf(room), `: ${reasonsWords(reasons)}`]);
  const more = kept.length - lines.length;
  const keys = kept.some(({ reasons }) => reasons.some(({ code: each }) => each === "keys_missing"));
  return [
    ...(kept.length === 0 ? [] : [paragraph(strong(`It stays (${kept.length})`)), numberedList(lines)]),
    ...(more > 0 ? [paragraph(`${more} more are in the file.`)] : []),
    ...(kept.length > 0 && rooms.length === 0
      ? [paragraph("To leave one of these anyway, name it: ", code(`${prefix}leave-old #1`), ".")]
      : []),
    ...(kept.length > 1 && rooms.length > 0
      ? [paragraph("You can add more than one of these, one after the other. I begin when you confirm.")]
      : []),
    ...(keys
      ? [
          paragraph(
            code(`${prefix}keys copy`),
            " copies keys to your new account. With ",
            code("--without-keys"),
            " your old account leaves all the same.",
          ),
        ]
      : []),
    ...(outside.length === 0
      ? []
      : [
          paragraph(strong(`Your old account is not in these (${outside.length})`)),
          list(outside.slice(0, MAX_LISTED).map(nameOf)),
        ]),
  ];
}

function nothingToLeave(facts: LeaveFacts, order: LeaveOrder, prefix: string): Message {
  const none =
    order.rooms.length === 0
      ? "Your old account is in no room that it could leave now."
      : "Your old account can leave none of these rooms.";
  return {
    ...notice(
      paragraph(strong("There is nothing to leave. "), none, " Nothing was changed."),
      ...keptRooms(facts, order, prefix),
    ),
    attachments: facts.kept.length > MAX_LISTED ? [wholeList(facts)] : [],
  };
}

function wholeList({ leaves, kept, reason }: LeaveFacts): NonNullable<PreviewWords["files"]>[number] {
  const line = ({ name, alias, roomId }: NamedRoom, words: string): string =>
    `${untrustedCode(name ?? alias ?? "")} ${untrustedCode(roomId)}${words}`;
  const lines = [
    `Reason: ${reason}`,
    "",
    `It leaves (${leaves.length})`,
    ...leaves.map((each) => line(each.room, notes(each).join(""))),
    "",
    `It stays (${kept.length})`,
    ...kept.map(({ room, reasons }) => line(room, `: ${reasonsWords(reasons)}`)),
  ];
  return {
    fileName: "leave-old.txt",
    mimeType: "text/plain",
    bytes: Buffer.from(`${lines.join("\n")}\n`),
  };
}

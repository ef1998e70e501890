import type {
  KeptInRoomReason,
  LeaveFacts,
  LeaveOrder,
  RoomKept,
  RoomLeft,
} from "../../platforms/contact.ts";
import { isFinal } from "../../platforms/contact.ts";
import type { ContactPreview } from "../../service/contact/proposals.ts";
import type { AnswerWords, Question } from "../contact/question.ts";
import { exactText } from "../contact/text-for-others.ts";
import type { Block, Inline } from "../document/document.ts";
import { code, list, numberedList, paragraph, strong } from "../document/document.ts";
import type { Attachment, Message } from "../document/message.ts";
import { notice, textFile } from "../document/message.ts";
import { counted } from "../document/numbers.ts";
import { formatDuration } from "../document/time.ts";
import type { NamedRoom } from "../words/room-line.ts";
import { plainRoomName, roomNames } from "../words/room-line.ts";
import { keptWords } from "./reasons.ts";

/** The longest list in the message itself. The file has all. */
const MAX_LISTED = 20;

/** The word that confirms it. */
const LEAVE = "leave";
/** The typed word that confirms leaving rooms whose keys the new account may lack. */
const LEAVE_WITHOUT_KEYS = "leave without keys";

/** The typed word that leaves a kept room. @param number of the room in the question's list */
export function leaveWord(number: number): string {
  return `leave #${number}`;
}

type Shown = Pick<ContactPreview<"leave">, "facts" | "order" | "durationMs">;

/** Which rooms the old account would leave, and where it stays. A message: nothing is asked. */
export function leaveQuestion(
  { facts, order, durationMs }: Shown,
  prefix: string,
): Question | (Message & { numberedRooms: readonly string[] }) {
  const numberedRooms = facts.kept.slice(0, MAX_LISTED).map(({ room }) => room.roomId);
  const answers = answersOf(facts, order.rooms.length > 0 ? numberedRooms : []);
  if (!isAnswerable(answers)) return { ...nothingToLeave(facts, order, prefix), numberedRooms };
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
        exactText(facts.reason),
        ...(leaves.length > 0 ? [paragraph(`This takes ${formatDuration(durationMs)}.`)] : []),
        ...keptRooms(facts, order, prefix),
      ],
      counts: [head, ...stays],
      files: leaves.length + facts.kept.length > MAX_LISTED ? [wholeList(facts)] : [],
    },
    ...{ answers, numberedRooms },
  };
}

/**
 * The question about the rooms that are still open when the old account leaves some.
 * @param begun what was confirmed
 * @param rest what is still open
 * @param numberedRooms the kept rooms of the first question. They keep their numbers.
 * @returns `null`: nothing is open
 */
export function restOfLeaving(
  begun: Shown,
  { facts }: Shown,
  numberedRooms: readonly string[],
): Question | null {
  const answers = answersOf(facts, numberedRooms);
  if (!isAnswerable(answers)) return null;
  const left = begun.facts.kept.find(({ room }) => room.roomId === begun.order.anyway);
  const numberOf = ({ roomId }: NamedRoom): number => numberedRooms.indexOf(roomId) + 1;
  const nameOf = roomNames([...begun.facts.kept, ...begun.facts.leaves].map(({ room }) => room));
  const started = left === undefined ? counted(begun.facts.leaves.length, "room") : `#${numberOf(left.room)}`;
  const open = facts.kept.filter(({ room }) => numberOf(room) > 0);
  const others = facts.leaves.length;
  const stillIn = [
    ...(others > 0 ? [`${counted(others, "room")} as listed before`] : []),
    ...(open.length > 0 ? [`${counted(open.length, "room")} in which something would be lost`] : []),
  ].join(", and ");
  return {
    preview: {
      all: [
        paragraph(
          strong("Started. "),
          ...(left === undefined
            ? [`Your old account leaves ${started}, as shown.`]
            : [`Your old account leaves ${started}, `, ...nameOf(left.room), "."]),
        ),
        paragraph(`It is still in ${stillIn}.`),
        ...(open.length > 0
          ? [
              list(
                open.map(({ room, reasons }): Inline[] => [
                  code(`#${numberOf(room)}`),
                  " ",
                  ...nameOf(room),
                  `: ${reasonsWords(reasons)}`,
                ]),
              ),
            ]
          : []),
      ],
      counts: [
        paragraph(strong("Started. "), `Your old account leaves ${started}.`),
        paragraph(`It is still in ${stillIn}.`),
      ],
    },
    ...{ answers, numberedRooms },
  };
}

function questionHead(rooms: number): Block {
  return paragraph(
    strong(`Shall your old account leave ${counted(rooms, "room")}?`),
    " Nothing was changed yet. This can't be taken back: only somebody in a room can let your old account in again.",
  );
}

/** Whether a typed word can leave a kept room. */
function canBeChosen({ reasons }: RoomKept): boolean {
  return !reasons.some(isFinal);
}

/** @param numberedRooms the kept rooms that can have a word of their own, by their numbers */
function answersOf({ leaves, kept }: LeaveFacts, numberedRooms: readonly string[]): AnswerWords {
  const words = numberedRooms.flatMap((roomId, index) =>
    kept.some((each) => each.room.roomId === roomId && canBeChosen(each)) ? [leaveWord(index + 1)] : [],
  );
  const lacking = leaves.filter(({ lacksKeys }) => lacksKeys).length;
  const withoutKeys = {
    word: LEAVE_WITHOUT_KEYS,
    does: `To leave the ${counted(leaves.length, "room")}, ${lacking} without all keys`,
  };
  const [first] = words;
  return {
    word: leaves.length > 0 && lacking === 0 ? LEAVE : null,
    typed: [
      ...(lacking > 0 ? [withoutKeys] : []),
      ...(first === undefined
        ? []
        : [{ word: first, does: "To leave a room in which something would be lost, by its number" }]),
    ],
    listed: words.slice(1),
  };
}

function isAnswerable({ word, typed }: AnswerWords): boolean {
  return word !== null || typed.length > 0;
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
    ...(kept.some(canBeChosen) && kept.length > 1 && rooms.length > 0
      ? [
          paragraph(
            "Each of these needs a word of its own. Your old account leaves that room at once; you can still answer for the others.",
          ),
        ]
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

function wholeList({ leaves, kept, reason }: LeaveFacts): Attachment {
  return textFile("leave-old.txt", [
    `Reason: ${reason}`,
    "",
    `It leaves (${leaves.length})`,
    ...leaves.map((each) => [plainRoomName(each.room), ...notes(each)].join("")),
    "",
    `It stays (${kept.length})`,
    ...kept.map(({ room, reasons }) => `${plainRoomName(room)}: ${reasonsWords(reasons)}`),
  ]);
}

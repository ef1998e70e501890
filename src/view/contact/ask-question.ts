import type { AskFacts, AskMessage } from "../../platforms/contact.ts";
import type { ContactPreview } from "../../service/contact/proposals.ts";
import { sideName } from "../account/sign-in.ts";
import type { Block, Inline } from "../document/document.ts";
import { code, cutList, join, list, paragraph, quote, strong } from "../document/document.ts";
import type { Message } from "../document/message.ts";
import { notice } from "../document/message.ts";
import { counted } from "../document/numbers.ts";
import { formatDuration } from "../document/time.ts";
import { untrustedText } from "../document/untrusted-text.ts";
import { askWayWords } from "../words/ask-ways.ts";
import { namedPerson } from "../words/named-person.ts";
import type { NamedRoom } from "../words/room-line.ts";
import { roomNames } from "../words/room-line.ts";
import { askFile } from "./ask-file.ts";
import { notAskedBlocks } from "./not-asked.ts";
import type { Question } from "./question.ts";
import { shownTexts } from "./shown-texts.ts";
import { exactText } from "./text-for-others.ts";

/** The longest lists in the message itself. The file has all. */
const MAX_MESSAGES = 8;
const MAX_ROOMS = 2;
const MAX_TOPICS = 3;
const MAX_TOPIC = 300;
/** The word that confirms it. */
const ASK = "ask";

type Shown = Pick<ContactPreview<"ask">, "facts" | "canBegin" | "durationMs">;

/** Whom one of the accounts would ask, how and with which words, or why nobody. */
export function askQuestion({ facts, canBegin, durationMs }: Shown, prefix: string): Question | Message {
  if (!canBegin) return nobodyToAsk(facts, prefix);
  const head = paragraph(strong(`Shall I ${whatToDo(facts)}?`), " Nothing was done yet.");
  const texts = shownTexts(facts.messages);
  const file = texts.areAll && isShort(facts) ? null : askFile(facts);
  return {
    preview: {
      all: [
        head,
        ...unprovenNote(facts),
        ...recipients(facts.messages),
        ...texts.blocks,
        ...(file === null ? [] : [paragraph("The file has every text, with everybody who gets it.")]),
        ...knocks(facts.knocks),
        ...topics(facts.messages),
        paragraph(
          ...time(facts, durationMs),
          "When somebody lets your new account in, I join by myself and tell you.",
        ),
        ...notAskedBlocks(facts, prefix),
        ...ownWords(facts, prefix),
      ],
      counts: [head, ...(facts.newChats.total === 0 ? [] : [paragraph(...newChats(facts))])],
      files: file === null ? [] : [file],
    },
    answers: { word: ASK, typed: [] },
    numberedRooms: [],
  };
}

/** How many people are asked now, and how many tomorrow. */
export function askBegun({ facts }: Pick<Shown, "facts">): Message {
  const { messages, knocks: knocked, newChats: chats } = facts;
  const later = chats.total - chats.now;
  const now = messages.length - later;
  return notice(
    paragraph(
      strong("Started. "),
      ...(now === 0 ? [] : [`I ask ${people(now)} now. `]),
      ...(later === 0
        ? []
        : [
            `${later === 1 ? "1 new chat follows" : `${later} new chats follow`} as soon as the daily limit of ${chats.perDay} allows, mostly tomorrow. `,
          ]),
      ...(knocked.length === 0 ? [] : [`Your new account knocks at ${counted(knocked.length, "room")}. `]),
      "You can close your app; I write to you when it is done, and when somebody lets your new account in.",
    ),
  );
}

/** Why the new account writes, and why the texts say what they say. */
function unprovenNote({ by, messages }: AskFacts): Block[] {
  if (by === "source" || messages.length === 0) return [];
  return [
    paragraph(
      "I know your old account only from your files, so your new one writes. The texts say that this proves nothing. It helps if people can ask you elsewhere.",
    ),
  ];
}

/** Whether the lists of the question leave out nothing. */
function isShort({ messages, knocks: knocked }: AskFacts): boolean {
  const topicsShown = messages.flatMap(topicsOf);
  return (
    messages.length <= MAX_MESSAGES &&
    knocked.length <= MAX_MESSAGES &&
    messages.every(({ rooms }) => rooms.length <= MAX_ROOMS) &&
    topicsShown.length <= MAX_TOPICS &&
    topicsShown.every(({ topic }) => topic.length <= MAX_TOPIC)
  );
}

function whatToDo({ by, messages, knocks: knocked }: AskFacts): string {
  const rooms = messages.flatMap((message) => message.rooms).length;
  const parts = [
    ...(messages.length === 0
      ? []
      : [`ask ${people(messages.length)} about ${counted(rooms, "room")} with your ${sideName(by)}`]),
    ...(knocked.length === 0 ? [] : [`knock at ${counted(knocked.length, "room")} with your new account`]),
  ];
  return parts.join(", and ");
}

function people(count: number): string {
  return count === 1 ? "1 person" : `${count} people`;
}

function recipients(messages: readonly AskMessage[]): Block[] {
  if (messages.length === 0) return [];
  const nameOf = roomNames(messages.flatMap(({ rooms }) => rooms.map(({ room }) => room)));
  const lines = messages.slice(0, MAX_MESSAGES).map((message): Inline[] => {
    const { helper, alsoMentioned, rooms, followers } = message;
    const shown = rooms.slice(0, MAX_ROOMS).map(({ room }): Inline => ({
      kind: "group",
      children: nameOf(room),
    }));
    const more = rooms.length - shown.length;
    return [
      ...join([helper, ...alsoMentioned].map(namedPerson), ", "),
      ` ${wayWords(message)}: `,
      ...join(shown, ", "),
      ...(more > 0 ? [` and ${more} more`] : []),
      ...(followers.length === 0
        ? []
        : [
            ". If they take no invitation: ",
            ...join(
              followers.map((next) => namedPerson(next.helper)),
              ", then ",
            ),
          ]),
    ];
  });
  const more = messages.length - lines.length;
  return [list(lines), ...(more > 0 ? [paragraph(`${more} more are in the file.`)] : [])];
}

function wayWords({ way }: Pick<AskMessage, "way">): string {
  switch (way) {
    case "direct":
      return `${askWayWords[way]}, about`;
    case "room":
      return `${askWayWords[way]}, where everybody reads it`;
    case "new_direct":
      return `${askWayWords[way]}, about`;
  }
}

function knocks(all: AskFacts["knocks"]): Block[] {
  const [first] = all;
  if (first === undefined) return [];
  const nameOf = roomNames(all.map(({ room }) => room));
  return [
    paragraph(strong(`Your new account knocks at (${all.length})`)),
    cutList(
      all.map(({ room }) => nameOf(room)),
      MAX_MESSAGES,
    ),
    paragraph("The people there read this reason:"),
    exactText(first.reason),
  ];
}

/** Rooms whose topic may name another way to ask. */
function topics(messages: readonly AskMessage[]): Block[] {
  const found = messages.flatMap(topicsOf);
  if (found.length === 0) return [];
  const nameOf = roomNames(found.map(({ room }) => room));
  const shown = found.slice(0, MAX_TOPICS);
  const more = found.length - shown.length;
  return [
    paragraph("Perhaps a topic says how to ask there:"),
    ...shown.map(({ room, topic }) => quote(...nameOf(room), `: ${untrustedText(topic, MAX_TOPIC)}`)),
    ...(more > 0
      ? [paragraph(`${counted(more, "more topic")} ${more === 1 ? "is" : "are"} in the file.`)]
      : []),
  ];
}

function topicsOf({ rooms }: AskMessage): { room: NamedRoom; topic: string }[] {
  return rooms.flatMap(({ room, topic }) => (topic === null ? [] : [{ room, topic }]));
}

function time(facts: AskFacts, durationMs: number): Inline[] {
  const { total, now } = facts.newChats;
  const what = total === now ? "All of it takes" : "What I do now takes";
  return [...newChats(facts), `${what} about ${formatDuration(durationMs)}. `];
}

function newChats({ newChats: { total, now, perDay } }: AskFacts): Inline[] {
  if (total === 0) return [];
  const when = total === now ? "" : ` ${now === 0 ? "None" : now} of them now, the others later.`;
  return [`${counted(total, "new chat")}; I open at most ${perDay} a day.${when} `];
}

function ownWords({ messages }: AskFacts, prefix: string): Block[] {
  if (messages.length === 0) return [];
  return [
    paragraph(
      "For your own words: ",
      code(`${prefix}ask --text "…"`),
      ". To ask only in rooms or only in direct chats: ",
      code("--way room"),
      " or ",
      code("--way direct"),
      ".",
    ),
  ];
}

function nobodyToAsk(facts: AskFacts, prefix: string): Message {
  return notice(
    paragraph(
      strong("There is nobody to ask now. "),
      facts.notAsked.length === 0 ? "No room of your plan waits for a moderator. " : "",
      "Nothing was done.",
    ),
    ...notAskedBlocks(facts, prefix),
  );
}

import type {
  DirectChatCandidate,
  DirectChatFacts,
  NoDirectChatReason,
} from "../../platforms/direct-chats.ts";
import type { ContactPreview } from "../../service/contact/proposals.ts";
import type { Block, Inline } from "../document/document.ts";
import { code, join, list, paragraph, strong } from "../document/document.ts";
import type { Attachment, Message } from "../document/message.ts";
import { notice, textFile } from "../document/message.ts";
import { counted } from "../document/numbers.ts";
import { formatDuration } from "../document/time.ts";
import { untrustedCode } from "../document/untrusted-text.ts";
import { namedPerson } from "../words/named-person.ts";
import type { Question } from "./question.ts";
import { exactText } from "./text-for-others.ts";

/** The longest lists in the message itself. The file has all. */
const MAX_LISTED = 20;
const MAX_LEFT = 5;
const MAX_IN_EXAMPLE = 3;
/** The word that confirms it. */
const DM = "dm";

type Shown = Pick<ContactPreview<"directChats">, "facts" | "canBegin" | "durationMs">;

/** Which direct chats the new account would open, or with whom it could. */
export function directChatsQuestion(
  { facts, canBegin, durationMs }: Shown,
  prefix: string,
): Question | Message {
  if (!canBegin) return nothingToOpen(facts, prefix);
  const { chats, newChats } = facts;
  const head = paragraph(
    strong(`Shall I open ${counted(chats.length, "direct chat")} with your new account?`),
    " Nothing was done yet.",
  );
  return {
    preview: {
      all: [
        head,
        list(peopleLines(chats)),
        ...words(facts),
        paragraph(
          ...daily(newChats),
          newChats.now === 0 ? "" : `The first ones take ${formatDuration(durationMs)}.`,
        ),
        ...leftAlone(facts.left),
        paragraph("For your own words: ", code(`${prefix}dm CONTACT --text "…"`), "."),
      ],
      counts: [head, paragraph(...daily(newChats))],
      files: chats.length > MAX_LISTED ? [wholeList(chats)] : [],
    },
    answers: { word: DM, typed: [] },
    numberedRooms: [],
  };
}

/** How many chats are opened now, and how many later. */
export function directChatsBegun({ facts: { newChats } }: Pick<Shown, "facts">): Message {
  const { total, now, perDay } = newChats;
  const later = total - now;
  return notice(
    paragraph(
      strong("Started. "),
      now === 0 ? "" : `I open ${counted(now, "direct chat")} now. `,
      later === 0
        ? ""
        : `${later} ${later === 1 ? "follows" : "follow"} as soon as the daily limit of ${perDay} allows, mostly tomorrow. `,
      "You can close your app; I write to you when it is done.",
    ),
  );
}

function peopleLines(people: readonly DirectChatCandidate[]): Inline[][] {
  const lines = people
    .slice(0, MAX_LISTED)
    .map(({ partner, isEncrypted }) => [
      namedPerson(partner),
      isEncrypted ? ", encrypted like your old chat" : "",
    ]);
  const more = people.length - lines.length;
  return more > 0 ? [...lines, [`and ${more} more, in the file`]] : lines;
}

/** Each text once. They are the same for everybody. */
function words({ chats }: DirectChatFacts): Block[] {
  const plain = chats.find(({ text }) => text !== null);
  const hasEncrypted = chats.some(({ isEncrypted }) => isEncrypted);
  return [
    paragraph("The invitation says, before it is accepted:"),
    exactText(chats[0]?.reason ?? ""),
    ...(plain === undefined
      ? []
      : [
          paragraph(hasEncrypted ? "In the chats that are not encrypted I then write:" : "Then I write:"),
          exactText(plain.text ?? ""),
        ]),
    ...(hasEncrypted
      ? [
          paragraph(
            "In an encrypted chat the invitation is all that I can say. You write the rest with your app.",
          ),
        ]
      : []),
  ];
}

function daily({ total, now, perDay }: DirectChatFacts["newChats"]): Inline[] {
  const when = total === now ? "" : ` ${now === 0 ? "None" : now} of them now, the others later.`;
  return [`I open at most ${perDay} new chats a day.${when} `];
}

const leftTitles: Readonly<Record<NoDirectChatReason, string>> = {
  unknown: "I know of no direct chat of your old account with them",
  moved: "Your old chat with them is moved",
  will_move: "Your old chat with them moves with your move",
  has_chat: "Your new account has a direct chat with them already",
  chat_waits: "A chat with them is about to be opened already",
  ignored: "You ignore them",
  server_gone: "Their server is gone too",
  gone: "They left your old chat",
  silent: "Their server did not answer within the last day",
  refused: "They took no invitation to a new chat before",
};

const LEFT_IN_ORDER: readonly NoDirectChatReason[] = [
  ...(["unknown", "moved", "will_move", "has_chat", "chat_waits", "ignored"] as const),
  ...(["server_gone", "gone", "silent", "refused"] as const),
];

function leftAlone(left: DirectChatFacts["left"]): Block[] {
  if (left.length === 0) return [];
  const lines = LEFT_IN_ORDER.flatMap((why): Inline[][] => {
    const people = left.filter((each) => each.why === why).map(({ partner }) => partner);
    if (people.length === 0) return [];
    const shown = people.slice(0, MAX_LEFT).map(namedPerson);
    const more = people.length - shown.length;
    return [[`${leftTitles[why]}: `, ...join(shown, ", "), ...(more > 0 ? [` and ${more} more`] : [])]];
  });
  return [paragraph(strong(`No new chat (${left.length})`)), list(lines)];
}

/** Nobody was named, or with nobody who was a chat can be opened. */
function nothingToOpen({ candidates, left }: DirectChatFacts, prefix: string): Message {
  if (candidates.length === 0)
    return notice(
      paragraph(strong("There is nobody to whom I would open a new direct chat. "), "Nothing was done."),
      ...leftAlone(left),
    );
  const named = candidates.slice(0, MAX_IN_EXAMPLE).map(({ partner }) => untrustedCode(partner.userId));
  return {
    ...notice(
      paragraph(
        strong(`Direct chats that did not come along (${candidates.length})`),
        candidates.length === 1 ? ", with this person:" : ", with these people:",
      ),
      list(peopleLines(candidates)),
      ...leftAlone(left),
      paragraph(
        "Name the people to whom your new account shall write: ",
        code(`${prefix}dm ${named.join(" ")}`),
        ". I show you the words first. Nothing was done yet.",
      ),
    ),
    attachments: candidates.length > MAX_LISTED ? [wholeList(candidates)] : [],
  };
}

function wholeList(people: readonly DirectChatCandidate[]): Attachment {
  const lines = people.map(({ partner: { userId, displayName }, isEncrypted }) => {
    const name = displayName === null ? "" : ` ${untrustedCode(displayName, 60)}`;
    return `${userId}${name}${isEncrypted ? ", encrypted" : ""}`;
  });
  return textFile("dm.txt", lines);
}

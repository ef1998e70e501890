import type { Placeholder } from "../../grammar/placeholders.ts";
import { MAX_FILLED_TEXT, cutAtWord, filled } from "../../grammar/placeholders.ts";
import type { AskHelp, AskTextFacts } from "../../platforms/contact.ts";
import { counted } from "../document/numbers.ts";
import { untrustedCode } from "../document/untrusted-text.ts";
import { valuesIn } from "./text-for-others.ts";
import { UNPROVEN, withProof } from "./unproven.ts";

const MAX_REASON = 500;
/** Room for the list of rooms in a text, and in the reason of an invitation. */
const MAX_LIST = 2_400;
const MAX_SHORT_LIST = 160;

/** The kinds of help, in the order in which a text asks for them. */
const KINDS: readonly AskHelp[] = ["invite", "open_space", "accept_knock", "unban", "change_acl"];

type RoomToOpen = AskTextFacts["rooms"][number];

/** The message to a helper. Plain text: the names of rooms in it are data. */
export function askText(facts: AskTextFacts): string {
  const { typed } = facts;
  if (typed !== null)
    return withProof(filled(typed, valuesOf(facts, MAX_LIST)), facts, {
      maxLength: MAX_FILLED_TEXT,
      between: "\n\n",
    });
  const greeting = facts.mentions.map(({ userId }) => userId).join(", ");
  const paragraphs = [
    `${greeting === "" ? "Hello" : `Hello ${greeting}`}, ${whoWrites(facts)}`,
    ...KINDS.flatMap((help) => request(help, facts)),
    "Thank you! If you would rather not, just ignore this message.",
  ];
  return cutAtWord(paragraphs.join("\n\n"), MAX_FILLED_TEXT);
}

function whoWrites(facts: AskTextFacts): string {
  const { old, new: target, name, isProven } = facts;
  const called = name === old ? old : `${valuesIn(facts).name} (${old})`;
  return isProven
    ? `this is ${called}. I am moving to a new account, ${target}, and need a hand with ${subject(facts)}.`
    : `this is ${called}. The server of that account is gone, so I write with a new one, ${target}. ${UNPROVEN}\n\nI need a hand with ${subject(facts)}.`;
}

/**
 * The reason of the invitation to a new chat. Clients show it before the person accepts, so it says
 * everything that matters.
 */
export function askReason(facts: AskTextFacts & { encryptedChatExists: boolean }): string {
  const { old, new: target, isProven, typed, encryptedChatExists } = facts;
  const end = encryptedChatExists
    ? " We have an encrypted chat, but the tool that moves my account cannot write there."
    : "";
  const whole =
    typed === null
      ? [
          isProven
            ? `${old} moves to ${target}.`
            : `This is ${old}, whose server is gone, with a new account, ${target}. ${UNPROVEN}`,
          ...KINDS.flatMap((help) => shortRequest(help, facts)),
          "Thank you!",
        ].join(" ")
      : filled(typed, valuesOf(facts, MAX_SHORT_LIST)).replaceAll(/\s+/gu, " ").trim();
  return withProof(whole, facts, { maxLength: MAX_REASON, between: " ", end });
}

function valuesOf({ rooms, ...facts }: AskTextFacts, maxList: number): Readonly<Record<Placeholder, string>> {
  return { ...valuesIn(facts), rooms: roomList(rooms, maxList) };
}

function subject({ rooms, sentIn }: AskTextFacts): string {
  const [only] = rooms;
  if (rooms.length !== 1 || only === undefined) return counted(rooms.length, "room");
  return only.room.roomId === sentIn ? thisRoom(only) : "one room";
}

function thisRoom({ room }: RoomToOpen): string {
  if (room.space) return "this space";
  return room.direct ? "this chat" : "this room";
}

/** One sentence for a kind of help, what to press, and the rooms. */
function request(help: AskHelp, facts: AskTextFacts): string[] {
  const rooms = facts.rooms.filter((each) => each.help === help);
  const [first] = rooms;
  if (first === undefined) return [];
  if (rooms.length === 1)
    return [sentence(help, first.room.roomId === facts.sentIn ? thisRoom(first) : nameOf(first.room), facts)];
  // Every kind has its share of the space.
  const share = Math.floor((MAX_LIST * rooms.length) / facts.rooms.length);
  return [`${sentence(help, "these rooms", facts)}\n${lineList(rooms, share)}`];
}

function sentence(help: AskHelp, where: string, { new: target }: AskTextFacts): string {
  switch (help) {
    case "invite":
      return `Please invite ${target} to ${where}: open the room's info, press “Invite” and enter the new account.`;
    case "open_space":
      return `Please invite ${target} to ${where}, or to the space whose members may join: press “Invite” there and enter the new account.`;
    case "accept_knock":
      return `Please let ${target} into ${where}: it has asked to join. In the room's settings, under “People”, press “Approve”.`;
    case "unban":
      return `Please lift the ban of ${target} in ${where}: in the room's settings, under “Roles & Permissions”, find it among the banned users and press “Unban”.`;
    case "change_acl": {
      const server = untrustedCode(target.slice(target.indexOf(":") + 1));
      return `Please take the server ${server} off the list of servers that are shut out of ${where} (m.room.server_acl): your moderation bot or Element's developer tools can change it.`;
    }
  }
}

function shortRequest(help: AskHelp, facts: AskTextFacts): string[] {
  const rooms = facts.rooms.filter((each) => each.help === help);
  if (rooms.length === 0) return [];
  const named = roomList(rooms, MAX_SHORT_LIST);
  switch (help) {
    case "invite":
      return [`Please invite the new account to ${named}.`];
    case "open_space":
      return [`Please invite it to ${named}, or to the space that opens it.`];
    case "accept_knock":
      return [`Please accept its request to join ${named}.`];
    case "unban":
      return [`Please lift its ban in ${named}.`];
    case "change_acl":
      return [`Please take its server off the list of shut out servers in ${named}.`];
  }
}

/** Names of rooms in one line, cut with "and 12 more". */
function roomList(rooms: readonly RoomToOpen[], maxLength: number): string {
  const { shown, more } = fitting(
    rooms.map(({ room }) => nameOf(room)),
    maxLength,
    2,
  );
  return more === 0 ? shown.join(", ") : `${shown.join(", ")} and ${more} more`;
}

/** A line for each room, cut with "and 12 more". */
function lineList(rooms: readonly RoomToOpen[], maxLength: number): string {
  const { shown, more } = fitting(
    rooms.map(({ room }) => nameOf(room)),
    maxLength,
    3,
  );
  return [...shown.map((name) => `- ${name}`), ...(more === 0 ? [] : [`and ${more} more`])].join("\n");
}

/** The first names that fit, at least one, and the number of the others. */
function fitting(
  names: readonly string[],
  maxLength: number,
  separatorLength: number,
): { shown: string[]; more: number } {
  const shown: string[] = [];
  let length = 0;
  for (const name of names) {
    length += name.length + separatorLength;
    if (length > maxLength && shown.length > 0) break;
    shown.push(name);
  }
  return { shown, more: names.length - shown.length };
}

/** A room's name with its alias or ID, so that the helper knows which one is meant. */
function nameOf({ name, alias, roomId, direct }: RoomToOpen["room"]): string {
  const id = untrustedCode(alias ?? roomId);
  if (direct) return `our direct chat (${id})`;
  return name === null || name === alias ? id : `${untrustedCode(name, 60)} (${id})`;
}

import type { Person } from "../../../../model/contact.ts";
import type { Helper } from "../../../../model/routes.ts";
import type { AskFacts, AskMessage, AskOrder, Known, Proposal, WriterFacts } from "../../../contact.ts";
import { ignoredUsers } from "../../categories/ignored-users/plan.ts";
import type { PlannedRoom } from "../../planning/planned-room.ts";
import { reportRoom } from "../../report/report.ts";
import { admittedChats } from "../chats/new-chats.ts";
import type { ContactInput } from "../contact-input.ts";
import { writerFacts } from "../contact-input.ts";
import { knocksOf } from "../knock.ts";
import type { HelperToAsk } from "../payloads.ts";
import { roomsToWatch } from "../watched-rooms.ts";
import { countMembers, lookAtMembers, readTopics } from "./look.ts";
import { planAsk } from "./plan-ask.ts";
import type { HelperQuestion, PlannedQuestion } from "./questions.ts";
import { chooseRooms } from "./rooms.ts";
import type { MessageToHelper } from "./steps.ts";
import { stepOfMessage } from "./steps.ts";

/**
 * Whom to ask about the rooms of an order, how, and with which words. Only reads.
 * @throws UnreadableAccountError
 */
export async function decideAsk(
  input: Pick<ContactInput, "asking" | "readings" | "decided" | "parties" | "guarded">,
  order: AskOrder,
  known: Known,
): Promise<Proposal<AskFacts>> {
  const { asking, readings, decided, parties } = input;
  const side = asking.userId === parties.sourceUserId ? "source" : "target";
  const { snapshot } = readings[side];
  const ignored = new Set(
    [readings.source.snapshot, snapshot].flatMap((account) => [...ignoredUsers(account)]),
  );
  const facts = { ignored, records: known.records, planned: known.planned, now: known.now, parties };
  const rows = [...decided.rooms, ...decided.replacements];
  const read = await input.guarded(async () => {
    const uncounted = chooseRooms(rows, order, snapshot).questions;
    const counted = await countMembers(asking, uncounted, snapshot);
    const { questions: rooms } = chooseRooms(rows, order, counted);
    return lookAtMembers(asking, rooms, { ...facts, asking: counted });
  });
  const { questions, knocks, notAsked, chats } = planAsk(rows, order, { ...facts, asking: read });
  const asked = questions.flatMap(({ rooms }) => rooms.filter(({ room }) => room !== null));
  const topics = await input.guarded(() =>
    readTopics(
      asking,
      asked.map(({ row }) => row.roomId),
    ),
  );
  const told = writerFacts(input, order.text);
  const words = { ...{ facts: told, known, topics }, encryptedWith: chats.encrypted };
  const messages = questions.map((question) => messageOf(question, words));
  const reason = known.texts.knockReason({ ...told, typed: null });
  const knocking = knocksOf(decided, knocks, reason);
  return {
    facts: {
      by: side,
      messages,
      knocks: knocks.map((row) => ({ room: reportRoom(row), reason })),
      notAsked: notAsked.map(({ row, ...why }) => ({ room: reportRoom(row), ...why })),
      newChats: admittedChats(messages.filter(({ way }) => way === "new_direct").length, known),
    },
    exact: {
      by: side,
      messages: messages.map(toHelper),
      knocks: knocks.map(({ roomId }) => ({ roomId, reason })),
    },
    steps: [...messages.map((message) => stepOfMessage(side, toHelper(message))), ...knocking.steps],
    rooms: [...roomsToWatch(decided, askedAbout(questions)), ...knocking.rooms],
  };
}

function askedAbout(questions: readonly PlannedQuestion[]): PlannedRoom[] {
  return [...new Set(questions.flatMap(({ rooms }) => rooms.map(({ row }) => row)))];
}

interface Words {
  readonly facts: WriterFacts;
  readonly known: Known;
  readonly topics: ReadonlyMap<string, string>;
  /** The people with whom the asking account has an encrypted chat. */
  readonly encryptedWith: ReadonlySet<string>;
}

function messageOf(question: PlannedQuestion, words: Words): AskMessage {
  return {
    ...messageTo(question, question.alsoMentioned, words),
    alsoMentioned: question.alsoMentioned.map(personOf),
    followers: question.followers.map((follower) => messageTo(follower, [], words)),
  };
}

function messageTo(
  { helper, way, roomId, rooms }: HelperQuestion,
  alsoMentioned: readonly Helper[],
  { facts, known, topics, encryptedWith }: Words,
): AskMessage["followers"][number] {
  const about = rooms.map(({ row, help }) => ({
    room: reportRoom(row),
    help,
    topic: topics.get(row.roomId) ?? null,
  }));
  const mentions = way === "room" ? [helper, ...alsoMentioned].map(personOf) : [];
  const text = { ...facts, rooms: about, sentIn: roomId, mentions };
  return {
    helper: personOf(helper),
    ...{ way, roomId, rooms: about },
    text: known.texts.ask(text),
    reason:
      way === "new_direct"
        ? known.texts.askReason({ ...text, encryptedChatExists: encryptedWith.has(helper.userId) })
        : null,
  };
}

function personOf({ userId, displayName }: Helper): Person {
  return { userId, displayName };
}

function toHelper({ alsoMentioned, followers, ...message }: AskMessage): MessageToHelper {
  return {
    ...helperToAsk(message),
    alsoMentioned: alsoMentioned.map(({ userId }) => userId),
    followers: followers.map(helperToAsk),
  };
}

function helperToAsk({
  helper,
  way,
  roomId,
  rooms,
  text,
  reason,
}: AskMessage["followers"][number]): HelperToAsk {
  const roomIds = rooms.map(({ room }) => room.roomId);
  return { userId: helper.userId, way, chatRoomId: roomId, roomIds, text, reason };
}

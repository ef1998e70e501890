import { askBot } from "../../lab/bot-answer.ts";
import type { StoredEvent } from "../../lab/homeservers/stored-events.ts";
import { eventsSentBy } from "../../lab/homeservers/stored-events.ts";
import type { SeenMessage } from "../../lab/person/person.ts";
import { textOf } from "../../lab/person/person.ts";
import { chatsOpened, withoutMarks } from "../../support/contact/contact-world.ts";
import type { Checks } from "../checks.ts";
import type { DemoEnvironment } from "../environment.ts";
import { ANSWER_TIMEOUT_MS, reportNow } from "../report-now.ts";
import { signedIn } from "../signed-in.ts";

/** After the move: Ada asks a moderator, is let in, renames, tells people, leaves and finishes. */
export async function playContact(environment: DemoEnvironment, checks: Checks): Promise<void> {
  const { person, chatId, botUserId, population, pair, print } = environment;
  const source = await signedIn(environment, population.source);
  const target = await signedIn(environment, population.target);

  await playAsking();
  await playTelling();
  await playLeaving();
  await playFinishing();

  async function playAsking(): Promise<void> {
    const { rooms } = await reportNow(environment);
    const room = rooms.find(
      ({ route, encrypted, reason }) =>
        route === "ask_moderator" && !encrypted && reason?.code === "no_invite_power",
    );
    const helper = population.people.find(({ userId }) => userId === room?.helpers[0]?.userId);
    if (room === undefined || helper === undefined) throw new Error("no room has a moderator who can help");
    const moderator = await signedIn(environment, helper);
    const before = sent().length;
    const question = await say(`!ask ${room.roomId} --way direct`);
    await checks.check("nothing was sent before the confirmation", () => sent().length === before);
    await tap(question, "Asking for help is done.");
    const [chat] = chatsOpened(sent().slice(before));
    await checks.check(`${helper.displayName} has exactly the message that was shown`, () => {
      const texts = chat?.texts ?? [];
      return texts.length === 1 && withoutMarks(textOf(question)).includes(texts[0] ?? "");
    });
    print(`  (${helper.displayName} accepts the chat, reads, and lets Ada's new account in)`);
    await moderator.act("POST", `/join/${encodeURIComponent(chat?.roomId ?? "")}`);
    const arrival = next("Your new account is in", question);
    await moderator.act("POST", `/rooms/${encodeURIComponent(room.roomId)}/invite`, {
      user_id: target.userId,
    });
    await arrival;
    await checks.check("the new account is in the room, and the report says who let it in", async () => {
      const row = (await reportNow(environment)).rooms.find(({ roomId }) => roomId === room.roomId);
      const isIn = (await target.joinedRooms()).has(room.roomId);
      return isIn && row?.asked[0]?.userId === helper.userId && row.asked[0].result === "let_in";
    });
  }

  async function playTelling(): Promise<void> {
    await tap(await say("!rename-old"), "Renaming your old account is done.");
    await checks.check("the old account's name has the new ID", async () =>
      String((await source.profile())["displayname"]).includes(target.userId),
    );
    const before = sent().length;
    await tap(await say("!announce"), "The announcement is done.");
    const told = sent()
      .slice(before)
      .filter(({ type }) => type === "m.room.message");
    await checks.check(`${told.length} rooms were told once each, none of them encrypted`, async () => {
      const encryption = await Promise.all(
        told.map(({ roomId }) => target.state(roomId, "m.room.encryption")),
      );
      const rooms = new Set(told.map(({ roomId }) => roomId));
      return told.length > 0 && rooms.size === told.length && encryption.every((state) => state === null);
    });
  }

  async function playLeaving(): Promise<void> {
    const { rooms } = await reportNow(environment);
    const before = await source.joinedRooms();
    await tap(await say("!leave-old moved"), "Leaving rooms is done.");
    const kept = await source.joinedRooms();
    const inside = await target.joinedRooms();
    const isMoved = (roomId: string): boolean =>
      inside.has(roomId) || inside.has(rooms.find((row) => row.roomId === roomId)?.successor ?? "");
    const left = [...before].filter((roomId) => !kept.has(roomId));
    await checks.check(
      `the old account left ${left.length} rooms, and the new one is in all of them or in their replacements`,
      () => left.length > 0 && left.every(isMoved),
    );
    const notMoved = [...before].filter((roomId) => !isMoved(roomId));
    await checks.check(`it stays in all ${notMoved.length} rooms that are not moved`, () =>
      notMoved.every((roomId) => kept.has(roomId)),
    );
  }

  async function playFinishing(): Promise<void> {
    await say("!finish mentions");
    await checks.check("a mention of the old account notifies the new one", async () =>
      JSON.stringify(await target.read("/pushrules/")).includes(source.userId),
    );
    await say("!finish");
    await say("!finish close");
    await say("!finish end");
    await say("end");
    await checks.check("the bot has no session on either account any more", async () => {
      const devices = await Promise.all([source.read("/devices"), target.read("/devices")]);
      return !JSON.stringify(devices).includes("Matrix Mover");
    });
  }

  function say(text: string): Promise<SeenMessage> {
    return askBot(person, chatId, text, { botUserId, timeoutMs: ANSWER_TIMEOUT_MS });
  }

  /** Confirms a question by its ✅. */
  async function tap(question: SeenMessage, end: string): Promise<void> {
    const ended = next(end, question);
    await person.react(chatId, question.eventId, "✅");
    await ended;
  }

  function next(words: string, { eventId: after }: SeenMessage): Promise<SeenMessage> {
    return person.waitForMessage(chatId, (message) => textOf(message).includes(words), {
      from: botUserId,
      after,
      timeoutMs: ANSWER_TIMEOUT_MS,
    });
  }

  function sent(): StoredEvent[] {
    return eventsSentBy(pair.old, population.source.userId);
  }
}

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Person, SeenMessage } from "../lab/person/person.ts";
import { textOf } from "../lab/person/person.ts";
import { botMessages, botMessagesBehind } from "../support/chat/bot-messages.ts";
import { createControlRoom } from "../support/chat/control-room.ts";
import type { BotEnvironment } from "../support/environments/bot-environment.ts";
import { createBotEnvironment } from "../support/environments/bot-environment.ts";
import type { CrashPoint } from "../support/faults/crash-points.ts";
import { runUntilKilled } from "../support/faults/crash-points.ts";
import type { FaultProxy, ProxiedRequest } from "../support/faults/fault-proxy.ts";
import { startFaultProxy } from "../support/faults/fault-proxy.ts";
import { seededRandom } from "../support/seeded-random.ts";

const SEED = 20_260_131;
const CYCLES = 15;
const COMMANDS_PER_CYCLE = 4;

/** What the tests of this file share. */
interface Fixture {
  environment: BotEnvironment;
  home: FaultProxy;
  ada: Person;
  rooms: string[];
}

const fixture = {} as Fixture;

describe("the bot", () => {
  beforeAll(async () => {
    let controlRoom = "";
    fixture.environment = await createBotEnvironment({
      bot: async (pair) => {
        fixture.home = await startFaultProxy({ target: pair.new.baseUrl });
        controlRoom = await createControlRoom(pair, { encrypted: true });
        return { homeserver: fixture.home.url, controlRooms: [controlRoom] };
      },
    });
    const account = await fixture.environment.register("new", "ada");
    [fixture.ada] = await Promise.all([fixture.environment.client(account), fixture.environment.bot.start()]);
    await fixture.ada.join(controlRoom);
    await fixture.ada.waitForMembership(controlRoom, fixture.environment.botUserId, "join");
    fixture.rooms = [
      await fixture.environment.directChat(fixture.ada),
      await fixture.environment.directChat(fixture.ada, { encrypted: false }),
      controlRoom,
    ];
    await fixture.environment.bot.stop();
  });

  afterAll(async () => {
    const { environment, home } = fixture;
    await environment.close();
    await home.stop();
  });

  it("answers every command exactly once although it is killed again and again while commands pour in", async () => {
    const { environment, home, ada, rooms } = fixture;
    const random = seededRandom(SEED);
    const begun = await Promise.all(
      rooms.map(async (roomId) => ({
        roomId,
        botUserId: environment.botUserId,
        after: await ada.say(roomId, "here it begins", { msgtype: "m.notice" }),
      })),
    );
    const words: string[] = [];
    for (let cycle = 0; cycle < CYCLES; cycle++) {
      const burst = Array.from({ length: COMMANDS_PER_CYCLE }, (_, index) => {
        const word = `word${words.length}end`;
        words.push(word);
        return ada.say(rooms[(cycle + index) % rooms.length] ?? "", `!${word}`);
      });
      await runUntilKilled(environment.bot, [home], crashPoint(cycle, random));
      await Promise.all(burst);
    }

    await environment.bot.start();
    for (const { roomId, ...options } of begun) await botMessagesBehind(ada, roomId, options);
    // A message that is repeated by mistake is sent before the process ends by itself.
    expect(await environment.bot.stop()).toMatchObject({ status: 0 });
    const answers: SeenMessage[] = [];
    for (const { roomId, ...options } of begun) {
      const last = await ada.say(roomId, "here it ends");
      await ada.waitForMessage(roomId, ({ eventId }) => eventId === last);
      answers.push(...botMessages(ada, roomId, options));
    }
    expect(answers.filter(({ decryptionFailure }) => decryptionFailure !== undefined)).toEqual([]);
    const answered = answers.flatMap((message) => /word\d+end/u.exec(textOf(message))?.[0] ?? []);
    expect(answered.toSorted()).toEqual(words.toSorted());
  });
});

/**
 * One of three crash points in turn: during the start, while the commands of a sync are read, or
 * while an answer is sent.
 */
function crashPoint(cycle: number, random: () => number): CrashPoint {
  const upTo = (limit: number): number => Math.floor(random() * limit);
  switch (cycle % 3) {
    case 0:
      return { isOfKind: isSync, nth: 0, afterMs: upTo(150) };
    case 1:
      return {
        isOfKind: isSending,
        nth: upTo(COMMANDS_PER_CYCLE),
        afterMs: upTo(60),
        ...(random() < 0.5 && { fault: { kind: "lose-answer" } }),
      };
    default:
      return { isOfKind: () => true, nth: upTo(10), afterMs: upTo(20) };
  }
}

function isSync({ path }: ProxiedRequest): boolean {
  return path.endsWith("/sync");
}

function isSending({ method, path }: ProxiedRequest): boolean {
  return method === "PUT" && path.includes("/send/");
}

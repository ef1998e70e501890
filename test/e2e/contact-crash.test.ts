import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { StoredEvent } from "../lab/homeservers/stored-events.ts";
import { chatsOpened, moderator, sentSince, textsIn } from "../support/contact/contact-world.ts";
import type { Moderator } from "../support/contact/moderator.ts";
import type { FaultyMoveEnvironment } from "../support/environments/faulty-move-environment.ts";
import { createFaultyMoveEnvironment } from "../support/environments/faulty-move-environment.ts";
import type { Fault, ProxiedRequest } from "../support/faults/fault-proxy.ts";

/** Longer than any test here. */
const NEVER_MS = 8 * 60_000;

/** Requests that others see, by the end of their paths. */
const VISIBLE = {
  createRoom: /\/createRoom$/u,
  invite: /\/state\/m\.room\.member\//u,
  send: /\/send\/m\.room\.message\//u,
  rename: /\/profile\/[^/]+\/displayname$/u,
  dropPower: /\/state\/m\.room\.power_levels/u,
  leave: /\/rooms\/[^/]+\/leave$/u,
} as const;

/** A kill at the next request of a kind. */
interface Kill {
  readonly at: keyof typeof VISIBLE;
  /** Whether the server gets the request before the bot is killed. */
  readonly isHandled: boolean;
}

/** What the tests of this file share. They run in order, and later ones need earlier ones. */
interface Story {
  move: FaultyMoveEnvironment;
  mo: Moderator;
  nia: Moderator;
  chess: string;
  workshop: string;
}

const story = {} as Story;

describe("contact with other people in which the bot is killed", () => {
  beforeAll(async () => {
    const move = await createFaultyMoveEnvironment({ seed: 62, rooms: { count: 1 } });
    const [mo, nia] = await Promise.all([moderator(move, "mo"), moderator(move, "nia")]);
    const members = [move.source];
    const [chess] = await Promise.all([
      mo.makeRoom({ name: "Chess", members }),
      mo.makeRoom({ name: "Garden", members }),
      nia.makeRoom({
        name: "Choir",
        members: [move.source, mo],
        users: { [mo.userId]: 50 },
        isEncrypted: true,
      }),
    ]);
    const made = await move.source.act("POST", "/createRoom", {
      name: "Workshop",
      room_version: "11",
      invite: [mo.userId],
    });
    const workshop = String(made["room_id"]);
    await mo.accept(workshop);
    await nia.blockInvitations();
    Object.assign(story, { move, mo, nia, chess, workshop });
    await move.ask("!migrate plan");
    await move.ask("!migrate start");
    await move.waitFor(/^The move is done\./u);
  });

  afterAll(() => story.move.close());

  it("opens one chat with each helper, sends one text, and leaves the room of a refused invitation", async () => {
    const { move, mo, nia } = story;
    await move.ask("!ask");
    const since = Date.now();
    await confirmThroughKills("ask", /^Asking for help is done\./u, [
      { at: "createRoom", isHandled: false },
      { at: "createRoom", isHandled: true },
      { at: "invite", isHandled: true },
      { at: "send", isHandled: true },
    ]);
    const sent = sentSince(move.source, since);
    const chats = chatsOpened(sent);
    expect(chats.filter(({ isLeft }) => !isLeft)).toMatchObject([
      { texts: [expect.stringContaining("Chess")] },
    ]);
    expect(chats.map(({ invited }) => [...invited.keys()])).toEqual(expect.arrayContaining([[mo.userId]]));
    expect(chats.flatMap(({ invited }) => [...invited.keys()])).not.toContain(nia.userId);
    expectNothingTwice(sent);
  });

  it("renames once, tells each room once, and leaves each room once", async () => {
    const { move, chess, mo, workshop } = story;
    await mo.letIn(move.target.userId, chess);
    await move.waitFor(/is in .*Chess.* now/u);
    const since = Date.now();
    await move.ask("!rename-old");
    await confirmThroughKills("rename", /^Renaming your old account is done\./u, [
      { at: "rename", isHandled: true },
    ]);
    await move.ask("!announce");
    await confirmThroughKills("announce", /^The announcement is done\./u, [{ at: "send", isHandled: true }]);
    await move.ask("!leave-old moved");
    await confirmThroughKills("leave", /^Leaving rooms is done\./u, [
      { at: "dropPower", isHandled: true },
      { at: "leave", isHandled: true },
    ]);
    const joined = await move.source.joinedRooms();
    expect(joined).not.toContain(workshop);
    const sent = sentSince(move.source, since);
    expect(textsIn(sent, chess)).toHaveLength(1);
    expectNothingTwice(sent);
  });
});

/** Confirms the last question, and kills the bot at each of these points, in this order. */
async function confirmThroughKills(words: string, end: RegExp, kills: readonly Kill[]): Promise<void> {
  const { move } = story;
  let reached = next(kills[0]);
  const after = await move.typist.say(move.chatId, words);
  for (const following of [...kills.slice(1), undefined]) {
    await reached;
    await move.bot.kill();
    reached = next(following);
    await move.bot.start();
  }
  await move.waitFor(end, { after });
}

/** Resolves when the bot is to be killed. Until then it gets no answer to the request. */
function next(kill: Kill | undefined): Promise<unknown> {
  const { oldServer } = story.move;
  const reached = Promise.withResolvers<undefined>();
  oldServer.setRule((request: ProxiedRequest): Fault | undefined => {
    if (kill === undefined || request.method === "GET" || !VISIBLE[kill.at].test(request.path))
      return undefined;
    oldServer.setRule();
    if (!kill.isHandled) {
      reached.resolve(undefined);
      return { kind: "hang" };
    }
    void expect
      .poll(() => request.serverStatus, { interval: 10 })
      .toBeDefined()
      .then(() => reached.resolve(undefined));
    return { kind: "delay-answer", ms: NEVER_MS };
  });
  return reached.promise;
}

/** Equal events in one room are something that was done twice. */
function expectNothingTwice(sent: readonly StoredEvent[]): void {
  const seen = sent.map(({ roomId, type, stateKey, content }) =>
    JSON.stringify([roomId, type, stateKey, content["membership"], content["body"], content["displayname"]]),
  );
  expect(seen.filter((one, index) => seen.indexOf(one) !== index)).toEqual([]);
}

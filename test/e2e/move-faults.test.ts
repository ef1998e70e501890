import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { textOf } from "../lab/person/person.ts";
import { enteredRooms, missingRooms } from "../support/environments/entered-rooms.ts";
import type { FaultyMoveEnvironment } from "../support/environments/faulty-move-environment.ts";
import { createFaultyMoveEnvironment } from "../support/environments/faulty-move-environment.ts";
import type { Fault, ProxiedRequest, Rule } from "../support/faults/fault-proxy.ts";
import { botSessions, removeSession } from "../support/servers/server-api.ts";

/** The type of account data of which the new server refuses every write. */
const REFUSED = "org.example.notes";

/** What the tests of this file share. They run in order, and later ones need earlier ones. */
interface Story {
  move: FaultyMoveEnvironment;
  startEvent: string;
}

const story = {} as Story;

const FAULTS_OF_INVITATIONS: readonly Fault[] = [
  { kind: "reset" },
  { kind: "lose-answer" },
  { kind: "truncate", bytes: 1 },
  { kind: "limit", retryAfterMs: 700 },
  { kind: "html" },
  { kind: "huge" },
];

/**
 * In an answer to an invitation these faults report a limit of the other server, for which the bot
 * waits minutes.
 */
const FAULTS_OF_OTHERS: readonly Fault[] = [
  { kind: "status", status: 500 },
  { kind: "status", status: 502 },
  { kind: "html", status: 503 },
];

describe("a move in which servers fail", () => {
  beforeAll(async () => {
    story.move = await createFaultyMoveEnvironment({ seed: 41, rooms: { count: 24 } });
    await story.move.ask("!migrate plan");
  });

  afterAll(() => story.move.close());

  it("waits for a server that is away, says so in the progress message, and meanwhile moves what it can", async () => {
    const { move } = story;
    const isUnderWay = Promise.withResolvers<undefined>();
    move.newServer.setRule((request) => {
      if (request.path.includes("/join/")) isUnderWay.resolve(undefined);
      return undefined;
    });
    story.startEvent = await move.typist.say(move.chatId, "!migrate start");
    await isUnderWay.promise;
    await move.oldServer.down();
    await move.waitFor(new RegExp(`${move.pair.old.serverName} does not answer; I try again at`, "u"), {
      after: story.startEvent,
    });
    const open = move.population.rooms.filter(({ expected }) => expected.route === "join");
    const missing = async (): Promise<string[]> => {
      const joined = await move.target.joinedRooms();
      return open.map(({ roomId }) => roomId).filter((roomId) => !joined.has(roomId));
    };
    await expect.poll(missing, { interval: 200 }).toEqual([]);
  });

  it("stops when its session is revoked, mentions the person, and continues by itself after a new sign-in", async () => {
    const { move } = story;
    const { population, pair } = move;
    const account = { ...population.target, server: pair.new, deviceId: "" };
    const isHeld = Promise.withResolvers<undefined>();
    const isRevoked = Promise.withResolvers<undefined>();
    move.newServer.setRule((request) => {
      if (!isWriting(request)) return undefined;
      isHeld.resolve(undefined);
      return { kind: "hold", until: isRevoked.promise };
    });
    await move.oldServer.up();
    await isHeld.promise;
    for (const session of await botSessions(account)) await removeSession(account, session);
    isRevoked.resolve(undefined);
    const call = await move.waitFor(/has stopped; nothing is lost\./u);
    expect(call.content).toMatchObject({
      msgtype: "m.text",
      "m.mentions": { user_ids: [move.typist.userId] },
    });
    expect(textOf(call)).toContain(`My session of your new account ${population.target.userId} has ended.`);
    expect(textOf(call)).toContain(
      `Please sign in again: !login new ${population.target.userId}. Then I continue by myself.`,
    );
    const faults = [
      onceEach(FAULTS_OF_INVITATIONS, isInvitation),
      onceEach(
        [...FAULTS_OF_INVITATIONS, ...FAULTS_OF_OTHERS],
        (request) => isWriting(request) && !isInvitation(request),
      ),
    ];
    move.newServer.setRule([refusing, ...faults]);
    move.oldServer.setRule(faults);
    expect(await move.signIn("new")).toContain(population.target.userId);
  });

  it("ends as without faults, and quotes what a server refused", async () => {
    const { move } = story;
    const end = textOf(await move.waitFor(/The move is done\./u)).replaceAll("\u2060", "");
    const hits = [...move.oldServer.requests, ...move.newServer.requests].filter(
      ({ fault }) => fault !== undefined && fault.kind !== "hold",
    );
    expect(new Set(hits.map(({ fault }) => fault?.kind)).size).toBeGreaterThanOrEqual(6);
    expect(end).toContain(
      `${enteredRooms(move.population).length} of ${move.population.rooms.length} rooms done.`,
    );
    expect(end).toContain(`- ${enteredRooms(move.population).length} rooms joined`);
    expect(end).toContain(
      `What did not work\n\n- account_data:${REFUSED}: the server refused. It says: fault proxy`,
    );
    expect(
      end.split("\n").filter((line) => line.includes("the server failed") || line.includes("It says:")),
    ).toHaveLength(1);
    expect(await missingRooms(move)).toEqual([]);
    expect(await move.target.accountData("io.element.recent_emoji")).toEqual(
      move.population.sourceData.accountData["io.element.recent_emoji"],
    );
  });

  it("does the refused steps when it is started again", async () => {
    const { move } = story;
    move.newServer.setRule();
    move.oldServer.setRule();
    await move.ask("!migrate plan", /^Plan 2/u);
    const after = await move.typist.say(move.chatId, "!migrate start");
    await move.waitFor(/The move is done\./u, { after });
    expect(await move.target.accountData(REFUSED)).toEqual(move.population.sourceData.accountData[REFUSED]);
  });
});

/** A third of the requests of a kind fails at the first try, with each fault in turn. */
function onceEach(faults: readonly Fault[], isOfKind: (request: ProxiedRequest) => boolean): Rule {
  const seen = new Set<string>();
  let count = 0;
  return (request, random) => {
    const what = `${request.method} ${request.path}`;
    if (!isOfKind(request) || seen.has(what)) return undefined;
    seen.add(what);
    return random() < 0.35 ? faults[count++ % faults.length] : undefined;
  };
}

function refusing({ method, path }: ProxiedRequest): Fault | undefined {
  const isRefused = method === "PUT" && path.endsWith(`/account_data/${REFUSED}`);
  return isRefused ? { kind: "status", status: 403, errcode: "M_FORBIDDEN" } : undefined;
}

function isInvitation({ method, path }: ProxiedRequest): boolean {
  return method === "POST" && path.endsWith("/invite");
}

function isWriting({ method, path }: ProxiedRequest): boolean {
  return method !== "GET" && !path.endsWith("/sync") && !path.endsWith("/login") && !path.endsWith("/logout");
}

import { afterAll, beforeAll, expect, it } from "vitest";
import { textOf } from "../lab/person/person.ts";
import { enteredRooms, missingRooms } from "../support/environments/entered-rooms.ts";
import type { Fault, ProxiedRequest, Rule } from "../support/faults/fault-proxy.ts";
import type { FaultyMoveEnvironment } from "../support/environments/faulty-move-environment.ts";
import { createFaultyMoveEnvironment } from "../support/environments/faulty-move-environment.ts";
import { botSessions, removeSession } from "../support/servers/server-api.ts";

/** A write that the new server never takes. */
const REFUSED = "org.example.notes";

let move: FaultyMoveEnvironment;
let startEvent: string;

beforeAll(async () => {
  move = await createFaultyMoveEnvironment({ seed: 41, rooms: { count: 24 } });
  await move.ask("!migrate plan");
});

afterAll(() => move.close());

it("waits for a server that is away, says so in the progress message, and moves what it can meanwhile", async () => {
  const isUnderWay = Promise.withResolvers<undefined>();
  move.newServer.setRule((request) => {
    if (request.path.includes("/join/")) isUnderWay.resolve(undefined);
    return undefined;
  });
  startEvent = await move.typist.say(move.chatId, "!migrate start");
  await isUnderWay.promise;
  await move.oldServer.down();
  await move.waitFor(new RegExp(`${move.pair.old.serverName} does not answer; I try again at`, "u"), {
    after: startEvent,
  });
  const open = move.population.rooms.filter(({ expected }) => expected.route === "join");
  const missing = async (): Promise<string[]> => {
    const joined = await move.target.joinedRooms();
    return open.map(({ roomId }) => roomId).filter((roomId) => !joined.has(roomId));
  };
  await expect.poll(missing, { timeout: 60_000, interval: 200 }).toEqual([]);
});

it("stops when its session is revoked, calls the person, and goes on by itself once they have signed in again", async () => {
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
  expect(call.content).toMatchObject({ msgtype: "m.text", "m.mentions": { user_ids: [move.typist.userId] } });
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

it("ends as without faults, and names what a server refused, with its own words", async () => {
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

it("needs no more than to be started again for what was refused", async () => {
  move.newServer.setRule();
  move.oldServer.setRule();
  await move.ask("!migrate plan", /^Plan 2/u);
  const after = await move.typist.say(move.chatId, "!migrate start");
  await move.waitFor(/The move is done\./u, { after });
  expect(await move.target.accountData(REFUSED)).toEqual(move.population.sourceData.accountData[REFUSED]);
});

const FAULTS_OF_INVITATIONS: readonly Fault[] = [
  { kind: "reset" },
  { kind: "lose-answer" },
  { kind: "truncate", bytes: 1 },
  { kind: "limit", retryAfterMs: 700 },
  { kind: "html" },
  { kind: "huge" },
];

/**
 * As the answer to an invitation these tell of the other server's limit, for which the bot waits
 * minutes.
 */
const FAULTS_OF_OTHERS: readonly Fault[] = [
  { kind: "status", status: 500 },
  { kind: "status", status: 502 },
  { kind: "html", status: 503 },
];

/** A third of the requests of a kind gets one fault the first time, by turns. */
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

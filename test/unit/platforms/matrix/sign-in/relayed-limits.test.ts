import { pino } from "pino";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import type { Account } from "../../../../../src/model/account.ts";
import type { StepOutcome } from "../../../../../src/model/step-outcome.ts";
import { Sessions } from "../../../../../src/platforms/matrix/sign-in/sessions.ts";
import { toRoomOutcome } from "../../../../../src/platforms/matrix/steps/room-errors.ts";
import type { Answer } from "../../../../integration/platforms/matrix/loopback-server.ts";
import {
  failureOf,
  openFetch,
  sendJson,
  startServer,
} from "../../../../integration/platforms/matrix/loopback-server.ts";
import { temporaryStore } from "../../../../support/store/temporary-store.ts";

const PAGE = "https://new.example/limits";
const LIMIT = reply(403, { errcode: "M_USER_LIMIT_EXCEEDED", error: "words", info_uri: PAGE });
const OLD_NAME = reply(403, {
  ...{ errcode: "M_FORBIDDEN", "org.matrix.msc4335.errcode": "ORG.MATRIX.MSC4335_USER_LIMIT_EXCEEDED" },
  ...{ error: "words", "org.matrix.msc4335.info_uri": PAGE },
});
const NO_SUCH_ROOM = reply(404, { errcode: "M_UNKNOWN" });
const HELD = { status: "held", problem: { code: "account_limit", serverText: "words", page: PAGE } };
const REFUSED = { status: "failed", problem: { code: "refused", serverText: "words" } };

const UNKNOWN_ROOM = encodeURIComponent("!no-such-room:new.example");
const JOIN_OF_NONE = `/_matrix/client/v3/join/${UNKNOWN_ROOM}`;
const KNOCK_OF_NONE = `/_matrix/client/v3/knock/${UNKNOWN_ROOM}`;

function joinOf(room: string): string {
  return `/_matrix/client/v3/join/!${room}:third.example`;
}

function reply(status: number, body: object): Answer {
  return (_request, response) => sendJson(response, status, body);
}

/** @param answers by path; a join or knock without one succeeds */
async function openAccount(answers: Record<string, Answer>) {
  const server = await startServer((request, response) => {
    const answer = answers[request.url.split("?")[0] ?? ""] ?? reply(200, {});
    answer(request, response);
  });
  const { store } = await temporaryStore();
  const account: Account = {
    ...{ owner: "@me:x", userId: "@a:new.example", deviceId: null, signedInAt: 0 },
    ...{ side: "target", method: "token", baseUrl: server.url },
  };
  await store.accounts.put(account, { accessToken: "token" });
  const log = pino({ level: "silent" });
  const sessions = new Sessions({
    servers: {},
    accounts: store.accounts,
    fetch: openFetch(),
    monotonicNow: () => 0,
    now: () => 0,
    log,
  });
  const send = (path: string) =>
    sessions
      .client(account)
      .request({ method: "POST", path, body: {}, schema: z.unknown(), isRelayed: true });
  const outcomeOf = async (path: string): Promise<StepOutcome> =>
    toRoomOutcome(await failureOf(send(path)), {});
  return { url: server.url, send, outcomeOf, paths: () => server.requests.map(({ url }) => url) };
}

describe("a limit of the account that a server of a room names", () => {
  it.each([
    { name: "the code", limit: LIMIT },
    { name: "the code before it was stable", limit: OLD_NAME },
  ])("is that room's refusal where the own server knows of none: $name", async ({ limit }) => {
    const { send, outcomeOf, paths } = await openAccount({
      [joinOf("hostile")]: limit,
      [JOIN_OF_NONE]: NO_SUCH_ROOM,
    });
    expect(await outcomeOf(joinOf("hostile"))).toEqual(REFUSED);
    await send(joinOf("other"));
    expect(await outcomeOf(joinOf("hostile"))).toEqual(REFUSED);
    const both = [joinOf("hostile"), JOIN_OF_NONE];
    expect(paths()).toEqual([...both, joinOf("other"), ...both]);
  });

  it.each([
    { name: "the code", limit: LIMIT },
    { name: "the code before it was stable", limit: OLD_NAME },
  ])("holds the joins where the own server confirms it: $name", async ({ limit }) => {
    const { outcomeOf } = await openAccount({ [joinOf("some")]: limit, [JOIN_OF_NONE]: limit });
    expect(await outcomeOf(joinOf("some"))).toEqual(HELD);
  });

  it.each([
    { name: "confirmed", none: LIMIT, outcome: HELD },
    { name: "not confirmed", none: NO_SUCH_ROOM, outcome: REFUSED },
  ])("is asked about by a knock where a knock was refused: $name", async ({ none, outcome }) => {
    const knock = "/_matrix/client/v3/knock/!some:third.example";
    const { outcomeOf, paths } = await openAccount({ [knock]: LIMIT, [KNOCK_OF_NONE]: none });
    expect(await outcomeOf(knock)).toEqual(outcome);
    expect(paths()).toEqual([knock, KNOCK_OF_NONE]);
  });

  it("needs no confirmation at an invitation, in which only the two accounts' servers take part", async () => {
    const invite = "/_matrix/client/v3/rooms/!some:third.example/invite";
    const { outcomeOf, paths } = await openAccount({ [invite]: LIMIT });
    expect(await outcomeOf(invite)).toEqual(HELD);
    expect(paths()).toEqual([invite]);
  });

  it("is not confirmed by another error of the account", async () => {
    const { outcomeOf } = await openAccount({
      [joinOf("hostile")]: LIMIT,
      [JOIN_OF_NONE]: reply(403, { errcode: "M_USER_SUSPENDED" }),
    });
    expect(await outcomeOf(joinOf("hostile"))).toEqual(REFUSED);
  });

  it("is asked about once for all joins that are under way", async () => {
    const rooms = Array.from({ length: 8 }, (_, index) => joinOf(String(index)));
    const areAllSent = Promise.withResolvers<undefined>();
    let sent = 0;
    const limitAll: Answer = (request, response) => {
      sent += 1;
      if (sent === rooms.length) areAllSent.resolve(undefined);
      void areAllSent.promise.then(() => LIMIT(request, response));
    };
    const { outcomeOf, paths } = await openAccount({
      ...Object.fromEntries(rooms.map((room) => [room, limitAll])),
      [JOIN_OF_NONE]: LIMIT,
    });
    const outcomes = await Promise.all(rooms.map((room) => outcomeOf(room)));
    expect(outcomes).toEqual(rooms.map(() => HELD));
    expect(paths().filter((path) => path === JOIN_OF_NONE)).toHaveLength(1);
  });

  it("is asked about again for a slow join that the account's own limit met later", async () => {
    const isReached = Promise.withResolvers<undefined>();
    let isOwn = false;
    const { outcomeOf } = await openAccount({
      [joinOf("slow")]: (request, response) => void isReached.promise.then(() => LIMIT(request, response)),
      [joinOf("hostile")]: LIMIT,
      [JOIN_OF_NONE]: (request, response) => (isOwn ? LIMIT : NO_SUCH_ROOM)(request, response),
    });
    const slow = outcomeOf(joinOf("slow"));
    expect(await outcomeOf(joinOf("hostile"))).toEqual(REFUSED);
    isOwn = true;
    isReached.resolve(undefined);
    expect(await slow).toEqual(HELD);
  });

  it.each([
    { name: "limits the rate", none: reply(429, { errcode: "M_LIMIT_EXCEEDED" }), waitingFor: "limit" },
    { name: "shows a page", none: reply(502, {}), waitingFor: "server" },
  ])("waits while the own server $name", async ({ none, waitingFor }) => {
    const { outcomeOf } = await openAccount({ [joinOf("some")]: LIMIT, [JOIN_OF_NONE]: none });
    expect(await outcomeOf(joinOf("some"))).toMatchObject({ status: "wait", waitingFor });
  });
});

describe("terms that a server of a room names", () => {
  const SIGNED = "/_matrix/consent?u=a&h=signed";

  /** As Synapse does: the page is shown to whoever knows its signature. */
  async function outcomeWith(consentUri: (url: string) => string) {
    let url = "";
    const account = await openAccount({
      [joinOf("some")]: (request, response) =>
        reply(403, { errcode: "M_CONSENT_NOT_GIVEN", error: "words", consent_uri: consentUri(url) })(
          request,
          response,
        ),
      [JOIN_OF_NONE]: NO_SUCH_ROOM,
      "/_matrix/consent": (request, response) =>
        response.writeHead(request.url === SIGNED ? 200 : 403, { "content-type": "text/html" }).end("<p>"),
    });
    url = account.url;
    return { outcome: await account.outcomeOf(joinOf("some")), paths: account.paths() };
  }

  it("are the own server's where it shows its page for the account at that address", async () => {
    const { outcome, paths } = await outcomeWith((url) => url + SIGNED);
    expect(outcome).toMatchObject({ status: "needs_user", problem: { code: "consent_needed" } });
    expect(paths).toEqual([joinOf("some"), SIGNED]);
  });

  it.each<{ name: string; consentUri: (url: string) => string }>([
    { name: "with a signature that is not its own", consentUri: (url) => `${url}/_matrix/consent?u=a&h=x` },
    { name: "of another account", consentUri: (url) => `${url}/_matrix/consent?u=b&h=of-b` },
    { name: "without a signature", consentUri: (url) => `${url}/_matrix/consent?u=` },
    {
      name: "of its own that is no such page",
      consentUri: (url) => `${url}/_matrix/client/versions?h=signed`,
    },
    { name: "of another server", consentUri: () => "https://evil.example/_matrix/consent?u=a&h=signed" },
    { name: "that is no address", consentUri: () => "terms" },
  ])("are that room's refusal for a page $name", async ({ consentUri }) => {
    const { outcome, paths } = await outcomeWith(consentUri);
    expect(outcome).toEqual(REFUSED);
    expect(paths.at(-1)).toBe(JOIN_OF_NONE);
  });
});

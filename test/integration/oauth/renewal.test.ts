import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { z } from "zod";
import { toOutcome } from "../../../src/platforms/matrix/steps/step-errors.ts";
import type { HomeserverClient } from "../../../src/platforms/matrix/api/homeserver-client.ts";
import { apiPath } from "../../../src/platforms/matrix/api/homeserver-client.ts";
import { matrixTokensSchema } from "../../../src/platforms/matrix/sign-in/session-renewal.ts";
import { openAccount, readOpenAccount } from "../../../src/platforms/matrix/open-account.ts";
import { startFaultProxy } from "../../support/faults/fault-proxy.ts";
import type { FaultProxy } from "../../support/faults/fault-proxy.ts";
import { callServer } from "../../support/servers/server-api.ts";
import { failureOf } from "../platforms/matrix/loopback-server.ts";
import type { Delegation, Mover } from "./delegation.ts";
import { OWNER, signInByLink, startDelegation, startMover } from "./delegation.ts";

/**
 * Real time, as the servers count it. The bot's own clock is set forward where it is to find a
 * token due.
 */
const LIFE_S = 10;
const DUE_MS = 7_500;
const OVER_MS = 12_500;

let delegation: Delegation;
let proxy: FaultProxy;
let mover: Mover;
let user: { localpart: string; userId: string };
let client: HomeserverClient;

beforeAll(async () => {
  delegation = await startDelegation({ accessTokenSeconds: LIFE_S });
  proxy = await startFaultProxy({ target: delegation.baseUrl });
});
afterAll(async () => {
  await proxy.stop();
  await delegation.close();
});
beforeEach(async () => {
  mover = await startMover(delegation, { oldBaseUrl: proxy.url });
  user = await delegation.addUser("ada");
  ({ client } = await signInByLink(mover, delegation, "source", user));
});
afterEach(async () => {
  delegation.oauth.setRule();
  proxy.setRule();
  await delegation.oauth.start();
  await mover.stop();
});

const whoami = (through = client) =>
  through.request({
    method: "GET",
    path: "/_matrix/client/v3/account/whoami",
    schema: z.object({ user_id: z.string() }),
  });
const works = async (): Promise<void> => expect(await whoami()).toEqual({ user_id: user.userId });

/** Refreshes from here on, by the refresh token that was sent. */
function countingRefreshes(): () => string[] {
  const from = delegation.oauth.requests.length;
  return () => delegation.oauth.requests.slice(from).flatMap(({ form }) => form["refresh_token"] ?? []);
}

/** The access token as it is stored now, once the homeserver knows it no more. */
async function deadToken(): Promise<string> {
  const { accessToken = "" } = (await mover.store.accounts.session(OWNER, "source")) ?? {};
  const path = "/_matrix/client/v3/account/whoami";
  await vi.waitFor(
    async () => expect((await callServer(delegation.pair.old, accessToken, "GET", path)).status).toBe(401),
    {
      timeout: 60_000,
      interval: 200,
    },
  );
  return accessToken;
}

async function reopened(): Promise<HomeserverClient> {
  await mover.restart();
  const opened = await mover.open("source");
  if (opened === null) throw new Error("the account is not signed in");
  return opened.client;
}

describe("a session by link", () => {
  it("is renewed fifty times while its account is read", async () => {
    const refreshes = countingRefreshes();
    const signedIn = await mover.open("source");
    if (signedIn === null) throw new Error("the account is not signed in");
    const opened = openAccount(signedIn.account, mover.running);
    await client.request({
      method: "POST",
      path: "/_matrix/client/v3/createRoom",
      body: {},
      schema: z.unknown(),
    });
    while (refreshes().length < 50) {
      mover.wait(DUE_MS);
      const reading = await readOpenAccount(opened, "@other:x", {
        onProgress: () => undefined,
        withLastActivity: false,
      });
      expect(reading.snapshot.rooms).toHaveLength(1);
    }
    // Each once: no refresh token was sent twice.
    expect(new Set(refreshes()).size).toBe(50);
    await works();
  });

  it("is renewed once when five requests meet a dead token at once, and all of them succeed", async () => {
    await deadToken();
    const refreshes = countingRefreshes();
    mover.wait(-60_000);
    const clients = [client, (await mover.open("source"))?.client ?? client];
    const answers = await Promise.all([0, 1, 2, 3, 4].map((index) => whoami(clients[index % 2])));
    expect(answers).toEqual(Array.from({ length: 5 }, () => ({ user_id: user.userId })));
    expect(refreshes()).toHaveLength(1);
  });

  it("repeats a request whose token ran out with its own transaction ID, and nothing is done twice", async () => {
    const roomSchema = z.object({ room_id: z.string() });
    const path = "/_matrix/client/v3/createRoom";
    const { room_id: roomId } = await client.request({ method: "POST", path, body: {}, schema: roomSchema });
    const send = () =>
      client.request({
        method: "PUT",
        path: apiPath`/_matrix/client/v3/rooms/${roomId}/send/m.room.message/${"txn1"}`,
        body: { msgtype: "m.notice", body: "once" },
        schema: z.object({ event_id: z.string() }),
      });
    await deadToken();
    mover.wait(-60_000);
    const from = proxy.requests.length;
    const first = await send();
    const sent = proxy.requests.slice(from);
    expect(sent.map(({ path: each, status }) => [each.endsWith("/txn1"), status])).toEqual([
      [true, 401],
      [true, 200],
    ]);
    mover.wait(60_000 + DUE_MS);
    expect(await send()).toEqual(first);
  });

  it.each([
    ["the answer", "lost_answer" as const],
    ["the request", "lost_request" as const],
  ])("loses nothing when %s of a renewal is lost, nor when the bot ends there", async (_what, fault) => {
    for (const isKilled of [false, true]) {
      const refreshes = countingRefreshes();
      mover.wait(OVER_MS);
      delegation.oauth.setRule(({ form }) => (form["refresh_token"] === undefined ? undefined : fault));
      expect(toOutcome(await failureOf(whoami()))).toMatchObject({ status: "wait", waitingFor: "server" });
      delegation.oauth.setRule();
      if (isKilled) client = await reopened();
      await works();
      // The same refresh token again.
      expect(refreshes()).toHaveLength(2);
      expect(new Set(refreshes()).size).toBe(1);
    }
  });

  it.each(["before", "after"])(
    "loses nothing when the bot is killed just %s the write of a renewal",
    async (moment) => {
      const { accounts } = mover.store;
      const write = accounts.renew.bind(accounts);
      vi.spyOn(accounts, "renew").mockImplementationOnce(async (...call) => {
        if (moment === "after") await write(...call);
        throw new Error("killed");
      });
      mover.wait(OVER_MS);
      expect((await failureOf(whoami())).message).toBe("killed");
      client = await reopened();
      await works();
      mover.wait(OVER_MS);
      await works();
    },
  );

  it("serves until it runs out while the authorization server is away, waits then, and goes on", async () => {
    await delegation.oauth.stop();
    mover.wait(DUE_MS);
    await works();
    mover.wait(OVER_MS);
    expect(toOutcome(await failureOf(whoami()))).toMatchObject({ status: "wait", waitingFor: "server" });
    await delegation.oauth.start();
    await works();
  });

  it("does not ask a server in trouble with each request anew while its token works", async () => {
    delegation.oauth.setRule(() => 503);
    mover.wait(DUE_MS);
    const refreshes = countingRefreshes();
    for (let request = 0; request < 5; request++) await works();
    expect(refreshes()).toHaveLength(1);
  });

  it.each([503, 429])("waits for an authorization server that answers %i", async (status) => {
    mover.wait(OVER_MS);
    delegation.oauth.setRule(() => status);
    expect(toOutcome(await failureOf(whoami()))).toMatchObject({ status: "wait" });
    delegation.oauth.setRule();
    await works();
  });

  it("that its person ended is told as ended, without a loop, and the work goes on after a new sign-in", async () => {
    await delegation.oauth.endSessions(user.localpart);
    const refreshes = countingRefreshes();
    for (let request = 1; request <= 3; request++) {
      const failure = await failureOf(whoami());
      expect(toOutcome(failure)).toMatchObject({ status: "needs_user", problem: { code: "session_ended" } });
      expect(refreshes()).toHaveLength(request);
    }
    expect(await mover.signIn.states(OWNER)).toMatchObject({ source: { sessionState: { kind: "ended" } } });
    await signInByLink(mover, delegation, "source", user);
    await works();
    expect(mover.signedIn.map(({ userId }) => userId)).toEqual([user.userId, user.userId]);
  });

  it("of an account that was locked is told apart, is not renewed again and again, and goes on when it is unlocked", async () => {
    delegation.oauth.setLocked(user.localpart, true);
    mover.wait(DUE_MS);
    const refreshes = countingRefreshes();
    expect(toOutcome(await failureOf(whoami()))).toMatchObject({
      status: "needs_user",
      problem: { code: "account_locked" },
    });
    const afterFirst = refreshes().length;
    expect(afterFirst).toBeLessThanOrEqual(3);
    for (let request = 0; request < 3; request++)
      expect(await failureOf(whoami())).toMatchObject({ errcode: "M_USER_LOCKED" });
    expect(refreshes()).toHaveLength(afterFirst);
    expect(await mover.signIn.states(OWNER)).toMatchObject({
      source: { sessionState: { problem: { code: "account_locked" } } },
    });
    delegation.oauth.setLocked(user.localpart, false);
    mover.wait(30_000);
    await works();
  });

  it("is not used by a client that was opened for another account of the same side, nor after !logout", async () => {
    const other = await delegation.addUser("ben");
    await signInByLink(mover, delegation, "source", other);
    expect(await failureOf(whoami())).toMatchObject({ errcode: "M_UNKNOWN_TOKEN" });
    const { client: others = client } = (await mover.open("source")) ?? {};
    await mover.signIn.signOut(OWNER, "source");
    expect(await failureOf(whoami(others))).toMatchObject({ errcode: "M_UNKNOWN_TOKEN" });
  });
});

describe("a session by password", () => {
  it("is renewed at its homeserver, and logged out", async () => {
    const { userId } = await delegation.pair.new.registerUser({
      localpart: `ada${Date.now()}`,
      password: "secret",
    });
    const signedIn = await mover.signIn.signIn(OWNER, "target", userId, {
      method: "password",
      value: "secret",
    });
    expect(signedIn).toMatchObject({ status: "signed_in" });
    const first = matrixTokensSchema.parse(await mover.store.accounts.session(OWNER, "target"));
    expect(first.renewal).toMatchObject({ kind: "matrix" });
    expect(first.renewal?.lifeMs).toBeGreaterThan(200_000);
    const { client: young = client } = (await mover.open("target")) ?? {};
    mover.wait(250_000);
    expect(await whoami(young)).toEqual({ user_id: userId });
    const second = await mover.store.accounts.session(OWNER, "target");
    expect(second?.accessToken).not.toBe(first.accessToken);
    expect(await mover.signIn.signOut(OWNER, "target")).toMatchObject({ ending: "logged_out" });
    const path = "/_matrix/client/v3/account/whoami";
    expect((await callServer(delegation.pair.new, second?.accessToken ?? "", "GET", path)).status).toBe(401);
  });
});

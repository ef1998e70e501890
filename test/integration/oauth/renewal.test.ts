import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { z } from "zod";
import type { HomeserverClient } from "../../../src/platforms/matrix/api/homeserver-client.ts";
import { apiPath } from "../../../src/platforms/matrix/api/homeserver-client.ts";
import { openAccount, readOpenAccount } from "../../../src/platforms/matrix/open-account.ts";
import { matrixTokensSchema } from "../../../src/platforms/matrix/sign-in/session-renewal.ts";
import { toOutcome } from "../../../src/platforms/matrix/steps/step-errors.ts";
import type { FaultProxy } from "../../support/faults/fault-proxy.ts";
import { startFaultProxy } from "../../support/faults/fault-proxy.ts";
import { callServer } from "../../support/servers/server-api.ts";
import { failureOf } from "../platforms/matrix/loopback-server.ts";
import type { Delegation, Mover } from "./delegation.ts";
import { OWNER, signInByLink, startDelegation, startMover } from "./delegation.ts";

/**
 * Real time, as the servers measure it. Tests that need a due token move the bot's own clock
 * forward.
 */
const LIFE_S = 10;
const DUE_MS = 7_500;
const OVER_MS = 12_500;

/** What the tests of this file share. */
interface Fixture {
  delegation: Delegation;
  proxy: FaultProxy;
  mover: Mover;
  user: { localpart: string; userId: string };
  client: HomeserverClient;
}

const fixture = {} as Fixture;

beforeAll(async () => {
  fixture.delegation = await startDelegation({ accessTokenSeconds: LIFE_S });
  fixture.proxy = await startFaultProxy({ target: fixture.delegation.baseUrl });
});
afterAll(async () => {
  const { delegation, proxy } = fixture;
  await proxy.stop();
  await delegation.close();
});
beforeEach(async () => {
  const { delegation, proxy } = fixture;
  fixture.mover = await startMover(delegation, { oldBaseUrl: proxy.url });
  fixture.user = await delegation.addUser("ada");
  ({ client: fixture.client } = await signInByLink(fixture.mover, delegation, "source", fixture.user));
});
afterEach(async () => {
  const { delegation, proxy } = fixture;
  delegation.oauth.setRule();
  proxy.setRule();
  await delegation.oauth.start();
  await fixture.mover.stop();
});

const whoami = (through = fixture.client) =>
  through.request({
    method: "GET",
    path: "/_matrix/client/v3/account/whoami",
    schema: z.object({ user_id: z.string() }),
  });
const works = async (): Promise<void> => expect(await whoami()).toEqual({ user_id: fixture.user.userId });

/** Counts refreshes from now on. @returns the refresh tokens that were sent */
function countingRefreshes(): () => string[] {
  const { delegation } = fixture;
  const from = delegation.oauth.requests.length;
  return () => delegation.oauth.requests.slice(from).flatMap(({ form }) => form["refresh_token"] ?? []);
}

/** The stored access token, once the homeserver rejects it. */
async function deadToken(): Promise<string> {
  const { accessToken = "" } = (await fixture.mover.store.accounts.session(OWNER, "source")) ?? {};
  const path = "/_matrix/client/v3/account/whoami";
  await expect
    .poll(async () => (await callServer(fixture.delegation.pair.old, accessToken, "GET", path)).status, {
      interval: 200,
    })
    .toBe(401);
  return accessToken;
}

async function reopened(): Promise<HomeserverClient> {
  await fixture.mover.restart();
  const opened = await fixture.mover.open("source");
  if (opened === null) throw new Error("the account is not signed in");
  return opened.client;
}

describe("a session by link", () => {
  it("is renewed fifty times while its account is read", async () => {
    const refreshes = countingRefreshes();
    const signedIn = await fixture.mover.open("source");
    if (signedIn === null) throw new Error("the account is not signed in");
    const opened = openAccount(signedIn.account, fixture.mover.running);
    await fixture.client.request({
      method: "POST",
      path: "/_matrix/client/v3/createRoom",
      body: {},
      schema: z.unknown(),
    });
    while (refreshes().length < 50) {
      fixture.mover.wait(DUE_MS);
      const reading = await readOpenAccount(opened, "@other:x", {
        onProgress: () => undefined,
        withLastActivity: false,
        isOtherMemberNeeded: true,
      });
      expect(reading.snapshot.rooms).toHaveLength(1);
    }
    // No refresh token was sent twice.
    expect(new Set(refreshes()).size).toBe(50);
    await works();
  });

  it("is renewed once when five requests find an expired token at once, and all of them succeed", async () => {
    await deadToken();
    const refreshes = countingRefreshes();
    fixture.mover.wait(-60_000);
    const clients = [fixture.client, (await fixture.mover.open("source"))?.client ?? fixture.client];
    const answers = await Promise.all([0, 1, 2, 3, 4].map((index) => whoami(clients[index % 2])));
    expect(answers).toEqual(Array.from({ length: 5 }, () => ({ user_id: fixture.user.userId })));
    expect(refreshes()).toHaveLength(1);
  });

  it("repeats a request whose token expired with the same transaction ID, and nothing is done twice", async () => {
    const { proxy } = fixture;
    const roomSchema = z.object({ room_id: z.string() });
    const path = "/_matrix/client/v3/createRoom";
    const { room_id: roomId } = await fixture.client.request({
      method: "POST",
      path,
      body: {},
      schema: roomSchema,
    });
    const send = () =>
      fixture.client.request({
        method: "PUT",
        path: apiPath`/_matrix/client/v3/rooms/${roomId}/send/m.room.message/${"txn1"}`,
        body: { msgtype: "m.notice", body: "once" },
        schema: z.object({ event_id: z.string() }),
      });
    await deadToken();
    fixture.mover.wait(-60_000);
    const from = proxy.requests.length;
    const first = await send();
    const sent = proxy.requests.slice(from);
    expect(sent.map(({ path: each, status }) => [each.endsWith("/txn1"), status])).toEqual([
      [true, 401],
      [true, 200],
    ]);
    fixture.mover.wait(60_000 + DUE_MS);
    expect(await send()).toEqual(first);
  });

  it.each([
    { name: "the answer", fault: "lost_answer" as const },
    { name: "the request", fault: "lost_request" as const },
  ])("is kept when $name of a renewal is lost, and when the bot ends there", async ({ fault }) => {
    const { delegation } = fixture;
    for (const isKilled of [false, true]) {
      const refreshes = countingRefreshes();
      fixture.mover.wait(OVER_MS);
      delegation.oauth.setRule(({ form }) => (form["refresh_token"] === undefined ? undefined : fault));
      expect(toOutcome(await failureOf(whoami()))).toMatchObject({ status: "wait", waitingFor: "server" });
      delegation.oauth.setRule();
      if (isKilled) fixture.client = await reopened();
      await works();
      // The second try sends the same refresh token.
      expect(refreshes()).toHaveLength(2);
      expect(new Set(refreshes()).size).toBe(1);
    }
  });

  it.each(["before", "after"])(
    "is kept when the bot is killed just %s the write of a renewal",
    async (moment) => {
      const { accounts } = fixture.mover.store;
      const write = accounts.renew.bind(accounts);
      vi.spyOn(accounts, "renew").mockImplementationOnce(async (...call) => {
        if (moment === "after") await write(...call);
        throw new Error("killed");
      });
      fixture.mover.wait(OVER_MS);
      expect((await failureOf(whoami())).message).toBe("killed");
      fixture.client = await reopened();
      await works();
      fixture.mover.wait(OVER_MS);
      await works();
    },
  );

  it("works until it expires while the authorization server is away, then waits, and continues", async () => {
    const { delegation } = fixture;
    await delegation.oauth.stop();
    fixture.mover.wait(DUE_MS);
    await works();
    fixture.mover.wait(OVER_MS);
    expect(toOutcome(await failureOf(whoami()))).toMatchObject({ status: "wait", waitingFor: "server" });
    await delegation.oauth.start();
    await works();
  });

  it("does not ask a failing server at each request while its token works", async () => {
    fixture.delegation.oauth.setRule(() => 503);
    fixture.mover.wait(DUE_MS);
    const refreshes = countingRefreshes();
    for (let request = 0; request < 5; request++) await works();
    expect(refreshes()).toHaveLength(1);
  });

  it.each([503, 429])("waits for an authorization server that answers %i", async (status) => {
    const { delegation } = fixture;
    fixture.mover.wait(OVER_MS);
    delegation.oauth.setRule(() => status);
    expect(toOutcome(await failureOf(whoami()))).toMatchObject({ status: "wait" });
    delegation.oauth.setRule();
    await works();
  });

  it("is reported as ended when the person ended it, without a loop, and the work continues after a new sign-in", async () => {
    const { delegation } = fixture;
    await delegation.oauth.endSessions(fixture.user.localpart);
    const refreshes = countingRefreshes();
    for (let request = 1; request <= 3; request++) {
      const failure = await failureOf(whoami());
      expect(toOutcome(failure)).toMatchObject({ status: "needs_user", problem: { code: "session_ended" } });
      expect(refreshes()).toHaveLength(request);
    }
    expect(await fixture.mover.signIn.states(OWNER)).toMatchObject({
      source: { sessionState: { kind: "ended" } },
    });
    await signInByLink(fixture.mover, delegation, "source", fixture.user);
    await works();
    expect(fixture.mover.signedIn.map(({ userId }) => userId)).toEqual([
      fixture.user.userId,
      fixture.user.userId,
    ]);
  });

  it("is reported as locked when its account is locked, is not renewed again and again, and continues after the unlock", async () => {
    const { delegation } = fixture;
    delegation.oauth.setLocked(fixture.user.localpart, true);
    fixture.mover.wait(DUE_MS);
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
    expect(await fixture.mover.signIn.states(OWNER)).toMatchObject({
      source: { sessionState: { problem: { code: "account_locked" } } },
    });
    delegation.oauth.setLocked(fixture.user.localpart, false);
    fixture.mover.wait(30_000);
    await works();
  });

  it("is not used by a client of another account on the same side, nor after !logout", async () => {
    const { delegation } = fixture;
    const other = await delegation.addUser("ben");
    await signInByLink(fixture.mover, delegation, "source", other);
    expect(await failureOf(whoami())).toMatchObject({ errcode: "M_UNKNOWN_TOKEN" });
    const { client: others = fixture.client } = (await fixture.mover.open("source")) ?? {};
    await fixture.mover.signIn.signOut(OWNER, "source");
    expect(await failureOf(whoami(others))).toMatchObject({ errcode: "M_UNKNOWN_TOKEN" });
  });
});

describe("a session by password", () => {
  it("is renewed at its homeserver, and logged out", async () => {
    const { delegation } = fixture;
    const { userId } = await delegation.pair.new.registerUser({
      localpart: `ada${Date.now()}`,
      password: "secret",
    });
    const signedIn = await fixture.mover.signIn.signIn(OWNER, "target", userId, {
      method: "password",
      value: "secret",
    });
    expect(signedIn).toMatchObject({ status: "signed_in" });
    const first = matrixTokensSchema.parse(await fixture.mover.store.accounts.session(OWNER, "target"));
    expect(first.renewal).toMatchObject({ kind: "matrix" });
    expect(first.renewal?.lifeMs).toBeGreaterThan(200_000);
    const { client: young = fixture.client } = (await fixture.mover.open("target")) ?? {};
    fixture.mover.wait(250_000);
    expect(await whoami(young)).toEqual({ user_id: userId });
    const second = await fixture.mover.store.accounts.session(OWNER, "target");
    expect(second?.accessToken).not.toBe(first.accessToken);
    expect(await fixture.mover.signIn.signOut(OWNER, "target")).toMatchObject({ ending: "logged_out" });
    const path = "/_matrix/client/v3/account/whoami";
    expect((await callServer(delegation.pair.new, second?.accessToken ?? "", "GET", path)).status).toBe(401);
  });
});

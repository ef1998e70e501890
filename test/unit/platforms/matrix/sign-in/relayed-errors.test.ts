import { pino } from "pino";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import type { Account } from "../../../../../src/model/account.ts";
import { Sessions } from "../../../../../src/platforms/matrix/sign-in/sessions.ts";
import { toOutcome } from "../../../../../src/platforms/matrix/steps/step-errors.ts";
import {
  failureOf,
  openFetch,
  sendJson,
  startServer,
} from "../../../../integration/platforms/matrix/loopback-server.ts";
import { temporaryStore } from "../../../../support/store/temporary-store.ts";

interface Said {
  readonly status: number;
  readonly body: object;
}

const JOIN = "/_matrix/client/v3/join/!room:third.example";

/**
 * A homeserver that answers a join with `join`, and every other request with `own`, except for a
 * renewal, which succeeds.
 */
async function openAccount({ join, own }: { join: Said; own: Said }) {
  const server = await startServer(({ url }, response) => {
    if (url.startsWith(JOIN)) sendJson(response, join.status, join.body);
    else if (url.endsWith("/refresh"))
      sendJson(response, 200, { access_token: "next", refresh_token: "next refresh", expires_in_ms: 1e9 });
    else sendJson(response, own.status, own.body);
  });
  const { store } = await temporaryStore();
  const account: Account = {
    ...{ owner: "@me:x", userId: "@a:new.example", deviceId: null, signedInAt: 0 },
    ...{ side: "target", method: "password", baseUrl: server.url },
  };
  const renewal = { kind: "matrix", refreshToken: "refresh", issuedAt: 0, lifeMs: 1e9 } as const;
  await store.accounts.put(account, { accessToken: "token", renewal });
  const sessions = new Sessions({
    servers: {},
    accounts: store.accounts,
    fetch: openFetch(),
    monotonicNow: () => 0,
    now: () => 0,
    log: pino({ level: "silent" }),
  });
  const ask = async () =>
    toOutcome(
      await failureOf(
        sessions
          .client(account)
          .request({ method: "POST", path: JOIN, body: {}, schema: z.unknown(), isRelayed: true }),
      ),
    );
  return { ask, paths: () => server.requests.map(({ url }) => url.replace("/_matrix/client/v3", "")) };
}

const FINE: Said = { status: 200, body: { user_id: "@a:new.example" } };
const NO_SUCH_ROOM: Said = { status: 404, body: { errcode: "M_NOT_FOUND" } };

function said(status: number, errcode: string): Said {
  return { status, body: { errcode, error: "words", consent_uri: "https://evil.example/" } };
}

describe("an error about the account from a server of a room", () => {
  it.each([
    { name: "its session", join: said(401, "M_UNKNOWN_TOKEN"), own: FINE },
    { name: "its session, as a refusal", join: said(403, "M_UNKNOWN_TOKEN"), own: FINE },
    { name: "a missing token", join: said(401, "M_MISSING_TOKEN"), own: FINE },
    { name: "a lock", join: said(401, "M_USER_LOCKED"), own: FINE },
    { name: "an end", join: said(403, "M_USER_DEACTIVATED"), own: FINE },
    { name: "a suspension", join: said(403, "M_USER_SUSPENDED"), own: NO_SUCH_ROOM },
    { name: "terms", join: said(403, "M_CONSENT_NOT_GIVEN"), own: NO_SUCH_ROOM },
  ])("is that room's refusal where its own server knows nothing of $name", async ({ join, own }) => {
    const { ask, paths } = await openAccount({ join, own });
    expect(await ask()).toEqual({ status: "failed", problem: { code: "refused", serverText: "words" } });
    // No renewal is spent on it.
    expect(paths()).toHaveLength(2);
  });

  it.each([
    { code: "account_locked", errcode: "M_USER_LOCKED", status: 401 },
    { code: "account_deactivated", errcode: "M_USER_DEACTIVATED", status: 403 },
    { code: "account_suspended", errcode: "M_USER_SUSPENDED", status: 403 },
    { code: "consent_needed", errcode: "M_CONSENT_NOT_GIVEN", status: 403 },
  ])("is believed where its own server says so too: $code", async ({ code, errcode, status }) => {
    const { ask } = await openAccount({ join: said(status, errcode), own: said(status, errcode) });
    expect(await ask()).toMatchObject({ status: "needs_user", problem: { code } });
  });

  it("is checked with a request that no other server can answer", async () => {
    const join = said(403, "M_USER_SUSPENDED");
    const { ask, paths } = await openAccount({ join, own: NO_SUCH_ROOM });
    await ask();
    expect(paths().at(-1)).toBe(`/join/${encodeURIComponent("!no-such-room:new.example")}`);
  });

  it("waits for its own server where that does not answer", async () => {
    const join = said(401, "M_UNKNOWN_TOKEN");
    const { ask } = await openAccount({ join, own: { status: 503, body: {} } });
    expect(await ask()).toMatchObject({ status: "wait", waitingFor: "server" });
  });

  it("is no limit with a status other than 429, whatever the delay", async () => {
    const join: Said = {
      status: 403,
      body: { errcode: "M_LIMIT_EXCEEDED", error: "words", retry_after_ms: 2_147_483_647 },
    };
    const { ask } = await openAccount({ join, own: FINE });
    expect(await ask()).toEqual({ status: "failed", problem: { code: "refused", serverText: "words" } });
  });

  it("renews the session where its own server does not know the token either", async () => {
    const join = said(401, "M_UNKNOWN_TOKEN");
    const { ask, paths } = await openAccount({ join, own: said(401, "M_UNKNOWN_TOKEN") });
    expect(await ask()).toMatchObject({ status: "needs_user" });
    expect(paths()).toContain("/refresh");
  });
});

describe("a renewal that the homeserver refuses", () => {
  async function renewed(refresh: Said | string) {
    const server = await startServer(({ url }, response) => {
      if (!url.endsWith("/refresh")) sendJson(response, 401, { errcode: "M_UNKNOWN_TOKEN" });
      else if (typeof refresh === "string") response.writeHead(403).end(refresh);
      else sendJson(response, refresh.status, refresh.body);
    });
    const { store } = await temporaryStore();
    const account: Account = {
      ...{ owner: "@me:x", userId: "@a:new.example", deviceId: null, signedInAt: 0 },
      ...{ side: "target", method: "password", baseUrl: server.url },
    };
    const renewal = { kind: "matrix", refreshToken: "refresh", issuedAt: 0, lifeMs: 1e9 } as const;
    await store.accounts.put(account, { accessToken: "token", renewal });
    const log = pino({ level: "silent" });
    const sessions = new Sessions({
      servers: {},
      accounts: store.accounts,
      fetch: openFetch(),
      monotonicNow: () => 0,
      now: () => 0,
      log,
    });
    const request = { method: "GET", path: "/x", schema: z.unknown() } as const;
    return toOutcome(await failureOf(sessions.client(account).request(request)));
  }

  it.each([
    { errcode: "M_FORBIDDEN", status: 403 },
    { errcode: "M_UNKNOWN_TOKEN", status: 401 },
    { errcode: "M_UNKNOWN", status: 400 },
    { errcode: "M_UNRECOGNIZED", status: 404 },
  ])("ends the session with $status $errcode", async ({ status, errcode }) => {
    expect(await renewed(said(status, errcode))).toMatchObject({
      status: "needs_user",
      problem: { code: "session_ended" },
    });
  });

  it("is a lock where the server says so", async () => {
    expect(await renewed(said(401, "M_USER_LOCKED"))).toMatchObject({
      status: "needs_user",
      problem: { code: "account_locked" },
    });
  });

  it.each<{ name: string; refresh: Said | string; waitingFor: string }>([
    { name: "a limit", refresh: said(429, "M_LIMIT_EXCEEDED"), waitingFor: "limit" },
    { name: "a page", refresh: "<h1>Checking your browser</h1>", waitingFor: "server" },
  ])("is tried again after $name", async ({ refresh, waitingFor }) => {
    expect(await renewed(refresh)).toMatchObject({ status: "wait", waitingFor });
  });
});

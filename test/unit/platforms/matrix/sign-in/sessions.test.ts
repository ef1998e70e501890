import type { ServerResponse } from "node:http";
import { pino } from "pino";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import type { Account } from "../../../../../src/model/account.ts";
import { Sessions } from "../../../../../src/platforms/matrix/sign-in/sessions.ts";
import { toOutcome } from "../../../../../src/platforms/matrix/steps/step-errors.ts";
import type { ReceivedRequest } from "../../../../integration/platforms/matrix/loopback-server.ts";
import {
  failureOf,
  openFetch,
  sendJson,
  startServer,
} from "../../../../integration/platforms/matrix/loopback-server.ts";
import { temporaryStore } from "../../../../support/store/temporary-store.ts";

const ACCOUNT: Omit<Account, "baseUrl"> = {
  ...{ owner: "@me:x", userId: "@a:old.example", deviceId: null, signedInAt: 0 },
  side: "source",
  method: "token",
};

async function openClient(status: number, body: unknown) {
  const server = await startServer((_request, response) => sendJson(response, status, body));
  const { store } = await temporaryStore();
  const account = { ...ACCOUNT, baseUrl: server.url };
  await store.accounts.put(account, { accessToken: "token" });
  const sessions = new Sessions({
    servers: {},
    accounts: store.accounts,
    fetch: openFetch(),
    monotonicNow: () => 0,
    now: () => 0,
    log: pino({ level: "silent" }),
  });
  const ask = () => sessions.client(account).request({ method: "GET", path: "/x", schema: z.unknown() });
  return { server, ask };
}

describe("a session that cannot be renewed", () => {
  it("fails with what the server said, after one request", async () => {
    const { server, ask } = await openClient(401, {
      errcode: "M_UNKNOWN_TOKEN",
      error: "gone",
      soft_logout: true,
    });
    expect(await failureOf(ask())).toMatchObject({ errcode: "M_UNKNOWN_TOKEN", text: "gone" });
    expect(server.requests).toHaveLength(1);
  });
});

/**
 * A session of one-second tokens. The homeserver no longer knows the first one.
 * @param onUse called before the homeserver checks a token; `next` makes another request, with the
 * next token
 */
async function openRenewable(
  isKnown: (token: string) => boolean,
  onUse: (token: string, next: () => Promise<unknown>) => unknown,
) {
  let made = 0;
  let now = 0;
  let isNext = false;
  let isEnded = false;
  const server = await startServer((request, response) => void answer(request, response));
  async function answer({ url, headers }: ReceivedRequest, response: ServerResponse): Promise<void> {
    if (url.endsWith("/refresh") && isEnded) {
      sendJson(response, 401, { errcode: "M_UNKNOWN_TOKEN", error: "Invalid refresh token" });
      return;
    }
    if (url.endsWith("/refresh")) {
      made++;
      sendJson(response, 200, {
        access_token: `access ${made}`,
        refresh_token: `refresh ${made}`,
        expires_in_ms: 1_000,
      });
      return;
    }
    const token = headers.authorization?.replace("Bearer ", "") ?? "";
    if (!isNext) await onUse(token, next);
    if (isKnown(token) && token === `access ${made}`) sendJson(response, 200, {});
    else sendJson(response, 401, { errcode: "M_UNKNOWN_TOKEN", error: "Token is not active" });
  }
  const { store } = await temporaryStore();
  const account: Account = { ...ACCOUNT, method: "password", baseUrl: server.url };
  const renewal = { kind: "matrix", refreshToken: "refresh 0", issuedAt: 0, lifeMs: 1_000 } as const;
  await store.accounts.put(account, { accessToken: "access 0", renewal });
  const log = pino({ level: "silent" });
  const sessions = new Sessions({
    servers: {},
    accounts: store.accounts,
    fetch: openFetch(),
    monotonicNow: () => now,
    now: () => now,
    log,
  });
  const ask = () => sessions.client(account).request({ method: "GET", path: "/x", schema: z.unknown() });
  async function next(): Promise<unknown> {
    now += 1_000;
    isNext = true;
    return ask().finally(() => {
      isNext = false;
    });
  }
  const end = (): void => {
    isEnded = true;
  };
  return { ask, renewals: () => made, end };
}

describe("a token that was just made", () => {
  const isKnown = (token: string): boolean => token !== "access 0";

  it("reports a locked account when the renewal is refused", async () => {
    const { ask, renewals } = await openRenewable(
      () => false,
      () => undefined,
    );
    expect(await failureOf(ask())).toMatchObject({ errcode: "M_USER_LOCKED" });
    expect(renewals()).toBe(2);
    expect(await failureOf(ask())).toMatchObject({ errcode: "M_USER_LOCKED" });
    expect(renewals()).toBe(2);
  });

  it("reports a locked account to each of many requests at once, after the same two renewals", async () => {
    const { ask, renewals } = await openRenewable(
      () => false,
      () => undefined,
    );
    const failures = await Promise.all(Array.from({ length: 8 }, () => failureOf(ask())));
    expect(failures).toEqual(failures.map(() => expect.objectContaining({ errcode: "M_USER_LOCKED" })));
    expect(renewals()).toBe(2);
  });

  it("reports an ended session when the session ended just after the renewal", async () => {
    const { ask, end } = await openRenewable(
      () => false,
      (token) => {
        if (token === "access 1") end();
      },
    );
    for (let request = 1; request <= 4; request++)
      expect(await failureOf(ask())).toMatchObject({ errcode: "M_UNKNOWN_TOKEN" });
  });

  it("reports nothing when another request has replaced the token before the answer arrived", async () => {
    const { ask, renewals } = await openRenewable(isKnown, (token, next) =>
      token === "access 1" ? next() : undefined,
    );
    expect(await ask()).toEqual({});
    expect(renewals()).toBe(2);
  });

  it("is not tried for ever where each is replaced before it arrives", async () => {
    const { ask } = await openRenewable(isKnown, (token, next) => (isKnown(token) ? next() : undefined));
    expect(toOutcome(await failureOf(ask()))).toMatchObject({ status: "wait", waitingFor: "server" });
  });
});

describe("an authorization server that is away", () => {
  it("is waited for when the homeserver could not ask it about a token", async () => {
    const { ask } = await openClient(503, {
      errcode: "M_UNKNOWN",
      error: "Unable to introspect the access token",
    });
    expect(toOutcome(await failureOf(ask()))).toMatchObject({ status: "wait", waitingFor: "server" });
  });

  it("is not what every 503 is about", async () => {
    const { ask } = await openClient(503, { errcode: "M_UNKNOWN", error: "Overloaded" });
    expect(toOutcome(await failureOf(ask()))).toMatchObject({ status: "retry" });
  });
});

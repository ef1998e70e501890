import { pino } from "pino";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import type { Account, SessionTokens } from "../../../../../src/model/account.ts";
import { UnreachableError } from "../../../../../src/network/unreachable-error.ts";
import { Sessions } from "../../../../../src/platforms/matrix/sign-in/sessions.ts";
import { fetchOfAnswers } from "../../../../support/fakes/fetch-of-answers.ts";
import { temporaryStore } from "../../../../support/store/temporary-store.ts";

const MINUTE_MS = 60_000;
const OLD = "https://matrix.old.example";
const NEW = "https://new.old.example";
const WELL_KNOWN = "https://old.example/.well-known/matrix/client";
const METADATA = "/_matrix/client/v1/auth_metadata";

const account: Account = {
  ...{ owner: "@me:x", side: "source", userId: "@a:old.example", baseUrl: OLD },
  ...{ method: "link", deviceId: "D", signedInAt: 0 },
};

function authorizationServer(issuer: string) {
  return { issuer, token_endpoint: `${issuer}token` };
}

const plain: SessionTokens = { accessToken: "secret" };
const oauth: SessionTokens = {
  accessToken: "secret",
  renewal: {
    ...{ kind: "oauth", refreshToken: "refresh", issuedAt: 0, lifeMs: null, clientId: "c" },
    server: authorizationServer("https://auth.old.example/"),
  },
};

interface World {
  tokens?: SessionTokens;
  servers?: Readonly<Record<string, string>>;
  /** What the .well-known says; absent: there is none. */
  stated?: string;
  issuer?: string;
}

/** A server that no longer answers at its old address. */
async function setUp({ tokens = plain, servers = {}, stated, issuer }: World) {
  const { store } = await temporaryStore();
  await store.accounts.put(account, tokens);
  const clock = { at: 0 };
  const asked: { url: string; hasToken: boolean }[] = [];
  const answers = (url: string): unknown => {
    if (url === WELL_KNOWN) return stated && { "m.homeserver": { base_url: stated } };
    if (url.endsWith("/versions")) return { versions: ["v1.1"] };
    if (url.endsWith(METADATA)) return issuer && authorizationServer(issuer);
    return {};
  };
  const fetch = fetchOfAnswers(
    async (url: string, { headers = {} }: { headers?: Readonly<Record<string, string>> } = {}) => {
      asked.push({ url, hasToken: headers["authorization"] !== undefined });
      if (url.startsWith(OLD)) throw new UnreachableError("refused", "matrix.old.example");
      const answer = answers(url);
      const body = answer === undefined ? { errcode: "M_UNRECOGNIZED", error: "none" } : answer;
      const bytes = new TextEncoder().encode(JSON.stringify(body));
      return { status: answer === undefined ? 404 : 200, headers: {}, body: bytes, url };
    },
  );
  const sessions = new Sessions({
    accounts: store.accounts,
    ...{ fetch, servers, monotonicNow: () => clock.at, now: () => clock.at },
    log: pino({ enabled: false }),
  });
  const ask = async () => {
    const stored = (await store.accounts.get("@me:x", "source")) ?? account;
    const request = { method: "GET", path: "/x", schema: z.unknown() } as const;
    return sessions
      .client(stored)
      .request(request)
      .catch(() => "away");
  };
  const addressAfter = async (minutes: number): Promise<string | undefined> => {
    await ask();
    clock.at += minutes * MINUTE_MS;
    await ask();
    return (await store.accounts.get("@me:x", "source"))?.baseUrl;
  };
  const lookUps = () => asked.filter(({ url }) => url === WELL_KNOWN).length;
  const withToken = () => asked.filter(({ hasToken }) => hasToken).map(({ url }) => new URL(url).origin);
  return { store, ask, addressAfter, lookUps, withToken, clock };
}

describe("a server that does not answer at its address", () => {
  it.each<World & { which: string; expected: string }>([
    { which: "whose .well-known names a new one", stated: NEW, expected: NEW },
    { which: "whose .well-known names the same", stated: OLD, expected: OLD },
    { which: "without a .well-known", expected: OLD },
    { which: "whose .well-known names plain HTTP", stated: "http://new.old.example", expected: OLD },
    { which: "whose address is configured", stated: NEW, servers: { "old.example": OLD }, expected: OLD },
    {
      which: "whose operator configured a new one",
      stated: "https://other.example",
      servers: { "old.example": NEW },
      expected: NEW,
    },
    {
      which: "whose new address has the same authorization server",
      ...{ tokens: oauth, stated: NEW, issuer: "https://auth.old.example/", expected: NEW },
    },
    {
      which: "whose new address has another authorization server",
      ...{ tokens: oauth, stated: NEW, issuer: "https://auth.evil.example/", expected: OLD },
    },
    { which: "whose new address has no authorization server", tokens: oauth, stated: NEW, expected: OLD },
  ])("$which: the session is at $expected", async ({ which: _which, expected, ...world }) => {
    const { addressAfter, ask, store, withToken } = await setUp(world);
    expect(await addressAfter(11)).toBe(expected);
    // The old address alone has got the token so far.
    expect(new Set(withToken())).toEqual(new Set([OLD]));
    expect(await store.accounts.session("@me:x", "source")).toEqual(world.tokens ?? plain);
    await ask();
    expect(withToken().at(-1)).toBe(expected);
  });

  it("is not looked up before ten minutes, and then once an hour", async () => {
    const { ask, clock, lookUps } = await setUp({});
    for (; clock.at < 9 * MINUTE_MS; clock.at += MINUTE_MS) await ask();
    expect(lookUps()).toBe(0);
    for (; clock.at < 130 * MINUTE_MS; clock.at += MINUTE_MS) await ask();
    expect(lookUps()).toBe(2);
  });

  it("is moved once: whoever knew the old address moves nothing any more", async () => {
    const { addressAfter, store } = await setUp({ stated: NEW });
    await addressAfter(11);
    const moved = await store.accounts.signedIn("@me:x", "source");
    expect(moved?.account.baseUrl).toBe(NEW);
    expect(await store.accounts.readdress({ account, tokens: plain }, "https://late.example")).toBe(false);
  });
});

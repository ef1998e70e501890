import { pino } from "pino";
import { describe, expect, it } from "vitest";
import { HomeserverClient } from "../../../../src/platforms/matrix/api/homeserver-client.ts";
import { readLoginOptions } from "../../../../src/platforms/matrix/sign-in/login-options.ts";
import {
  checkAccessToken,
  signInWithTokens,
  signInWithPassword,
  signOut,
} from "../../../../src/platforms/matrix/sign-in/sign-in.ts";
import type { Answer } from "./loopback-server.ts";
import { failureOf, openFetch, sendJson, startServer } from "./loopback-server.ts";

const USER = "@alice:old.example";
const TOKEN = "syt_SeCrEt";
const PASSWORD = "hunter two";
const SIGN_IN = {
  userId: USER,
  password: PASSWORD,
  deviceId: "MOVER12345",
  deviceDisplayName: "Matrix Mover",
  now: () => 1_000,
};

const METADATA = "GET /_matrix/client/v1/auth_metadata";
const OLDER_METADATA = "GET /_matrix/client/unstable/org.matrix.msc2965/auth_metadata";
const FLOWS = "GET /_matrix/client/v3/login";
const LOGIN = "POST /_matrix/client/v3/login";
const WHOAMI = "GET /_matrix/client/v3/account/whoami";
const LOGOUT = "POST /_matrix/client/v3/logout";

function reply(status: number, body: unknown, headers?: Record<string, string>): Answer {
  return (_request, response) => {
    sendJson(response, status, body, headers);
  };
}

const unrecognized = reply(404, { errcode: "M_UNRECOGNIZED", error: "Unrecognized request" });

/** A homeserver where alice can sign in by password. `answers` replaces single endpoints. */
async function startHomeserver(answers: Record<string, Answer> = {}) {
  const all: Record<string, Answer> = {
    [METADATA]: unrecognized,
    [FLOWS]: reply(200, { flows: [{ type: "m.login.password" }, { type: "m.login.token" }] }),
    [LOGIN]: reply(200, { user_id: USER, access_token: TOKEN, device_id: "MOVER12345" }),
    [WHOAMI]: reply(200, { user_id: USER, device_id: "MOVER12345", is_guest: false }),
    [LOGOUT]: reply(200, {}),
    ...answers,
  };
  const server = await startServer((request, response) => {
    (all[`${request.method} ${request.url}`] ?? unrecognized)(request, response);
  });
  const lines: string[] = [];
  const log = pino({ level: "trace" }, { write: (line: string) => void lines.push(line) });
  const client = new HomeserverClient({
    baseUrl: server.url,
    fetch: openFetch(),
    log,
    accessToken: () => "unused",
  });
  const asked = () => server.requests.map(({ method, url }) => `${method} ${url}`);
  return { server, client, asked, lines };
}

describe("readLoginOptions", () => {
  it.each<{ name: string; answers: Record<string, Answer>; expected: object }>([
    {
      name: "a plain server",
      answers: {},
      expected: { password: true, token: true, sso: false, oauth: false },
    },
    {
      name: "one with OAuth",
      answers: {
        [METADATA]: reply(200, {
          issuer: "https://auth.example/",
          token_endpoint: "https://auth.example/token",
        }),
        [FLOWS]: reply(200, { flows: [{ type: "m.login.sso" }] }),
      },
      expected: { password: false, token: false, sso: true, oauth: true },
    },
    {
      name: "one with OAuth that knows no /login",
      answers: {
        [METADATA]: reply(200, {
          issuer: "https://auth.example/",
          token_endpoint: "https://auth.example/token",
        }),
        [FLOWS]: unrecognized,
      },
      expected: { password: false, token: false, sso: false, oauth: true },
    },
    {
      name: "one whose metadata is a web page",
      answers: { [METADATA]: (_request, response) => response.end("<html>") },
      expected: { password: true, oauth: false },
    },
    {
      name: "one whose metadata is refused without JSON",
      answers: { [METADATA]: (_request, response) => response.writeHead(405).end() },
      expected: { password: true, oauth: false },
    },
    {
      name: "one that names no flow",
      answers: { [FLOWS]: reply(200, {}) },
      expected: { password: false, token: false, sso: false, oauth: false },
    },
    {
      name: "one with an odd flow",
      answers: { [FLOWS]: reply(200, { flows: [7, { type: "m.login.password" }] }) },
      expected: { password: true },
    },
  ])("reads $name", async ({ answers, expected }) => {
    const { client, server } = await startHomeserver(answers);
    expect(await readLoginOptions(client)).toMatchObject(expected);
    expect(server.requests.every(({ headers }) => headers.authorization === undefined)).toBe(true);
  });

  it("does not mistake a failing server for one without OAuth", async () => {
    const { client } = await startHomeserver({ [METADATA]: reply(503, {}) });
    expect(await failureOf(readLoginOptions(client))).toMatchObject({ status: 503 });
  });
});

describe("signInWithPassword", () => {
  it("signs in and takes the account from whoami", async () => {
    const { client, server, asked } = await startHomeserver();
    expect(await signInWithPassword(client, SIGN_IN)).toEqual({
      kind: "signed_in",
      session: { userId: USER, deviceId: "MOVER12345", tokens: { accessToken: TOKEN } },
    });
    expect(asked()).toEqual([METADATA, OLDER_METADATA, FLOWS, LOGIN, WHOAMI]);
    expect(JSON.parse(server.requests[3]?.body ?? "")).toEqual({
      type: "m.login.password",
      identifier: { type: "m.id.user", user: USER },
      password: PASSWORD,
      device_id: "MOVER12345",
      initial_device_display_name: "Matrix Mover",
      refresh_token: true,
    });
    expect(server.requests[3]?.headers.authorization).toBeUndefined();
    expect(server.requests[4]?.headers.authorization).toBe(`Bearer ${TOKEN}`);
  });

  it.each([
    { typed: "@Alice:old.example", named: USER },
    { typed: "@ALICE:Old.Example", named: USER },
    { typed: "@alice:Old.Example", named: USER },
    { typed: "@Alice:old.example", named: "@Alice:old.example" },
    { typed: "@alice:old.example", named: "@alice:Old.Example" },
  ])("takes $named for $typed", async ({ typed, named }) => {
    const { client } = await startHomeserver({ [WHOAMI]: reply(200, { user_id: named }) });
    expect(await signInWithPassword(client, { ...SIGN_IN, userId: typed })).toMatchObject({
      kind: "signed_in",
      session: { userId: named },
    });
  });

  it.each([
    { typed: "@alice:old.example", named: "@Alice:old.example" },
    { typed: "@ALICE:old.example", named: "@Alice:old.example" },
    { typed: "@alice:old.example", named: "@alice:new.example" },
    { typed: "@alice:old.example", named: "alice" },
  ])("does not take $named for $typed", async ({ typed, named }) => {
    const { client } = await startHomeserver({ [WHOAMI]: reply(200, { user_id: named }) });
    expect(await signInWithPassword(client, { ...SIGN_IN, userId: typed })).toMatchObject({
      problem: { code: "wrong_account", expected: typed, actual: named },
    });
  });

  it("takes the device from the login if whoami names none", async () => {
    const { client } = await startHomeserver({
      [WHOAMI]: reply(200, { user_id: USER }),
      [LOGIN]: reply(200, { access_token: TOKEN, device_id: "OTHER" }),
    });
    expect(await signInWithPassword(client, SIGN_IN)).toMatchObject({ session: { deviceId: "OTHER" } });
  });

  it("sends no password to a server that does not offer this method", async () => {
    const { client, server } = await startHomeserver({
      [FLOWS]: reply(200, { flows: [{ type: "m.login.sso" }] }),
    });
    expect(await signInWithPassword(client, SIGN_IN)).toMatchObject({
      problem: { code: "password_not_offered" },
      leftoverDeviceId: null,
    });
    expect(server.requests.map(({ body }) => body).join("")).not.toContain("hunter");
  });

  it.each<{ name: string; answer: Answer; problem: object }>([
    {
      name: "a wrong password",
      answer: reply(403, { errcode: "M_FORBIDDEN", error: "Invalid username or password" }),
      problem: { code: "wrong_password" },
    },
    {
      name: "a locked account",
      answer: reply(401, { errcode: "M_USER_LOCKED", soft_logout: true }),
      problem: { code: "account_locked" },
    },
    {
      name: "a deactivated account",
      answer: reply(403, { errcode: "M_USER_DEACTIVATED" }),
      problem: { code: "account_deactivated" },
    },
    {
      name: "a suspended account",
      answer: reply(403, { errcode: "M_USER_SUSPENDED" }),
      problem: { code: "account_suspended" },
    },
    {
      name: "a limit with a time",
      answer: reply(429, { errcode: "M_LIMIT_EXCEEDED" }, { "retry-after": "334" }),
      problem: { code: "limited", retryAfterMs: 334_000 },
    },
    {
      name: "a limit without a time",
      answer: (_request, response) => response.writeHead(429).end("slow down"),
      problem: { code: "limited", retryAfterMs: null },
    },
    {
      name: "trouble",
      answer: (_request, response) => response.writeHead(502).end("<html>"),
      problem: { code: "server_trouble", status: 502, retryAfterMs: null },
    },
    {
      name: "terms to agree to",
      answer: reply(403, { errcode: "M_CONSENT_NOT_GIVEN", consent_uri: "https://old.example/terms" }),
      problem: { code: "consent_needed", consentUri: "https://old.example/terms" },
    },
    {
      name: "anything else, in the server's words",
      answer: reply(400, { errcode: "M_INVALID_USERNAME", error: "No\nsuch\u202E name" }),
      problem: { code: "server_refused", status: 400, errcode: "M_INVALID_USERNAME", text: "No such name" },
    },
    {
      name: "a web page",
      answer: (_request, response) => response.end("<html>"),
      problem: { code: "unreachable", reason: "not_json" },
    },
    {
      name: "an answer without a token",
      answer: reply(200, { user_id: USER }),
      problem: { code: "unreachable", reason: "unexpected_answer" },
    },
    {
      name: "a lost connection",
      answer: (_request, response) => response.destroy(),
      problem: { code: "unreachable", reason: "reset" },
    },
    {
      name: "a redirect",
      answer: (_request, response) => response.writeHead(307, { location: "/elsewhere" }).end(),
      problem: { code: "unreachable", reason: "redirect_refused" },
    },
  ])("reports $name", async ({ answer, problem }) => {
    const { client, asked } = await startHomeserver({ [LOGIN]: answer });
    expect(await signInWithPassword(client, SIGN_IN)).toMatchObject({
      kind: "problem",
      problem,
      leftoverDeviceId: null,
    });
    expect(asked()).not.toContain(WHOAMI);
  });

  it.each<{ name: string; answer: Answer; problem: object }>([
    {
      name: "names another account",
      answer: reply(200, { user_id: "@mallory:old.example" }),
      problem: { code: "wrong_account", expected: USER, actual: "@mallory:old.example" },
    },
    {
      name: "names an account with capitals that nobody typed",
      answer: reply(200, { user_id: "@Alice:old.example" }),
      problem: { code: "wrong_account", expected: USER, actual: "@Alice:old.example" },
    },
    {
      name: "names a guest",
      answer: reply(200, { user_id: USER, is_guest: true }),
      problem: { code: "guest" },
    },
    {
      name: "finds the account locked",
      answer: reply(401, { errcode: "M_USER_LOCKED" }),
      problem: { code: "account_locked" },
    },
    {
      name: "brings no answer",
      answer: (_request, response) => response.destroy(),
      problem: { code: "unreachable", reason: "reset" },
    },
  ])("logs the new session out again when whoami $name", async ({ answer, problem }) => {
    const { client, server, asked } = await startHomeserver({ [WHOAMI]: answer });
    expect(await signInWithPassword(client, SIGN_IN)).toMatchObject({
      kind: "problem",
      problem,
      leftoverDeviceId: null,
    });
    expect(asked().at(-1)).toBe(LOGOUT);
    expect(server.requests.at(-1)?.headers.authorization).toBe(`Bearer ${TOKEN}`);
  });

  it("names the session that it could not log out again", async () => {
    const { client } = await startHomeserver({
      [WHOAMI]: reply(200, { user_id: "@mallory:old.example" }),
      [LOGOUT]: reply(500, {}),
    });
    expect(await signInWithPassword(client, SIGN_IN)).toMatchObject({
      problem: { code: "wrong_account" },
      leftoverDeviceId: "MOVER12345",
    });
  });

  it("repeats neither password nor token in a problem or the log", async () => {
    const echo: Answer = ({ body, headers }, response) => {
      sendJson(response, 400, { errcode: "M_BAD", error: `${body} ${headers.authorization}` });
    };
    const { client, lines } = await startHomeserver({ [LOGIN]: echo });
    const first = await signInWithPassword(client, SIGN_IN);
    const other = await startHomeserver({ [WHOAMI]: echo });
    const second = await signInWithPassword(other.client, SIGN_IN);
    expect([first.kind, second.kind]).toEqual(["problem", "problem"]);
    expect(JSON.stringify([first, second, lines, other.lines])).not.toMatch(/SeCrEt|hunter/);
  });
});

describe("signInWithTokens", () => {
  const signIn = { userId: USER, tokens: { accessToken: TOKEN } };

  it("uses the user's own session", async () => {
    const { client, asked } = await startHomeserver({
      [WHOAMI]: reply(200, { user_id: USER, device_id: "ELEMENT" }),
    });
    expect(await signInWithTokens(client, signIn)).toEqual({
      kind: "signed_in",
      session: { userId: USER, deviceId: "ELEMENT", tokens: { accessToken: TOKEN } },
    });
    expect(asked()).toEqual([WHOAMI]);
  });

  it("accepts a token without a device", async () => {
    const { client } = await startHomeserver({ [WHOAMI]: reply(200, { user_id: USER, device_id: null }) });
    expect(await signInWithTokens(client, signIn)).toMatchObject({ session: { deviceId: null } });
  });

  it.each<{ name: string; answer: Answer; problem: object }>([
    {
      name: "an expired token",
      answer: reply(401, { errcode: "M_UNKNOWN_TOKEN", soft_logout: false }),
      problem: { code: "session_ended" },
    },
    {
      name: "a locked account",
      answer: reply(401, { errcode: "M_USER_LOCKED" }),
      problem: { code: "account_locked" },
    },
    { name: "a guest", answer: reply(200, { user_id: USER, is_guest: true }), problem: { code: "guest" } },
    {
      name: "another account",
      answer: reply(200, { user_id: "@bob:old.example" }),
      problem: { code: "wrong_account", expected: USER, actual: "@bob:old.example" },
    },
    {
      name: "a refusal",
      answer: reply(403, { errcode: "M_FORBIDDEN", error: "no" }),
      problem: { code: "server_refused", text: "no" },
    },
  ])("refuses $name and never logs the user's session out", async ({ answer, problem }) => {
    const { client, asked } = await startHomeserver({ [WHOAMI]: answer });
    expect(await signInWithTokens(client, signIn)).toMatchObject({ kind: "problem", problem });
    expect(asked()).toEqual([WHOAMI]);
  });

  it.each(["", "two words", "line\nbreak", "gëheim"])(
    "refuses %j, which is no token, without asking",
    async (accessToken) => {
      const { client, asked } = await startHomeserver();
      expect(await signInWithTokens(client, { userId: USER, tokens: { accessToken } })).toMatchObject({
        problem: { code: "session_ended" },
      });
      expect(asked()).toEqual([]);
    },
  );
});

describe("checkAccessToken and signOut", () => {
  it("return the account of a token", async () => {
    const { client } = await startHomeserver();
    expect(await checkAccessToken(client)).toEqual({
      kind: "valid",
      owner: { userId: USER, deviceId: "MOVER12345", isGuest: false },
    });
  });

  it("log out one session", async () => {
    const { client, asked } = await startHomeserver();
    expect(await signOut(client)).toEqual({ kind: "signed_out" });
    expect(asked()).toEqual([LOGOUT]);
  });

  it("count an ended session as logged out, and no other failure", async () => {
    const gone = await startHomeserver({ [LOGOUT]: reply(401, { errcode: "M_UNKNOWN_TOKEN" }) });
    expect(await signOut(gone.client)).toEqual({ kind: "signed_out" });
    const broken = await startHomeserver({ [LOGOUT]: reply(500, {}) });
    expect(await signOut(broken.client)).toMatchObject({
      kind: "problem",
      problem: { code: "server_trouble" },
    });
  });
});

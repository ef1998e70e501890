import { setImmediate } from "node:timers/promises";
import { pino } from "pino";
import { describe, expect, it } from "vitest";
import type { Side } from "../../../../src/model/account.ts";
import { createMatrixPlatform } from "../../../../src/platforms/matrix/platform.ts";
import type { SignInOptions } from "../../../../src/service/accounts/sign-in-options.ts";
import { SignIn } from "../../../../src/service/accounts/sign-in.ts";
import { forgetPerson } from "../../../../src/service/forget.ts";
import type { Answer } from "../../../integration/platforms/matrix/loopback-server.ts";
import { openFetch, sendJson, startServer } from "../../../integration/platforms/matrix/loopback-server.ts";
import { newKeyCopy } from "../../../support/fakes/key-copies.ts";
import { NO_DEVICES } from "../../../support/keys/no-devices.ts";
import { bytesIn, temporaryStore } from "../../../support/store/temporary-store.ts";

const OWNER = "@me:third.example";
const OLD = "@ann:old.example";
const PASSWORD = "hunter2-geheim";
const ADDRESS = {
  roomId: "!r",
  eventId: "$e",
  threadRoot: null,
  roomKind: "direct",
  sender: OWNER,
  isEncrypted: true,
} as const;

const reply =
  (status: number, body: unknown): Answer =>
  (_request, response) => {
    sendJson(response, status, body);
  };
const hangUp: Answer = (_request, response) => void response.destroy();

/** A homeserver that makes a session for any password, and knows the user of each session. */
async function startHomeserver(userId: string, answers: Record<string, Answer> = {}) {
  const sessions = new Map<string, string>();
  let made = 0;
  const all: Record<string, Answer> = {
    "GET /_matrix/client/versions": reply(200, { versions: ["v1.1"] }),
    "GET /_matrix/client/v3/login": reply(200, { flows: [{ type: "m.login.password" }] }),
    "POST /_matrix/client/v3/login": ({ body }, response) => {
      const { device_id: deviceId } = JSON.parse(body);
      const token = `syt_made_${++made}`;
      for (const [other, device] of sessions) if (device === deviceId) sessions.delete(other);
      sessions.set(token, deviceId);
      sendJson(response, 200, { user_id: userId, access_token: token, device_id: deviceId });
    },
    "GET /_matrix/client/v3/account/whoami": ({ headers }, response) => {
      const device = sessions.get(tokenOf(headers.authorization));
      if (device === undefined) sendJson(response, 401, { errcode: "M_UNKNOWN_TOKEN", error: "unknown" });
      else sendJson(response, 200, { user_id: userId, device_id: device });
    },
    "POST /_matrix/client/v3/logout": ({ headers }, response) => {
      sessions.delete(tokenOf(headers.authorization));
      sendJson(response, 200, {});
    },
    ...answers,
  };
  const unrecognized = reply(404, { errcode: "M_UNRECOGNIZED", error: "Unrecognized" });
  const server = await startServer((request, response) => {
    (all[`${request.method} ${request.url}`] ?? unrecognized)(request, response);
  });
  const count = (line: string) =>
    server.requests.filter(({ method, url }) => `${method} ${url}` === line).length;
  return { url: server.url, requests: server.requests, sessions, answers: all, count };
}

const LOGIN = "POST /_matrix/client/v3/login";
const LOGOUT = "POST /_matrix/client/v3/logout";
const WHOAMI = "GET /_matrix/client/v3/account/whoami";

function tokenOf(authorization: string | undefined): string {
  return authorization?.replace("Bearer ", "") ?? "";
}

async function setUp(
  servers: Record<string, string>,
  hooks: Pick<SignInOptions, "whileUnused" | "continues"> = {},
) {
  const { store, dataDir } = await temporaryStore();
  const lines: string[] = [];
  const log = pino({ level: "trace" }, { write: (line: string) => void lines.push(line) });
  const fetch = openFetch();
  const now = () => 123;
  const introduction = { clientName: "Matrix Mover", clientUri: "https://mover.example.org" };
  const signIn = new SignIn({
    accounts: store.accounts,
    links: store.signInLinks,
    authorizationServers: store.authorizationServers,
    platform: createMatrixPlatform({
      sessionStore: store.accounts,
      devices: NO_DEVICES,
      fetch,
      servers,
      introduction,
      monotonicNow: now,
      now,
      log,
    }),
    introduction,
    notify: async () => undefined,
    ...hooks,
    monotonicNow: now,
    now,
    log,
  });
  const withPassword = (side: Side, userId: string, value = PASSWORD) =>
    signIn.signIn(OWNER, side, userId, { method: "password", value });
  const withToken = (side: Side, userId: string, value: string) =>
    signIn.signIn(OWNER, side, userId, { method: "token", value });
  return { store, dataDir, signIn, withPassword, withToken, lines };
}

describe("signing in", () => {
  it("by password makes one session of its own, and keeps it sealed", async () => {
    const server = await startHomeserver(OLD);
    const { store, dataDir, withPassword, lines } = await setUp({ "old.example": server.url });
    const result = await withPassword("source", OLD);
    expect(result).toMatchObject({
      status: "signed_in",
      account: { owner: OWNER, side: "source", userId: OLD, method: "password", signedInAt: 123 },
      other: null,
      replaced: null,
    });
    const [[token = "", device] = []] = server.sessions;
    expect(await store.accounts.get(OWNER, "source")).toMatchObject({
      deviceId: device,
      baseUrl: server.url,
    });
    expect(await store.accounts.session(OWNER, "source")).toEqual({ accessToken: token });
    expect(JSON.parse(server.requests.find(({ method }) => method === "POST")?.body ?? "{}")).toMatchObject({
      initial_device_display_name: "Matrix Mover",
    });
    for (const secret of [PASSWORD, token])
      expect(bytesIn(dataDir) + lines.join("") + JSON.stringify(result)).not.toContain(secret);
  });

  it("takes the account as its server writes it, whatever capitals the person typed", async () => {
    const server = await startHomeserver(OLD);
    const { store, withPassword } = await setUp({ "Old.Example": server.url });
    expect(await withPassword("source", "@ANN:old.example")).toMatchObject({ status: "signed_in" });
    expect(await store.accounts.get(OWNER, "source")).toMatchObject({ userId: OLD });
    expect(await withPassword("target", "@Ann:old.example")).toMatchObject({
      refusal: { code: "same_account" },
    });
  });

  it("by token takes the session as it is", async () => {
    const server = await startHomeserver(OLD);
    server.sessions.set("pasted-token", "PHONE");
    const { store, withToken, dataDir, lines } = await setUp({ "old.example": server.url });
    expect(await withToken("source", OLD, "pasted-token")).toMatchObject({
      status: "signed_in",
      account: { method: "token", deviceId: "PHONE" },
    });
    expect(server.count(LOGIN)).toBe(0);
    expect(await store.accounts.session(OWNER, "source")).toEqual({ accessToken: "pasted-token" });
    expect(bytesIn(dataDir) + lines.join("")).not.toContain("pasted-token");
  });

  it("of the second account names the first", async () => {
    const [old, young] = [await startHomeserver(OLD), await startHomeserver("@ann:new.example")];
    const { withPassword } = await setUp({ "old.example": old.url, "new.example": young.url });
    await withPassword("source", OLD);
    expect(await withPassword("target", "@ann:new.example")).toMatchObject({
      status: "signed_in",
      other: { userId: OLD },
    });
  });

  it("again logs the bot's earlier session out, and never a pasted one", async () => {
    const server = await startHomeserver(OLD);
    server.sessions.set("pasted-token", "PHONE");
    const { withPassword, withToken } = await setUp({ "old.example": server.url });
    await withToken("source", OLD, "pasted-token");
    expect(await withPassword("source", OLD)).toMatchObject({ replaced: { ending: "left_alone" } });
    expect(await withPassword("source", OLD)).toMatchObject({ replaced: { ending: "logged_out" } });
    expect([...server.sessions.keys()]).toEqual(["pasted-token", "syt_made_2"]);
  });

  it("says that work goes on only if it waited for both accounts", async () => {
    const [old, young] = await Promise.all([startHomeserver(OLD), startHomeserver("@ann:new.example")]);
    const servers = { "old.example": old.url, "new.example": young.url };
    const { withPassword } = await setUp(servers, { continues: async () => true });
    expect(await withPassword("source", OLD)).not.toHaveProperty("continues");
    expect(await withPassword("target", "@ann:new.example")).toMatchObject({ continues: true });
  });

  it("and out change a session only while no other work uses it", async () => {
    const server = await startHomeserver(OLD);
    const held: string[] = [];
    const { store, signIn, withPassword } = await setUp(
      { "old.example": server.url },
      {
        whileUnused: async (owner, side, change) => {
          const before = [...server.sessions.keys()];
          const result = await change();
          const stored = await store.accounts.session(owner, side);
          held.push(`${side}: ${before.join(", ")} becomes ${stored?.accessToken ?? "none"}`);
          return result;
        },
      },
    );
    await withPassword("source", OLD);
    await withPassword("source", OLD);
    await signIn.signOut(OWNER, "source");
    expect(held).toEqual([
      "source: syt_made_1 becomes syt_made_1",
      "source: syt_made_1, syt_made_2 becomes syt_made_2",
      "source: syt_made_2 becomes none",
    ]);
  });

  it("with the token that is in use already does not log it out", async () => {
    const server = await startHomeserver(OLD);
    const { store, withPassword, withToken } = await setUp({ "old.example": server.url });
    await withPassword("source", OLD);
    const { accessToken = "" } = (await store.accounts.session(OWNER, "source")) ?? {};
    expect(await withToken("source", OLD, accessToken)).toMatchObject({ status: "signed_in" });
    expect(server.count(LOGOUT)).toBe(0);
  });

  it("says when the earlier session could not be logged out", async () => {
    const server = await startHomeserver(OLD, { [LOGOUT]: reply(500, {}) });
    const { withPassword } = await setUp({ "old.example": server.url });
    await withPassword("source", OLD);
    expect(await withPassword("source", OLD)).toMatchObject({
      status: "signed_in",
      replaced: { ending: "not_reached" },
    });
  });
});

describe("a sign-in is refused", () => {
  it("as the other account, before anything is asked of a server", async () => {
    const server = await startHomeserver(OLD);
    const { signIn, withPassword, withToken } = await setUp({ "old.example": server.url });
    await withPassword("source", OLD);
    const asked = server.requests.length;
    const refusal = { status: "refused", refusal: { code: "same_account", userId: OLD } };
    expect(await withPassword("target", OLD)).toMatchObject(refusal);
    expect(await withToken("target", OLD, "x")).toMatchObject(refusal);
    expect(await signIn.offer(OWNER, "target", OLD, ADDRESS)).toMatchObject(refusal);
    expect(server.requests).toHaveLength(asked);
  });

  it("as the other account, also when both are asked for at once", async () => {
    const server = await startHomeserver(OLD);
    const { withPassword } = await setUp({ "old.example": server.url });
    const results = await Promise.all([withPassword("source", OLD), withPassword("target", OLD)]);
    expect(results.map(({ status }) => status)).toEqual(["signed_in", "refused"]);
  });

  it("when the secret is another account's, and the session made is logged out", async () => {
    const server = await startHomeserver("@other:old.example");
    const { store, withPassword } = await setUp({ "old.example": server.url });
    expect(await withPassword("source", OLD)).toMatchObject({
      refusal: { code: "wrong_account", actual: "@other:old.example" },
      leftoverDeviceId: null,
    });
    expect(server.sessions.size).toBe(0);
    expect(await store.accounts.get(OWNER, "source")).toBeNull();
  });

  it.each<{ why: string; userId: string; refusal: object }>([
    {
      why: "its server is away",
      userId: "@a:gone.example",
      refusal: { code: "no_homeserver", error: { code: "unreachable" } },
    },
    {
      why: "its server is no homeserver",
      userId: "@a:web.example",
      refusal: { code: "no_homeserver", error: { code: "not_a_homeserver" } },
    },
    {
      why: "its name leads to a private address",
      userId: "@a:10.0.0.1",
      refusal: { code: "no_homeserver", error: { code: "forbidden_address" } },
    },
    {
      why: "its name can be none",
      userId: "@a:b:c:d",
      refusal: { code: "no_homeserver", error: { code: "invalid_server_name" } },
    },
  ])("when $why", async ({ userId, refusal }) => {
    const web = await startServer((_request, response) => response.end("<html>"));
    const { signIn, withPassword } = await setUp({
      "web.example": web.url,
      "gone.example": "http://127.0.0.1:1",
    });
    expect(await withPassword("source", userId)).toMatchObject({
      status: "refused",
      refusal,
      leftoverDeviceId: null,
    });
    expect(await signIn.offer(OWNER, "source", userId, ADDRESS)).toMatchObject({
      status: "refused",
      refusal,
    });
  });

  it("and leaves the account that was signed in before as it was", async () => {
    const server = await startHomeserver(OLD);
    const { store, withPassword } = await setUp({ "old.example": server.url });
    await withPassword("source", OLD);
    const before = await store.accounts.session(OWNER, "source");
    server.answers[LOGIN] = reply(403, { errcode: "M_FORBIDDEN", error: PASSWORD });
    expect(await withPassword("source", OLD)).toMatchObject({ refusal: { code: "wrong_password" } });
    expect(await store.accounts.session(OWNER, "source")).toEqual(before);
    expect(server.count(LOGOUT)).toBe(0);
  });
});

describe("a sign-in that broke off", () => {
  const devicesOf = (server: Awaited<ReturnType<typeof startHomeserver>>) =>
    server.requests
      .filter(({ method, url }) => `${method} ${url}` === LOGIN)
      .map(({ body }) => JSON.parse(body).device_id);

  it("takes the same device when it is tried again, so that no session is left behind", async () => {
    const server = await startHomeserver(OLD);
    const login = server.answers[LOGIN] ?? hangUp;
    // The session is made, and the answer is lost.
    server.answers[LOGIN] = (request, response) => {
      const lost = { writeHead: () => lost, end: () => lost };
      login(request, lost as never);
      response.destroy();
    };
    const { withPassword } = await setUp({ "old.example": server.url });
    expect(await withPassword("source", OLD)).toMatchObject({ refusal: { code: "unreachable" } });
    server.answers[LOGIN] = login;
    expect(await withPassword("source", OLD)).toMatchObject({ status: "signed_in" });
    expect(new Set(devicesOf(server)).size).toBe(1);
    expect(server.sessions.size).toBe(1);
  });

  it("behind the login, too", async () => {
    const server = await startHomeserver(OLD);
    const whoami = server.answers[WHOAMI] ?? hangUp;
    server.answers[WHOAMI] = hangUp;
    const logout = server.answers[LOGOUT] ?? hangUp;
    server.answers[LOGOUT] = hangUp;
    const { withPassword } = await setUp({ "old.example": server.url });
    const refused = await withPassword("source", OLD);
    const [device] = devicesOf(server);
    expect(refused).toMatchObject({ status: "refused", leftoverDeviceId: device });
    server.answers[WHOAMI] = whoami;
    server.answers[LOGOUT] = logout;
    await withPassword("source", OLD);
    expect(server.sessions.size).toBe(1);
  });

  it("takes a new device after the server said no", async () => {
    const server = await startHomeserver(OLD);
    const login = server.answers[LOGIN] ?? hangUp;
    server.answers[LOGIN] = reply(403, { errcode: "M_FORBIDDEN" });
    const { withPassword } = await setUp({ "old.example": server.url });
    await withPassword("source", OLD);
    server.answers[LOGIN] = login;
    await withPassword("source", OLD);
    await withPassword("source", OLD);
    expect(new Set(devicesOf(server)).size).toBe(3);
  });
});

describe("what the servers say now", () => {
  it("is asked for both accounts", async () => {
    const [old, young] = [await startHomeserver(OLD), await startHomeserver("@ann:new.example")];
    const { signIn, withPassword } = await setUp({ "old.example": old.url, "new.example": young.url });
    expect(await signIn.states(OWNER)).toEqual({});
    await withPassword("source", OLD);
    await withPassword("target", "@ann:new.example");
    old.sessions.clear();
    expect(await signIn.states(OWNER)).toMatchObject({
      source: { sessionState: { kind: "ended", problem: { code: "session_ended" } } },
      target: { sessionState: { kind: "works" } },
    });
    young.answers[WHOAMI] = reply(502, {});
    old.answers[WHOAMI] = reply(401, { errcode: "M_USER_LOCKED", soft_logout: true });
    expect(await signIn.states(OWNER)).toMatchObject({
      source: { sessionState: { kind: "ended", problem: { code: "account_locked" } } },
      target: { sessionState: { kind: "not_checked", problem: { code: "server_trouble" } } },
    });
  });
});

describe("ending the use of an account", () => {
  it("logs the bot's session out, and leaves a pasted one alone", async () => {
    const server = await startHomeserver(OLD);
    server.sessions.set("pasted-token", "PHONE");
    const { store, signIn, withPassword, withToken } = await setUp({ "old.example": server.url });
    await withPassword("source", OLD);
    expect(await signIn.signOut(OWNER, "source")).toMatchObject({ ending: "logged_out" });
    await withToken("source", OLD, "pasted-token");
    expect(await signIn.signOut(OWNER, "source")).toMatchObject({ ending: "left_alone" });
    expect([...server.sessions.keys()]).toEqual(["pasted-token"]);
    expect(await store.accounts.session(OWNER, "source")).toBeNull();
    expect(await signIn.signOut(OWNER, "source")).toBeNull();
  });

  it("goes with the end of all sessions of the account, also a pasted one, if the server ended them", async () => {
    const server = await startHomeserver(OLD);
    server.sessions.set("pasted-token", "PHONE");
    const { store, signIn, withToken } = await setUp({ "old.example": server.url });
    await withToken("source", OLD, "pasted-token");
    const refused = await signIn.signOutEverywhere(OWNER, "source", async () => ({ status: "not_done" }));
    expect(refused).toEqual({ status: "not_done" });
    expect(await store.accounts.session(OWNER, "source")).not.toBeNull();
    expect(
      await signIn.signOutEverywhere(OWNER, "source", async ({ userId }) => ({ status: "ended", userId })),
    ).toEqual({ status: "ended", userId: OLD });
    expect(await store.accounts.session(OWNER, "source")).toBeNull();
    expect(await signIn.signOutEverywhere(OWNER, "source", async () => ({ status: "ended" }))).toBeNull();
  });

  it("erases what opens the account's keys before the server is asked", async () => {
    const isKeyErased: (boolean | undefined)[] = [];
    const logout: Answer = (_request, response) => {
      void store.keyCopies.of(OWNER).then((work) => {
        isKeyErased.push(work?.state === "cancelled" && work.openedUntil === null);
        sendJson(response, 200, {});
      });
    };
    const server = await startHomeserver(OLD, { [LOGOUT]: logout });
    const { store, signIn, withPassword } = await setUp({ "old.example": server.url });
    await withPassword("source", OLD);
    await store.keyCopies.begin(newKeyCopy({ owner: OWNER, source: OLD, target: null }));
    await signIn.signOut(OWNER, "source");
    expect(isKeyErased).toEqual([true]);
  });

  it("ends it even if the server cannot be reached", async () => {
    const server = await startHomeserver(OLD, { [LOGOUT]: hangUp });
    const { store, signIn, withPassword } = await setUp({ "old.example": server.url });
    await withPassword("source", OLD);
    expect(await signIn.signOut(OWNER, "source")).toMatchObject({
      ending: "not_reached",
      problem: { code: "unreachable" },
    });
    expect(await store.accounts.get(OWNER, "source")).toBeNull();
  });
});

describe("forgetting a person", () => {
  const control = {
    abandon: () => Promise.resolve(),
    abandonThen: <Result>(_owner: string, afterwards: () => Promise<Result>) => afterwards(),
  };

  it("logs the bot's sessions out and erases what is stored", async () => {
    const server = await startHomeserver(OLD);
    const { store, dataDir, signIn, withPassword } = await setUp({ "old.example": server.url });
    await withPassword("source", OLD);
    expect(await forgetPerson(OWNER, { control, signIn, store })).toMatchObject({
      signedOut: [{ ending: "logged_out" }],
    });
    expect(server.sessions.size).toBe(0);
    for (const gone of [OWNER, OLD]) expect(bytesIn(dataDir)).not.toContain(gone);
  });

  it("lets no session slip through that is signed in meanwhile", async () => {
    const server = await startHomeserver(OLD);
    const { store, signIn, withPassword } = await setUp({ "old.example": server.url });
    const erasing = Promise.withResolvers<undefined>();
    const slowStore = {
      forget: async (owner: string) => {
        await erasing.promise;
        return store.forget(owner);
      },
    };
    const forgotten = forgetPerson(OWNER, { control, signIn, store: slowStore });
    const signedIn = withPassword("source", OLD);
    erasing.resolve(undefined);
    await Promise.all([forgotten, signedIn]);
    // The sign-in came after `!forget`, so it is kept, and its session is stored.
    expect(await store.accounts.get(OWNER, "source")).toMatchObject({ userId: OLD });
    expect(server.sessions.size).toBe(1);
  });

  it("reports a failure of ending the person's run, also while a server is still asked", async () => {
    const answered = Promise.withResolvers<undefined>();
    const slowly: Answer = (_request, response) =>
      void answered.promise.then(() => sendJson(response, 200, {}));
    const server = await startHomeserver(OLD, { [LOGOUT]: slowly });
    const { store, signIn, withPassword } = await setUp({ "old.example": server.url });
    await withPassword("source", OLD);
    const failing = { ...control, abandon: () => Promise.reject(new Error("database is locked")) };
    const forgotten = forgetPerson(OWNER, { control: failing, signIn, store });
    // A rejection that nobody handles would be reported before the next turn.
    await setImmediate();
    answered.resolve(undefined);
    await expect(forgotten).rejects.toThrow("database is locked");
  });
});

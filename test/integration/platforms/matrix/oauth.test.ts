import { pino } from "pino";
import { describe, expect, it } from "vitest";
import { HomeserverClient } from "../../../../src/platforms/matrix/api/homeserver-client.ts";
import type { LinkingServer } from "../../../../src/platforms/matrix/sign-in/oauth/authorization-server.ts";
import {
  asLinkingServer,
  readAuthorizationServer,
} from "../../../../src/platforms/matrix/sign-in/oauth/authorization-server.ts";
import {
  beginDeviceAuthorization,
  pollDeviceAuthorization,
} from "../../../../src/platforms/matrix/sign-in/oauth/device-authorization.ts";
import { revokeSession } from "../../../../src/platforms/matrix/sign-in/oauth/revoke-session.ts";
import type { Renewal } from "../../../../src/platforms/matrix/sign-in/session-renewal.ts";
import { renewTokens } from "../../../../src/platforms/matrix/sign-in/session-renewal.ts";
import { toOutcome } from "../../../../src/platforms/matrix/steps/step-errors.ts";
import type { Answer } from "./loopback-server.ts";
import { failureOf, openFetch, sendJson, startServer } from "./loopback-server.ts";

const METADATA = "GET /_matrix/client/v1/auth_metadata";
const OLDER_METADATA = "GET /_matrix/client/unstable/org.matrix.msc2965/auth_metadata";
const OWN_METADATA = "GET /.well-known/openid-configuration";
const REGISTRATION = "POST /register";
const DEVICE = "POST /device";
const TOKEN = "POST /token";
const REVOCATION = "POST /revoke";
const DEVICE_GRANT = "urn:ietf:params:oauth:grant-type:device_code";

function reply(status: number, body: unknown): Answer {
  return (_request, response) => {
    sendJson(response, status, body);
  };
}

const unrecognized = reply(404, { errcode: "M_UNRECOGNIZED", error: "Unrecognized request" });

/** Homeserver and authorization server in one. `metadata` is made when the address is known. */
async function startServers(answers: Record<string, Answer> = {}, changes: Record<string, unknown> = {}) {
  const all: Record<string, Answer> = {};
  const server = await startServer((request, response) => {
    (all[`${request.method} ${request.url}`] ?? unrecognized)(request, response);
  });
  const at = (path: string): string => `${server.url}${path}`;
  const metadata = {
    issuer: `${server.url}/`,
    token_endpoint: at("/token"),
    registration_endpoint: at("/register"),
    device_authorization_endpoint: at("/device"),
    revocation_endpoint: at("/revoke"),
  };
  Object.assign(all, {
    [METADATA]: reply(200, { ...metadata, ...changes }),
    [REGISTRATION]: reply(201, { client_id: "client1", grant_types: [DEVICE_GRANT, "refresh_token"] }),
    [DEVICE]: reply(200, {
      ...{ device_code: "c0de", user_code: "ABCDEF", verification_uri: "https://auth.example/link" },
      ...{ expires_in: 1_200, interval: 5 },
    }),
    ...answers,
  });
  const fetch = openFetch({ userAgent: "matrix-mover/1 (Linux; bot)" });
  const log = pino({ level: "silent" });
  const client = new HomeserverClient({ baseUrl: server.url, fetch, log });
  const asked = () => server.requests.map(({ method, url }) => `${method} ${url}`);
  return { server, metadata, all, fetch, log, client, asked };
}

describe("the metadata of an authorization server", () => {
  it("is also requested by the older endpoint, and is absent on a server without OAuth", async () => {
    const none = await startServers({ [METADATA]: unrecognized });
    expect(await readAuthorizationServer(none.client)).toBeNull();
    expect(none.asked()).toEqual([METADATA, OLDER_METADATA]);
    const older = await startServers({ [METADATA]: unrecognized });
    older.all[OLDER_METADATA] = reply(200, older.metadata);
    expect(await readAuthorizationServer(older.client)).toEqual(older.metadata);
  });

  it("is completed once by the authorization server's own document if the device grant is missing", async () => {
    const { client, all, metadata, fetch, log, asked } = await startServers(
      {},
      { device_authorization_endpoint: undefined },
    );
    const known = await readAuthorizationServer(client);
    if (known === null) throw new Error("no metadata");
    expect(await asLinkingServer(known, { fetch, log })).toBeNull();
    all[OWN_METADATA] = reply(200, metadata);
    expect(await asLinkingServer(known, { fetch, log })).toEqual(metadata);
    all[OWN_METADATA] = reply(200, { ...metadata, issuer: "https://other.example/" });
    expect(await asLinkingServer(known, { fetch, log })).toBeNull();
    expect(asked()).toEqual([METADATA, OWN_METADATA, OWN_METADATA, OWN_METADATA]);
  });

  it.each<{ name: string; changes: Record<string, unknown> }>([
    { name: "no address", changes: { token_endpoint: "token" } },
    { name: "another scheme", changes: { token_endpoint: "file:///etc/passwd" } },
    { name: "nothing", changes: { issuer: undefined } },
  ])("is unusable with $name as an endpoint", async ({ changes }) => {
    const { client } = await startServers({}, changes);
    expect(await readAuthorizationServer(client)).toBeNull();
  });
});

describe("a request for a code", () => {
  const introduction = { clientName: "Matrix Mover", clientUri: "https://mover.example.org/" };

  it("registers the bot and asks for the right scope with its own client ID", async () => {
    const { server, metadata, fetch, asked } = await startServers();
    expect(
      await beginDeviceAuthorization(metadata, { fetch, introduction, deviceId: "ABCDEFGHIJKL" }),
    ).toEqual({
      ...{
        clientId: "client1",
        deviceCode: "c0de",
        userCode: "ABCDEF",
        verificationUri: "https://auth.example/link",
      },
      ...{ expiresInMs: 1_200_000, intervalMs: 5_000 },
    });
    expect(asked()).toEqual([REGISTRATION, DEVICE]);
    const [registration, device] = server.requests;
    expect(JSON.parse(registration?.body ?? "")).toEqual({
      client_name: "Matrix Mover",
      client_uri: "https://mover.example.org/",
      grant_types: [DEVICE_GRANT, "refresh_token"],
      response_types: [],
      redirect_uris: [],
      token_endpoint_auth_method: "none",
      application_type: "native",
    });
    expect(Object.fromEntries(new URLSearchParams(device?.body))).toEqual({
      client_id: "client1",
      scope: "urn:matrix:client:api:* urn:matrix:client:device:ABCDEFGHIJKL",
    });
    for (const { headers } of server.requests)
      expect(headers["user-agent"]).toBe("matrix-mover/1 (Linux; bot)");
  });

  it("reports that the operator switched the grant off", async () => {
    const { metadata, fetch, asked } = await startServers({
      [REGISTRATION]: reply(201, { client_id: "client1", grant_types: ["refresh_token"] }),
    });
    expect(
      await beginDeviceAuthorization(metadata, { fetch, introduction, deviceId: "ABCDEFGHIJKL" }),
    ).toBeNull();
    expect(asked()).toEqual([REGISTRATION]);
  });

  it("reports a refusal in the server's words", async () => {
    const refusal = { error: "invalid_client_metadata", error_description: "missing client_uri" };
    const { metadata, fetch } = await startServers({ [REGISTRATION]: reply(400, refusal) });
    const failure = await failureOf(
      beginDeviceAuthorization(metadata, { fetch, introduction, deviceId: "ABCDEFGHIJKL" }),
    );
    expect(failure).toMatchObject({
      status: 400,
      errcode: "invalid_client_metadata",
      text: "missing client_uri",
    });
  });

  it.each(["javascript:alert(1)", "not an address", "https://somebody@auth.example/"])(
    "sends nobody to %s",
    async (address) => {
      const { metadata, fetch } = await startServers({
        [DEVICE]: reply(200, { device_code: "c", user_code: "u", verification_uri: address, expires_in: 1 }),
      });
      const failure = await failureOf(
        beginDeviceAuthorization(metadata, { fetch, introduction, deviceId: "ABCDEFGHIJKL" }),
      );
      expect(failure).toMatchObject({ reason: "unexpected_answer" });
    },
  );

  it.each<{ name: string; changes: Partial<LinkingServer>; reason: string }>([
    {
      name: "registration",
      changes: { registration_endpoint: "https://10.0.0.1/register" },
      reason: "forbidden_address",
    },
    {
      name: "device authorization",
      changes: { device_authorization_endpoint: "https://169.254.169.254/device" },
      reason: "forbidden_address",
    },
    {
      name: "device authorization",
      changes: { device_authorization_endpoint: "http://93.184.215.14/device" },
      reason: "insecure",
    },
  ])("contacts no $name endpoint at $changes", async ({ changes, reason }) => {
    const { metadata, fetch } = await startServers();
    const begun = beginDeviceAuthorization(
      { ...metadata, ...changes },
      { fetch, introduction, deviceId: "ABCDEFGHIJKL" },
    );
    expect(await failureOf(begun)).toMatchObject({ reason });
  });

  it.each(["token", "revocation"])("contacts no %s endpoint in a private network", async (name) => {
    const { metadata, fetch, client } = await startServers();
    const server = { ...metadata, [`${name}_endpoint`]: "https://192.168.0.1/x" };
    const renewal: Renewal = {
      kind: "oauth",
      refreshToken: "r",
      issuedAt: 0,
      lifeMs: 1,
      clientId: "c",
      server,
    };
    const work =
      name === "token"
        ? renewTokens(renewal, { client, fetch, now: () => 0 })
        : revokeSession(renewal, fetch);
    expect(await failureOf(work)).toMatchObject({ reason: "forbidden_address" });
  });
});

describe("a poll for a person's confirmation", () => {
  const poll = async (answer: Answer) => {
    const { metadata, fetch } = await startServers({ [TOKEN]: answer });
    return pollDeviceAuthorization(
      metadata,
      { clientId: "client1", deviceCode: "c0de" },
      { fetch, now: () => 7 },
    );
  };

  it.each([400, 401, 403])("reads the error and not the status %i", async (status) => {
    for (const [error, kind] of [
      ["authorization_pending", "pending"],
      ["slow_down", "slow_down"],
      ["access_denied", "refused"],
      ["expired_token", "expired"],
      ["invalid_grant", "lost"],
    ])
      expect(await poll(reply(status, { error }))).toEqual({ kind });
  });

  it("returns the tokens", async () => {
    const tokens = { access_token: "a", refresh_token: "r", token_type: "Bearer", expires_in: 300 };
    expect(await poll(reply(200, tokens))).toMatchObject({
      kind: "confirmed",
      tokens: {
        accessToken: "a",
        renewal: { kind: "oauth", refreshToken: "r", issuedAt: 7, lifeMs: 300_000, clientId: "client1" },
      },
    });
  });

  it.each<{ name: string; answer: Answer; failure: object }>([
    {
      name: "trouble",
      answer: reply(500, { error: "server_error" }),
      failure: { reason: "not_json", status: 500 },
    },
    { name: "a limit", answer: reply(429, {}), failure: { status: 429 } },
    {
      name: "a page of a proxy",
      answer: (_request, response) => response.writeHead(502).end("<html>"),
      failure: { status: 502 },
    },
    {
      name: "a page that says all is well",
      answer: (_request, response) => response.end("<html>"),
      failure: { reason: "unexpected_answer" },
    },
    {
      name: "a broken connection",
      answer: (_request, response) => response.destroy(),
      failure: { reason: "reset" },
    },
    {
      name: "tokens that cannot be renewed",
      answer: reply(200, { access_token: "a", token_type: "Bearer" }),
      failure: { reason: "unexpected_answer" },
    },
  ])("fails with $name and can be repeated", async ({ answer, failure }) => {
    expect(await failureOf(poll(answer))).toMatchObject(failure);
  });
});

describe("a renewal or a revocation", () => {
  const renewal = async (answers: Record<string, Answer>) => {
    const { metadata, fetch, client, server } = await startServers(answers);
    const value = {
      kind: "oauth" as const,
      refreshToken: "r1",
      issuedAt: 0,
      lifeMs: 1,
      clientId: "c",
      server: metadata,
    };
    return { value, fetch, client, server };
  };

  it.each<{ name: string; answer: Answer }>([
    { name: "another refusal", answer: reply(400, { error: "invalid_request" }) },
    { name: "a page", answer: (_request, response) => response.writeHead(404).end("<html>") },
    { name: "trouble", answer: reply(500, { error: "server_error" }) },
    { name: "a limit", answer: reply(429, {}) },
  ])("waits after $name, which says nothing about the session", async ({ answer }) => {
    const { value, ...rest } = await renewal({ [TOKEN]: answer });
    expect(toOutcome(await failureOf(renewTokens(value, { ...rest, now: () => 9 })))).toMatchObject({
      status: "wait",
    });
  });

  it("keeps the refresh token if the server returns no new one", async () => {
    const { value, ...rest } = await renewal({
      [TOKEN]: reply(200, { access_token: "a2", token_type: "Bearer" }),
    });
    expect(await renewTokens(value, { ...rest, now: () => 9 })).toEqual({
      accessToken: "a2",
      renewal: { ...value, issuedAt: 9, lifeMs: null },
    });
  });

  it.each(["invalid_grant", "invalid_client", "unauthorized_client"])(
    "reads %s as the end of the session",
    async (error) => {
      const { value, ...rest } = await renewal({ [TOKEN]: reply(400, { error }) });
      expect(await failureOf(renewTokens(value, { ...rest, now: () => 9 }))).toMatchObject({
        status: 401,
        errcode: "M_UNKNOWN_TOKEN",
      });
    },
  );

  it("declares the type of the refresh token when it revokes", async () => {
    const { value, fetch, server } = await renewal({ [REVOCATION]: (_request, response) => response.end() });
    expect(await revokeSession(value, fetch)).toBe(true);
    expect(Object.fromEntries(new URLSearchParams(server.requests[0]?.body))).toEqual({
      ...{ token: "r1", token_type_hint: "refresh_token", client_id: "c" },
    });
  });

  it("repeats no token in an error", async () => {
    const echo: Answer = ({ body }, response) => {
      sendJson(response, 400, { error: "invalid_request", error_description: body });
    };
    const { value, ...rest } = await renewal({ [TOKEN]: echo });
    const secretive = { ...value, refreshToken: "SeCrEt" };
    const failure = await failureOf(renewTokens(secretive, { ...rest, now: () => 9 }));
    expect(failure).toMatchObject({ reason: "refused", detail: "INVALID_REQUEST" });
    expect(JSON.stringify(failure) + failure.message + (failure.stack ?? "")).not.toContain("SeCrEt");
  });
});

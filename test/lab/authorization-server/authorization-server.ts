/*
 * An authorization server for tests and the demo: the library oidc-provider behind a server that
 * imitates the Matrix Authentication Service where the two differ:
 * - 403 for codes that are pending;
 * - an interval;
 * - a grace period for a lost answer;
 * - devices made and deleted on the homeserver.
 */
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import type { IncomingHttpHeaders, IncomingMessage, Server, ServerResponse } from "node:http";
import { createServer, request as sendRequest } from "node:http";
import type { AddressInfo } from "node:net";
import { buffer } from "node:stream/consumers";
import { z } from "zod";
import { freePorts } from "../homeservers/ports.ts";
import { consentPage } from "./consent-page.ts";
import { DelegatingHomeserver } from "./delegating-homeserver.ts";
import type { AuthorizationServer, AuthorizationServerOptions, OauthRequest, OauthRule } from "./model.ts";
import { People } from "./people.ts";
import { CODE_SECONDS, createProvider, deviceOf, synapseCredentials } from "./provider.ts";
import { Tokens } from "./tokens.ts";

export type { AuthorizationServer, OauthFault, OauthRequest } from "./model.ts";

const tokenSchema = z.looseObject({ access_token: z.string(), refresh_token: z.string(), scope: z.string() });
const errorSchema = z.object({ error: z.string() });
const introspectionSchema = z.looseObject({
  active: z.boolean(),
  exp: z.number().optional(),
  username: z.string().optional(),
});
const deviceSchema = z.looseObject({ device_code: z.string() });

/**
 * Status of answers about a code that is pending, refused or expired. RFC 8628 says 400, the Matrix
 * Authentication Service answers 403.
 */
const WAITING_STATUS = 403;

interface Answer {
  status: number;
  headers: IncomingHttpHeaders;
  body: Buffer;
}

/**
 * Starts one on a free port of 127.0.0.1. Its users are the homeserver's, to which it must be
 * connected.
 */
export async function startAuthorizationServer(
  options: AuthorizationServerOptions = {},
): Promise<AuthorizationServer> {
  const { accessTokenSeconds = 300, announcedSeconds = accessTokenSeconds, intervalSeconds = 5 } = options;
  const [port = 0] = await freePorts(1);
  const issuer = `http://127.0.0.1:${port}`;
  const secret = randomBytes(24).toString("hex");
  const scopes = new Set<string>();
  const provider = createProvider({ issuer, secret, accessTokenSeconds, scopes });
  const library = provider.callback();
  const inner = createServer((request, response) => void library(request, response));
  await listen(inner, 0);
  const { port: innerPort } = z
    .object({ port: z.number() })
    .parse(inner.address() satisfies AddressInfo | string | null);

  const requests: OauthRequest[] = [];
  const codes = new Map<string, number>();
  const tokens = new Tokens();
  const people = new People(provider);
  let rule: OauthRule = () => undefined;
  let front: Server | null = null;

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await buffer(request);
    const { method = "GET", url = "/" } = request;
    const path = new URL(url, issuer).pathname;
    const isForm = request.headers["content-type"]?.startsWith("application/x-www-form-urlencoded") ?? false;
    const form = isForm ? Object.fromEntries(new URLSearchParams(body.toString())) : {};
    if (path === "/oauth2/introspect") {
      reply(response, await introspect(request, form));
      return;
    }
    requests.push({ method, path, form });
    const fault = await rule({ method, path, form });
    const done =
      typeof fault === "number"
        ? page(fault, "")
        : fault === "lost_request"
          ? null
          : await perform(request, path, form, body);
    if (done === null || fault === "lost_answer") request.socket.destroy();
    else reply(response, done);
  }

  function perform(
    request: IncomingMessage,
    path: string,
    form: Record<string, string>,
    body: Buffer,
  ): Promise<Answer> {
    switch (path) {
      case "/link":
        return consent(form);
      case "/oauth2/device":
        return beginDevice(request, form, body);
      case "/oauth2/token":
        return form["grant_type"] === "refresh_token"
          ? refresh(request, form)
          : exchange(request, form, body);
      case "/oauth2/revoke":
        return revoke(request, form, body);
      default:
        return pass(request, body);
    }
  }

  async function consent({ code, localpart, answer: said }: Record<string, string>): Promise<Answer> {
    if (code === undefined || localpart === undefined)
      return page(200, consentPage("Enter the code that you were shown."));
    const userCode = code.trim().toUpperCase();
    try {
      await (said === "approve" ? people.approve(userCode, localpart) : people.deny(userCode));
    } catch {
      return page(200, consentPage("That code is invalid."));
    }
    return page(200, consentPage("Done. You can close this window."));
  }

  async function beginDevice(
    request: IncomingMessage,
    form: Record<string, string>,
    body: Buffer,
  ): Promise<Answer> {
    for (const scope of (form["scope"] ?? "").split(" ")) scopes.add(scope);
    const done = await pass(request, body);
    if (done.status !== 200) return done;
    const { verification_uri_complete: _complete, ...code } = deviceSchema.parse(
      JSON.parse(done.body.toString()),
    );
    codes.set(code.device_code, Date.now() + CODE_SECONDS * 1_000);
    return json(200, { ...code, interval: intervalSeconds });
  }

  async function exchange(
    request: IncomingMessage,
    form: Record<string, string>,
    body: Buffer,
  ): Promise<Answer> {
    const expiresAt = codes.get(form["device_code"] ?? "");
    if (expiresAt !== undefined && Date.now() > expiresAt)
      return json(WAITING_STATUS, { error: "expired_token" });
    const done = await pass(request, body);
    if (done.status === 200) {
      const issued = tokenSchema.parse(JSON.parse(done.body.toString()));
      tokens.issued({ accessToken: issued.access_token, refreshToken: issued.refresh_token });
      await people.deviceMade(issued.refresh_token, deviceOf(issued.scope));
      return json(200, { ...issued, expires_in: announcedSeconds });
    }
    const { error } = errorSchema.parse(JSON.parse(done.body.toString()));
    return error === "authorization_pending" || error === "access_denied"
      ? { ...done, status: WAITING_STATUS }
      : done;
  }

  async function refresh(request: IncomingMessage, form: Record<string, string>): Promise<Answer> {
    const { refresh_token: given = "" } = form;
    const effective = tokens.effective(given);
    if (effective === null) return json(400, { error: "invalid_grant" });
    const done = await pass(
      request,
      Buffer.from(new URLSearchParams({ ...form, refresh_token: effective }).toString()),
    );
    if (done.status !== 200) return done;
    const issued = tokenSchema.parse(JSON.parse(done.body.toString()));
    tokens.issued({ accessToken: issued.access_token, refreshToken: issued.refresh_token }, given);
    return json(200, { ...issued, expires_in: announcedSeconds });
  }

  async function revoke(
    request: IncomingMessage,
    form: Record<string, string>,
    body: Buffer,
  ): Promise<Answer> {
    const session = await people.sessionOf(form["token"] ?? "");
    const done = await pass(request, body);
    if (session !== null) await people.deviceGone(session);
    return done;
  }

  /**
   * Answers Synapse's introspection request. The shared secret is passed in the form that the
   * library expects. The answer gets the fields that Synapse needs and the library lacks.
   */
  async function introspect(request: IncomingMessage, form: Record<string, string>): Promise<Answer> {
    const { token = "" } = form;
    const own = people.ownSession(token);
    if (own !== null) return json(200, own);
    const body = Buffer.from(new URLSearchParams({ token, token_type_hint: "access_token" }).toString());
    const done = await pass(request, body, synapseCredentials(secret));
    const answered = introspectionSchema.parse(JSON.parse(done.body.toString()));
    const isGood = tokens.ask(token) && !people.isLocked(answered.username ?? "");
    if (!answered.active || !isGood) return json(200, { active: false });
    return json(200, {
      ...answered,
      expires_in: Math.max(0, (answered.exp ?? 0) - Math.floor(Date.now() / 1_000)),
    });
  }

  /** Passes a request on to the library. */
  function pass(
    request: IncomingMessage,
    body: Buffer,
    authorization = request.headers.authorization,
  ): Promise<Answer> {
    const { method, url: path, headers } = request;
    const { "transfer-encoding": _chunked, ...rest } = headers;
    return new Promise((resolve, reject) => {
      const inward = sendRequest(
        {
          host: "127.0.0.1",
          port: innerPort,
          method,
          path,
          agent: false,
          headers: {
            ...rest,
            host: `127.0.0.1:${port}`,
            "content-length": String(body.length),
            ...(authorization !== undefined && { authorization }),
          },
        },
        (answered) => {
          const status = answered.statusCode ?? 500;
          buffer(answered).then(
            (content) => resolve({ status, headers: answered.headers, body: content }),
            reject,
          );
        },
      );
      inward.once("error", reject);
      inward.end(body);
    });
  }

  async function start(): Promise<void> {
    if (front !== null) return;
    front = createServer((request, response) => {
      answer(request, response).catch((error: unknown) => {
        console.error("the authorization server failed:", error);
        response.writeHead(500).end();
      });
    });
    await listen(front, port);
  }

  async function stopFront(): Promise<void> {
    const stopping = front;
    front = null;
    stopping?.closeAllConnections();
    if (stopping) await new Promise((resolve) => stopping.close(resolve));
  }

  await start();
  inner.unref();
  return {
    issuer,
    homeserverConfig: { matrix_authentication_service: { enabled: true, endpoint: `${issuer}/`, secret } },
    requests,
    connect: ({ baseUrl, serverName }) =>
      people.connect(new DelegatingHomeserver(baseUrl, secret), serverName),
    addUser: (localpart, displayName) => people.add(localpart, displayName),
    openSession: (localpart, session) => people.openSession(localpart, session),
    approve: (userCode, localpart) => people.approve(userCode, localpart),
    deny: (userCode) => people.deny(userCode),
    expireCodes: () => {
      for (const deviceCode of codes.keys()) codes.set(deviceCode, 0);
    },
    endSessions: (localpart) => people.endSessions(localpart),
    setLocked: (localpart, isLocked) => people.setLocked(localpart, isLocked),
    setRule: (next = () => undefined) => {
      rule = next;
    },
    stop: stopFront,
    start,
  };
}

async function listen(server: Server, port: number): Promise<void> {
  server.listen(port, "127.0.0.1");
  await once(server, "listening");
}

function json(status: number, body: unknown): Answer {
  return { status, headers: { "content-type": "application/json" }, body: Buffer.from(JSON.stringify(body)) };
}

function page(status: number, html: string): Answer {
  return { status, headers: { "content-type": "text/html" }, body: Buffer.from(html) };
}

function reply(response: ServerResponse, { status, headers, body }: Answer): void {
  const {
    "content-length": _length,
    "transfer-encoding": _chunked,
    connection: _connection,
    ...rest
  } = headers;
  response.writeHead(status, rest).end(body);
}

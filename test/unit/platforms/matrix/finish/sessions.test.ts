import { pino } from "pino";
import { describe, expect, it } from "vitest";
import type { Account } from "../../../../../src/model/account.ts";
import type { GuardedRequest } from "../../../../../src/network/guarded-fetch.ts";
import { UnreachableError } from "../../../../../src/network/unreachable-error.ts";
import { HomeserverClient } from "../../../../../src/platforms/matrix/api/homeserver-client.ts";
import { endAllSessions, openSessions } from "../../../../../src/platforms/matrix/finish/sessions.ts";
import { deactivationPage } from "../../../../../src/platforms/matrix/sign-in/oauth/account-page.ts";
import { fetchOfAnswers } from "../../../../support/fakes/fetch-of-answers.ts";

interface Answer {
  status?: number;
  json: unknown;
}

const GONE: Answer = { status: 401, json: { errcode: "M_UNKNOWN_TOKEN", error: "" } };
const OWNER: Answer = { json: { user_id: "@ann:old.example", device_id: "BOT" } };
const NO_OAUTH: Answer = { status: 404, json: { errcode: "M_UNRECOGNIZED", error: "" } };
const OAUTH: Answer = {
  json: {
    issuer: "https://auth.old.example/",
    token_endpoint: "https://auth.old.example/token",
    account_management_uri: "https://auth.old.example/account",
    account_management_actions_supported: ["org.matrix.devices_list"],
  },
};

/** A server that gives these answers by path, the last one again and again. */
function server(answers: Readonly<Record<string, Answer | readonly (Answer | "hangs up")[]>>) {
  const asked: string[] = [];
  const fetch = async (url: string, { method = "GET" }: GuardedRequest = {}) => {
    const path = new URL(url).pathname.replace("/_matrix/client/", "");
    const given = [answers[path] ?? NO_OAUTH].flat();
    const answer =
      given[Math.min(asked.filter((each) => each.endsWith(` ${path}`)).length, given.length - 1)];
    asked.push(`${method} ${path}`);
    if (answer === undefined || answer === "hangs up") throw new UnreachableError("reset", "old.example");
    const { status = 200, json } = answer;
    const body = new TextEncoder().encode(JSON.stringify(json));
    return { status, headers: { "content-type": "application/json" }, body, url };
  };
  const client = new HomeserverClient({
    baseUrl: "https://old.example",
    fetch: fetchOfAnswers(fetch),
    log: pino({ level: "silent" }),
    accessToken: () => "token",
  });
  return { client, asked };
}

describe("the end of all sessions", () => {
  it("is one request, which is noted before", async () => {
    const { client, asked } = server({ "v3/account/whoami": OWNER, "v3/logout/all": { json: {} } });
    const onBegin = async (): Promise<void> => void asked.push("noted");
    expect(await endAllSessions(client, onBegin)).toEqual({ status: "ended" });
    expect(asked.slice(-2)).toEqual(["noted", "POST v3/logout/all"]);
  });

  it("is not asked for where an authorization server has the sessions", async () => {
    const { client, asked } = server({ "v3/account/whoami": OWNER, "v1/auth_metadata": OAUTH });
    const began: string[] = [];
    expect(await endAllSessions(client, async () => void began.push("noted"))).toEqual({
      status: "on_page",
      page: "https://auth.old.example/account?action=org.matrix.devices_list",
    });
    expect(asked).not.toContain("POST v3/logout/all");
    expect(began).toEqual([]);
  });

  it.each([
    {
      title: "the bot's session has ended before",
      answers: { "v3/account/whoami": GONE },
      ending: { status: "session_ended" },
    },
    {
      title: "the server does not answer",
      answers: { "v3/account/whoami": ["hangs up"] },
      ending: { status: "not_done", problem: { code: "unreachable" } },
    },
    {
      title: "the server refuses",
      answers: {
        "v3/account/whoami": OWNER,
        "v3/logout/all": { status: 403, json: { errcode: "M_FORBIDDEN", error: "words" } },
      },
      ending: { status: "not_done", problem: { code: "server_refused" } },
    },
    {
      title: "nothing is known of the request",
      answers: { "v3/account/whoami": OWNER, "v3/logout/all": ["hangs up"] },
      ending: { status: "not_done", problem: { code: "unreachable" } },
    },
  ] as const)("is told as it is where $title", async ({ answers, ending }) => {
    expect(await endAllSessions(server(answers).client, async () => undefined)).toMatchObject(ending);
  });
});

describe("the open sessions", () => {
  const account: Account = {
    owner: "@ann:old.example",
    side: "source",
    userId: "@ann:old.example",
    baseUrl: "https://old.example",
    method: "password",
    deviceId: "BOT",
    signedInAt: 0,
  };
  const devices: Answer = { json: { devices: [{ device_id: "BOT" }, { device_id: "PHONE" }] } };

  it.each([
    { title: "do not count the bot's own", method: "password", others: 1 },
    { title: "count that of a pasted token", method: "token", others: 2 },
  ] as const)("$title", async ({ method, others }) => {
    const { client } = server({ "v3/devices": devices });
    expect(await openSessions({ ...account, method }, client)).toEqual({ others, endedAt: { kind: "here" } });
  });

  it("are ended on a page of the authorization server", async () => {
    const { client } = server({ "v3/devices": devices, "v1/auth_metadata": OAUTH });
    expect(await openSessions(account, client)).toMatchObject({
      endedAt: { kind: "page", page: "https://auth.old.example/account?action=org.matrix.devices_list" },
    });
  });
});

describe("the page on which an account is closed", () => {
  const issuer = "https://auth.example/";
  it.each([
    { title: "none", uri: undefined, actions: undefined, page: null },
    {
      title: "with the action that the server lists",
      uri: "https://auth.example/account",
      actions: ["org.matrix.account_deactivate"],
      page: "https://auth.example/account?action=org.matrix.account_deactivate",
    },
    {
      title: "without an action that the server does not list",
      uri: "https://user:secret@auth.example/account",
      actions: ["org.matrix.devices_list"],
      page: "https://auth.example/account",
    },
  ])("$title", ({ uri, actions, page }) => {
    expect(
      deactivationPage({
        issuer,
        token_endpoint: issuer,
        account_management_uri: uri,
        account_management_actions_supported: actions,
      }),
    ).toBe(page);
  });
});

import { pino } from "pino";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import type { Account } from "../../../src/migration/account.ts";
import { toOutcome } from "../../../src/platforms/matrix/step-errors.ts";
import { Sessions } from "../../../src/service/sessions.ts";
import { failureOf, openFetch, sendJson, startServer } from "../../integration/platforms/matrix/loopback-server.ts";
import { temporaryStore } from "../store/temporary-store.ts";

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
  const sessions = new Sessions({ accounts: store.accounts, fetch: openFetch(), now: () => 0, log: pino({ level: "silent" }) });
  const ask = () => sessions.client(account).request({ method: "GET", path: "/x", schema: z.unknown() });
  return { server, ask };
}

describe("a session that cannot be renewed", () => {
  it("fails with what the server said, after one request", async () => {
    const { server, ask } = await openClient(401, { errcode: "M_UNKNOWN_TOKEN", error: "gone", soft_logout: true });
    expect(await failureOf(ask())).toMatchObject({ errcode: "M_UNKNOWN_TOKEN", text: "gone" });
    expect(server.requests).toHaveLength(1);
  });
});

describe("an authorization server that is away", () => {
  it("is waited for when the homeserver could not ask it about a token", async () => {
    const { ask } = await openClient(503, { errcode: "M_UNKNOWN", error: "Unable to introspect the access token" });
    expect(toOutcome(await failureOf(ask()))).toMatchObject({ status: "wait", waitingFor: "server" });
  });

  it("is not what every 503 is about", async () => {
    const { ask } = await openClient(503, { errcode: "M_UNKNOWN", error: "Overloaded" });
    expect(toOutcome(await failureOf(ask()))).toMatchObject({ status: "retry" });
  });
});

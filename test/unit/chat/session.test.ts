import type { ServerResponse } from "node:http";
import { pino } from "pino";
import { expect, it } from "vitest";
import { replaceBotSession } from "../../../src/chat/session.ts";
import { sendHtml, sendJson, startMisbehavingServer } from "../../support/servers/misbehaving-server.ts";
import { temporaryStore } from "../../support/store/temporary-store.ts";

type Answer = (response: ServerResponse) => void;

const LOGOUT = "POST /_matrix/client/v3/logout";
const LOGIN = "POST /_matrix/client/v3/login";

const away: readonly { name: string; answer: Answer }[] = [
  { name: "closes the connection", answer: (response) => response.destroy() },
  { name: "has an error", answer: (response) => sendJson(response, 500, { errcode: "M_UNKNOWN" }) },
  { name: "is behind a proxy in trouble", answer: (response) => sendHtml(response, 502) },
];

it.for(away)(
  "a device that has lost its keys is logged out before the next one is made, though the server $name once",
  async ({ answer }) => {
    expect(await requestsOfReplacement([answer])).toEqual([LOGOUT, LOGOUT, LOGIN]);
  },
);

it("a device that the server has removed already is replaced at once", async () => {
  const removed: Answer = (response) => sendJson(response, 401, { errcode: "M_UNKNOWN_TOKEN" });
  expect(await requestsOfReplacement([removed])).toEqual([LOGOUT, LOGIN]);
});

/** The requests that replace a lost device. @param answers to the first attempts to log it out */
async function requestsOfReplacement(answers: Answer[]): Promise<string[]> {
  const server = await startMisbehavingServer(({ url = "" }, response) => {
    const fault = url.endsWith("/logout") ? answers.shift() : undefined;
    if (fault) fault(response);
    else sendJson(response, 200, { access_token: "next token", device_id: "NEXT" });
  });
  const { store } = await temporaryStore();
  const session = await replaceBotSession(
    { deviceId: "LOST", accessToken: "lost token" },
    {
      baseUrl: server.url,
      account: { homeserver: server.url, userId: "@mover:x.org", password: "secret", accessToken: null },
      state: store.bot,
      log: pino({ enabled: false }),
    },
  );
  expect(session).toEqual({ deviceId: "NEXT", accessToken: "next token" });
  await server.stop();
  return server.requests;
}

import type { IncomingMessage, ServerResponse } from "node:http";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { SeenMessage } from "../lab/person/person.ts";
import { textOf } from "../lab/person/person.ts";
import type { Chat } from "../support/chat/direct-chat.ts";
import { openChat } from "../support/chat/direct-chat.ts";
import type { BotEnvironment } from "../support/environments/bot-environment.ts";
import { answerTo, createBotEnvironment } from "../support/environments/bot-environment.ts";
import type { MisbehavingServer } from "../support/servers/misbehaving-server.ts";
import {
  homeserverUntilLogin,
  sendHtml,
  sendJson,
  startMisbehavingServer,
} from "../support/servers/misbehaving-server.ts";

type Answer = (request: IncomingMessage, response: ServerResponse) => void;

const MEGABYTE = "x".repeat(1_000_000);

function redirectTo(location: () => string): (response: ServerResponse) => void {
  return (response) => response.writeHead(307, { location: location() }).end();
}

/** The answer of the server behind each server name. */
const answers: Record<string, Answer> = {
  "html.test": (_request, response) => sendHtml(response, 200),
  "gateway.test": (_request, response) => sendHtml(response, 502),
  "busy.test": (_request, response) => sendJson(response, 429, { errcode: "M_LIMIT_EXCEEDED" }),
  "broken-json.test": (_request, response) => response.end('{"versions": ["v1.11"'),
  "huge.test": (_request, response) => sendHuge(response),
  "old-fashioned.test": (_request, response) => sendJson(response, 200, { versions: ["r0.5.0", "r0.6.1"] }),
  "cut.test": (_request, response) => response.socket?.destroy(),
  "hanging.test": () => {},
  "redirect-private.test": (_request, response) => redirectTo(() => fixture.forbidden.url)(response),
  "redirect-file.test": (_request, response) => redirectTo(() => "file:///etc/passwd")(response),
  "redirect-loop.test": ({ url = "" }, response) => redirectTo(() => `${url}x`)(response),
  "login-elsewhere.test": homeserverUntilLogin(
    redirectTo(() => `${fixture.elsewhere.url}/_matrix/client/v3/login`),
  ),
  "login-limited.test": homeserverUntilLogin((response) =>
    sendJson(response, 429, { errcode: "M_LIMIT_EXCEEDED" }),
  ),
  "login-limited-long.test": homeserverUntilLogin((response) =>
    sendJson(response, 429, { errcode: "M_LIMIT_EXCEEDED", retry_after_ms: 600_000 }),
  ),
  "login-trouble.test": homeserverUntilLogin((response) => sendHtml(response, 503)),
  "login-html.test": homeserverUntilLogin((response) => sendHtml(response, 200)),
  "login-huge.test": homeserverUntilLogin((response) => sendHuge(response)),
  "login-words.test": homeserverUntilLogin((response) =>
    sendJson(response, 400, {
      errcode: "M_<b>",
      error: `<a href="https://evil.example">pay</a> @room \u202e${PASSWORD} https://evil.example ${"long ".repeat(500)}`,
    }),
  ),
  "login-nonsense.test": homeserverUntilLogin((response) =>
    sendJson(response, 200, { access_token: 7, user_id: ["@ada"] }),
  ),
};
const PASSWORD = "a password for odd servers";

/** What the tests of this file share. */
interface Fixture {
  environment: BotEnvironment;
  chat: Chat;
  /** At an address that the bot's configuration does not permit. It must get no request. */
  forbidden: MisbehavingServer;
  /** At a permitted address, but not the server that the password is for. */
  elsewhere: MisbehavingServer;
  /** The first sign-in of the file. Its answer comes last, and must not delay the others. */
  hanging: { chat: Chat; eventId: string };
}

const fixture = {} as Fixture;
const servers: MisbehavingServer[] = [];

beforeAll(async () => {
  fixture.forbidden = await startMisbehavingServer(
    (_request, response) => sendJson(response, 200, { versions: ["v1.11"] }),
    "127.0.0.2",
  );
  fixture.elsewhere = await startMisbehavingServer((_request, response) => sendJson(response, 200, {}));
  servers.push(fixture.forbidden, fixture.elsewhere);
  const addresses: Record<string, string> = { "closed.test": "http://127.0.0.1:9" };
  for (const [name, answer] of Object.entries(answers)) {
    const server = await startMisbehavingServer(answer);
    servers.push(server);
    addresses[name] = server.url;
  }
  fixture.environment = await createBotEnvironment({
    bot: (pair) => ({
      servers: { ...addresses, [pair.old.serverName]: pair.old.baseUrl },
      configuration: { network: { allowPrivate: ["127.0.0.1/32"] } },
    }),
  });
  await fixture.environment.bot.start();
  fixture.chat = await openChat(fixture.environment, await fixture.environment.register("new", "ada"));
  fixture.hanging = {
    chat: await openChat(fixture.environment, await fixture.environment.register("new", "patient")),
    eventId: "",
  };
});

afterAll(async () => {
  await fixture.environment.close();
  await Promise.all(servers.map((server) => server.stop()));
});

/** Sends ten megabytes without a Content-Length. */
function sendHuge(response: ServerResponse): void {
  let left = 10;
  const more = (): void => {
    left -= 1;
    if (left < 0) response.end('"}');
    else response.write(MEGABYTE, more);
  };
  response.writeHead(200, { "content-type": "application/json" });
  response.write('{"padding":"', more);
}

async function signIn(serverName: string): Promise<SeenMessage> {
  const { environment, chat } = fixture;
  const command = `!login old @ada:${serverName} --password ${PASSWORD}`;
  const answer = await answerTo(
    chat.person,
    chat.roomId,
    await chat.person.say(chat.roomId, command),
    environment.botUserId,
  );
  expect(textOf(answer)).toContain(`Your old account @ada:${serverName} is not signed in.`);
  expect(textOf(answer)).not.toContain(PASSWORD);
  return answer;
}

it("a server that does not answer is named within seconds, and others need not wait for it", async () => {
  const { environment, chat, hanging } = fixture;
  const { person, roomId } = hanging.chat;
  hanging.eventId = await person.say(roomId, `!login old @ada:hanging.test --password ${PASSWORD}`);
  const asking = await person.waitForMessage(
    roomId,
    ({ content }) => content["body"] === "Asking hanging.test …",
    {
      from: environment.botUserId,
      after: hanging.eventId,
    },
  );
  expect(asking.content["m.mentions"]).toEqual({});
  expect(textOf(await environment.answer(chat.person, chat.roomId, "!whoami"))).toContain(
    "Old account: not signed in",
  );
});

const notAHomeserver = (name: string): string =>
  `There is no Matrix homeserver at ${name}. Please check the spelling`;
/** A server of `answers` and what the bot says about it. */
interface FailingServer {
  problem: string;
  serverName: string;
  expected: string;
}

const noAnswers: FailingServer[] = [
  {
    problem: "that does not exist",
    serverName: "does-not-exist.invalid",
    expected: "There is no server named does-not-exist.invalid. Please check the spelling.",
  },
  {
    problem: "that is switched off",
    serverName: "closed.test",
    expected: "closed.test does not accept connections just now. Please try again later.",
  },
  {
    problem: "that hangs up",
    serverName: "cut.test",
    expected: "The connection to cut.test broke off. Please try again in a minute.",
  },
  { problem: "that answers HTML", serverName: "html.test", expected: notAHomeserver("html.test") },
  {
    problem: "behind a gateway that fails",
    serverName: "gateway.test",
    expected: "gateway.test is in trouble just now (it answered with status 502).",
  },
  {
    problem: "that answers 429 without a time",
    serverName: "busy.test",
    expected: "busy.test is in trouble just now (it answered with status 429).",
  },
  {
    problem: "that answers half of a JSON",
    serverName: "broken-json.test",
    expected: notAHomeserver("broken-json.test"),
  },
  { problem: "that answers ten megabytes", serverName: "huge.test", expected: notAHomeserver("huge.test") },
  {
    problem: "that is too old",
    serverName: "old-fashioned.test",
    expected: "is too old for me: I need version 1.1 of Matrix or newer.",
  },
  {
    problem: "that redirects to a private address",
    serverName: "redirect-private.test",
    expected: "leads to a private address, which I don't contact.",
  },
  {
    problem: "that redirects to a file",
    serverName: "redirect-file.test",
    expected: notAHomeserver("redirect-file.test"),
  },
  {
    problem: "that redirects in a circle",
    serverName: "redirect-loop.test",
    expected: notAHomeserver("redirect-loop.test"),
  },
  {
    problem: "that is a private address",
    serverName: "127.0.0.2",
    expected: "127.0.0.2 leads to a private address",
  },
  {
    problem: "that is the metadata service of a cloud",
    serverName: "169.254.169.254",
    expected: "169.254.169.254 leads to a private address",
  },
  {
    problem: "that is a private address of the next version",
    serverName: "[fd00::1]:8448",
    expected: "[fd00::1]:8448 leads to a private address",
  },
  {
    problem: "that is a mapped private address",
    serverName: "[::ffff:10.0.0.1]",
    expected: "leads to a private address",
  },
];

it.each(noAnswers)(
  "a server $problem ($serverName) is reported, with what to do",
  async ({ serverName, expected }) => {
    expect(textOf(await signIn(serverName))).toContain(expected);
  },
);

const badLogins: FailingServer[] = [
  {
    problem: "sends it elsewhere",
    serverName: "login-elsewhere.test",
    expected: "sends me on to an address that I must not follow.",
  },
  {
    problem: "answers 429 without a time",
    serverName: "login-limited.test",
    expected: "The server asks me to wait a while before the next sign-in. Please try again then.",
  },
  {
    problem: "answers 429 with a time",
    serverName: "login-limited-long.test",
    expected: "The server asks me to wait 10 minutes before the next sign-in.",
  },
  {
    problem: "is in trouble",
    serverName: "login-trouble.test",
    expected: "Its server is in trouble just now (status 503). Please try again later.",
  },
  {
    problem: "answers HTML",
    serverName: "login-html.test",
    expected: "answers, but not like a Matrix homeserver.",
  },
  {
    problem: "answers ten megabytes",
    serverName: "login-huge.test",
    expected: "sent far more than a homeserver would.",
  },
  {
    problem: "answers with other types",
    serverName: "login-nonsense.test",
    expected: "answers, but not like a Matrix homeserver.",
  },
];

it.each(badLogins)(
  "a sign-in whose server $problem ($serverName) is reported, with what to do",
  async ({ serverName, expected }) => {
    expect(textOf(await signIn(serverName))).toContain(expected);
  },
);

it("no request follows a redirect, neither with the password nor without it", () => {
  const { forbidden, elsewhere } = fixture;
  expect(forbidden.requests).toEqual([]);
  expect(elsewhere.requests).toEqual([]);
});

it("a server's own words are quoted as text, without the password, links or direction characters", async () => {
  const { content } = await signIn("login-words.test");
  const shown = `${String(content["body"])} ${String(content["formatted_body"])}`;
  expect(content["body"]).toContain("Its server refused, with these words:");
  expect(content["formatted_body"]).toContain("<blockquote>");
  expect(content["formatted_body"]).not.toContain("<a ");
  expect(shown).not.toMatch(/[\u202e\u2066]|@room|https:\/\/|M_</u);
  expect(String(content["body"]).length).toBeLessThan(1_000);
  expect(content["m.mentions"]).toEqual({ user_ids: [fixture.chat.person.userId] });
});

it("a server that never answers is given up, and no bad server has changed anything", async () => {
  const { environment, chat, hanging } = fixture;
  const { person, roomId } = hanging.chat;
  const answer = await answerTo(person, roomId, hanging.eventId, environment.botUserId);
  expect(textOf(answer)).toContain("hanging.test did not answer in time. Please try again later.");
  expect(textOf(await environment.answer(chat.person, chat.roomId, "!whoami"))).toContain(
    "Old account: not signed in",
  );
  expect(environment.bot.log().filter(({ level }) => level === "error")).toEqual([]);
});

import type { IncomingMessage, ServerResponse } from "node:http";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { SeenMessage } from "../lab/person/person.ts";
import { textOf } from "../lab/person/person.ts";
import type { Chat } from "../support/chat/direct-chat.ts";
import { openChat } from "../support/chat/direct-chat.ts";
import type { MisbehavingServer } from "../support/servers/misbehaving-server.ts";
import {
  homeserverUntilLogin,
  sendHtml,
  sendJson,
  startMisbehavingServer,
} from "../support/servers/misbehaving-server.ts";
import type { BotEnvironment } from "../support/environments/bot-environment.ts";
import { answerTo, createBotEnvironment } from "../support/environments/bot-environment.ts";

type Answer = (request: IncomingMessage, response: ServerResponse) => void;

const MEGABYTE = "x".repeat(1_000_000);

function redirectTo(location: () => string): (response: ServerResponse) => void {
  return (response) => response.writeHead(307, { location: location() }).end();
}

/** What stands behind each server name. */
const answers: Record<string, Answer> = {
  "html.test": (_request, response) => sendHtml(response, 200),
  "gateway.test": (_request, response) => sendHtml(response, 502),
  "busy.test": (_request, response) => sendJson(response, 429, { errcode: "M_LIMIT_EXCEEDED" }),
  "broken-json.test": (_request, response) => response.end('{"versions": ["v1.11"'),
  "huge.test": (_request, response) => sendHuge(response),
  "old-fashioned.test": (_request, response) => sendJson(response, 200, { versions: ["r0.5.0", "r0.6.1"] }),
  "cut.test": (_request, response) => response.socket?.destroy(),
  "hanging.test": () => {},
  "redirect-private.test": (_request, response) => redirectTo(() => forbidden.url)(response),
  "redirect-file.test": (_request, response) => redirectTo(() => "file:///etc/passwd")(response),
  "redirect-loop.test": ({ url = "" }, response) => redirectTo(() => `${url}x`)(response),
  "login-elsewhere.test": homeserverUntilLogin(redirectTo(() => `${elsewhere.url}/_matrix/client/v3/login`)),
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

let world: BotEnvironment;
let chat: Chat;
/** At an address that the bot's configuration does not permit; it must never be asked. */
let forbidden: MisbehavingServer;
/** At an address that is permitted, but is not the server that the password is for. */
let elsewhere: MisbehavingServer;
const servers: MisbehavingServer[] = [];
/** Asked first and answered last, while everything else goes on. */
let hanging: { chat: Chat; eventId: string };

beforeAll(async () => {
  forbidden = await startMisbehavingServer(
    (_request, response) => sendJson(response, 200, { versions: ["v1.11"] }),
    "127.0.0.2",
  );
  elsewhere = await startMisbehavingServer((_request, response) => sendJson(response, 200, {}));
  servers.push(forbidden, elsewhere);
  const addresses: Record<string, string> = { "closed.test": "http://127.0.0.1:9" };
  for (const [name, answer] of Object.entries(answers)) {
    const server = await startMisbehavingServer(answer);
    servers.push(server);
    addresses[name] = server.url;
  }
  world = await createBotEnvironment({
    bot: (pair) => ({
      servers: { ...addresses, [pair.old.serverName]: pair.old.baseUrl },
      configuration: { network: { allowPrivate: ["127.0.0.1/32"] } },
    }),
  });
  await world.bot.start();
  chat = await openChat(world, await world.register("new", "ada"));
  hanging = { chat: await openChat(world, await world.register("new", "patient")), eventId: "" };
});

afterAll(async () => {
  await world.close();
  await Promise.all(servers.map((server) => server.stop()));
});

/** Ten megabytes that are announced nowhere. */
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
  const command = `!login old @ada:${serverName} --password ${PASSWORD}`;
  const answer = await answerTo(
    chat.person,
    chat.roomId,
    await chat.person.say(chat.roomId, command),
    world.botUserId,
  );
  expect(textOf(answer)).toContain(`Your old account @ada:${serverName} is not signed in.`);
  expect(textOf(answer)).not.toContain(PASSWORD);
  return answer;
}

it("a server that does not answer is named within seconds, and others need not wait for it", async () => {
  const { person, roomId } = hanging.chat;
  hanging.eventId = await person.say(roomId, `!login old @ada:hanging.test --password ${PASSWORD}`);
  const told = await person.waitForMessage(roomId, (message) => textOf(message) === "Asking hanging.test …", {
    from: world.botUserId,
    after: hanging.eventId,
  });
  expect(told.content["m.mentions"]).toEqual({});
  expect(textOf(await world.answer(chat.person, chat.roomId, "!whoami"))).toContain(
    "Old account: not signed in",
  );
});

const notAHomeserver = (name: string): string =>
  `There is no Matrix homeserver at ${name}. Please check the spelling`;
const noAnswers: [what: string, serverName: string, expected: string][] = [
  [
    "that does not exist",
    "does-not-exist.invalid",
    "There is no server named does-not-exist.invalid. Please check the spelling.",
  ],
  [
    "that is switched off",
    "closed.test",
    "closed.test does not accept connections just now. Please try again later.",
  ],
  ["that hangs up", "cut.test", "The connection to cut.test broke off. Please try again in a minute."],
  ["that answers HTML", "html.test", notAHomeserver("html.test")],
  [
    "behind a gateway that fails",
    "gateway.test",
    "gateway.test is in trouble just now (it answered with status 502).",
  ],
  [
    "that answers 429 without a time",
    "busy.test",
    "busy.test is in trouble just now (it answered with status 429).",
  ],
  ["that answers half of a JSON", "broken-json.test", notAHomeserver("broken-json.test")],
  ["that answers ten megabytes", "huge.test", notAHomeserver("huge.test")],
  ["that is too old", "old-fashioned.test", "is too old for me: I need version 1.1 of Matrix or newer."],
  [
    "that redirects to a private address",
    "redirect-private.test",
    "leads to a private address, which I don't contact.",
  ],
  ["that redirects to a file", "redirect-file.test", notAHomeserver("redirect-file.test")],
  ["that redirects in a circle", "redirect-loop.test", notAHomeserver("redirect-loop.test")],
  ["that is a private address", "127.0.0.2", "127.0.0.2 leads to a private address"],
  [
    "that is the metadata service of a cloud",
    "169.254.169.254",
    "169.254.169.254 leads to a private address",
  ],
  [
    "that is a private address of the next version",
    "[fd00::1]:8448",
    "[fd00::1]:8448 leads to a private address",
  ],
  ["that is a mapped private address", "[::ffff:10.0.0.1]", "leads to a private address"],
];

it.each(noAnswers)("a server %s (%s) is told, with what to do", async (_what, serverName, expected) => {
  expect(textOf(await signIn(serverName))).toContain(expected);
});

const badLogins: [what: string, serverName: string, expected: string][] = [
  ["sends it elsewhere", "login-elsewhere.test", "sends me on to an address that I must not follow."],
  [
    "answers 429 without a time",
    "login-limited.test",
    "The server asks me to wait a while before the next sign-in. Please try again then.",
  ],
  [
    "answers 429 with a time",
    "login-limited-long.test",
    "The server asks me to wait 10 minutes before the next sign-in.",
  ],
  [
    "is in trouble",
    "login-trouble.test",
    "Its server is in trouble just now (status 503). Please try again later.",
  ],
  ["answers HTML", "login-html.test", "answers, but not like a Matrix homeserver."],
  ["answers ten megabytes", "login-huge.test", "sent far more than a homeserver would."],
  ["answers with other types", "login-nonsense.test", "answers, but not like a Matrix homeserver."],
];

it.each(badLogins)(
  "a sign-in whose server %s (%s) is told, with what to do",
  async (_what, serverName, expected) => {
    expect(textOf(await signIn(serverName))).toContain(expected);
  },
);

it("neither the password nor anything else went where a redirect led", () => {
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
  expect(content["m.mentions"]).toEqual({ user_ids: [chat.person.userId] });
});

it("the server that did not answer is given up, and nothing of all this has changed anything", async () => {
  const { person, roomId } = hanging.chat;
  const answer = await answerTo(person, roomId, hanging.eventId, world.botUserId);
  expect(textOf(answer)).toContain("hanging.test did not answer in time. Please try again later.");
  expect(textOf(await world.answer(chat.person, chat.roomId, "!whoami"))).toContain(
    "Old account: not signed in",
  );
  expect(world.bot.log().filter(({ level }) => level === "error")).toEqual([]);
});

import { roomsFileSchema } from "../../../src/model/room-file.ts";
import { askBot } from "../../lab/bot-answer.ts";
import type { SeenMessage } from "../../lab/person/person.ts";
import { startPerson, textOf } from "../../lab/person/person.ts";
import { Moderator } from "../../support/contact/moderator.ts";
import { AccountOnServer } from "../../support/servers/account-on-server.ts";
import type { Checks } from "../checks.ts";
import type { DemoEnvironment } from "../environment.ts";
import { ANSWER_TIMEOUT_MS, reportNow } from "../report-now.ts";
import type { SecondRoom } from "../second-person.ts";
import { SECOND_ROOMS } from "../second-person.ts";
import { transcriptLines } from "../transcript.ts";

/**
 * The second act: Bea keeps a file of her rooms, the old server is gone for good, and she moves by
 * the file.
 */
export async function playGoneServer(environment: DemoEnvironment, checks: Checks): Promise<void> {
  const { pair, bot, botUserId, authorizationServer, second, print, style } = environment;
  print("\n— Second act: another person, and a server that is gone for good —");
  let chatId = "";
  const bea = await startPerson({
    ...{ baseUrl: pair.new.baseUrl, userId: second.new.userId, password: second.new.password },
    onMessage: (message, previous) => {
      if (message.roomId !== chatId) return;
      for (const line of transcriptLines(message, previous, style))
        print(line.replaceAll(second.new.password, "••••••••"));
    },
  });
  try {
    chatId = await bea.createDirectChat(botUserId, { encrypted: true });
    await bea.waitForMembership(chatId, botUserId, "join");
    const bytes = await playExport();
    await say("!forget");
    await pair.old.stop();
    print(`  (${pair.old.serverName} is switched off, and does not come back)`);
    await playMove(bytes);
  } finally {
    await bea.stop();
  }

  async function playExport(): Promise<Buffer> {
    const shown = await say(`!login old ${second.old.userId}`);
    const code = /^[A-Z]{6}$/mu.exec(textOf(shown))?.[0] ?? "";
    print("  (Bea confirms the code in her browser)");
    await authorizationServer.addUser("bea");
    await authorizationServer.approve(code, "bea");
    await bea.waitForMessage(
      chatId,
      (message) => message.eventId === shown.eventId && textOf(message).includes("is signed in"),
      { from: botUserId, timeoutMs: ANSWER_TIMEOUT_MS },
    );
    const asked = await bea.say(chatId, "!export rooms");
    const file = await bea.waitForMessage(
      chatId,
      ({ content }) => /^rooms-bea-.*\.json$/u.test(String(content["filename"])),
      { from: botUserId, after: asked, timeoutMs: ANSWER_TIMEOUT_MS },
    );
    const downloaded = await bea.downloadFile(file);
    await checks.check("the file has all of Bea's rooms, and who can let her in", () => {
      const { rooms } = roomsFileSchema.parse(JSON.parse(downloaded.toString()));
      const listed = new Set(rooms.map(({ roomId }) => roomId));
      const committee = rooms.find(({ roomId }) => roomId === second.rooms.committee);
      return (
        SECOND_ROOMS.every((name) => listed.has(second.rooms[name])) &&
        committee?.helpers[0]?.userId === second.friend.userId
      );
    });
    return downloaded;
  }

  async function playMove(bytes: Buffer): Promise<void> {
    print("  (Days later, Bea sends the file that she kept)");
    await bea.sendFile(chatId, { name: "my-rooms.json", mimetype: "application/json", bytes });
    await say("!import");
    await say(`!login new ${second.new.userId} --password ${second.new.password}`);
    await say("!migrate plan");
    const started = await say("!migrate start");
    await next("The move is done", started);
    const account = new AccountOnServer(pair, second.new);
    const inside = async (): Promise<string> => {
      const joined = await account.joinedRooms();
      return SECOND_ROOMS.filter((name) => joined.has(second.rooms[name])).join(", ");
    };
    await checks.check(
      "Bea's new account is in every room that needs nobody's help",
      async () => (await inside()) === "garden, space, shed",
    );
    await checks.check("the report names who can help, and what is lost", async () => {
      const { rooms } = await reportNow({ person: bea, chatId, botUserId });
      const row = (name: SecondRoom) => rooms.find(({ roomId }) => roomId === second.rooms[name]);
      return (
        row("committee")?.helpers[0]?.userId === second.friend.userId &&
        row("cellar")?.route === "impossible" &&
        row("cellar")?.reason?.code === "no_helper"
      );
    });
    print("  (Cem hears of it from Bea on the telephone, and lets her in)");
    const waiting = bea.messages(chatId).at(-1) ?? started;
    await new Moderator(pair, second.friend).letIn(account.userId, second.rooms.committee);
    await next("Your new account is in", waiting);
    await checks.check(
      "the bot has taken up the invitation",
      async () => (await inside()) === "garden, space, shed, committee",
    );
    if (bot.output().includes(second.new.password)) throw new Error("the log has a password");
  }

  function say(text: string): Promise<SeenMessage> {
    return askBot(bea, chatId, text, { botUserId, timeoutMs: ANSWER_TIMEOUT_MS });
  }

  function next(words: string, { eventId }: SeenMessage): Promise<SeenMessage> {
    return bea.waitForMessage(chatId, (message) => textOf(message).includes(words), {
      from: botUserId,
      after: eventId,
      timeoutMs: ANSWER_TIMEOUT_MS,
    });
  }
}

import { OlmMachine, initAsync } from "@matrix-org/matrix-sdk-crypto-wasm";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import type { Person } from "../lab/person/person.ts";
import { textOf } from "../lab/person/person.ts";
import type { Chat } from "../support/chat/direct-chat.ts";
import { openChat, signInBoth } from "../support/chat/direct-chat.ts";
import type { Account, BotEnvironment } from "../support/environments/bot-environment.ts";
import { createBotEnvironment } from "../support/environments/bot-environment.ts";
import { openedBackup } from "../support/keys/key-storage.ts";
import { lookNow } from "../support/keys/look-now.ts";

const FILE_PASSPHRASE = "the passphrase – of the file";
const EXPORT_PASSPHRASE = "another passphrase";

const sessionsSchema = z.array(z.looseObject({ session_id: z.string() }));

/** What the tests of this file share. They run in order, and later ones need earlier ones. */
interface Story {
  environment: BotEnvironment;
  new: Account;
  /** The person's client on the old account. */
  ada: Person;
  recoveryKey: string;
  /** The person's client on the new account, in an encrypted chat with the bot. */
  chat: Chat;
  /** The sessions of the old account. */
  sessions: string[];
}

const story = {} as Story;

describe("key files", () => {
  beforeAll(async () => {
    await initAsync();
    story.environment = await createBotEnvironment();
    const { environment } = story;
    const [old, target] = await Promise.all([
      environment.register("old", "ada"),
      environment.register("new", "ada.lovelace"),
    ]);
    const [ada] = await Promise.all([environment.client(old), environment.bot.start()]);
    story.recoveryKey = await ada.keys.setUpStorage();
    const roomId = await ada.createRoom({ name: "Diary", encrypted: true });
    for (const body of ["one", "two", "three"]) {
      await ada.say(roomId, body);
      await ada.keys.rotateSession(roomId);
    }
    expect(await ada.keys.uploaded()).toBe(3);
    const chat = await openChat(environment, target, { encrypted: true });
    Object.assign(story, { new: target, ada, chat });
    await signInBoth(chat, { old, new: target });
  });

  afterAll(() => story.environment.close());

  it("are imported into the new account's backup; a wrong passphrase leaves the file for a second try", async () => {
    const { environment, ada, chat } = story;
    const text = await ada.keys.exportFile(FILE_PASSPHRASE);
    story.sessions = sessionsIn(text, FILE_PASSPHRASE);
    expect(story.sessions).toHaveLength(3);
    expect(await chat.ask(`!keys import --passphrase "${FILE_PASSPHRASE}"`)).toContain("sent me no file");
    const file = { name: "element-keys.txt", mimetype: "text/plain", bytes: Buffer.from(text) };
    const fileId = await chat.person.sendFile(chat.roomId, file);
    expect(await chat.ask('!keys import --passphrase "wrong"')).toContain("The passphrase is wrong");
    expect(isRedacted(fileId)).toBe(false);

    const command = await chat.person.say(chat.roomId, `!keys import --passphrase “${FILE_PASSPHRASE}”`);
    await chat.fromBot(/Your key file is open: it has 3 keys/u, command);
    await chat.fromBot(/Your new account has no key backup yet/u, command);
    // The file is downloaded once more, although its message is removed.
    await environment.bot.kill();
    await chat.person.keys.setUpStorage();
    lookNow(environment.bot);
    await environment.bot.start();
    expect(textOf(await chat.fromBot(/The import of your keys is done/u, command))).toContain("3 copied");
    for (const id of [command, fileId])
      await chat.person.waitForMessage(
        chat.roomId,
        (message) => message.eventId === id && message.isRedacted,
      );
    const backup = await openedBackup(story.new, await chat.person.keys.secret("m.megolm_backup.v1"));
    expect([...backup.keys()]).toEqual(expect.arrayContaining(story.sessions));
  });

  it("are exported encrypted, and imported by a client", async () => {
    const { environment, chat, recoveryKey } = story;
    const command = await chat.person.say(
      chat.roomId,
      `!keys export --passphrase "${EXPORT_PASSPHRASE}" --recovery-key "${recoveryKey}"`,
    );
    const message = await chat.fromBot(({ content }) => content["msgtype"] === "m.file", command);
    expect(message.content).toMatchObject({ filename: "element-keys.txt", file: { v: "v2" } });
    expect(textOf(await chat.fromBot(/The export of your keys is done/u, command))).toContain("3 keys");
    const text = (await chat.person.downloadFile(message)).toString();
    expect(sessionsIn(text, EXPORT_PASSPHRASE)).toEqual(story.sessions);

    const friend = await environment.client(await environment.register("old", "ben"));
    await friend.keys.importFile(text, EXPORT_PASSPHRASE);
    const imported = sessionsIn(await friend.keys.exportFile("x"), "x");
    expect(imported).toEqual(story.sessions);
  });
});

/** The IDs of the sessions in a key file, in a fixed order. */
function sessionsIn(text: string, passphrase: string): string[] {
  const sessions = sessionsSchema.parse(JSON.parse(OlmMachine.decryptExportedRoomKeys(text, passphrase)));
  return sessions.map(({ session_id }) => session_id).toSorted();
}

function isRedacted(eventId: string): boolean {
  const { chat } = story;
  const message = chat.person.messages(chat.roomId).find((each) => each.eventId === eventId);
  return message?.isRedacted === true;
}

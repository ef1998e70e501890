import { expect, it } from "vitest";
import { exportCommand } from "../../../src/commands/files/export.ts";
import type { SayOptions } from "../../../src/dialogue/conversation.ts";
import type { DataFile, RoomsFile } from "../../../src/model/room-file.ts";
import { MAX_IMPORT_BYTES } from "../../../src/platforms/files.ts";
import { readFile } from "../../../src/platforms/matrix/files/read-file.ts";
import type { Attachment, Message } from "../../../src/view/document/message.ts";
import { reportOf, rooms as reported } from "../../support/fakes/move-samples.ts";
import { FakeConversation } from "./fake-conversation.ts";
import { typeCommand } from "./type-command.ts";

const TOO_LARGE = "The file is larger than my server takes";

class FilesConversation extends FakeConversation {
  readonly files: Attachment[] = [];

  override async say(message: Message, options?: SayOptions): Promise<void> {
    this.files.push(...(message.attachments ?? []));
    await super.say(message, options);
  }
}

function roomsFile(count: number, name: string): RoomsFile {
  return {
    ...{ schema: 1, kind: "rooms", account: "@me:old.example", generatedAt: "2026-01-31T12:00:00.000Z" },
    rooms: Array.from({ length: count }, (_, index) => ({
      ...{ roomId: `!r${index}:old.example`, membership: "join", name, alias: null, aliases: [], via: [] },
      ...{ version: null, joinRule: null, allow: [], encrypted: null, direct: false, partner: null },
      ...{ tags: {}, power: null, memberCount: null, helpers: [], successor: null, link: null },
    })),
    contacts: [],
  };
}

const DATA: DataFile = {
  ...{ schema: 1, kind: "data", account: "@me:old.example", generatedAt: "2026-01-31T12:00:00.000Z" },
  ...{ accountData: { "org.example.a": { text: "x".repeat(5_000) } }, pushRules: {}, tags: {} },
  ...{ profile: {}, roomAccountData: {} },
};

async function answerTo(line: string, file: RoomsFile, limit: number): Promise<FilesConversation> {
  const conversation = new FilesConversation();
  const command = exportCommand({
    fileExports: {
      rooms: async () => ({ status: "read", file }),
      data: async () => ({ status: "read", file: DATA }),
    },
    runs: {
      overview: {
        lastPlan: async () => ({
          ...{ number: 1, report: reportOf(reported(3)), moreHelpers: new Map(), via: new Map() },
        }),
      },
    },
    uploadLimit: async () => limit,
    prefix: "!",
  });
  await typeCommand([command], line, { conversation });
  return conversation;
}

it("an export that the bot's server takes is sent", async () => {
  const { files, text } = await answerTo("!export rooms", roomsFile(3, "Choir"), 1_000_000);
  expect(files.map(({ fileName }) => fileName)).toEqual(["rooms-me-2026-01-31.json"]);
  expect(text).toContain("3 rooms");
  expect((await answerTo("!export plan --format csv", roomsFile(0, ""), 1_000_000)).files).toHaveLength(1);
});

it.each([
  { line: "!export rooms", what: "a room" },
  { line: "!export rooms --format csv", what: "a room" },
  { line: "!export rooms --format md", what: "a room" },
  { line: "!export plan", what: "a plan" },
  { line: "!export plan --format md", what: "a plan" },
  { line: "!export data", what: "settings" },
])("$line of $what that the bot's server does not take is a plain message", async ({ line }) => {
  const { files, text } = await answerTo(line, roomsFile(2, "x ".repeat(400)), 100);
  expect(files).toEqual([]);
  expect(text).toContain(`${TOO_LARGE} (0 kB)`);
});

it("the message about the size names megabytes, or kilobytes below one", async () => {
  const large = roomsFile(1, "x".repeat(3_000_000));
  expect((await answerTo("!export rooms", large, 2 * 1_048_576)).text).toContain(`${TOO_LARGE} (2 MB)`);
  expect((await answerTo("!export rooms", large, 500 * 1_024)).text).toContain(`${TOO_LARGE} (500 kB)`);
});

it("no part is larger than what an import reads, whatever the bot's server takes", async () => {
  const { files, text } = await answerTo("!export rooms", roomsFile(60, "x".repeat(500_000)), 1e9);
  expect(files).toHaveLength(2);
  for (const { bytes } of files) {
    expect(bytes.length).toBeLessThanOrEqual(MAX_IMPORT_BYTES);
    expect(readFile(bytes).status).toBe("read");
  }
  expect(text).toContain("in 2 files");
});

import { describe, expect, it } from "vitest";
import { keysExportCommand } from "../../../src/commands/keys/export.ts";
import { keysImportCommand } from "../../../src/commands/keys/import.ts";
import type { CommandValues } from "../../../src/grammar/specification.ts";
import type { OpenedBackup, TypedSecret } from "../../../src/platforms/keys.ts";
import type { ImportRequest } from "../../../src/service/keys/files.ts";
import type { OpeningRequest } from "../../../src/service/keys/opening.ts";
import type { ImportResult } from "../../../src/service/keys/results.ts";
import { storedKeyCopy } from "../../support/fakes/key-copies.ts";
import { FakeConversation } from "./fake-conversation.ts";

function values(secrets: CommandValues["secrets"], flags: CommandValues["flags"] = {}): CommandValues {
  return { positionals: {}, flags, lists: {}, secrets };
}

const started: ImportResult = { status: "started", replaced: null, eventId: "$file", keys: 5, badEntries: 0 };

describe("!keys import", () => {
  function setUp(result: ImportResult) {
    const asked: ImportRequest[] = [];
    const forgotten: string[] = [];
    const files = {
      import: async (request: ImportRequest) => {
        asked.push(request);
        return result;
      },
      forget: async (eventId: string) => void forgotten.push(eventId),
    };
    return { command: keysImportCommand({ keys: { files }, prefix: "!" }), asked, forgotten };
  }

  it("removes the message with the file after it was opened", async () => {
    const { command, asked, forgotten } = setUp(started);
    const conversation = new FakeConversation({ inReplyTo: "$file" });
    await command.run(values({ passphrase: "s3cret" }), conversation);
    expect(asked).toMatchObject([{ inReplyTo: "$file", passphrase: "s3cret", owner: conversation.sender }]);
    expect(conversation.happened).toEqual(["redact $file", "say"]);
    expect(conversation.text).toContain("the file and its passphrase are removed");
    expect(forgotten).toEqual(["$file"]);
  });

  it("says so if it may not remove it", async () => {
    const { command } = setUp(started);
    const conversation = new FakeConversation({ canRedact: false });
    await command.run(values({ passphrase: "s3cret" }), conversation);
    expect(conversation.text).toContain("Please delete it yourself");
  });

  it("leaves the file after a wrong passphrase", async () => {
    const { command, forgotten } = setUp({ status: "refused", mistake: "wrong_passphrase_or_damaged" });
    const conversation = new FakeConversation();
    await command.run(values({ passphrase: "s3cret" }), conversation);
    expect(conversation.happened).toEqual(["say"]);
    expect(conversation.said[0]?.tone).toBe("alert");
    expect(conversation.text).not.toContain("s3cret");
    expect(forgotten).toEqual([]);
  });

  it("without a passphrase says what to do, and opens nothing", async () => {
    const { command, asked } = setUp(started);
    const conversation = new FakeConversation({ roomKind: "control" });
    await command.run(values({}), conversation);
    expect(conversation.text).toContain("First send me the key file, in a direct chat");
    expect(asked).toEqual([]);
  });
});

describe("!keys export", () => {
  function setUp() {
    const asked: { request: OpeningRequest; by: TypedSecret | "emoji" }[] = [];
    const copy = storedKeyCopy({ purpose: "export", state: "verifying" });
    const open = async (request: OpeningRequest, by: TypedSecret | "emoji") => {
      asked.push({ request, by });
      return { status: "started", by: by === "emoji" ? by : by.kind, copy, replaced: null } as const;
    };
    const opening = {
      byTyping: (request: OpeningRequest, typed: TypedSecret) => open(request, typed),
      byEmoji: (request: OpeningRequest) => open(request, "emoji"),
    };
    return { command: keysExportCommand({ keys: { opening }, prefix: "!" }), asked };
  }

  it.each<{ secrets: Record<string, string>; flags?: CommandValues["flags"]; by: TypedSecret | "emoji" }>([
    { secrets: { "recovery-key": "EsT…" }, by: { kind: "recovery_key", text: "EsT…" } },
    { secrets: { phrase: "words" }, by: { kind: "phrase", text: "words" } },
    { secrets: {}, flags: { emoji: true }, by: "emoji" },
    { secrets: {}, by: "emoji" },
  ])("opens the old backup as it is told: $by", async ({ secrets, flags, by }) => {
    const { command, asked } = setUp();
    await command.run(values({ passphrase: "s3cret", ...secrets }, flags), new FakeConversation());
    expect(asked).toMatchObject([{ by, request: { purpose: "export" } }]);
    const opened: OpenedBackup = { version: "1", publicKey: "p", key: "k" };
    expect(asked[0]?.request.secretOf?.(opened)).toEqual({
      ...{ version: "1", publicKey: "p", key: "k" },
      ...{ passphrase: "s3cret", isPlainAllowed: false },
    });
  });

  it("is refused in a chat that is not encrypted, unless that is allowed", async () => {
    const { command, asked } = setUp();
    const conversation = new FakeConversation({ isEncrypted: false });
    await command.run(values({ passphrase: "s3cret" }), conversation);
    expect(conversation.said).toMatchObject([{ tone: "alert" }]);
    expect(conversation.text).toContain("--plain-chat");
    expect(asked).toEqual([]);
    await command.run(values({ passphrase: "s3cret" }, { "plain-chat": true }), conversation);
    expect(asked).toHaveLength(1);
  });

  it("without a passphrase opens nothing", async () => {
    const { command, asked } = setUp();
    const conversation = new FakeConversation();
    await command.run(values({}, { emoji: true }), conversation);
    expect(conversation.text).toContain("a passphrase that you choose");
    expect(asked).toEqual([]);
  });
});

import { describe, expect, it } from "vitest";
import { createCommands, createConfirmableActions } from "../../../src/commands/registry.ts";
import type { OpeningResult } from "../../../src/service/keys/results.ts";
import { commandServices } from "../../support/fakes/command-services.ts";
import { copiedKeys, storedKeyCopy } from "../../support/fakes/key-copies.ts";
import { FakeConversation } from "./fake-conversation.ts";
import { parseLine, typeCommand } from "./type-command.ts";

const started = (by: "recovery_key" | "phrase" | "emoji", state = storedKeyCopy().state): OpeningResult => ({
  ...{ status: "started", by, copy: storedKeyCopy({ state }), replaced: null },
});

function setUp(emoji: OpeningResult = started("emoji", "verifying")) {
  const asked: unknown[][] = [];
  const services = commandServices({
    keys: {
      ...commandServices().keys,
      opening: {
        byTyping: async (request, secret) => {
          asked.push(["typed", request.purpose, request.address.eventId, secret]);
          return started(secret.kind);
        },
        byEmoji: async (request) => {
          asked.push(["emoji", request.purpose, request.address.eventId]);
          return emoji;
        },
      },
      overview: {
        ways: async () => {
          asked.push(["ways"]);
          return { status: "not_signed_in", missing: ["source"] };
        },
        status: async () => {
          asked.push(["status"]);
          return { backups: {}, isVerified: false, copy: null, copied: copiedKeys };
        },
        unfinished: () => Promise.resolve(null),
      },
      answerEmoji: (...answer) => {
        asked.push(["answer", ...answer]);
        return true;
      },
    },
  });
  const commands = createCommands(services);
  const type = (line: string, conversation?: FakeConversation): Promise<FakeConversation> =>
    typeCommand(commands, line, { ...(conversation !== undefined && { conversation }) });
  return { asked, type, actions: createConfirmableActions(services) };
}

describe("the commands about keys", () => {
  it.each([
    { line: "!keys", asked: ["status"] },
    { line: "!keys status", asked: ["status"] },
    { line: "!KEYS  Status", asked: ["status"] },
    { line: "!keys copy", asked: ["ways"] },
    { line: "!keys copy --emoji", asked: ["emoji", "copy", "$event"] },
    {
      line: "!keys copy --recovery-key EsTz dsG8",
      asked: ["typed", "copy", "$event", { kind: "recovery_key", text: "EsTz dsG8" }],
    },
    {
      line: '!keys copy --recovery-key "EsTz dsG8"',
      asked: ["typed", "copy", "$event", { kind: "recovery_key", text: "EsTz dsG8" }],
    },
    {
      line: '!keys copy --phrase "my  phrase"',
      asked: ["typed", "copy", "$event", { kind: "phrase", text: "my  phrase" }],
    },
  ])("$line", async ({ line, asked }) => {
    const bot = setUp();
    const conversation = await bot.type(line);
    expect(bot.asked).toEqual([asked]);
    expect(conversation.said).toHaveLength(1);
    expect(conversation.text).not.toContain("EsTz");
  });

  it.each([
    "!keys cpoy",
    "!keys copy now",
    "!keys copy --emoji --phrase x",
    "!keys copy --recovery-key x --phrase y",
    "!keys copy --emoji=yes",
    "!keys copy --recovery-key",
    "!keys status --json",
    "!cancel everything",
  ])("%s is a mistake", (line) => {
    const parsed = parseLine(line);
    expect(parsed.kind).toBe("mistake");
  });

  it("refuse emoji where other people could answer", async () => {
    const bot = setUp();
    const conversation = await bot.type("!keys copy --emoji", new FakeConversation({ roomKind: "control" }));
    expect(bot.asked).toEqual([]);
    expect(conversation.text).toContain("only in a direct chat with me");
  });

  it.each([
    { line: '!keys copy --recovery-key "abc"', name: "recovery key" },
    { line: '!keys copy --phrase "abc"', name: "security phrase" },
    { line: '!keys export --passphrase "a" --phrase "b" --plain-chat', name: "security phrase" },
    { line: '!keys export --passphrase "a" --recovery-key "b"', name: "recovery key" },
  ])("say what became of the secret, and who could read it: $line", async ({ line, name }) => {
    const bot = setUp();
    const { text } = await bot.type(line, new FakeConversation({ isEncrypted: false }));
    expect(text).toContain(`Your message with the ${name} is removed`);
    expect(text).toContain(`its servers could read the ${name}`);
  });

  it("say nothing for a verification that ended before a crash repeated its command", async () => {
    const bot = setUp(started("emoji", "stopped"));
    expect((await bot.type("!keys copy --emoji")).said).toEqual([]);
  });

  it.each([
    { word: "same", payload: { copyId: 3 }, answer: [["answer", "@me:example.org", 3, true]] },
    { word: "different", payload: { copyId: 3 }, answer: [["answer", "@me:example.org", 3, false]] },
    { word: "same", payload: null, answer: [] },
    { word: "same", payload: { copyId: "three" }, answer: [] },
  ])("take the answer $word about the emoji of $payload", async ({ word, payload, answer }) => {
    const bot = setUp();
    const conversation = new FakeConversation();
    await bot.actions["keys emoji"]?.({ word, payload, shown: "" }, conversation);
    expect(bot.asked).toEqual(answer);
    expect(conversation.text).toContain(answer.length > 0 ? "Thank you" : "That verification is over");
  });
});

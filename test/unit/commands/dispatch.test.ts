import { pino } from "pino";
import { describe, expect, it } from "vitest";
import { forgetSpecification } from "../../../src/commands/account/forget.ts";
import { loginSpecification } from "../../../src/commands/account/login.ts";
import type { IncomingText } from "../../../src/commands/dispatch.ts";
import { createDispatch, reportUnexpected } from "../../../src/commands/dispatch.ts";
import { helpSpecification } from "../../../src/commands/help.ts";
import { createCommands } from "../../../src/commands/registry.ts";
import type { Command } from "../../../src/dialogue/conversation.ts";
import type { CommandSpecification, CommandValues } from "../../../src/grammar/specification.ts";
import { commandServices } from "../../support/fakes/command-services.ts";
import { FakeConversation } from "./fake-conversation.ts";

const SECRET = "hunTer2-geheim";
const RECOVERY_KEY = "EsTc LW2K PGiF wKEA 3As5 g5c4 BXwk qeeJ ZJV8 Q9fu gUMN UE4d";

function setUp({
  isPermitted = true,
  isKnown = false,
  prefix = "!",
}: { isPermitted?: boolean; isKnown?: boolean; prefix?: string } = {}) {
  const ran: { words: string; values: CommandValues; after: string[] }[] = [];
  const lines: string[] = [];
  const command = (specification: CommandSpecification): Command => ({
    specification,
    ...(specification === forgetSpecification && { isOpenToFormer: true as const }),
    run: async (values, conversation) => {
      const after = conversation instanceof FakeConversation ? [...conversation.happened] : [];
      ran.push({ words: specification.words.join(" "), values, after });
    },
  });
  const taken = new Set<string>();
  let now = Date.UTC(2026, 0, 31, 12);
  const dispatch = createDispatch({
    names: { prefix, userId: "@mover:example.org", displayName: "Mover" },
    commands: [helpSpecification, loginSpecification, forgetSpecification].map(command),
    isPermitted: () => isPermitted,
    isKnown: async () => isKnown,
    once: async (subject) => {
      const isNew = !taken.has(subject);
      taken.add(subject);
      return isNew;
    },
    now: () => now,
    log: pino({ level: "trace" }, { write: (line: string) => void lines.push(line) }),
  });
  const say = async (
    body: string,
    conversation = new FakeConversation(),
    text: Partial<IncomingText> = {},
  ) => {
    await dispatch({ body, formattedBody: null, kind: "text", ...text }, conversation);
    return conversation;
  };
  const wait = (ms: number) => {
    now += ms;
  };
  return { say, ran, lines, wait };
}

describe("a command", () => {
  it.each(["direct", "control"] as const)("runs in a %s room", async (roomKind) => {
    const { say, ran } = setUp();
    const conversation = await say("!help login", new FakeConversation({ roomKind }));
    expect(ran).toMatchObject([{ words: "help", values: { positionals: { command: ["login"] } } }]);
    expect(conversation.happened).toEqual([]);
  });

  it("with a secret runs in a direct chat, after its message was removed", async () => {
    const { say, ran } = setUp();
    await say(`!login old --password ${SECRET}`);
    expect(ran).toMatchObject([{ values: { secrets: { password: SECRET } }, after: ["redact"] }]);
  });

  it("with a mistake runs nothing, and is answered with the help line that applies", async () => {
    const { say, ran } = setUp();
    const { said } = await say("!login odl");
    expect(ran).toEqual([]);
    expect(said).toMatchObject([{ tone: "notice", text: expect.stringContaining("Did you mean old?") }]);
    expect(said[0]?.text).toContain("!login old|new");
  });
});

describe("a secret", () => {
  it("in a control room is removed and not used, and the answer says why", async () => {
    const { say, ran } = setUp();
    const { said, happened } = await say(
      `!login old --password ${SECRET}`,
      new FakeConversation({ roomKind: "control" }),
    );
    expect(ran).toEqual([]);
    expect(happened).toEqual(["redact", "say"]);
    expect(said).toMatchObject([
      { tone: "alert", text: expect.stringContaining("other people can read this room") },
    ]);
  });

  it("in a control room that the bot may not tidy is not used, and the person is asked to delete it", async () => {
    const { say, ran } = setUp();
    const conversation = new FakeConversation({ roomKind: "control", canRedact: false });
    expect((await say(`!login old --token ${SECRET}`, conversation)).text).toContain(
      "Please delete it yourself, now",
    );
    expect(ran).toEqual([]);
  });

  it("in a direct chat whose message can't be removed is not used", async () => {
    const { say, ran } = setUp();
    const conversation = await say(
      `!login old --password ${SECRET}`,
      new FakeConversation({ canRedact: false }),
    );
    expect(conversation.text).toContain("I could not remove your message, so I did not use the secret in it");
    expect(ran).toEqual([]);
  });

  it.each([
    `!login old ${SECRET}`,
    `!login old --passwrod ${SECRET}`,
    `login old --password ${SECRET}`,
    `!help --password ${SECRET}`,
  ])("in a message that can't be used is removed and not repeated: %s", async (body) => {
    const { say, ran, lines } = setUp();
    const conversation = await say(body);
    expect(conversation.happened).toEqual(["redact", "say"]);
    expect(conversation.text).toContain("I removed your message");
    expect(conversation.text + lines.join("")).not.toContain(SECRET);
    expect(ran).toEqual([]);
  });

  it.each([RECOVERY_KEY, `!help ${RECOVERY_KEY}`, `!kyes copy ${RECOVERY_KEY}`, `!${RECOVERY_KEY}`])(
    "that is a recovery key is removed in every room, and the answer says why: %s",
    async (body) => {
      for (const roomKind of ["direct", "control"] as const) {
        const { say, ran, lines } = setUp();
        const conversation = await say(body, new FakeConversation({ roomKind }));
        expect(conversation.happened).toEqual(["redact", "say"]);
        expect(conversation.text).toContain("I removed your message");
        expect(conversation.text + lines.join("")).not.toMatch(/EsTc|LW2K/u);
        expect(ran).toEqual([]);
      }
    },
  );

  it("behind a help word is removed, and help is not given", async () => {
    const { say, ran } = setUp();
    const conversation = await say("!help syt_bWU_aBcDeFgHiJkLmNoPqRsT_1abCDe");
    expect(conversation.happened).toEqual(["redact", "say"]);
    expect(conversation.text).not.toContain("syt_");
    expect(ran).toEqual([]);
  });

  it("leaves no trace in the log", async () => {
    const { say, lines } = setUp();
    await say(`!login old --password ${SECRET}`, new FakeConversation({ roomKind: "control" }));
    await say(`!login old --password ${SECRET}`, new FakeConversation({ canRedact: false }));
    expect(lines.join("")).not.toContain(SECRET);
    expect(lines).toHaveLength(2);
  });
});

describe("an edit", () => {
  it.each(["* !help", "* !nonsense", "* hello", "!help"])(
    "is never a command, a mistake or a remark: %s",
    async (body) => {
      const { say, ran } = setUp();
      expect((await say(body, undefined, { kind: "edit" })).happened).toEqual([]);
      expect(ran).toEqual([]);
    },
  );

  it.each([
    `* !login old --password ${SECRET}`,
    `* !login old ${SECRET}`,
    `* my --token ${SECRET}`,
    `* ${RECOVERY_KEY}`,
  ])("with a secret is removed, and its secret is not used: %s", async (body) => {
    const { say, ran } = setUp();
    const conversation = await say(body, undefined, { kind: "edit" });
    expect(conversation.happened).toEqual(["redact", "say"]);
    expect(conversation.text).toContain("Edited messages are never commands");
    expect(conversation.text).not.toContain(SECRET);
    expect(ran).toEqual([]);
  });
});

describe("a secret outside the text that a command is read from", () => {
  it.each([
    { place: "the HTML", text: { formattedBody: `my --pass<i>word</i> ${SECRET}` } },
    { place: "another field", text: { otherTexts: [`--token ${SECRET}`] } },
    { place: "an emote", text: { kind: "other", otherTexts: [`--token ${SECRET}`] } },
  ] as const)("is removed with its message: $place", async ({ text }) => {
    const { say, ran } = setUp();
    const conversation = await say("hello", undefined, text);
    expect(conversation.happened).toEqual(["redact", "say"]);
    expect(conversation.text).not.toContain(SECRET);
    expect(ran).toEqual([]);
  });
});

describe("a message that is no command", () => {
  it("is answered in a direct chat once a day", async () => {
    const { say, wait } = setUp();
    expect((await say("hello")).text).toContain("!help shows what I can do");
    expect((await say("hello again")).happened).toEqual([]);
    wait(24 * 3_600_000);
    expect((await say("good morning")).said).toHaveLength(1);
  });

  it.each(["control", "other"] as const)(
    "is not answered in a %s room, whatever it holds",
    async (roomKind) => {
      const { say } = setUp();
      expect((await say("hello", new FakeConversation({ roomKind }))).happened).toEqual([]);
      expect((await say("use --password hunter2", new FakeConversation({ roomKind }))).happened).toEqual([]);
    },
  );
});

describe("somebody who may not use the bot", () => {
  it("gets one polite refusal, then silence", async () => {
    const { say, ran } = setUp({ isPermitted: false });
    const room = () => new FakeConversation({ roomKind: "control" });
    expect((await say("!help", room())).said).toMatchObject([
      { tone: "notice", text: expect.stringContaining("Sorry") },
    ]);
    expect((await say("!help", room())).happened).toEqual([]);
    expect((await say("!nonsense", room())).happened).toEqual([]);
    expect((await say("hello", room())).happened).toEqual([]);
    expect(ran).toEqual([]);
  });

  it("is not answered in a direct chat before a command", async () => {
    const { say } = setUp({ isPermitted: false });
    expect((await say("hello")).happened).toEqual([]);
  });

  it("has a secret removed all the same, unused", async () => {
    const { say, ran } = setUp({ isPermitted: false });
    const conversation = await say(
      `!login old --password ${SECRET}`,
      new FakeConversation({ roomKind: "control" }),
    );
    expect(conversation.happened).toEqual(["redact", "say", "say"]);
    const direct = await say(`!login old --password ${SECRET}`);
    expect(direct.happened[0]).toBe("redact");
    expect(conversation.text + direct.text).not.toContain(SECRET);
    expect(ran).toEqual([]);
  });
});

describe("a room in which the bot does not work", () => {
  it("gets one hint to a direct chat, with the prefix of this bot", async () => {
    const { say, ran } = setUp({ prefix: "§" });
    const room = () => new FakeConversation({ roomKind: "other" });
    expect((await say("§help", room())).text).toContain("§help");
    expect((await say("§help", room())).happened).toEqual([]);
    expect(ran).toEqual([]);
  });

  it("has a secret removed, unused", async () => {
    const { say, ran } = setUp();
    const conversation = await say(
      `!login old --password ${SECRET}`,
      new FakeConversation({ roomKind: "other" }),
    );
    expect(conversation.happened[0]).toBe("redact");
    expect(ran).toEqual([]);
  });
});

describe("an unexpected error", () => {
  it("is answered with a reference that is also in the log, and without details of the error", async () => {
    const lines: string[] = [];
    const log = pino({}, { write: (line: string) => void lines.push(line) });
    const conversation = new FakeConversation();
    await reportUnexpected(new Error("inner trouble"), conversation, log);
    const reference = /reference: ([0-9a-f]{8})$/u.exec(conversation.text)?.[1] ?? "none";
    expect(lines.join("")).toContain(reference);
    expect(lines.join("")).toContain("inner trouble");
    expect(conversation.text).not.toContain("inner trouble");
    expect(conversation.said).toMatchObject([{ tone: "alert", options: { key: "unexpected" } }]);
  });
});

describe("a person whom the operator no longer permits", () => {
  const former = { isPermitted: false, isKnown: true };

  it.each(["direct", "control"] as const)(
    "can still have everything erased, in a %s room",
    async (roomKind) => {
      const { say, ran } = setUp(former);
      const { said } = await say("!forget", new FakeConversation({ roomKind }));
      expect([ran.map(({ words }) => words), said]).toEqual([["forget"], []]);
    },
  );

  it.each([
    { case: "another command", body: "!login old" },
    { case: "what is no command", body: "!logni" },
  ])("gets one answer for $case, which names what they can still do", async ({ body }) => {
    const { say, ran } = setUp(former);
    const { said } = await say(body);
    expect(said).toMatchObject([{ text: expect.stringContaining("no longer allows") }]);
    expect(said[0]?.text).toContain("!forget");
    expect((await say(body)).said).toEqual([]);
    expect(ran).toEqual([]);
  });

  it("signs in with no secret, which is removed", async () => {
    const { say, ran } = setUp(former);
    const { happened } = await say(`!login old --password ${SECRET}`);
    expect([ran, happened[0]]).toEqual([[], "redact"]);
  });

  it("is refused in a room of others, like everybody who is not permitted", async () => {
    const { say, ran } = setUp(former);
    const { said } = await say("!forget", new FakeConversation({ roomKind: "other" }));
    expect([ran, said[0]?.text]).toEqual([[], expect.stringContaining("not among them")]);
  });

  it("is refused once nothing of them is stored", async () => {
    const { say, ran } = setUp({ isPermitted: false, isKnown: false });
    expect((await say("!forget")).text).toContain("not among them");
    expect(ran).toEqual([]);
  });

  it("can end a move, look at it, sign out and be forgotten, and nothing else", () => {
    const open = createCommands(commandServices()).filter(({ isOpenToFormer }) => isOpenToFormer);
    expect(open.map(({ specification }) => specification.words.join(" "))).toEqual([
      "logout",
      "migrate status",
      "migrate cancel",
      "forget",
    ]);
  });
});

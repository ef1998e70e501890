import { describe, expect, it } from "vitest";
import type { TranscriptStyle } from "../../demo/transcript.ts";
import { transcriptLines, wantsColours } from "../../demo/transcript.ts";
import type { SeenMessage } from "../../lab/person/protocol.ts";

const anna = "@anna:example.org";
const bot = "@bot:example.org";
const style: TranscriptStyle = {
  nameOf: (userId) => (userId === bot ? "Mover" : "Anna"),
  isBot: (userId) => userId === bot,
  hasColours: false,
};

function message(sender: string, body: string, changes: Partial<SeenMessage> = {}): SeenMessage {
  return {
    ...{
      roomId: "!room:example.org",
      eventId: "$1",
      sender,
      type: "m.room.message",
      content: { msgtype: "m.text", body },
    },
    ...{ isEncrypted: true, shield: null, isRedacted: false, relation: null, timestamp: 0 },
    ...changes,
  };
}

function lines(now: SeenMessage, previous?: SeenMessage): string[] {
  return transcriptLines(now, previous, style);
}

describe("a transcript", () => {
  it("shows a person's words behind the name, further lines indented", () => {
    expect(lines(message(anna, "!move\nplease"))).toEqual(["Anna: !move", "    please"]);
  });

  it("shows a bot's plain body indented below its name, empty lines kept", () => {
    expect(lines(message(bot, "Your plan\n\n- 3 rooms"))).toEqual([
      "Mover:",
      "    Your plan",
      "",
      "    - 3 rooms",
    ]);
  });

  it("shows an edit with its new text, and only once", () => {
    const first = message(bot, "1 of 2");
    const edited = message(bot, "1 of 2", { latestEditContent: { msgtype: "m.text", body: "2 of 2" } });
    expect(lines(edited, first)).toEqual(["Mover (edited):", "    2 of 2"]);
    expect(lines(edited, edited)).toEqual([]);
  });

  it("shows a removal without the removed text", () => {
    const first = message(anna, "password hunter2");
    const removed = message(anna, "", { type: "m.room.encrypted", content: {}, isRedacted: true });
    expect(lines(removed, first)).toEqual(["Anna (removed)"]);
    expect(lines(removed, removed)).toEqual([]);
  });

  it("waits for a message to be decrypted, and says so when it cannot be", () => {
    const pending = message(bot, "", { type: "m.room.encrypted", content: {} });
    expect(lines(pending)).toEqual([]);
    expect(lines({ ...pending, decryptionFailure: "MEGOLM_KEY_WITHHELD" }, pending)).toEqual([
      "Mover (could not be decrypted: MEGOLM_KEY_WITHHELD)",
    ]);
    expect(lines(message(bot, "hello"), pending)).toEqual(["Mover:", "    hello"]);
  });

  it("shows reactions and their removal", () => {
    const reaction = message(anna, "", {
      type: "m.reaction",
      content: {},
      relation: { type: "m.annotation", eventId: "$0", key: "✅" },
    });
    expect(lines(reaction)).toEqual(["Anna (reaction): ✅"]);
    expect(lines({ ...reaction, relation: null, isRedacted: true }, reaction)).toEqual([
      "Anna (reaction removed): ✅",
    ]);
  });

  it("shows files by name and size, with their caption", () => {
    const content = { msgtype: "m.file", body: "rooms.csv", info: { size: 42 } };
    expect(lines(message(bot, "", { content }))).toEqual(["Mover (file):", "    rooms.csv, 42 bytes"]);
    expect(
      lines(message(anna, "", { content: { ...content, filename: "r.csv", body: "all rooms" } })),
    ).toEqual(["Anna (file): r.csv, 42 bytes", "    all rooms"]);
  });

  it.each([
    { name: "state events", changes: { type: "m.room.member", stateKey: anna } },
    { name: "the event of an edit", changes: { relation: { type: "m.replace", eventId: "$0" } } },
    { name: "the event of a removal", changes: { type: "m.room.redaction" } },
    { name: "what no person reads", changes: { type: "org.example.telemetry" } },
  ])("leaves out $name", ({ changes }) => {
    expect(lines(message(anna, "x", changes))).toEqual([]);
  });

  it("leaves out the removal of an edit's event", () => {
    const edit = message(anna, "* x", { relation: { type: "m.replace", eventId: "$0" } });
    expect(lines(message(anna, "", { content: {}, isRedacted: true }), edit)).toEqual([]);
  });

  it("lets nobody steer the terminal", () => {
    expect(lines(message(anna, "\u001b[2Jwiped\r\u202egnp.exe"))).toEqual(["Anna: [2Jwipedgnp.exe"]);
  });
});

describe("a transcript's colours", () => {
  it("are terminal codes around the same words", () => {
    const [line = ""] = transcriptLines(
      message(anna, "hi", { latestEditContent: { body: "ho" } }),
      undefined,
      {
        ...style,
        hasColours: true,
      },
    );
    expect(line).toContain("\u001b[");
    expect(line.replaceAll(/\u001b\[\d+m/g, "")).toBe("Anna (edited): ho");
  });

  it.each([
    { wanted: true, stream: { isTTY: true }, env: {} },
    { wanted: true, stream: { isTTY: true }, env: { NO_COLOR: "" } },
    { wanted: false, stream: { isTTY: true }, env: { NO_COLOR: "1" } },
    { wanted: false, stream: {}, env: {} },
  ])("are wanted: $wanted for $stream with $env", ({ wanted, stream, env }) => {
    expect(wantsColours(stream, env)).toBe(wanted);
  });
});

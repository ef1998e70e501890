import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { outboxPriority } from "../../../src/store/outbox-item.ts";
import { bareAnswer, refusal } from "./fake-client.ts";
import { SECRET, failing, item, pass, setUp } from "./outbox-setup.ts";

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "Date", "performance"] });
});
afterEach(() => {
  vi.useRealTimers();
});

describe("the outbox", () => {
  it("sends under the stored transaction ID, and notifies those who wait for it", async () => {
    const { outbox, sent, requests } = await setUp();
    const running = outbox();
    running.start();
    await running.add(item("$event answer.0"));
    await pass(0);
    expect(requests).toMatchObject([
      { method: "PUT", path: "/_matrix/client/v3/rooms/!room/send/m.room.message/%24event%20answer.0" },
    ]);
    expect(sent()).toMatchObject([{ content: { body: "$event answer.0" } }]);
    expect(await running.waitFor("$event answer.0", 1_000)).toEqual({ status: "sent", eventId: "$sent1" });
    await running.stop();
  });

  it("waits for an item only so long, and still sends it", async () => {
    const { outbox, state, bodies } = await setUp();
    const running = outbox();
    running.start();
    state.answer = failing("one", new Error("ECONNREFUSED"));
    await running.add(item("one"));
    const outcome = running.waitFor("one", 500);
    await pass(500);
    expect(await outcome).toBeNull();
    await pass(1_000);
    expect(bodies()).toEqual(["one"]);
    await running.stop();
  });

  it("redacts before it answers", async () => {
    const { outbox, sent } = await setUp();
    const running = outbox();
    await running.add(item("answer"));
    await running.add(
      item("redaction", {
        kind: "redaction",
        content: { redacts: "$bad/event", reason: "a secret" },
        priority: outboxPriority.redaction,
      }),
    );
    running.start();
    await pass(0);
    expect(sent()).toMatchObject([
      { type: "redaction of $bad/event", content: { reason: "a secret" } },
      { content: { body: "answer" } },
    ]);
    await running.stop();
  });

  it("encrypts in an encrypted room, and redacts there in the open", async () => {
    const { outbox, sent } = await setUp({ encryptedRooms: ["!room"] });
    const running = outbox();
    running.start();
    await running.add(item("one"));
    await running.add(
      item("r", { kind: "redaction", content: { redacts: "$x" }, priority: outboxPriority.redaction }),
    );
    await pass(0);
    expect(sent().map(({ type }) => type)).toEqual(
      expect.arrayContaining(["redaction of $x", "m.room.encrypted"]),
    );
    expect(sent()).toContainEqual(
      expect.objectContaining({
        content: { ciphertext: { type: "m.room.message", content: item("one").content } },
      }),
    );
    await running.stop();
  });
});

describe("while it is not known whether a room is encrypted", () => {
  it("nothing is sent or uploaded there, neither plain nor encrypted, until it is known", async () => {
    const { outbox, state, sent, requests, uploads } = await setUp({ encryptedRooms: ["!room"] });
    const running = outbox();
    state.isEncryptionUnknown = true;
    await running.add(item("one", { content: { body: SECRET } }));
    await running.add(item("file", { content: { filename: "report" }, attachment: Buffer.from(SECRET) }));
    running.start();
    await pass(3_600_000);
    expect([requests, uploads]).toEqual([[], []]);
    state.isEncryptionUnknown = false;
    await pass(120_000);
    expect(sent().map(({ type }) => type)).toEqual(["m.room.encrypted", "m.room.encrypted"]);
    await running.stop();
  });
});

describe("when the server limits the bot", () => {
  it.each<{ name: string; failure: unknown; waitMs: number }>([
    {
      name: "for the time it names",
      failure: refusal(429, "M_LIMIT_EXCEEDED", { retry_after_ms: 8_000 }),
      waitMs: 8_000,
    },
    { name: "a while if it names none", failure: refusal(429, "M_LIMIT_EXCEEDED"), waitMs: 5_000 },
    { name: "a while if a proxy says it", failure: bareAnswer(429), waitMs: 5_000 },
    {
      name: "ten minutes at most",
      failure: refusal(429, "M_LIMIT_EXCEEDED", { retry_after_ms: 1e12 }),
      waitMs: 600_000,
    },
    {
      name: "never not at all",
      failure: refusal(429, "M_LIMIT_EXCEEDED", { retry_after_ms: 0 }),
      waitMs: 500,
    },
  ])("everything waits, $name, and is sent in order", async ({ failure, waitMs }) => {
    const { outbox, state, bodies, requests } = await setUp();
    const running = outbox();
    state.answer = failing("a1", failure);
    await running.add(item("a1", { roomId: "!a" }));
    running.start();
    await pass(0);
    await running.add(item("b1", { roomId: "!b" }));
    await pass(waitMs - 50);
    expect(requests).toHaveLength(1);
    await running.add(
      item("redaction", { roomId: "!c", kind: "redaction", content: { redacts: "$x" }, priority: 0 }),
    );
    await pass(0);
    expect(requests).toHaveLength(1);
    await pass(100);
    expect(bodies()).toEqual(["redaction of $x", "a1", "b1"]);
    await running.stop();
  });
});

describe("edits of a progress message", () => {
  const edit = (transactionId: string) =>
    item(transactionId, { edits: "progress", priority: outboxPriority.progress });

  async function withProgressShown() {
    const { outbox, bodies } = await setUp();
    const running = outbox();
    running.start();
    await running.add(item("progress", { priority: outboxPriority.progress }));
    await pass(0);
    return { running, bodies };
  }

  it("are five seconds apart, counted from when the one before was really sent", async () => {
    const { outbox, state, bodies } = await setUp();
    const running = outbox();
    running.start();
    state.answer = failing("progress", refusal(429, "M_LIMIT_EXCEEDED", { retry_after_ms: 3_000 }));
    await running.add(item("progress", { priority: outboxPriority.progress }));
    await pass(3_000);
    expect(bodies()).toEqual(["progress"]);
    await running.add(edit("first"));
    await pass(4_900);
    expect(bodies()).toEqual(["progress"]);
    await pass(100);
    expect(bodies()).toEqual(["progress", "* first"]);
    await running.add(edit("second"));
    await pass(4_900);
    expect(bodies()).toHaveLength(2);
    await pass(100);
    expect(bodies()).toEqual(["progress", "* first", "* second"]);
    await running.stop();
  });

  it("wait no longer than that when the clock is set back", async () => {
    const { running, bodies } = await withProgressShown();
    vi.setSystemTime(Date.now() - 3_600_000);
    await running.add(edit("first"));
    await pass(5_000);
    expect(bodies()).toEqual(["progress", "* first"]);
    await running.stop();
  });

  it("hold up no answer", async () => {
    const { running, bodies } = await withProgressShown();
    await running.add(edit("first"));
    await running.add(item("answer"));
    await pass(0);
    expect(bodies()).toEqual(["progress", "answer"]);
    await running.stop();
  });
});

describe("a message whose time", () => {
  it("is far in the future because the clock was set back is due", async () => {
    const { outbox, store, bodies } = await setUp();
    await store.outbox.add(item("one"), Date.now());
    const [due] = await store.outbox.due(Date.now(), 1);
    await store.outbox.postpone(due?.id ?? 0, Date.now() + 86_400_000);
    const running = outbox();
    running.start();
    await pass(0);
    expect(bodies()).toEqual(["one"]);
    await running.stop();
  });
});

describe("whether the outbox is sending", () => {
  it("is false after five minutes without an answer, whatever the system's clock says, and true after an answer", async () => {
    const { outbox, state } = await setUp();
    const running = outbox();
    state.answer = failing("one", new Error("ECONNREFUSED"), 10);
    await running.add(item("one"));
    running.start();
    await pass(299_000);
    vi.setSystemTime(Date.now() + 86_400_000);
    expect(running.isSending).toBe(true);
    await pass(2_000);
    expect(running.isSending).toBe(false);
    await pass(180_000);
    expect(running.isSending).toBe(true);
    await running.stop();
  });
});

describe("when the server refuses a message", () => {
  it.each([
    ["M_FORBIDDEN", refusal(403, "M_FORBIDDEN")],
    ["M_TOO_LARGE", refusal(413, "M_TOO_LARGE")],
    // A proxy that takes no larger bodies will never take this one.
    ["refused", bareAnswer(413)],
  ])("it is given up as %s, and the next one goes", async (failure, error) => {
    const { outbox, state, bodies, requests, lines } = await setUp();
    const running = outbox();
    state.answer = failing("one", error);
    await running.add(item("one", { content: { body: SECRET } }));
    await running.add(item("two"));
    const outcome = running.waitFor("one", 60_000);
    running.start();
    await pass(0);
    expect(await outcome).toEqual({ status: "failed", failure });
    expect(bodies()).toEqual(["two"]);
    expect(requests).toHaveLength(2);
    expect(lines.join("")).not.toContain(SECRET);
    await running.stop();
  });
});

describe("when nothing usable comes back", () => {
  it.each<[string, unknown]>([
    ["no connection", new Error("ECONNREFUSED")],
    ["a server in trouble", refusal(503, "M_UNKNOWN")],
    ["a proxy in trouble", bareAnswer(502)],
    ["a session that has ended", refusal(401, "M_UNKNOWN_TOKEN")],
    ["an impatient proxy", bareAnswer(408)],
    ["a firewall's page", bareAnswer(403)],
  ])("(%s) the room waits longer and longer in order, and other rooms go on", async (_what, failure) => {
    const { outbox, state, bodies, requests, lines } = await setUp();
    const running = outbox();
    state.answer = failing("a1", failure, 3);
    await running.add(item("a1", { roomId: "!a", content: { body: "a1 in confidence" } }));
    await running.add(item("a2", { roomId: "!a" }));
    await running.add(item("b1", { roomId: "!b" }));
    running.start();
    await pass(50);
    expect(bodies()).toEqual(["b1"]);
    await pass(900);
    expect(requests).toHaveLength(2);
    await pass(100);
    expect(requests).toHaveLength(3);
    await pass(1_900);
    expect(requests).toHaveLength(3);
    await pass(100 + 4_000);
    expect(bodies()).toEqual(["b1", "a1 in confidence", "a2"]);
    expect(new Set(requests.filter(({ path }) => path.includes("a1")).map(({ path }) => path)).size).toBe(1);
    expect(lines.join("")).not.toContain("in confidence");
    await running.stop();
  });

  it("an answer without an event ID is tried again under the same transaction ID", async () => {
    const { outbox, state, sent } = await setUp();
    const running = outbox();
    const answers: unknown[] = ["<html>", {}];
    state.answer = () => answers.shift();
    await running.add(item("one"));
    running.start();
    await pass(3_000);
    expect(sent()).toHaveLength(1);
    await running.stop();
  });

  it("waits no longer than a minute between tries", async () => {
    const { outbox, state, requests } = await setUp();
    const running = outbox();
    state.answer = failing("one", new Error("ECONNREFUSED"), 10_000);
    await running.add(item("one"));
    running.start();
    await pass(3_600_000);
    const before = requests.length;
    await pass(600_000);
    expect(requests.length - before).toBeGreaterThanOrEqual(9);
    await running.stop();
  });
});

describe("an edit", () => {
  it("names the event that its original became, and says its mentions twice", async () => {
    const { outbox, sent } = await setUp();
    const running = outbox();
    running.start();
    await running.add(item("one"));
    await running.add(item("edit", { edits: "one" }));
    await pass(0);
    expect(sent()[1]?.content).toMatchObject({
      body: "* edit",
      "m.mentions": {},
      "m.new_content": { body: "edit", "m.mentions": {} },
      "m.relates_to": { rel_type: "m.replace", event_id: "$sent1" },
    });
    await running.stop();
  });

  it("takes the place of edits that were not sent yet", async () => {
    const { outbox, bodies } = await setUp();
    const running = outbox();
    await running.add(item("one"));
    for (const name of ["edit 1", "edit 2", "edit 3"]) await running.add(item(name, { edits: "one" }));
    running.start();
    await pass(0);
    expect(bodies()).toEqual(["one", "* edit 3"]);
    await running.stop();
  });

  it("of a message that was refused is sent as a message of its own", async () => {
    const { outbox, state, bodies } = await setUp();
    const running = outbox();
    state.answer = failing("one", refusal(403, "M_FORBIDDEN"));
    await running.add(item("one"));
    await running.add(item("edit", { edits: "one" }));
    running.start();
    await pass(0);
    expect(bodies()).toEqual(["edit"]);
    await running.stop();
  });
});

describe("a reaction", () => {
  const reaction = item("reaction", { kind: "reaction", content: { to: "one", key: "✅" } });

  it("comes after its message and goes under it, in the open in an encrypted room too", async () => {
    const { outbox, sent, requests } = await setUp({ encryptedRooms: ["!room"] });
    const running = outbox();
    await running.add(item("one"));
    await running.add(reaction);
    running.start();
    await pass(0);
    expect(requests.at(-1)?.path).toBe("/_matrix/client/v3/rooms/!room/send/m.reaction/reaction");
    expect(sent()[1]?.content).toEqual({
      "m.relates_to": { rel_type: "m.annotation", event_id: "$sent1", key: "✅" },
    });
    await running.stop();
  });

  it("under a message that was refused is given up", async () => {
    const { outbox, state, sent } = await setUp();
    const running = outbox();
    state.answer = failing("one", refusal(403, "M_FORBIDDEN"));
    await running.add(item("one"));
    await running.add(reaction);
    running.start();
    await pass(0);
    expect(sent()).toEqual([]);
    expect(await running.waitFor("reaction", 1_000)).toMatchObject({ status: "failed" });
    await running.stop();
  });
});

describe("a file", () => {
  const file = item("file", {
    content: { msgtype: "m.file", body: "a.csv", filename: "a.csv", info: { mimetype: "text/csv", size: 3 } },
    attachment: Buffer.from("a,b"),
  });

  it("is uploaded once, however often its message is tried, also over a restart", async () => {
    const { outbox, state, reopen, uploads, sent } = await setUp();
    const first = outbox();
    state.answer = failing("file", new Error("ECONNRESET"), 2);
    await first.add(file);
    first.start();
    await pass(1_000);
    await first.stop();
    const next = outbox(await reopen());
    next.start();
    await pass(60_000);
    expect(uploads.map(String)).toEqual(["a,b"]);
    expect(sent()).toMatchObject([{ content: { url: "mxc://x/1", filename: "a.csv" } }]);
    await next.stop();
  });

  it("is sealed where the room was encrypted after the first try had uploaded it", async () => {
    const encryptedRooms: string[] = [];
    const { outbox, state, uploads, sent } = await setUp({ encryptedRooms });
    const running = outbox();
    state.answer = failing("file", new Error("ECONNRESET"), 2);
    await running.add(file);
    running.start();
    await pass(0);
    expect(uploads.map(String)).toEqual(["a,b"]);
    encryptedRooms.push("!room");
    await pass(60_000);
    expect(uploads.map(String)).toEqual(["a,b", "sealeda,b"]);
    expect(sent()).toMatchObject([
      { content: { ciphertext: { content: { file: { key: "k", url: "mxc://x/2" } } } } },
    ]);
    expect(JSON.stringify(sent())).not.toContain("mxc://x/1");
    await running.stop();
  });

  it("is sealed in an encrypted room", async () => {
    const { outbox, uploads, sent } = await setUp({ encryptedRooms: ["!room"] });
    const running = outbox();
    await running.add(file);
    running.start();
    await pass(0);
    expect(uploads.map(String)).toEqual(["sealeda,b"]);
    expect(sent()).toMatchObject([
      { content: { ciphertext: { content: { file: { key: "k", url: "mxc://x/1" } } } } },
    ]);
    expect(JSON.stringify(sent())).not.toContain('"url":"mxc://x/1","filename"');
    await running.stop();
  });
});

import { describe, expect, it } from "vitest";
import type { SeenMessage } from "../../../lab/person/protocol.ts";
import { createSeenMessages, textOf } from "../../../lab/person/seen-messages.ts";

const roomId = "!room:example.org";
const anna = "@anna:example.org";
const bot = "@bot:example.org";

function message(eventId: string, changes: Partial<SeenMessage> = {}): SeenMessage {
  return {
    ...{
      roomId,
      eventId,
      sender: bot,
      type: "m.room.message",
      content: { body: eventId },
      isEncrypted: false,
    },
    ...{ shield: null, isRedacted: false, relation: null, timestamp: 0 },
    ...changes,
  };
}

function isText(text: string): (seen: SeenMessage) => boolean {
  return (seen) => textOf(seen) === text;
}

describe("the driver's copy of a timeline", () => {
  it("keeps each event in its place when it changes", () => {
    const seen = createSeenMessages();
    for (const eventId of ["$1", "$2"]) seen.record(message(eventId));
    seen.record(message("$1", { latestEditContent: { body: "edited" } }));
    expect(seen.inRoom(roomId).map(textOf)).toEqual(["edited", "$2"]);
  });

  it("puts events found late where they belong", () => {
    const seen = createSeenMessages();
    for (const eventId of ["$1", "$4"]) seen.record(message(eventId));
    seen.record(message("$3"), "$4");
    seen.record(message("$2"), "$3");
    expect(seen.inRoom(roomId).map(({ eventId }) => eventId)).toEqual(["$1", "$2", "$3", "$4"]);
  });
});

describe("waiting for a message", () => {
  it("finds one that is there already", async () => {
    const seen = createSeenMessages();
    seen.record(message("$1"));
    expect(await seen.waitForMessage(roomId, isText("$1"))).toMatchObject({ eventId: "$1" });
  });

  it("looks only behind the given event, even while that event is unknown", async () => {
    const seen = createSeenMessages();
    seen.record(message("$1", { content: { body: "done" } }));
    const found = seen.waitForMessage(roomId, isText("done"), { after: "$2" });
    seen.record(message("$2", { sender: anna }));
    seen.record(message("$3", { content: { body: "done" } }));
    expect(await found).toMatchObject({ eventId: "$3" });
  });

  it("passes over other senders", async () => {
    const seen = createSeenMessages();
    const found = seen.waitForMessage(roomId, () => true, { from: bot });
    seen.record(message("$1", { sender: anna }));
    seen.record(message("$2"));
    expect(await found).toMatchObject({ eventId: "$2" });
  });

  it("sees a message again when it has been decrypted or edited", async () => {
    const seen = createSeenMessages();
    seen.record(message("$1", { type: "m.room.encrypted", content: {} }));
    const decrypted = seen.waitForMessage(roomId, isText("hello"));
    const edited = seen.waitForMessage(roomId, isText("hello again"));
    seen.record(message("$1", { content: { body: "hello" } }));
    seen.record(message("$1", { content: { body: "hello" }, latestEditContent: { body: "hello again" } }));
    expect(await decrypted).not.toHaveProperty("latestEditContent");
    expect(await edited).toMatchObject({ eventId: "$1" });
  });

  it("does not take an edit for a message", async () => {
    const seen = createSeenMessages();
    const found = seen.waitForMessage(roomId, () => true);
    seen.record(message("$1", { relation: { type: "m.replace", eventId: "$0" } }));
    seen.record(message("$2"));
    expect(await found).toMatchObject({ eventId: "$2" });
  });

  it("fails with what the predicate throws", async () => {
    const seen = createSeenMessages();
    const found = seen.waitForMessage(roomId, () => {
      throw new Error("no such column");
    });
    seen.record(message("$1"));
    await expect(found).rejects.toThrow("no such column");
  });

  it("reports on timeout which messages it saw instead", async () => {
    const seen = createSeenMessages();
    seen.record(message("$1", { sender: anna, content: { body: "!move" } }));
    seen.record(
      message("$2", { type: "m.room.encrypted", content: {}, decryptionFailure: "MEGOLM_KEY_WITHHELD" }),
    );
    seen.record(
      message("$3", {
        content: { body: "first\nsecond" },
        shield: "red SENT_IN_CLEAR",
        latestEditContent: { body: "a\nb" },
      }),
    );
    await expect(seen.waitForMessage(roomId, () => false, { from: bot, timeoutMs: 1 })).rejects.toThrow(
      [
        `No matching message within 1 ms from ${bot}. The last 3 of 3 events seen there:`,
        `  ${anna} m.room.message !move`,
        `  ${bot} m.room.encrypted [MEGOLM_KEY_WITHHELD]`,
        `  ${bot} m.room.message [edited, red SENT_IN_CLEAR] a`,
        "      b",
      ].join("\n"),
    );
  });

  it("says so when nothing was seen at all", async () => {
    const waiting = createSeenMessages().waitForMessage(roomId, () => true, { timeoutMs: 1 });
    await expect(waiting).rejects.toThrow("Nothing at all was seen in that room.");
  });

  it("fails when the person's process ends, also afterwards", async () => {
    const seen = createSeenMessages();
    const waiting = seen.waitForMessage(roomId, () => true);
    seen.close(new Error("gone"));
    await expect(waiting).rejects.toThrow("gone");
    await expect(seen.waitForMessage(roomId, () => true)).rejects.toThrow("gone");
  });
});

describe("waiting for a membership", () => {
  it("goes by the newest membership of each user", async () => {
    const seen = createSeenMessages();
    const notice = { kind: "membership", roomId, userId: bot, sender: anna } as const;
    seen.recordMembership({ ...notice, membership: "invite" });
    const joined = seen.waitForMembership(({ membership }) => membership === "join", "The bot joins");
    seen.recordMembership({ ...notice, membership: "join" });
    expect(await joined).toMatchObject({ userId: bot, membership: "join" });
    const invited = seen.waitForMembership(({ membership }) => membership === "invite", "An invitation", 1);
    await expect(invited).rejects.toThrow("An invitation: not within 1 ms");
  });
});

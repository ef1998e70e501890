import { describe, expect, it } from "vitest";
import { OutboxSchedule } from "../../../src/chat/outbox-schedule.ts";
import type { DueItem } from "../../../src/store/outbox-item.ts";
import { CRASH_SCORE, outboxPriority } from "../../../src/store/outbox-item.ts";

let lastId = 0;

function due(
  forUser: string,
  roomId: string,
  priority: DueItem["priority"] = outboxPriority.answer,
): DueItem {
  return { id: ++lastId, roomId, forUser, priority, crashScore: 0 };
}

/** What is sent one at a time, if each message takes the same time. */
function oneByOne(items: readonly DueItem[]): string[] {
  const turns = new OutboxSchedule();
  const waiting = new Set(items);
  const underWay: DueItem[] = [];
  const people: string[] = [];
  while (waiting.size + underWay.length > 0) {
    const taken = turns.take([...waiting, ...underWay]);
    for (const item of taken) waiting.delete(item);
    people.push(...taken.map(({ forUser }) => forUser ?? ""));
    underWay.push(...taken);
    const ended = underWay.shift();
    if (ended) turns.done(ended);
  }
  return people;
}

describe("the turns of the outbox", () => {
  it("alternate between people, so that many messages of one person delay nobody", () => {
    const ofAda = Array.from({ length: 20 }, (_, index) => due("ada", `!ada${index}`));
    const order = oneByOne([...ofAda, due("ben", "!ben"), due("cara", "!cara")]);
    expect(order.indexOf("ben")).toBeLessThan(4);
    expect(order.indexOf("cara")).toBeLessThan(4);
    expect(order).toHaveLength(22);
  });

  it("go by urgency first", () => {
    const [first] = new OutboxSchedule().take([
      due("ada", "!a", outboxPriority.progress),
      due("ben", "!b", outboxPriority.answer),
      due("cara", "!c", outboxPriority.redaction),
    ]);
    expect(first?.forUser).toBe("cara");
  });

  it("send a few messages side by side, one in a room, and no message twice", () => {
    const turns = new OutboxSchedule();
    const items = [
      due("ada", "!a"),
      due("ada", "!a"),
      ...["!b", "!c", "!d", "!e", "!f"].map((room) => due("ben", room)),
    ];
    const taken = turns.take(items);
    expect(taken).toHaveLength(4);
    expect(new Set(taken.map(({ roomId }) => roomId)).size).toBe(4);
    expect(turns.take(items)).toEqual([]);
  });

  it("send a message under suspicion after the others and alone", () => {
    const turns = new OutboxSchedule();
    const suspect = { ...due("ada", "!a"), crashScore: CRASH_SCORE.suspected };
    const other = due("ben", "!b");
    expect(turns.take([suspect, other])).toEqual([other]);
    turns.done(other);
    expect(turns.take([suspect])).toEqual([suspect]);
    expect(turns.take([due("ben", "!b")])).toEqual([]);
  });

  it("let redactions pass slow messages, also in their room", () => {
    const turns = new OutboxSchedule();
    turns.take(["!a", "!b", "!c", "!d"].map((room) => due("ada", room)));
    const redactions = Array.from({ length: 9 }, () => due("ben", "!a", outboxPriority.redaction));
    expect(turns.take(redactions)).toHaveLength(4);
  });

  it("give a person's redaction its turn in a flood of another's", () => {
    const turns = new OutboxSchedule();
    const flood = Array.from({ length: 100 }, () => due("mallory", "!control", outboxPriority.redaction));
    const taken = turns.take([...flood, due("ada", "!control", outboxPriority.redaction)]);
    expect(taken.slice(0, 2).map(({ forUser }) => forUser)).toContain("ada");
  });
});

import { describe, expect, it } from "vitest";
import { withAsked } from "../../../src/model/asked.ts";
import type { AskRecord, Asked } from "../../../src/model/contact.ts";
import type { ReportRoom } from "../../../src/model/report.ts";
import { reportOf, room } from "../../support/fakes/move-samples.ts";

const AT = Date.UTC(2026, 10, 30, 12);
const DAY_MS = 24 * 3_600_000;

function record(more: Partial<AskRecord> = {}): AskRecord {
  return {
    roomId: "!choir:old.example",
    userId: "@mo:old.example",
    at: AT,
    way: "new_direct",
    result: "sent",
    chatRoomId: "!chat:old.example",
    ...more,
  };
}

function askedIn(row: ReportRoom, ...records: AskRecord[]): readonly Asked[] {
  return withAsked(reportOf([row]), records).rooms.flatMap(({ asked }) => asked);
}

describe("a report shows who was asked", () => {
  const choir = room("!choir:old.example");

  it("with the time, the way and the result, oldest first", () => {
    const second = record({ userId: "@al:old.example", at: AT + DAY_MS, way: "room", result: "refused" });
    expect(askedIn(choir, second, record())).toEqual([
      { userId: "@mo:old.example", at: "2026-11-30T12:00:00Z", way: "new_direct", result: "sent" },
      { userId: "@al:old.example", at: "2026-12-01T12:00:00Z", way: "room", result: "refused" },
    ]);
  });

  it("only at the rooms of the question", () => {
    expect(askedIn(choir, record({ roomId: "!other:old.example" }))).toEqual([]);
  });

  it("and that the new account was let in, however it came in", () => {
    const inside = room("!choir:old.example", { route: "joined", status: "done" });
    expect(askedIn(inside, record())).toMatchObject([{ result: "let_in" }]);
  });

  it.each(["refused", "declined"] as const)(
    "and that a helper %s, also if another one let it in",
    (result) => {
      const inside = room("!choir:old.example", { route: "joined", status: "done" });
      expect(askedIn(inside, record({ result }))).toMatchObject([{ result }]);
    },
  );

  it("at an upgraded room, about its replacement", () => {
    const replaced = room("!choir:old.example", { route: "successor", successor: "!new:old.example" });
    expect(askedIn(replaced, record({ roomId: "!new:old.example" }))).toMatchObject([{ result: "sent" }]);
  });
});

import { describe, expect, it } from "vitest";
import type { StepKind } from "../../../../../src/model/step.ts";
import { isJustJoined } from "../../../../../src/platforms/matrix/runs/room-of-run.ts";
import { runStep } from "../../../../../src/platforms/matrix/runs/run-step.ts";
import type { Answer } from "../../../../support/fakes/scripted-context.ts";
import { scriptedContext } from "../../../../support/fakes/scripted-context.ts";

const ROOM = "!a:old.example";
const MARK = { roomId: ROOM, type: "m.marked_unread", content: { unread: true }, isMerged: false };

it.each([
  { joinedAt: null, now: 100_000, expected: false },
  { joinedAt: 100_000, now: 100_000, expected: true },
  { joinedAt: 100_000, now: 159_999, expected: true },
  { joinedAt: 100_000, now: 160_000, expected: false },
  // The clock was set back.
  { joinedAt: 100_000, now: 99_999, expected: false },
])("a room joined at $joinedAt is new at $now: $expected", ({ joinedAt, now, expected }) => {
  expect(isJustJoined({ joinedAt }, now)).toBe(expected);
});

describe.each<{ kind: StepKind; payload: unknown; there: object }>([
  {
    kind: "tags",
    payload: { roomId: ROOM, tags: [{ name: "u.work", order: 0.5 }] },
    there: { tags: { "u.work": {} } },
  },
  { kind: "room_setting", payload: MARK, there: { unread: false } },
])("what is written about a room: $kind", ({ kind, payload, there }) => {
  const server = ({ method }: { method: string }): Answer | undefined =>
    method === "GET" ? { json: there } : undefined;

  it("needs no look where the run has just brought the account in", async () => {
    const { context, requests } = scriptedContext(server, { isJustJoined: true });
    expect((await runStep({ kind, payload, side: "target", roomId: ROOM }, context)).status).toBe("done");
    expect(requests.map(({ method }) => method)).toEqual(["PUT"]);
  });

  it("is looked at first in any other room, and what the person chose there stays", async () => {
    const { context, writes } = scriptedContext(server, { isJustJoined: false });
    expect(await runStep({ kind, payload, side: "target", roomId: ROOM }, context)).toEqual({
      status: "already_done",
    });
    expect(writes()).toEqual([]);
  });
});

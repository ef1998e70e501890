import { describe, expect, it } from "vitest";
import { UnreachableError } from "../../../../../src/network/unreachable-error.ts";
import { roomSteps } from "../../../../../src/platforms/matrix/steps/registry.ts";
import { ADMIN, SOURCE, TARGET } from "../../../../support/plans/planned-rooms.ts";
import {
  content,
  DONE,
  NOT_FOUND,
  NOT_INSIDE,
  refused,
  ROOM,
  scriptedContext,
} from "../../../../support/fakes/scripted-context.ts";
import type { Answer } from "../../../../support/fakes/scripted-context.ts";

const GET = `source GET /rooms/${ROOM}/state/m.room.power_levels`;
const PUT = `source PUT /rooms/${ROOM}/state/m.room.power_levels`;
const OWN_GET = `target GET /rooms/${ROOM}/state/m.room.power_levels`;
const OWN_PUT = `target PUT /rooms/${ROOM}/state/m.room.power_levels`;
const IN_ROOM = { isInside: (roomId: string) => roomId === ROOM };
const OUTSIDE = { isInside: () => false };
const payload = { roomId: ROOM, level: 50, roomVersion: "11", creators: [ADMIN] };

describe("giving the target its level", () => {
  it("reads, changes the one level, writes, and remembers what stood there", async () => {
    const before = { users: { [SOURCE]: 50, [TARGET]: 10 }, ban: 70, "org.example.note": "kept" };
    const { context, requests } = scriptedContext({ [GET]: content(before), [PUT]: DONE });
    expect(await roomSteps.power_level.run(payload, context)).toEqual({
      status: "done",
      undo: { ...payload, before: 10 },
    });
    expect(requests.map(({ body }) => body)).toEqual([
      undefined,
      { ...before, users: { [SOURCE]: 50, [TARGET]: 50 } },
    ]);
  });

  it("remembers that there was no entry", async () => {
    const { context } = scriptedContext({ [GET]: content({ users: { [SOURCE]: 50 } }), [PUT]: DONE });
    expect(await roomSteps.power_level.run(payload, context)).toEqual({
      status: "done",
      undo: { ...payload, before: null },
    });
  });

  it("writes all levels where there are none yet, so that the creator keeps its own", async () => {
    const { context, requests } = scriptedContext({ [GET]: NOT_FOUND, [PUT]: DONE });
    expect(await roomSteps.power_level.run(payload, context)).toMatchObject({ status: "done" });
    expect(requests[1]?.body).toMatchObject({ users: { [ADMIN]: 100, [TARGET]: 50 }, state_default: 50 });
  });

  it.each<[string, object, unknown]>([
    ["has the level", {}, { users: { [TARGET]: 50 } }],
    ["was given more meanwhile", {}, { users: { [TARGET]: 100 } }],
    ["has it like everybody", {}, { users_default: 60 }],
    ["is a creator", { roomVersion: "12", creators: [TARGET] }, { users: { [SOURCE]: 50 } }],
  ])("leaves the room alone when the target %s", async (_, more, levels) => {
    const { context, lines } = scriptedContext({ [GET]: content(levels) });
    expect(await roomSteps.power_level.run({ ...payload, ...more }, context)).toEqual({
      status: "already_done",
    });
    expect(lines()).toEqual([GET]);
  });

  it.each<[string, object, unknown]>([
    ["a level of somebody", {}, { users: { [ADMIN]: "much" } }],
    ["the target's level", {}, { users: { [TARGET]: "much" }, users_default: 60 }],
    ["everybody's level", {}, { users_default: "much" }],
    ["the whole event", {}, ["junk"]],
    ["the room's version", { roomVersion: "99" }, { users: {} }],
    ["a version that was not told", { roomVersion: null }, { users: {} }],
  ])("writes nothing over what it cannot read: %s", async (_, more, levels) => {
    const { context, lines } = scriptedContext({ [GET]: content(levels) });
    const outcome = await roomSteps.power_level.run({ ...payload, ...more }, context);
    expect(outcome).toEqual({ status: "failed", problem: { code: "unreadable", serverText: null } });
    expect(lines()).toEqual([GET]);
  });

  it.each<[string, Answer, object]>([
    ["a refusal", NOT_INSIDE, { status: "failed", problem: { code: "refused" } }],
    ["an error of the server", refused(500, "M_UNKNOWN"), { status: "retry" }],
    ["a 404 of another kind", refused(404, "M_UNRECOGNIZED"), { status: "failed" }],
    ["no answer", new UnreachableError("timeout", "old.example"), { status: "wait", waitingFor: "server" }],
  ])("writes nothing after a failed read: %s", async (_, given, outcome) => {
    const { context, lines } = scriptedContext({ [GET]: given });
    expect(await roomSteps.power_level.run(payload, context)).toMatchObject(outcome);
    expect(lines()).toEqual([GET]);
  });

  it.each<[string, Answer, object]>([
    [
      "power",
      refused(403, "M_FORBIDDEN"),
      { status: "failed", problem: { code: "no_power", serverText: "words" } },
    ],
    ["an account in good order", refused(403, "M_USER_SUSPENDED"), { status: "needs_user" }],
    ["other levels", refused(400, "M_BAD_JSON"), { status: "failed", problem: { code: "refused" } }],
    ["patience", refused(429, "M_LIMIT_EXCEEDED"), { status: "wait", waitingFor: "limit" }],
  ])("says when writing takes %s", async (_, given, outcome) => {
    const { context } = scriptedContext({ [GET]: content({ users: {} }), [PUT]: given });
    expect(await roomSteps.power_level.run(payload, context)).toMatchObject(outcome);
  });
});

describe("giving the level back", () => {
  const undo = { ...payload, before: 10 };
  const written = { users: { [SOURCE]: 50, [TARGET]: 50 }, ban: 70 };

  it("is the target's own doing as long as it is in the room, for the source may not be above it", async () => {
    const { context, requests } = scriptedContext({ [OWN_GET]: content(written), [OWN_PUT]: DONE }, IN_ROOM);
    expect(await roomSteps.power_level.undo(undo, context)).toEqual({ status: "done" });
    expect(requests[1]?.body).toEqual({ users: { [SOURCE]: 50, [TARGET]: 10 }, ban: 70 });
  });

  it("takes away an entry that was not there, as the source where the target is gone", async () => {
    const { context, requests } = scriptedContext({ [GET]: content(written), [PUT]: DONE }, OUTSIDE);
    expect(await roomSteps.power_level.undo({ ...undo, before: null }, context)).toEqual({
      status: "done",
    });
    expect(requests[1]?.body).toEqual({ users: { [SOURCE]: 50 }, ban: 70 });
  });

  it.each<[string, Answer]>([
    ["somebody gave more", content({ users: { [TARGET]: 100 } })],
    ["somebody gave less", content({ users: { [TARGET]: 20 } })],
    ["somebody took it away", content({ users: {}, users_default: 50 })],
    ["the room has no levels", NOT_FOUND],
  ])("leaves the room alone where %s", async (_, given) => {
    const { context, lines } = scriptedContext({ [GET]: given }, OUTSIDE);
    expect(await roomSteps.power_level.undo(undo, context)).toEqual({ status: "already_done" });
    expect(lines()).toEqual([GET]);
  });

  it("says when the source is not above the target", async () => {
    const { context } = scriptedContext(
      { [GET]: content(written), [PUT]: refused(403, "M_FORBIDDEN") },
      OUTSIDE,
    );
    expect(await roomSteps.power_level.undo(undo, context)).toEqual({
      status: "failed",
      problem: { code: "no_power", serverText: "words" },
    });
  });

  it.each<[string, Answer, Record<string, unknown>]>([
    ["an answer", new UnreachableError("refused", "old.example"), { status: "wait", waitingFor: "server" }],
    ["a session", refused(401, "M_UNKNOWN_TOKEN"), { status: "needs_user" }],
  ])("says whose server it lacks %s from", async (_, given, outcome) => {
    const bySource = scriptedContext({ [GET]: given }, OUTSIDE);
    expect(await roomSteps.power_level.undo(undo, bySource.context)).toMatchObject({
      ...outcome,
      side: "source",
    });
    const byTarget = scriptedContext({ [OWN_GET]: given }, IN_ROOM);
    expect(await roomSteps.power_level.undo(undo, byTarget.context)).toMatchObject({
      ...outcome,
      side: "target",
    });
  });
});

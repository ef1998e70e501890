import { describe, expect, it } from "vitest";
import { UnreachableError } from "../../../../../src/network/unreachable-error.ts";
import { roomSteps } from "../../../../../src/platforms/matrix/steps/registry.ts";
import type { Answer } from "../../../../support/fakes/scripted-context.ts";
import {
  content,
  DONE,
  NOT_FOUND,
  NOT_INSIDE,
  refused,
  ROOM,
  scriptedContext,
} from "../../../../support/fakes/scripted-context.ts";
import { ADMIN, SOURCE, TARGET } from "../../../../support/plans/planned-rooms.ts";
import { NOT_MISSED } from "./entry-answers.ts";

const GET = `source GET /rooms/${ROOM}/state/m.room.power_levels`;
const PUT = `source PUT /rooms/${ROOM}/state/m.room.power_levels`;
const OWN_GET = `target GET /rooms/${ROOM}/state/m.room.power_levels`;
const OWN_PUT = `target PUT /rooms/${ROOM}/state/m.room.power_levels`;
const IN_ROOM = { isJoined: (roomId: string) => roomId === ROOM };
const OUTSIDE = { isJoined: () => false };
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

  it.each<{ name: string; more: object; levels: unknown }>([
    { name: "has the level", more: {}, levels: { users: { [TARGET]: 50 } } },
    { name: "was given more meanwhile", more: {}, levels: { users: { [TARGET]: 100 } } },
    { name: "has it like everybody", more: {}, levels: { users_default: 60 } },
    {
      name: "is a creator",
      more: { roomVersion: "12", creators: [TARGET] },
      levels: { users: { [SOURCE]: 50 } },
    },
  ])("leaves the room alone when the target $name", async ({ more, levels }) => {
    const { context, lines } = scriptedContext({ [GET]: content(levels) });
    expect(await roomSteps.power_level.run({ ...payload, ...more }, context)).toEqual({
      status: "already_done",
    });
    expect(lines()).toEqual([GET]);
  });

  it.each<{ name: string; more: object; levels: unknown }>([
    { name: "a level of somebody", more: {}, levels: { users: { [ADMIN]: "much" } } },
    { name: "the target's level", more: {}, levels: { users: { [TARGET]: "much" }, users_default: 60 } },
    { name: "everybody's level", more: {}, levels: { users_default: "much" } },
    { name: "the whole event", more: {}, levels: ["junk"] },
    { name: "the room's version", more: { roomVersion: "99" }, levels: { users: {} } },
    { name: "a version that is unknown", more: { roomVersion: null }, levels: { users: {} } },
  ])("writes nothing over what it cannot read: $name", async ({ more, levels }) => {
    const { context, lines } = scriptedContext({ [GET]: content(levels) });
    const outcome = await roomSteps.power_level.run({ ...payload, ...more }, context);
    expect(outcome).toEqual({ status: "failed", problem: { code: "unreadable", serverText: null } });
    expect(lines()).toEqual([GET]);
  });

  it.each<{ name: string; given: Answer; outcome: object }>([
    { name: "a refusal", given: NOT_INSIDE, outcome: { status: "failed", problem: { code: "refused" } } },
    { name: "an error of the server", given: refused(500, "M_UNKNOWN"), outcome: { status: "retry" } },
    { name: "a 404 of another kind", given: refused(404, "M_UNRECOGNIZED"), outcome: { status: "failed" } },
    {
      name: "no answer",
      given: new UnreachableError("timeout", "old.example"),
      outcome: { status: "wait", waitingFor: "server" },
    },
  ])("writes nothing after a failed read: $name", async ({ given, outcome }) => {
    const { context, lines } = scriptedContext({ [GET]: given });
    expect(await roomSteps.power_level.run(payload, context)).toMatchObject(outcome);
    expect(lines()).toEqual([GET]);
  });

  it.each<{ name: string; given: Answer; outcome: object }>([
    {
      name: "power",
      given: refused(403, "M_FORBIDDEN"),
      outcome: { status: "failed", problem: { code: "no_power", serverText: "words" } },
    },
    {
      name: "an account in good order",
      given: refused(403, "M_USER_SUSPENDED"),
      outcome: { status: "needs_user" },
    },
    {
      name: "other levels",
      given: refused(400, "M_BAD_JSON"),
      outcome: { status: "failed", problem: { code: "refused" } },
    },
    {
      name: "patience",
      given: refused(429, "M_LIMIT_EXCEEDED"),
      outcome: { status: "wait", waitingFor: "limit" },
    },
  ])("says when writing takes $name", async ({ given, outcome }) => {
    const { context } = scriptedContext({ [GET]: content({ users: {} }), [PUT]: given });
    expect(await roomSteps.power_level.run(payload, context)).toMatchObject(outcome);
  });
});

describe("giving the level back", () => {
  const undo = { ...payload, before: 10 };
  const written = { users: { [SOURCE]: 50, [TARGET]: 50 }, ban: 70 };

  it("is the target's own doing as long as it is in the room, for the source may not be above it", async () => {
    const script = { ...NOT_MISSED, [OWN_GET]: content(written), [OWN_PUT]: DONE };
    const { context, requests } = scriptedContext(script, IN_ROOM);
    expect(await roomSteps.power_level.undo(undo, context)).toEqual({ status: "done" });
    expect(requests.at(-1)?.body).toEqual({ users: { [SOURCE]: 50, [TARGET]: 10 }, ban: 70 });
  });

  it("is not done where nobody else has that power, unless the person has confirmed it", async () => {
    const alone = { users: { [TARGET]: 50 } };
    const script = { ...NOT_MISSED, [OWN_GET]: content(alone), [OWN_PUT]: DONE };
    const kept = scriptedContext(script, IN_ROOM);
    expect(await roomSteps.power_level.undo(undo, kept.context)).toEqual({
      status: "failed",
      problem: { code: "last_admin", serverText: null },
    });
    expect(kept.writes()).toEqual([]);
    const confirmed = scriptedContext(script, IN_ROOM);
    expect(await roomSteps.power_level.undo({ ...undo, leavesAnyway: true }, confirmed.context)).toEqual({
      status: "done",
    });
  });

  it("takes away an entry that was not there, as the source where the target is gone", async () => {
    const { context, requests } = scriptedContext({ [GET]: content(written), [PUT]: DONE }, OUTSIDE);
    expect(await roomSteps.power_level.undo({ ...undo, before: null }, context)).toEqual({
      status: "done",
    });
    expect(requests[1]?.body).toEqual({ users: { [SOURCE]: 50 }, ban: 70 });
  });

  it.each<{ name: string; given: Answer }>([
    { name: "somebody gave more", given: content({ users: { [TARGET]: 100 } }) },
    { name: "somebody gave less", given: content({ users: { [TARGET]: 20 } }) },
    { name: "somebody took it away", given: content({ users: {}, users_default: 50 }) },
    { name: "the room has no levels", given: NOT_FOUND },
  ])("leaves the room alone where $name", async ({ given }) => {
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

  it.each<{ name: string; given: Answer; outcome: Record<string, unknown> }>([
    {
      name: "an answer",
      given: new UnreachableError("refused", "old.example"),
      outcome: { status: "wait", waitingFor: "server" },
    },
    { name: "a session", given: refused(401, "M_UNKNOWN_TOKEN"), outcome: { status: "needs_user" } },
  ])("says whose server it lacks $name from", async ({ given, outcome }) => {
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

import { describe, expect, it } from "vitest";
import type { RunRoom } from "../../../../../src/model/run-room.ts";
import type { StoredStep } from "../../../../../src/model/run.ts";
import { remainingSteps, revisedRooms } from "../../../../../src/platforms/matrix/runs/remaining-steps.ts";
import { runRoom } from "../../../../../src/platforms/matrix/runs/room-of-run.ts";
import type { DecidedMove } from "../../../../../src/platforms/matrix/runs/steps-of-run.ts";
import { plan, sketchRoom, targetRoom } from "../../../../support/plans/planned-rooms.ts";
import { newAccount, oldAccount } from "../categories/contents-sketch.ts";

const BO = "@bo:a.example";
const [A, B] = ["!a:old.example", "!b:old.example"];
const ENDED_AT = 1_000;

/** Everything that the source has is missing on the target, which is in both rooms now. */
const move: DecidedMove = {
  decided: plan([sketchRoom({ roomId: A }), sketchRoom({ roomId: B })], {
    targetRooms: [targetRoom(A, "join"), targetRoom(B, "join")],
  }),
  readings: {
    source: oldAccount({
      accountData: {
        "m.direct": { [BO]: [A, B] },
        "m.ignored_user_list": { ignored_users: { [BO]: {} } },
        "m.recent_emoji": { recent_emoji: [] },
        "im.vector.setting.breadcrumbs": { recent_rooms: [A, B] },
        "im.vector.web.settings": { layout: "irc", "SpotlightSearch.recentSearches": [B] },
        "m.image_pack.rooms": { rooms: { [A]: { x: {} }, [B]: { y: {} } } },
      },
      tags: { [A]: { "m.favourite": null }, [B]: { "m.favourite": null } },
      pushRules: {
        room: [A, B].map((roomId) => ({ rule_id: roomId, actions: [] })),
        content: [{ rule_id: "word", actions: [], pattern: "word" }],
      },
      profile: { displayName: "Ada" },
    }),
    target: newAccount(),
  },
};

function stored(roomId: string, change: Partial<RunRoom>, isCovered: boolean | undefined): RunRoom {
  const found = move.decided.rooms.find((room) => room.roomId === roomId);
  if (found === undefined) throw new Error(`${roomId} is not in the plan`);
  const { isCovered: _isCovered, ...planned } = runRoom(found, { isReplacement: false }).planned;
  return {
    ...runRoom(found, { isReplacement: false }),
    ...change,
    planned: isCovered === undefined ? planned : { ...planned, isCovered },
  };
}

function remaining(
  before: readonly RunRoom[],
  {
    endedAt,
    tried = [],
  }: {
    endedAt: number | null;
    tried?: [string, Pick<StoredStep, "kind" | "payload" | "state" | "finishedAt">][];
  },
) {
  const run = { before, tried: new Map(tried), endedAt, now: 0 };
  const { rooms } = revisedRooms(move.decided, run);
  return remainingSteps(move, { ...run, rooms, request: { filters: { categories: null } } });
}

/** What a late arrival in B writes. */
const ABOUT_B = {
  [`tags:${B}`]: { roomId: B, tags: [{ name: "m.favourite", order: null }] },
  direct_chats: { chats: [{ roomId: B, counterpart: BO }] },
  "account_data:im.vector.setting.breadcrumbs": { content: { recent_rooms: [B] } },
  "account_data:im.vector.web.settings": { content: { "SpotlightSearch.recentSearches": [B] } },
  "account_data:m.image_pack.rooms": { content: { rooms: { [B]: { y: {} } } } },
  push_rules: { missing: [{ ruleId: B }] },
};

describe("the steps that are left after a late arrival", () => {
  const late = { isJoined: true, joinedAt: 3_000, status: "done" } as const;
  it.each<{ name: string; a: RunRoom; b: RunRoom }>([
    {
      name: "of the first room",
      a: stored(A, { isJoined: true, joinedAt: 500 }, true),
      b: stored(B, late, false),
    },
    {
      name: "of the second room",
      a: stored(A, { isJoined: true, joinedAt: 2_000 }, true),
      b: stored(B, late, false),
    },
    {
      name: "of a room that the person entered without the run",
      a: stored(A, { isJoined: true, joinedAt: null }, true),
      b: stored(B, { isJoined: false, status: "needs_moderator" }, false),
    },
    {
      name: "in a run that an older version has stored",
      a: stored(A, { isJoined: true, joinedAt: 500 }, undefined),
      b: stored(B, late, undefined),
    },
  ])("are about that room only: $name", ({ a, b }) => {
    const steps = remaining([a, b], { endedAt: ENDED_AT });
    expect(Object.fromEntries(steps.map(({ key, payload }) => [key, payload]))).toMatchObject(ABOUT_B);
    expect(steps.map(({ key }) => key).toSorted()).toEqual(Object.keys(ABOUT_B).toSorted());
  });

  it.each<{ state: "done" | "failed" | "pending"; finishedAt: number | null; expected: string[] }>([
    { state: "done", finishedAt: 2_000, expected: ["direct_chats 2"] },
    { state: "failed", finishedAt: 2_000, expected: ["direct_chats 2"] },
    { state: "done", finishedAt: 3_000, expected: [] },
    { state: "pending", finishedAt: null, expected: [] },
  ])("add to a list that is $state at $finishedAt: $expected", ({ state, finishedAt, expected }) => {
    const tried: [string, Pick<StoredStep, "kind" | "payload" | "state" | "finishedAt">][] = [
      ["direct_chats", { kind: "direct_chats", payload: {}, state, finishedAt }],
    ];
    const before = [stored(A, { isJoined: true, joinedAt: 500 }, true), stored(B, late, false)];
    for (const endedAt of [ENDED_AT, null]) {
      const steps = remaining(before, { endedAt, tried }).filter(({ kind }) => kind === "direct_chats");
      expect(steps.map(({ key }) => key)).toEqual(expected);
      for (const { payload } of steps) expect(payload).toEqual(ABOUT_B.direct_chats);
    }
  });
});

it("before its first end a run does everything that is missing and was not tried", () => {
  const before = [A, B].map((roomId) => stored(roomId, { isJoined: true }, true));
  const keys = remaining(before, { endedAt: null }).map(({ key }) => key);
  expect(keys).toEqual(expect.arrayContaining(["ignored_users", "account_data:m.recent_emoji", `tags:${A}`]));
});

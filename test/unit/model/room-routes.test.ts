import { describe, expect, it } from "vitest";
import {
  isNotEntered,
  nextRoute,
  roomAfter,
  roomAfterChange,
  watchedIn,
  withoutThrough,
} from "../../../src/model/room-routes.ts";
import type { Route, Status } from "../../../src/model/routes.ts";
import { STATUSES } from "../../../src/model/routes.ts";
import type { RunRoom } from "../../../src/model/run-room.ts";
import type { StepOutcome } from "../../../src/model/step-outcome.ts";
import type { StepKind } from "../../../src/model/step.ts";
import { STEP_KINDS } from "../../../src/model/step.ts";
import { historyOf, runRoom } from "../../../src/platforms/matrix/runs/room-of-run.ts";
import { plan, rowOf, sketchRoom } from "../../support/plans/planned-rooms.ts";

const NOW = 1_000;
const ALL = { now: NOW, allowed: () => true };
const ENTRIES = [
  "accept_invite",
  "join",
  "join_restricted",
  "join_invited",
] as const satisfies readonly StepKind[];

function planned(routes: readonly Route[]): RunRoom {
  const made = runRoom(rowOf(plan([sketchRoom({ rule: "public" })])), { isReplacement: false });
  const { planned } = made;
  return {
    ...made,
    route: routes[0] ?? "impossible",
    planned: { ...planned, work: { ...planned.work, routes } },
  };
}

const problem = (
  code: "refused" | "blocked_by_server" | "unreachable_server" | "invite_blocked" | "server_trouble",
) => ({
  code,
  serverText: "words",
});
const failed = (code: Parameters<typeof problem>[0] = "refused"): StepOutcome => ({
  status: "failed",
  problem: problem(code),
});

/** The state of a room after a step, in short. */
function after(
  room: RunRoom,
  kind: StepKind,
  outcome: StepOutcome,
  allowed: (route: Route) => boolean = () => true,
): string {
  const { room: now, next } = roomAfter(room, kind, outcome, { now: NOW, allowed });
  return `${now.route} ${now.status}${now.isJoined ? " inside" : ""}${next === null ? "" : ` next ${next}`}`;
}

describe("a room after a step", () => {
  it.each(ENTRIES.flatMap((kind) => (["done", "already_done"] as const).map((status) => ({ kind, status }))))(
    "is entered by $kind that is $status",
    ({ kind, status }) => {
      const { room, next } = roomAfter(planned(["join", "ask_moderator"]), kind, { status }, ALL);
      expect([room.isJoined, room.status, room.joinedAt, next]).toEqual([true, "done", NOW, null]);
    },
  );

  it.each([
    { kind: "join", isTry: true, who: "room" },
    { kind: "join_restricted", isTry: true, who: "room" },
    { kind: "knock", isTry: true, who: "room" },
    { kind: "accept_invite", isTry: true, who: "nobody" },
    { kind: "join", isTry: false, who: "nobody" },
    { kind: "join_restricted", isTry: false, who: "nobody" },
  ] as const)(
    "without an answer of its servers is refused by $who after $kind, which was only tried: $isTry",
    ({ kind, isTry, who }) => {
      const room = planned([kind, "ask_moderator"]);
      const tried = { ...room, planned: { ...room.planned, work: { ...room.planned.work, isTry } } };
      expect(roomAfter(tried, kind, failed("unreachable_server"), ALL).room.refusals).toMatchObject([
        { route: kind, code: "unreachable_server", who },
      ]);
    },
  );

  it("keeps the time at which it was entered first", () => {
    const room = { ...planned(["join"]), isJoined: true, joinedAt: 7 };
    expect(roomAfter(room, "join", { status: "already_done" }, ALL).room.joinedAt).toBe(7);
  });

  it("counts from the last time if it was left in between", () => {
    const room = { ...planned(["join"]), isJoined: false, joinedAt: 7 };
    expect(roomAfter(room, "join", { status: "done" }, ALL).room.joinedAt).toBe(NOW);
  });

  it.each<{ kind: StepKind; outcome: StepOutcome; expected: string }>([
    { kind: "invite", outcome: { status: "done" }, expected: "invite planned" },
    { kind: "invite", outcome: { status: "already_done" }, expected: "invite planned" },
    { kind: "invite", outcome: failed(), expected: "knock planned next knock" },
    { kind: "invite", outcome: failed("invite_blocked"), expected: "knock planned next knock" },
    { kind: "join_invited", outcome: failed(), expected: "knock planned next knock" },
    { kind: "join_invited", outcome: failed("blocked_by_server"), expected: "impossible skipped" },
    { kind: "invite", outcome: failed("blocked_by_server"), expected: "impossible skipped" },
  ])("of the route invite: $kind that is $outcome", ({ kind, outcome, expected }) => {
    expect(after(planned(["invite", "knock", "ask_moderator"]), kind, outcome)).toBe(expected);
  });

  it.each<{ outcome: StepOutcome; expected: string }>([
    { outcome: { status: "needs_moderator" }, expected: "knock needs_moderator" },
    // Somebody let the account in meanwhile.
    { outcome: { status: "already_done" }, expected: "knock done inside" },
    { outcome: failed(), expected: "ask_moderator needs_moderator" },
    { outcome: failed("unreachable_server"), expected: "ask_moderator needs_moderator" },
  ])("of the route knock that is %o", ({ outcome, expected }) => {
    expect(after(planned(["knock", "ask_moderator"]), "knock", outcome)).toBe(expected);
  });

  it.each<{ routes: readonly Route[]; kind: StepKind; expected: string }>([
    { routes: ["join", "invite", "ask_moderator"], kind: "join", expected: "invite planned next invite" },
    {
      routes: ["join_restricted", "knock", "ask_moderator"],
      kind: "join_restricted",
      expected: "knock planned next knock",
    },
    {
      routes: ["accept_invite", "join", "ask_moderator"],
      kind: "accept_invite",
      expected: "join planned next join",
    },
    { routes: ["join", "ask_moderator"], kind: "join", expected: "ask_moderator needs_moderator" },
    { routes: ["join"], kind: "join", expected: "join failed" },
  ])("of the routes $routes takes the next one when $kind fails", ({ routes, kind, expected }) => {
    expect(after(planned(routes), kind, failed())).toBe(expected);
  });

  it.each<{ name: string; outcome: StepOutcome }>([
    { name: "waits", outcome: { status: "wait", waitingFor: "room", waitMs: null, problem: null } },
    { name: "is tried again", outcome: { status: "retry", problem: problem("server_trouble") } },
    { name: "needs its owner", outcome: { status: "needs_user", problem: problem("refused") } },
  ])("stays as it is while a step $name", ({ outcome }) => {
    const room = planned(["join", "invite"]);
    for (const kind of ENTRIES) expect(roomAfter(room, kind, outcome, ALL)).toEqual({ room, next: null });
  });

  it("stays as it is after steps that enter nothing", () => {
    const room = planned(["join"]);
    const others = STEP_KINDS.filter(
      (kind) => ![...ENTRIES, "invite", "knock"].some((entry) => entry === kind),
    );
    expect(others.length).toBeGreaterThan(5);
    for (const kind of others)
      expect(roomAfter(room, kind, { status: "done" }, ALL)).toEqual({ room, next: null });
  });

  it("remembers every way that was refused, why, when, and in which state of the room", () => {
    const tried = planned(["join", "invite", "ask_moderator"]);
    const first = roomAfter(tried, "join", failed("server_trouble"), ALL).room;
    const second = roomAfter(first, "invite", failed("invite_blocked"), ALL).room;
    expect(second.refusals).toEqual([
      {
        ...{ route: "join", code: "unreachable_server", who: "nobody", serverText: "words" },
        ...{ at: NOW, facts: tried.planned.facts },
      },
      {
        ...{ route: "invite", code: "invite_blocked", who: "account", serverText: "words" },
        ...{ at: NOW, facts: tried.planned.facts },
      },
    ]);
    expect(tried.planned.facts).toMatchObject({ joinRule: { value: "public" } });
  });

  it("takes only ways that its run may take", () => {
    const routes: Route[] = ["join", "invite", "knock", "ask_moderator"];
    expect(after(planned(routes), "join", failed(), (route) => route === "join")).toBe(
      "ask_moderator needs_moderator",
    );
    expect(after(planned(routes), "join", failed(), (route) => route === "knock")).toBe(
      "knock planned next knock",
    );
  });
});

it("takes its next way when the room it was to be reached through stays closed, without a refusal of its own", () => {
  const { room, next } = withoutThrough(planned(["join_restricted", "invite", "ask_moderator"]), () => true);
  expect([room.route, next, room.refusals]).toEqual(["invite", "invite", []]);
});

it("is tried when the room it was to be reached through stays closed, unless the same join was refused", () => {
  const routes: Route[] = ["join_restricted", "join", "knock", "ask_moderator"];
  expect(withoutThrough(planned(routes), () => true).next).toBe("join");
  expect(after(planned(routes), "join_restricted", failed())).toBe("knock planned next knock");
  expect(nextRoute(planned(routes), "join_restricted", () => true)).toBe("knock");
});

it("is watched though it looks impossible, if only files say who could let the account in", () => {
  const room = { ...planned(["impossible"]), route: "impossible" as const, status: "skipped" as const };
  const excluded = { ...room, route: "excluded" as const };
  expect([room, excluded].map(watchedIn({ isFromFile: true }))).toEqual([true, false]);
  expect(watchedIn({ isFromFile: false })(room)).toBe(false);
});

it("is not knocked at again when the knock is over and nobody says why", () => {
  const facts = { member: null, joinRule: null, serverAcl: null, invitePower: null };
  const waiting = { ...planned(["knock", "ask_moderator"]), status: "needs_moderator" as const };
  expect(roomAfterChange(waiting, { kind: "knock_ended", facts }, 5)).toMatchObject({
    route: "ask_moderator",
    status: "needs_moderator",
    refusals: [{ route: "knock", code: "refused", who: "room", at: 5, facts }],
  });
});

it("has no next way that needs a person's help", () => {
  expect(nextRoute(planned(["join", "ask_moderator"]), "join", () => true)).toBeNull();
});

it.each<{ status: Status; left: boolean; waits: boolean }>([
  { status: "planned", left: false, waits: false },
  { status: "running", left: true, waits: false },
  { status: "waiting", left: true, waits: true },
  { status: "done", left: true, waits: false },
  { status: "needs_moderator", left: true, waits: true },
  { status: "needs_you", left: true, waits: true },
  { status: "failed", left: true, waits: true },
  { status: "skipped", left: true, waits: false },
])("with the status $status it is left: $left, and is watched: $waits", ({ status, left, waits }) => {
  const room = { ...planned(["join"]), status };
  const joined = { ...room, isJoined: true };
  for (const isFromFile of [false, true]) {
    const isWatched = watchedIn({ isFromFile });
    expect([isNotEntered(room), isWatched(room)]).toEqual([left, waits]);
    expect([isNotEntered(joined), isWatched(joined)]).toEqual([false, false]);
  }
  expect(STATUSES).toHaveLength(8);
});

describe("the history of a room", () => {
  const open = { isNewToServer: true, joinedAt: 5, warnings: [], attempts: 1 };
  const coming = { isServerNew: true, mayHistoryCome: true };
  it.each([
    { name: "may come to a server that is new to it", room: open, expected: coming },
    {
      name: "is not waited for a second time",
      room: { ...open, attempts: 2 },
      expected: { ...coming, mayHistoryCome: false },
    },
    {
      name: "does not come where the room hides it",
      room: { ...open, warnings: [{ code: "history_hidden" as const, text: "words" }] },
      expected: { ...coming, mayHistoryCome: false },
    },
    {
      name: "is there where the server is inside",
      room: { ...open, isNewToServer: false },
      expected: { isServerNew: false, mayHistoryCome: false },
    },
    {
      name: "is there where the account was inside",
      room: { ...open, joinedAt: null },
      expected: { isServerNew: false, mayHistoryCome: false },
    },
  ])("$name", ({ room: { isNewToServer, joinedAt, warnings, attempts }, expected }) => {
    const room = planned(["join"]);
    const { work, row } = room.planned;
    const made = { work: { ...work, isNewToServer }, row: { ...row, warnings }, facts: null };
    expect(historyOf({ ...room, joinedAt, planned: made }, attempts)).toEqual(expected);
  });
});

import { describe, expect, it } from "vitest";
import type { StepOutcome } from "../../../../src/model/step-outcome.ts";
import type { StepKind } from "../../../../src/model/step.ts";
import { STEP_KINDS } from "../../../../src/model/step.ts";
import type { Route, Status } from "../../../../src/model/routes.ts";
import { STATUSES } from "../../../../src/model/routes.ts";
import type { RunRoom } from "../../../../src/platforms/matrix/room-of-run.ts";
import {
  historyOf,
  isLeft,
  nextRoute,
  readRunRoom,
  roomAfter,
  runRoom,
  waitsForPerson,
  withoutThrough,
} from "../../../../src/platforms/matrix/room-of-run.ts";
import { plan, rowOf, sketchRoom } from "../../../support/plans/planned-rooms.ts";

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

/** Where a room stands after a step, in short. */
function after(
  room: RunRoom,
  kind: StepKind,
  outcome: StepOutcome,
  allowed: (route: Route) => boolean = () => true,
): string {
  const { room: now, next } = roomAfter(room, kind, outcome, { now: NOW, allowed });
  return `${now.route} ${now.status}${now.isInside ? " inside" : ""}${next === null ? "" : ` next ${next}`}`;
}

describe("a room after a step", () => {
  it.each(
    ENTRIES.flatMap((kind) => (["done", "already_done"] as const).map((status) => [kind, status] as const)),
  )("is entered by %s that is %s", (kind, status) => {
    const { room, next } = roomAfter(planned(["join", "ask_moderator"]), kind, { status }, ALL);
    expect([room.isInside, room.status, room.joinedAt, next]).toEqual([true, "done", NOW, null]);
  });

  it("keeps the time at which it was entered first", () => {
    const room = { ...planned(["join"]), joinedAt: 7 };
    expect(roomAfter(room, "join", { status: "already_done" }, ALL).room.joinedAt).toBe(7);
  });

  it.each<[StepKind, StepOutcome, string]>([
    ["invite", { status: "done" }, "invite planned"],
    ["invite", { status: "already_done" }, "invite planned"],
    ["invite", failed(), "knock planned next knock"],
    ["invite", failed("invite_blocked"), "knock planned next knock"],
    ["join_invited", failed(), "knock planned next knock"],
    ["join_invited", failed("blocked_by_server"), "impossible skipped"],
    ["invite", failed("blocked_by_server"), "impossible skipped"],
  ])("of the route invite: %s that is %o", (kind, outcome, expected) => {
    expect(after(planned(["invite", "knock", "ask_moderator"]), kind, outcome)).toBe(expected);
  });

  it.each<[StepOutcome, string]>([
    [{ status: "needs_moderator" }, "knock needs_moderator"],
    // Somebody let the account in meanwhile.
    [{ status: "already_done" }, "knock done inside"],
    [failed(), "ask_moderator needs_moderator"],
    [failed("unreachable_server"), "ask_moderator needs_moderator"],
  ])("of the route knock that is %o", (outcome, expected) => {
    expect(after(planned(["knock", "ask_moderator"]), "knock", outcome)).toBe(expected);
  });

  it.each<[readonly Route[], StepKind, string]>([
    [["join", "invite", "ask_moderator"], "join", "invite planned next invite"],
    [["join_restricted", "knock", "ask_moderator"], "join_restricted", "knock planned next knock"],
    [["accept_invite", "join", "ask_moderator"], "accept_invite", "join planned next join"],
    [["join", "ask_moderator"], "join", "ask_moderator needs_moderator"],
    [["join"], "join", "join failed"],
  ])("of the routes %o takes the next one when %s fails", (routes, kind, expected) => {
    expect(after(planned(routes), kind, failed())).toBe(expected);
  });

  it.each<[string, StepOutcome]>([
    ["waits", { status: "wait", waitingFor: "room", waitMs: null, problem: null }],
    ["is tried again", { status: "retry", problem: problem("server_trouble") }],
    ["needs its owner", { status: "needs_user", problem: problem("refused") }],
  ])("stays as it is while a step %s", (_what, outcome) => {
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

  it("remembers every way that was refused, and why", () => {
    const first = roomAfter(
      planned(["join", "invite", "ask_moderator"]),
      "join",
      failed("server_trouble"),
      ALL,
    ).room;
    const second = roomAfter(first, "invite", failed("invite_blocked"), ALL).room;
    expect(second.refusals).toEqual([
      { route: "join", code: "refused", serverText: "words" },
      { route: "invite", code: "invite_blocked", serverText: "words" },
    ]);
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

it("has no next way that needs a person's help", () => {
  expect(nextRoute(planned(["join", "ask_moderator"]), "join", () => true)).toBeNull();
});

it("is read from the store as it was written", () => {
  const room = roomAfter(planned(["join", "invite"]), "join", failed(), ALL).room;
  expect(readRunRoom(JSON.parse(JSON.stringify(room)))).toEqual(room);
  expect(() => readRunRoom({ ...room, route: "fly" })).toThrow("Invalid option");
});

it.each<[Status, boolean, boolean]>([
  ["planned", false, false],
  ["running", true, false],
  ["waiting", true, false],
  ["done", true, false],
  ["needs_moderator", true, true],
  ["needs_you", true, true],
  ["failed", true, true],
  ["skipped", true, false],
])("with the status %s it is left: %s, and waits for a person: %s", (status, left, waits) => {
  const room = { ...planned(["join"]), status };
  expect([isLeft(room), waitsForPerson(room)]).toEqual([left, waits]);
  expect([isLeft({ ...room, isInside: true }), waitsForPerson({ ...room, isInside: true })]).toEqual([
    false,
    false,
  ]);
  expect(STATUSES).toHaveLength(8);
});

describe("the history of a room", () => {
  const open = { isNewToServer: true, joinedAt: 5, warnings: [], attempts: 1 };
  const coming = { isServerNew: true, mayHistoryCome: true };
  it.each([
    ["may come to a server that is new to it", open, coming],
    ["is not waited for a second time", { ...open, attempts: 2 }, { ...coming, mayHistoryCome: false }],
    [
      "does not come where the room hides it",
      { ...open, warnings: [{ code: "history_hidden" as const, text: "words" }] },
      { ...coming, mayHistoryCome: false },
    ],
    [
      "is there where the server is inside",
      { ...open, isNewToServer: false },
      { isServerNew: false, mayHistoryCome: false },
    ],
    [
      "is there where the account was inside",
      { ...open, joinedAt: null },
      { isServerNew: false, mayHistoryCome: false },
    ],
  ])("%s", (_name, { isNewToServer, joinedAt, warnings, attempts }, expected) => {
    const room = planned(["join"]);
    const { work, row } = room.planned;
    const made = { work: { ...work, isNewToServer }, row: { ...row, warnings } };
    expect(historyOf({ ...room, joinedAt, planned: made }, attempts)).toEqual(expected);
  });
});

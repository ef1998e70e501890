import type { Category } from "../../../src/model/categories.ts";
import { CATEGORY_NAMES } from "../../../src/model/categories.ts";
import type { NotMoved } from "../../../src/model/not-moved.ts";
import type { Report, ReportRoom } from "../../../src/model/report.ts";
import { RUN_STATES } from "../../../src/model/run-states.ts";
import { STAY_REASONS } from "../../../src/model/stay-reason.ts";
import { STEP_PROBLEM_CODES } from "../../../src/model/step-outcome.ts";
import { LIMITS } from "../../../src/model/step.ts";
import type { RunSummary } from "../../../src/platforms/runs.ts";
import type { Kept, KeptKind } from "../../../src/service/run/kept-request.ts";
import type {
  ConvertResult,
  RunEnd,
  RunStatus,
  RunWait,
  StartResult,
  UndoPreview,
  VerifyResult,
} from "../../../src/service/run/results.ts";
import { EVIL, EVIL_USER, READER } from "../view/message-rules.ts";
import { runStatus } from "./scripted-moves.ts";

export const NOW = Date.UTC(2026, 0, 31, 12);
export const MINUTE_MS = 60_000;
export const HOUR_MS = 3_600_000;

export function room(roomId: string, more: Partial<ReportRoom> = {}): ReportRoom {
  return {
    roomId,
    name: EVIL,
    alias: null,
    direct: false,
    space: false,
    encrypted: false,
    route: "ask_moderator",
    through: null,
    successor: null,
    status: "needs_moderator",
    until: null,
    waitingFor: null,
    reason: { code: "no_invite_power", text: `Inviting needs power 50; the old account has 0. ${EVIL}` },
    power: { source: 0, wanted: 0, target: null },
    warnings: [],
    helpers: [{ userId: "@mo:old.example", displayName: EVIL, power: 100 }],
    asked: [],
    ...more,
  };
}

export function rooms(count: number, more: Partial<ReportRoom> = {}): ReportRoom[] {
  return Array.from({ length: count }, (_, index) => room(`!${index}:old.example`, more));
}

export function reportOf(all: ReportRoom[], categories: Category[] = []): Report {
  return {
    schema: 1,
    source: EVIL_USER,
    target: "@a:new.example",
    generatedAt: "2026-01-31T12:00:00Z",
    rooms: all,
    categories: categories.map((category) => ({ ...category, missing: [...category.missing] })),
    keys: null,
  };
}

export const evilRun = (more: Partial<RunStatus> = {}): RunStatus =>
  runStatus({ source: EVIL_USER, target: EVIL_USER, ...more });
export const allWaits: RunWait[] = (["source", "target"] as const).flatMap((side) =>
  [null, NOW - 1, NOW + 30_000, NOW + 5 * MINUTE_MS, NOW + 13 * HOUR_MS].flatMap((until) => [
    ...[...LIMITS, null].map((limit): RunWait => ({
      side,
      serverName: EVIL,
      waitingFor: "limit",
      limit,
      until,
      steps: 3,
    })),
    { side, serverName: EVIL, waitingFor: "server", limit: null, until, steps: 1 },
    { side, serverName: EVIL, waitingFor: "room", limit: null, until, steps: 2 },
  ]),
);
export const problems = STEP_PROBLEM_CODES.flatMap((code) =>
  [null, EVIL].flatMap((serverText) =>
    (["source", "target"] as const).map((side) => ({ side, problem: { code, serverText } })),
  ),
);
export const categories: Category[] = CATEGORY_NAMES.map((name, index) => ({
  name,
  expected: 5 + index,
  present: 5,
  missing: Array.from({ length: index }, () => EVIL),
}));
const notMoved: NotMoved[] = [{ category: "profile", item: EVIL, code: "target_has_own" }];
export const noDeeds: RunSummary = {
  invitations: 0,
  joins: 0,
  knocks: 0,
  written: [],
  openInvitations: [],
  leaving: { left: 0, stayed: [] },
  questions: [],
  chats: [],
  told: [],
  names: [],
};
export const summary: RunSummary = {
  invitations: 1,
  joins: 2,
  knocks: 1,
  written: CATEGORY_NAMES.map((category, count) => ({ category, count })),
  openInvitations: rooms(7),
  leaving: { left: 0, stayed: [] },
  questions: [],
  chats: [],
  told: [],
  names: [],
};
/** What an announcement and a new name did. */
export const toldDeeds: RunSummary = {
  ...noDeeds,
  leaving: { left: 3, stayed: [] },
  told: [
    { roomId: "!told:old.example", name: EVIL, problem: null },
    { roomId: EVIL, name: EVIL, problem: { code: "room_encrypted", serverText: null } },
  ],
  names: [
    { roomId: null, name: null, problem: null },
    { roomId: "!a:old.example", name: EVIL, problem: null },
    { roomId: "!b:old.example", name: null, problem: { code: "changed_since", serverText: EVIL } },
  ],
};
export const end = (more: Partial<RunEnd> = {}): RunEnd => ({
  run: evilRun({ state: "watching", endedAt: NOW }),
  report: reportOf([room("!done:old.example", { status: "done" }), ...rooms(2)], categories),
  moreHelpers: new Map([["!0:old.example", 4]]),
  summary,
  unseen: rooms(1),
  notMoved,
  failures: [],
  ...more,
});
export const failures = STEP_PROBLEM_CODES.flatMap((code) => [
  { item: EVIL, problem: { code, serverText: EVIL } },
  { item: EVIL, problem: { code, serverText: null } },
]);
export const cannotRead = [
  { status: "not_signed_in", missing: ["target"] },
  {
    status: "not_read",
    account: {
      owner: READER,
      side: "source",
      userId: EVIL_USER,
      baseUrl: "https://x",
      method: "token",
      deviceId: null,
      signedInAt: 0,
    },
    refusal: { code: "session_ended" },
  },
] as const;
const keptCause = { side: "source", userId: EVIL_USER, code: "unreachable" } as const;
const keptKinds: readonly KeptKind[] = [
  "move",
  "invitations",
  "joins",
  "profile",
  "undo",
  "undo_question",
  "verify",
];
export const keptResults = keptKinds.flatMap((kind) =>
  (["unreachable", "server_trouble", "limited"] as const).map((code) => ({
    status: "kept" as const,
    kind,
    cause: { ...keptCause, code },
    triedAt: NOW,
    replaced: kind,
  })),
);
/** A kept start of the old account `@a:old.example`. */
export const keptStart: Kept = {
  id: 1,
  owner: READER,
  address: {
    roomId: "!chat:new.example",
    eventId: "$start",
    threadRoot: null,
    roomKind: "direct",
    sender: READER,
    isEncrypted: true,
  },
  request: { kind: "move", botRoomIds: [], filters: null },
  cause: { side: "source", userId: "@a:old.example", code: "unreachable" },
  askedAt: NOW - HOUR_MS,
  tries: 9,
  notBefore: NOW + 10 * MINUTE_MS,
  isBegun: false,
};
export const startResults: StartResult[] = [
  { status: "started", run: evilRun(), changes: [], gone: [], isOnlyWatch: false },
  { status: "started", run: evilRun(), changes: [], gone: [], isOnlyWatch: true },
  {
    status: "started",
    isOnlyWatch: false,
    run: evilRun(),
    changes: rooms(4).map((each, index) => ({
      ...{ room: each, before: index === 0 ? null : "join", isTried: index === 1 },
    })),
    gone: rooms(3),
  },
  { status: "nothing_to_do", report: reportOf([]), changes: [], gone: [] },
  { status: "nothing_to_do", report: reportOf(rooms(1)), changes: [], gone: rooms(1) },
  { status: "no_plan" },
  { status: "other_accounts", planned: { source: EVIL_USER, target: EVIL_USER } },
  ...RUN_STATES.map((state): StartResult => ({ status: "already", run: evilRun({ state }) })),
  { status: "unknown_rooms", rooms: [EVIL] },
  { status: "unknown_rooms", rooms: Array.from({ length: 9 }, () => EVIL) },
  { status: "unanswered_alias", alias: EVIL },
  ...cannotRead,
  { status: "stopped" },
  ...keptResults,
  { status: "given_up", cause: keptCause },
  { status: "other_plan" },
  { status: "started", run: evilRun(), changes: [], gone: [], isOnlyWatch: false, replaced: "undo" },
];
export const preview: UndoPreview = {
  status: "possible",
  invitations: rooms(1),
  joins: rooms(8),
  knocks: rooms(2),
  renamed: { isEverywhere: true, rooms: 2 },
  hasMentionRule: true,
  lastingContact: { messages: 2, chats: 2, left: 2 },
  kept: rooms(7).map((room, index) => ({
    room,
    reason: STAY_REASONS[index % STAY_REASONS.length] ?? "unreadable",
  })),
  canUndoRest: true,
  shown: "digest",
  written: summary.written,
  lasting: [{ category: "read_markers", count: 9 }],
};
export const verified = (all: Category[]): VerifyResult => ({
  status: "verified",
  report: reportOf(rooms(1), all),
  moreHelpers: new Map(),
  categories: all,
  unseen: all.some(({ missing }) => missing.length > 0) ? rooms(6) : [],
  notMoved,
});
const converted = { roomId: EVIL, name: EVIL, partner: EVIL_USER };
export const convertResults: ConvertResult[] = [
  { status: "converted", ...converted },
  { status: "converted", ...converted, name: null, partner: null },
  { status: "unchanged", ...converted },
  { status: "not_in_room", room: EVIL },
  { status: "no_partner", roomId: EVIL },
  { status: "unanswered_alias", alias: EVIL },
  ...cannotRead,
];

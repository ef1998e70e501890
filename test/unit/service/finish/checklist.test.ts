import { describe, expect, it } from "vitest";
import type { Account, OldAccount, Side } from "../../../../src/model/account.ts";
import type { Category, CategoryName } from "../../../../src/model/categories.ts";
import { category } from "../../../../src/model/categories.ts";
import type { FinishState } from "../../../../src/model/finish-state.ts";
import type { Report, ReportRoom } from "../../../../src/model/report.ts";
import type { Run, StoredStep } from "../../../../src/model/run.ts";
import type { LeaveFacts } from "../../../../src/platforms/contact.ts";
import { UnreadableAccountError } from "../../../../src/platforms/reading.ts";
import type { FinishChecklistOptions } from "../../../../src/service/finish/checklist.ts";
import { FinishChecklist } from "../../../../src/service/finish/checklist.ts";
import { contactTexts } from "../../../../src/view/contact/texts.ts";
import { finishState } from "../../../support/fakes/finish-samples.ts";
import { room as runRoom, step } from "../../../support/fakes/scripted-runner.ts";

const OWNER = "@me:third.example";
const request = { owner: OWNER, botRoomIds: [], onProgress: () => undefined };

function account(side: Side): Account {
  const userId = side === "source" ? "@ann:old.example" : "@ann:new.example";
  const baseUrl = "https://home.example";
  return { owner: OWNER, side, userId, baseUrl, method: "password", deviceId: "BOT", signedInAt: 0 };
}

function sourceOf({ isSignedIn, importedAt }: Pick<Scene, "isSignedIn" | "importedAt">): OldAccount | null {
  if (isSignedIn) return account("source");
  if (importedAt === null) return null;
  const userId = "@ann:old.example";
  return { owner: OWNER, side: "source", userId, method: "file", importedAt, writtenAt: 1 };
}

function reportRoom(roomId: string, status: ReportRoom["status"]): ReportRoom {
  return { ...runRoom(roomId).planned.row, status };
}

interface LeaveRun {
  left: readonly string[];
  /** The answer of the server was lost, and the next attempt found the room left. */
  foundLeft?: readonly string[];
  kept: readonly string[];
}

interface Scene {
  rooms: readonly ReportRoom[];
  categories: readonly Category[];
  leaves: readonly string[] | "unreadable";
  kept: readonly string[];
  leaveRuns: readonly LeaveRun[];
  announced: readonly string[];
  sessions: number | "unreadable";
  isSignedIn: boolean;
  /** The old account is known from files that were imported at this time. */
  importedAt: number | null;
  stored: FinishState | null;
  /** The categories of the last plan; `null`: there is no plan. */
  planned: readonly CategoryName[] | null;
}

function leaveFacts(leaves: readonly string[], kept: readonly string[]): LeaveFacts {
  const of = (roomId: string) => ({ room: reportRoom(roomId, "done") });
  return {
    leaves: leaves.map((id) => ({ ...of(id), dropsPower: false, isUnheard: false, lacksKeys: false })),
    kept: kept.map((id) => ({ ...of(id), reasons: [{ code: "alone" }] })),
    outside: [],
    reason: "",
  };
}

function leaveSteps({ left, foundLeft = [], kept }: LeaveRun): StoredStep[] {
  const of = (roomId: string) => ({
    ...step(`leave_room:${roomId}`, { kind: "leave_room", roomId }),
    ...{ attempts: 1, notBefore: 0, waitingFor: null, finishedAt: 1, savedUndo: null },
  });
  return [
    ...left.map((roomId): StoredStep => ({ ...of(roomId), state: "done", outcome: { status: "done" } })),
    ...foundLeft.map((roomId): StoredStep => ({
      ...of(roomId),
      state: "done",
      outcome: { status: "already_done" },
    })),
    ...kept.map((roomId): StoredStep => ({
      ...of(roomId),
      state: "failed",
      outcome: { status: "failed", problem: { code: "refused", serverText: null } },
    })),
  ];
}

function runOf(id: number): Run {
  return {
    ...{
      id,
      owner: OWNER,
      platform: "matrix",
      isFromFile: false,
      planNumber: 0,
      purpose: "leave",
      state: "over",
      stage: 0,
    },
    ...{ source: "@ann:old.example", target: "@ann:new.example", request: null, startedAt: 0, endedAt: 1 },
    address: {
      ...{ roomId: "!chat", eventId: "$e", threadRoot: null, roomKind: "direct", sender: OWNER },
      isEncrypted: true,
    },
    ...{ isCancelled: false, wasInterrupted: false, problem: null, progressCount: 0, epoch: 0 },
  };
}

function scene(more: Partial<Scene> = {}) {
  const now: Scene = {
    rooms: [reportRoom("!a", "done")],
    categories: [category("rooms", 1, [])],
    leaves: [],
    kept: [],
    leaveRuns: [],
    announced: [],
    sessions: 2,
    isSignedIn: true,
    importedAt: null,
    stored: null,
    planned: null,
    ...more,
  };
  const saved: FinishState[] = [];
  const filters: unknown[] = [];
  const planning: FinishChecklistOptions["planning"] = {
    last: async () =>
      now.planned && {
        ...{ number: 1, report: emptyReport, moreHelpers: new Map(), via: new Map() },
        request: { filters: { ...noFilters, categories: [...now.planned] }, botRoomIds: [] },
      },
    decide: async (asked) => {
      filters.push(asked.filters);
      const source = sourceOf(now);
      if (source === null) return { status: "not_signed_in", missing: ["source"] };
      const { rooms, categories } = now;
      const report = { ...emptyReport, rooms, categories };
      return {
        platform: "matrix",
        source,
        target: account("target"),
        request: { filters: { ...noFilters }, botRoomIds: [] },
        decision: {
          plan: { report, work: { canBegin: false } },
          finish: () => ({ name: "Ann", isRenamed: false, hasMentionRule: true }),
          leave: async () => {
            if (now.leaves === "unreadable")
              throw new UnreadableAccountError(account("source"), { code: "session_ended" });
            return { facts: leaveFacts(now.leaves, now.kept), exact: null, steps: [], rooms: [] };
          },
        },
      };
    },
  };
  const checklist = new FinishChecklist({
    accounts: { of: async () => ({ source: sourceOf(now), target: account("target") }) },
    planning,
    runs: { between: async () => now.leaveRuns.map((_run, index) => runOf(index)) },
    steps: { all: async (id) => leaveSteps(now.leaveRuns[id] ?? { left: [], kept: [] }) },
    records: async () => ({
      ...{ asked: [], chats: [], chatsToday: 0, givenNames: [], silentServers: new Set() },
      announcedAt: new Map(now.announced.map((roomId) => [roomId, 1])),
    }),
    texts: contactTexts,
    newChatsPerDay: 10,
    states: {
      last: async () => now.stored,
      save: async (_owner, state) => void saved.push(state),
    },
    finish: {
      sessions: async () => {
        if (now.sessions === "unreadable")
          throw new UnreadableAccountError(account("source"), { code: "session_ended" });
        return { others: now.sessions, endedAt: { kind: "here" } };
      },
    },
    now: () => 5,
  });
  return { checklist, saved, filters };
}

const emptyReport: Report = {
  ...{ schema: 1, source: "@ann:old.example", target: "@ann:new.example" },
  ...{ generatedAt: "2026-11-30T17:00:00Z", rooms: [], categories: [], keys: null },
};

const noFilters = {
  ...{ only: [], exclude: [], spaces: [], servers: [], isDirect: null, activeSince: null },
  ...{ hasRooms: true, categories: null },
};

async function stateOf(more: Partial<Scene>): Promise<FinishState> {
  const result = await scene(more).checklist.check(request);
  if (result.status !== "checked") throw new Error(result.status);
  return result.state;
}

describe("the checklist", () => {
  it("counts what the servers show, and is kept for later", async () => {
    const { checklist, saved } = scene({
      rooms: [reportRoom("!a", "done"), reportRoom("!b", "needs_moderator"), reportRoom("!c", "skipped")],
      categories: [
        category("rooms", 1, ["!b"]),
        category("tags" satisfies CategoryName, 3, ["x", "y"]),
        { name: "room_keys", expected: 9, present: 4, missing: ["!a"] },
      ],
      announced: ["!a", "!z"],
    });
    const result = await checklist.check(request);
    expect(result).toMatchObject({
      status: "checked",
      state: {
        at: 5,
        comparison: { rooms: 2, moved: 1, missing: 2, canBegin: false },
        keys: { expected: 9, toCopy: 5, isUnreadable: false },
        name: { name: "Ann", isRenamed: false, announced: 2 },
        leaving: { notMoved: 1 },
        hasMentionRule: true,
        otherSessions: 2,
      },
    });
    expect(saved).toEqual([result.status === "checked" && result.state]);
  });

  it.each<{ title: string; scene: Partial<Scene>; leaving: Partial<FinishState["leaving"]> }>([
    {
      title: "nothing was left yet",
      scene: { leaves: ["!a", "!b"], kept: ["!c"] },
      leaving: { left: 0, open: 2, kept: 1, hasBegun: false },
    },
    {
      title: "all that could be left was left",
      scene: { kept: ["!c"], leaveRuns: [{ left: ["!a", "!b"], kept: [] }] },
      leaving: { left: 2, open: 0, kept: 1, hasBegun: true },
    },
    {
      title: "the bot was killed while it left one of them",
      scene: { leaveRuns: [{ left: ["!a"], foundLeft: ["!b"], kept: [] }] },
      leaving: { left: 2, open: 0, kept: 0, hasBegun: true },
    },
    {
      title: "the last run kept a room that could be left now",
      scene: { leaves: ["!a"], leaveRuns: [{ left: ["!b"], kept: ["!a"] }] },
      leaving: { left: 1, open: 0, kept: 1, hasBegun: true },
    },
    {
      title: "an earlier run kept a room that could be left now",
      scene: {
        leaves: ["!a"],
        leaveRuns: [
          { left: ["!b"], kept: ["!a"] },
          { left: ["!c"], kept: [] },
        ],
      },
      leaving: { left: 2, open: 1, kept: 0, hasBegun: true },
    },
  ])("counts the rooms of the old account if $title", async ({ scene: given, leaving }) => {
    expect((await stateOf(given)).leaving).toMatchObject(leaving);
  });

  it("looks at keys although the plan left them out", async () => {
    const { checklist, filters } = scene({ planned: ["rooms"] });
    await checklist.check(request);
    expect(filters).toMatchObject([{ categories: ["rooms", "room_keys"] }]);
  });

  it("is not there if an account cannot be read", async () => {
    const { checklist, saved } = scene({ leaves: "unreadable" });
    expect(await checklist.check(request)).toMatchObject({ status: "not_read" });
    expect(saved).toEqual([]);
  });

  it("does without sessions that cannot be read", async () => {
    expect((await stateOf({ sessions: "unreadable" })).otherSessions).toBeNull();
  });

  it("shows what it was once the bot is signed out because the move is finished", async () => {
    const stored = finishState({ signedOut: { at: 3, state: "done" } });
    const { checklist, saved } = scene({ isSignedIn: false, stored });
    expect(await checklist.check(request)).toEqual({ status: "remembered", state: stored });
    expect(saved).toEqual([]);
  });

  it("counts by files what the new account has, and asks nothing of the old one", async () => {
    const given = scene({
      ...{ isSignedIn: false, importedAt: 1, leaves: "unreadable", sessions: "unreadable" },
      rooms: [reportRoom("!a", "done"), reportRoom("!b", "needs_moderator")],
      categories: [category("rooms", 1, ["!b"])],
    });
    const result = await given.checklist.check(request);
    expect(result).toMatchObject({
      status: "checked",
      state: {
        isFromFile: true,
        comparison: { rooms: 2, moved: 1 },
        leaving: { left: 0, open: 0, kept: 0 },
        hasMentionRule: true,
        otherSessions: null,
      },
    });
    expect(given.saved).toEqual([result.status === "checked" && result.state]);
  });

  it.each<{ title: string; stored: Partial<FinishState>; importedAt: number; status: string }>([
    {
      title: "was signed out everywhere, and files are older",
      ...{ stored: { signedOut: { at: 3, state: "done" } }, importedAt: 2, status: "remembered" },
    },
    {
      title: "was signed out everywhere, and files are newer",
      ...{ stored: { signedOut: { at: 3, state: "done" } }, importedAt: 4, status: "checked" },
    },
    {
      title: "is another one than that of the files",
      ...{ stored: { source: "@bob:old.example", endedAt: 3 }, importedAt: 2, status: "checked" },
    },
    { title: "has not finished", stored: {}, importedAt: 2, status: "checked" },
  ])("is $status if the old account $title", async ({ stored, importedAt, status }) => {
    const { checklist } = scene({ isSignedIn: false, importedAt, stored: finishState(stored) });
    expect(await checklist.check(request)).toMatchObject({ status });
  });

  it("asks for a sign-in if the person has not finished", async () => {
    const { checklist } = scene({ isSignedIn: false, stored: finishState() });
    expect(await checklist.check(request)).toEqual({ status: "not_signed_in", missing: ["source"] });
  });
});

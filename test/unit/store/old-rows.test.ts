import type Database from "better-sqlite3";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { watchedIn } from "../../../src/model/room-routes.ts";
import { knockPayload } from "../../../src/platforms/matrix/planning/step-payloads.ts";
import { RATE_LIMITS } from "../../../src/platforms/matrix/rate-limits.ts";
import { historyOf } from "../../../src/platforms/matrix/runs/room-of-run.ts";
import { matrixRuns } from "../../../src/platforms/matrix/runs/runs.ts";
import { Limits } from "../../../src/queue/rate-limits.ts";
import { readPlan } from "../../../src/service/plan/stored-plan.ts";
import { RunStatuses } from "../../../src/service/run/status.ts";
import { RunSummaryReader } from "../../../src/service/run/summary.ts";
import type { Store } from "../../../src/store/store.ts";
import { openStore } from "../../../src/store/store.ts";
import type { UnreadableRow } from "../../../src/store/stored-json.ts";
import { schemaUpgrades, upgradeSchema } from "../../../src/store/upgrade.ts";
import { platforms } from "../../../src/store/upgrades/007-platforms.ts";
import { renderPlainText } from "../../../src/view/document/plain-text.ts";
import { exportedReportSchema } from "../../../src/view/rooms/exported-report.ts";
import { csvReport, jsonReport } from "../../../src/view/rooms/report-files.ts";
import { reportMessage } from "../../../src/view/rooms/report.ts";
import { confirmedUndo, undoPlanner } from "../../support/fakes/undo-planner.ts";
import {
  OLD_OWNER,
  OLD_REPORT,
  OLD_SOURCE,
  OLD_TARGET,
  changeRows,
  insertOldRows,
} from "../../support/store/old-rows.ts";
import { secretKey, temporaryFolder } from "../../support/store/temporary-store.ts";

const NOW = 10_000;

interface Opened {
  store: Store;
  unreadable: UnreadableRow[];
}

/** Opens a store with the rows of an old version and does something with it. */
async function withOldRows(
  use: (opened: Opened) => Promise<void>,
  change: (database: Database.Database) => void = () => undefined,
): Promise<void> {
  const dataDir = await temporaryFolder();
  changeRows(dataDir, (database) => {
    upgradeSchema(database, schemaUpgrades.slice(0, schemaUpgrades.indexOf(platforms)));
    insertOldRows(database);
    change(database);
  });
  const unreadable: UnreadableRow[] = [];
  const store = openStore({ dataDir, secretKey, reportUnreadable: (row) => unreadable.push(row) });
  try {
    await use({ store, unreadable });
  } finally {
    await store.close();
  }
}

async function lastPlan({ store }: Opened) {
  const row = await store.plans.last(OLD_OWNER);
  const plan = row && readPlan(row);
  if (plan === null) throw new Error("there is no plan");
  return plan;
}

describe("rows of the version before stored JSON had versions", () => {
  it("show the last plan with its sentences", () =>
    withOldRows(async (opened) => {
      const { number, report, moreHelpers } = await lastPlan(opened);
      expect(number).toBe(3);
      expect(report.keys).toBeNull();
      const text = renderPlainText(reportMessage({ report, moreHelpers, prefix: "!" }).document);
      expect(text).toContain("Somebody in the room must invite your new account (1)");
      expect(text).toContain("Inviting needs power 50; the old account has 0.");
      expect(text).toContain("Mo @mo:old.example (power 100) and 2 more");
      expect(await opened.store.plans.numberedRoomIds(OLD_OWNER)).toEqual(["!closed:old.example"]);
    }));

  it("export the report to the same bytes, and say that nobody was asked", () =>
    withOldRows(async (opened) => {
      const { report, via } = await lastPlan(opened);
      const bytes = jsonReport(report, "r.json").bytes.toString();
      const object = z.record(z.string(), z.unknown());
      const old = object.parse(JSON.parse(OLD_REPORT));
      const rooms = z
        .array(object)
        .parse(old["rooms"])
        .map((room) => ({ ...room, asked: [] }));
      expect(bytes).toBe(`${JSON.stringify({ ...old, rooms }, null, 2)}\n`);
      const exported = exportedReportSchema.parse(JSON.parse(bytes));
      expect(exported.rooms[0]).toMatchObject({
        reason: { code: "no_invite_power", text: "Inviting needs power 50; the old account has 0." },
        warnings: [{ code: "history_hidden", text: "New members see only what is written after they join." }],
      });
      expect(csvReport(report, via, "r.csv").bytes.toString()).toContain(
        "no_invite_power: Inviting needs power 50; the old account has 0.",
      );
    }));

  it("give the status and the summary of the run", () =>
    withOldRows(async ({ store }) => {
      const { runs, steps } = store;
      const run = await runs.last(OLD_OWNER);
      if (run === null) throw new Error("there is no run");
      const limits = new Limits(store.limiters, RATE_LIMITS, () => undefined);
      const statuses = new RunStatuses({
        platforms: { matrix: { serverName: () => "" } },
        accounts: store.accounts,
        moved: { filesGone: async () => null },
        isAnswering: async () => false,
        runs,
        steps,
        limits,
        contacts: store.contacts,
        newChatsPerDay: 10,
        awayUntil: () => null,
        waitOf: () => ({ endWait: null, isHeldBack: false }),
        now: () => NOW,
      });
      expect(await statuses.of(run)).toMatchObject({
        number: 3,
        state: "watching",
        source: OLD_SOURCE,
        target: OLD_TARGET,
        rooms: { done: 1, needsModerator: 1 },
        steps: { total: 2, done: 2 },
      });
      const { summary } = await new RunSummaryReader({
        runs,
        steps,
        platforms: { matrix: { runs: matrixRuns } },
        planning: { withAsked: async (_owner, report) => report },
        now: () => NOW,
      }).of(run);
      expect(summary).toMatchObject({ joins: 1, knocks: 1 });
    }));

  it("belong to Matrix, where they do not name their platform", () =>
    withOldRows(async ({ store }) => {
      expect((await store.runs.last(OLD_OWNER))?.platform).toBe("matrix");
      expect((await store.steps.all(1)).map(({ platform }) => platform)).toEqual(["matrix", "matrix"]);
    }));

  it("keep what a watch and the end of a run need", () =>
    withOldRows(async ({ store, unreadable }) => {
      const [closed, open] = await store.runs.rooms(1);
      if (closed === undefined || open === undefined) throw new Error("rooms are missing");
      expect([closed, open].map(watchedIn({ isFromFile: false }))).toEqual([true, false]);
      expect(closed.refusals).toEqual([
        { route: "invite", code: "refused", who: "room", serverText: "No.", at: null, facts: null },
      ]);
      expect(historyOf({ ...closed, joinedAt: 1 }, 1)).toEqual({ isServerNew: true, mayHistoryCome: false });
      const knock = (await store.steps.all(1)).find(({ kind }) => kind === "knock");
      expect(knockPayload.parse(knock?.payload).reason).toBe("I am moving.");
      expect((await store.questions.answerable(OLD_OWNER, "!chat:new.example", "$x", 50))?.action).toBe(
        "undo",
      );
      expect(unreadable).toEqual([]);
    }));

  it("can be undone", () =>
    withOldRows(async ({ store }) => {
      const undo = undoPlanner(store);
      expect(await undo.preview(OLD_OWNER)).toMatchObject({
        status: "possible",
        joins: [{ roomId: "!open:old.example" }],
        knocks: [{ roomId: "!closed:old.example" }],
      });
      expect((await confirmedUndo(undo, OLD_OWNER))?.steps).toHaveLength(2);
    }));

  it("keep what was observed of a limiter", () =>
    withOldRows(async ({ store, unreadable }) => {
      const limits = new Limits(store.limiters, RATE_LIMITS, (row) => unreadable.push(row));
      await limits.load(OLD_TARGET);
      // 60 s - 9 turns of 4 s, and a margin.
      expect(limits.nextAt(OLD_TARGET, "messages", NOW)).toBe(24_016);
      expect(limits.rows(OLD_TARGET, "messages")[0]?.state).toEqual({
        v: 2,
        defaultEmptyAt: 9_000,
        isContradicted: false,
        observed: {
          emptyAt: 60_000,
          periodMs: 4_000,
          refusedAt: 0,
          windowStartedAt: null,
          announced: { at: 24_000, sentSince: 1 },
        },
        refusalsWithoutDelay: 0,
      });
      expect(unreadable).toEqual([]);
    }));
});

describe("a row that cannot be read costs that row alone", () => {
  const broken = (table: string, column: string, where: string) => (database: Database.Database) => {
    expect(database.prepare(`UPDATE ${table} SET ${column} = '{"x' WHERE ${where}`).run().changes).toBe(1);
  };

  it("no plan", () =>
    withOldRows(
      async ({ store }) => {
        const row = await store.plans.last(OLD_OWNER);
        expect(row && readPlan(row)).toBeNull();
        expect(await store.runs.last(OLD_OWNER)).not.toBeNull();
      },
      broken("plan", "payload", "number = 3"),
    ));

  it("the other rooms of the run", () =>
    withOldRows(
      async ({ store, unreadable }) => {
        expect((await store.runs.rooms(1)).map(({ roomId }) => roomId)).toEqual(["!open:old.example"]);
        expect(await store.runs.room(1, "!closed:old.example")).toBeNull();
        expect(unreadable[0]).toEqual({ table: "run_room", key: "1 !closed:old.example" });
      },
      broken("run_room", "planned", "position = 0"),
    ));

  it("a room whose reason has an unknown code, without the reason", () =>
    withOldRows(
      async ({ store, unreadable }) => {
        const [closed] = await store.runs.rooms(1);
        expect([closed?.planned.row.reason, closed?.planned.row.warnings]).toEqual([null, []]);
        expect(unreadable).toEqual([]);
      },
      (database) =>
        database.exec(
          `UPDATE run_room SET planned = replace(replace(planned, 'no_invite_power', 'of_tomorrow'), 'history_hidden', 'new')`,
        ),
    ));

  it("a step, which fails, while the next one is taken", () =>
    withOldRows(
      async ({ store, unreadable }) => {
        const asked = { lane: "target:messages", stage: 1, now: NOW, limiters: [] };
        const knocks = { ...asked, lane: "target:knocks" };
        expect(await store.steps.takeNext({ runId: 1, epoch: 0 }, knocks)).toBeNull();
        expect((await store.steps.takeNext({ runId: 1, epoch: 0 }, asked))?.key).toBe(
          "read_marker:!open:old.example",
        );
        expect((await store.steps.counts(1)).find(({ kind }) => kind === "knock")?.state).toBe("failed");
        expect(unreadable.map(({ table }) => table)).toEqual(["step"]);
      },
      (database) => {
        database.exec("UPDATE step SET state = 'pending', payload = '{\"x' WHERE kind = 'knock'");
        database.exec(
          `INSERT INTO step (run_id, key, kind, side, lane, stage, limits, payload, is_blocked)
           VALUES (1, 'read_marker:!open:old.example', 'read_marker', 'target', 'target:messages', 1, '[]', '{}', 0)`,
        );
      },
    ));

  it("an unknown limiter", () =>
    withOldRows(
      async ({ store, unreadable }) => {
        const limits = new Limits(store.limiters, RATE_LIMITS, (row) => unreadable.push(row));
        await limits.load(OLD_TARGET);
        expect(limits.nextAt(OLD_TARGET, "messages", NOW)).toBe(NOW);
        expect(unreadable).toEqual([{ table: "limiter", key: `messages ${OLD_TARGET}` }]);
      },
      broken("limiter", "state", "name = 'messages'"),
    ));

  it("a closed question", () =>
    withOldRows(
      async ({ store, unreadable }) => {
        expect(await store.questions.answerable(OLD_OWNER, "!chat:new.example", "$x", 50)).toBeNull();
        expect(unreadable).toEqual([{ table: "question", key: "q" }]);
      },
      broken("question", "payload", "transaction_id = 'q'"),
    ));

  it("an outcome, beside which the other steps are counted", () =>
    withOldRows(
      async ({ store }) => {
        const counts = await store.steps.counts(1);
        expect(counts.map(({ waitsForSide }) => waitsForSide)).toContain(null);
      },
      (database) => database.exec("UPDATE step SET outcome = '{\"x' WHERE kind = 'knock'"),
    ));

  it("a newer run, before which the last readable one is found", () =>
    withOldRows(
      async ({ store, unreadable }) => {
        expect((await store.runs.last(OLD_OWNER))?.id).toBe(1);
        expect(unreadable).toEqual([{ table: "run", key: 2 }]);
      },
      (database) => {
        const columns = "owner, plan_number, purpose, state, stage, source, target, request, started_at";
        database.exec(
          `INSERT INTO run (id, ${columns}, address) SELECT 2, ${columns}, '[]' FROM run WHERE id = 1`,
        );
      },
    ));

  it("a state of a run, which stays when another run replaces it", () =>
    withOldRows(
      async ({ store }) => {
        const next = {
          owner: OLD_OWNER,
          platform: "matrix" as const,
          isFromFile: false,
          planNumber: 3,
          purpose: "move" as const,
          source: OLD_SOURCE,
          target: OLD_TARGET,
          address: {
            roomId: "!chat:new.example",
            eventId: "$start",
            threadRoot: null,
            roomKind: "direct" as const,
            sender: OLD_OWNER,
            isEncrypted: false,
          },
          request: {},
          startedAt: NOW,
        };
        const created = await store.runs.create(next, { rooms: [], steps: [], isInPlace: true });
        expect(created?.state).toBe("running");
      },
      (database) => database.exec("UPDATE run SET state = 'of_tomorrow'"),
    ));

  it("a run, beside which another can begin", () =>
    withOldRows(
      async ({ store, unreadable }) => {
        expect(await store.runs.active(OLD_OWNER, "move")).toBeNull();
        expect(unreadable).toEqual([{ table: "run", key: 1 }]);
      },
      (database) => database.exec("UPDATE run SET state = 'running', address = '[]'"),
    ));
});

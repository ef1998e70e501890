import { describe, expect, it } from "vitest";
import type { LimitName } from "../../../src/model/step.ts";
import { LIMITS } from "../../../src/model/step.ts";
import { RATE_LIMITS } from "../../../src/platforms/matrix/rate-limits.ts";
import type { Turn } from "../../../src/queue/rate-limits.ts";
import { Limits } from "../../../src/queue/rate-limits.ts";
import type { LimiterRow } from "../../../src/store/limiters.ts";
import type { PairSettings } from "../../support/rate-limits/leaky-buckets.ts";
import {
  DEFAULTS,
  LeakyBuckets,
  UNLIMITED,
  leastMs,
  scaled,
} from "../../support/rate-limits/leaky-buckets.ts";
import { mixedRooms, pace } from "../../support/rate-limits/paced-requests.ts";

const ME = "@me:old.example";
/**
 * The allowed excess over the least time: a few round trips, and the margins of times that are not
 * known to the millisecond.
 */
const SLACK_MS = 300;
/**
 * The allowed refusals of each limiter: one shows the limit, one its period, one comes from the
 * limiter before it, and some requests are under way meanwhile.
 */
const MAX_REFUSALS = 5;
const DOUBTED_AFTER_MS = 6 * 3_600_000;

const periodMs = DEFAULTS.invitations?.periodMs ?? 0;
const many = { periodMs, burst: 200 };
const settings: Record<string, { settings: PairSettings; burnt: number }> = {
  "Synapse's defaults": { settings: DEFAULTS, burnt: 0 },
  "defaults ten times as fast": { settings: scaled(DEFAULTS, 0.1), burnt: 0 },
  "defaults a hundred times as fast": { settings: scaled(DEFAULTS, 0.01), burnt: 0 },
  "limits half as strict again as the default": { settings: scaled(DEFAULTS, 1.5), burnt: 0 },
  "limits three times as strict as the default": { settings: scaled(DEFAULTS, 3), burnt: 0 },
  "smaller bursts": {
    settings: {
      ...DEFAULTS,
      invitations: { periodMs, burst: 2 },
      federatedInvitations: { periodMs, burst: 2 },
      remoteJoins: { periodMs: 100_000, burst: 3 },
    },
    burnt: 0,
  },
  "an old server lifted by an override, and a new one that answers 502": {
    settings: { ...DEFAULTS, invitations: null, sourceMessages: null },
    burnt: 0,
  },
  "an old server with its limit on invitations lifted alone": {
    settings: { ...DEFAULTS, invitations: null },
    burnt: 0,
  },
  // One invitation is used up to find out whether messages are limited too.
  "plenty of invitations, and messages as by default": {
    settings: { ...DEFAULTS, invitations: many, federatedInvitations: many },
    burnt: 1,
  },
};

describe.each([50, 200])("a move of %i mixed rooms", (rooms) => {
  const load = mixedRooms(rooms);

  it.each(Object.entries(settings).map(([name, given]) => ({ name, ...given })))(
    "takes hardly longer than it must under $name",
    async ({ settings, burnt }) => {
      const server = new LeakyBuckets(settings);
      const { tookMs } = await pace(load, server);
      expect(tookMs).toBeLessThanOrEqual(leastMs(load, settings) * 1.02 + SLACK_MS);
      // What was observed hours ago is doubted by one request. If that passes, the limit and its
      // period are observed again.
      const maxRefusals = MAX_REFUSALS + 3 * Math.floor(tookMs / DOUBTED_AFTER_MS);
      expect(LIMITS.filter((name) => server.refused[name] > maxRefusals)).toEqual([]);
      expect(server.burntInvitations).toBeLessThanOrEqual(burnt);
    },
  );

  it("never waits where nothing is limited", async () => {
    const server = new LeakyBuckets(UNLIMITED);
    const { tookMs, sent } = await pace(load, server);
    expect(sent).toBe(load.invitations + load.joins + load.remoteJoins + load.powerLevels);
    // Eight at a time at each server; one at a time until a limit is known not to exist.
    expect(tookMs).toBeLessThanOrEqual(
      (Math.ceil((load.joins + load.remoteJoins) / 8) + 3 * LIMITS.length) * 20,
    );
  });

  it("notices after a pause that limits were raised during the run", async () => {
    const afterMs = leastMs(load, DEFAULTS) / 3;
    const { tookMs } = await pace(load, new LeakyBuckets(DEFAULTS), { afterMs, settings: UNLIMITED });
    expect(tookMs).toBeLessThanOrEqual(afterMs + 20 * rooms);
  });
});

describe("what is known of an account's limits", () => {
  function limitsWith(rows: LimiterRow[] = []): { limits: Limits; forgotten: string[] } {
    const forgotten: string[] = [];
    const forget = async (userId: string): Promise<void> => void forgotten.push(userId);
    return { limits: new Limits({ of: async () => rows, forget }, RATE_LIMITS, () => undefined), forgotten };
  }

  function take(limits: Limits, name: LimitName, now: number): Extract<Turn, { kind: "go" }>["ticket"] {
    const turn = limits.turn(ME, name, now);
    if (turn.kind === "wait") throw new Error(`it waits until ${turn.until}`);
    return turn.ticket;
  }

  it("outlives the process", async () => {
    const { limits } = limitsWith();
    await limits.load(ME);
    limits.refused(take(limits, "messages", 1_000), 60_000, 1_000);
    const after = limitsWith(JSON.parse(JSON.stringify(limits.rows(ME, "messages"))) as LimiterRow[]);
    await after.limits.load(ME);
    expect(after.limits.turn(ME, "messages", 2_000)).toEqual(limits.turn(ME, "messages", 2_000));
    expect(after.limits.nextAt(ME, "messages", 2_000)).toBeGreaterThan(60_000);
  });

  it("is left aside where no version of the bot wrote it", async () => {
    const { limits } = limitsWith([{ userId: ME, name: "messages", state: { junk: true } }]);
    await limits.load(ME);
    expect(limits.turn(ME, "messages", 0).kind).toBe("go");
  });

  it("is forgotten on demand, in the store too", async () => {
    const { limits, forgotten } = limitsWith();
    await limits.load(ME);
    limits.refused(take(limits, "messages", 0), 60_000, 0);
    expect(limits.turn(ME, "messages", 0).kind).toBe("wait");
    await limits.forget(ME);
    expect([limits.turn(ME, "messages", 0).kind, forgotten]).toEqual(["go", [ME]]);
  });

  describe("that a refusal has shown", () => {
    const HOUR_MS = 3_600_000;
    const start = 1_000_000_000;

    /** An account whose server has said that the next message may go in `waitMs`. */
    async function refusedFor(waitMs: number) {
      const { limits } = limitsWith();
      await limits.load(ME);
      for (let sent = 0; sent < 10; sent += 1) limits.passed(take(limits, "messages", start));
      limits.refused(take(limits, "messages", start), waitMs, start);
      return limits;
    }

    /** Sends what may go for a time. Keeps to what is known, so that no request is refused. */
    function sendUntil(limits: Limits, until: number): number {
      let now = start;
      for (;;) {
        const turn = limits.turn(ME, "messages", now);
        if (turn.kind === "wait") now = turn.until;
        else limits.passed(turn.ticket);
        if (now >= until) return now;
      }
    }

    it("is tested by one request after some hours, and forgotten if that passes", async () => {
      const limits = await refusedFor(30_000);
      const now = sendUntil(limits, start + 6 * HOUR_MS);
      const probe = take(limits, "messages", now + 1);
      const next = take(limits, "messages", now + 1);
      expect([probe.probed, next.probed]).toEqual([[], ["messages"]]);
      expect(limits.turn(ME, "messages", now + 1).kind).toBe("wait");
      limits.passed(next);
      // The server allows more than was observed, and perhaps more than the default.
      expect(limits.turn(ME, "messages", now + 2).kind).toBe("go");
    });

    it("holds for hours more if the request is refused", async () => {
      const limits = await refusedFor(30_000);
      const now = sendUntil(limits, start + 6 * HOUR_MS) + 1;
      take(limits, "messages", now);
      limits.refused(take(limits, "messages", now), 30_000, now);
      expect(limits.turn(ME, "messages", now + 29_000).kind).toBe("wait");
      expect(limits.turn(ME, "messages", now + 31_000).kind).toBe("go");
    });

    it("is tested at once when a new run begins", async () => {
      const limits = await refusedFor(30_000);
      expect(limits.turn(ME, "messages", start + 1).kind).toBe("wait");
      limits.doubt(ME);
      expect(take(limits, "messages", start + 1).probed).toEqual(["messages"]);
      expect(limits.turn(ME, "messages", start + 1).kind).toBe("wait");
    });

    it("is not believed for longer than an hour, also where an earlier release has stored it", async () => {
      const days = 25 * 24 * HOUR_MS;
      const state = {
        v: 2,
        defaultEmptyAt: start,
        isContradicted: false,
        observed: { emptyAt: start + 10 * days, periodMs: days, windowStartedAt: null, announced: null },
        refusalsWithoutDelay: 0,
      };
      const { limits } = limitsWith([{ userId: ME, name: "messages", state }]);
      await limits.load(ME);
      limits.passed(take(limits, "messages", start + HOUR_MS));
      expect(limits.turn(ME, "messages", start + HOUR_MS + 1).kind).toBe("go");
    });
  });

  it("keeps the token of what got nowhere", async () => {
    const { limits } = limitsWith();
    await limits.load(ME);
    const before = limits.rows(ME, "joins");
    const at = 1_000_000_000;
    limits.passed(take(limits, "joins", at));
    const one = limits.rows(ME, "joins");
    limits.giveBack(take(limits, "joins", at));
    expect(limits.rows(ME, "joins")).toEqual(one);
    expect(one).not.toEqual(before);
  });

  it("lets one request at a time find out whether a server allows more than the default", async () => {
    const { limits } = limitsWith();
    await limits.load(ME);
    for (let sent = 0; sent < 10; sent += 1) limits.passed(take(limits, "messages", 0));
    const probe = take(limits, "messages", 0);
    expect(limits.turn(ME, "messages", 0)).toEqual({ kind: "wait", until: 10_000 });
    limits.passed(probe);
    expect([take(limits, "messages", 0), take(limits, "messages", 0)].map(({ probed }) => probed)).toEqual([
      [],
      [],
    ]);
  });

  it("does not take one limit for lifted since another was", async () => {
    const { limits } = limitsWith();
    await limits.load(ME);
    for (let sent = 0; sent < 6; sent += 1) limits.passed(take(limits, "invitations", 0));
    for (let sent = 0; sent < 4; sent += 1) limits.passed(take(limits, "messages", 0));
    expect(take(limits, "invitations", 0).probed).toEqual(["messages"]);
  });

  it("never lets an invitation find out about messages while invitations may be scarce", async () => {
    const { limits } = limitsWith();
    await limits.load(ME);
    for (let sent = 0; sent < 10; sent += 1) limits.passed(take(limits, "messages", 0));
    expect(limits.turn(ME, "invitations", 0)).toEqual({ kind: "wait", until: 5_000 });
  });

  it("adds up kinds that share a limit", async () => {
    const { limits } = limitsWith();
    await limits.load(ME);
    const now = 1_000_000_000;
    // Twenty messages: ten at once, then one in five seconds.
    expect(
      limits.expectedMs(
        ME,
        new Map([
          ["joins", 10],
          ["messages", 10],
        ]),
        now,
      ),
    ).toBe(50_000);
    expect(
      limits.expectedMs(
        ME,
        new Map([
          ["remote_joins", 12],
          ["messages", 10],
        ]),
        now,
      ),
    ).toBe(200_000);
    expect(limits.expectedMs(ME, new Map(), now)).toBe(0);
  });
});

import { pino } from "pino";
import { describe, expect, it } from "vitest";
import { KeyedQueue } from "../../../../src/model/keyed-queue.ts";
import type { SignInLink } from "../../../../src/model/sign-in-link.ts";
import type { LinkAnswer } from "../../../../src/platforms/sign-in.ts";
import { LinkWaits } from "../../../../src/service/accounts/link-waits.ts";
import type { LinkNews } from "../../../../src/service/accounts/results.ts";
import { temporaryStore } from "../../../support/store/temporary-store.ts";

const link: SignInLink = {
  owner: "@me:x.org",
  side: "source",
  userId: "@a:old.example",
  baseUrl: "https://old.example",
  deviceId: "FIRST",
  userCode: "ABCDEF",
  verificationUri: "https://auth.old.example/link",
  intervalMs: 1,
  expiresAt: 1e15,
  address: {
    ...{ roomId: "!r:x", eventId: "$e", threadRoot: null },
    ...{ roomKind: "direct" as const, sender: "@me:x.org", isEncrypted: true },
  },
  tokens: null,
};

/** Waits take no time: the clock moves on by what is waited for. */
async function setUp(answer: (poll: number) => LinkAnswer | Promise<LinkAnswer>) {
  const { store } = await temporaryStore();
  const news: LinkNews["kind"][] = [];
  const clock = { at: 0, setBackMs: 0 };
  const polls: number[] = [];
  const queue = new KeyedQueue();
  const waits = new LinkWaits({
    links: store.signInLinks,
    signIn: {
      pollLink: async () => {
        polls.push(clock.at);
        return await answer(polls.length);
      },
    },
    monotonicNow: () => clock.at,
    now: () => clock.at - clock.setBackMs,
    pause: async (ms) => {
      clock.at += ms;
    },
    log: pino({ enabled: false }),
    accept: async () => null,
    discard: async () => undefined,
    notify: async (_link, { kind }) => void news.push(kind),
    inTurn: (owner, work) => queue.run(owner, work),
    waiting: (shown, isServerAway) => ({
      kind: "waiting",
      link: { ...shown, askedBy: null, remainingMs: 0, foreignHost: null, clientName: "", clientUri: "" },
      isServerAway,
    }),
  });
  return { store, waits, news, polls, queue, clock };
}

describe("a link that waits for its person", () => {
  it.each([
    { server: "wants to be polled in a loop", intervalMs: 0.001, wait: 1_000 },
    { server: "wants to be polled in a thousand years", intervalMs: 1e15, wait: 60_000 },
  ])("whose server $server is polled within bounds, for an hour", async ({ intervalMs, wait }) => {
    const { waits, store, news, polls } = await setUp(() => ({ kind: "pending" }));
    await waits.add({ ...link, intervalMs });
    await expect.poll(() => store.signInLinks.all()).toEqual([]);
    expect(news.at(-1)).toBe("expired");
    expect(polls[2]).toBe((polls[1] ?? 0) + wait);
    expect(polls.at(-1)).toBeLessThan(3_600_000 + 4 * 60_000);
    await waits.stop();
  });

  it("is polled for an hour at most, although the clock is set back again and again", async () => {
    const { waits, store, news, polls, clock } = await setUp(() => {
      clock.setBackMs += 60_000;
      return { kind: "pending" };
    });
    await waits.add({ ...link, intervalMs: 60_000 });
    await expect.poll(() => store.signInLinks.all()).toEqual([]);
    expect(news.at(-1)).toBe("expired");
    expect(polls.length).toBeLessThan(65);
    await waits.stop();
  });

  it("that is cancelled while its server is asked is not shown as waiting again", async () => {
    const asked = Promise.withResolvers<undefined>();
    const isAway = Promise.withResolvers<LinkAnswer>();
    const { waits, store, news, queue } = await setUp(() => {
      asked.resolve(undefined);
      return isAway.promise;
    });
    await waits.add({ ...link, intervalMs: 5_000 });
    await asked.promise;
    const cancelled = queue.run(link.owner, async () => {
      news.push("cancelled");
      isAway.resolve({ kind: "away" });
      // The answer of the server arrives before the link is removed.
      for (let turn = 0; turn < 50; turn += 1) await store.signInLinks.all();
      await store.signInLinks.remove(link.owner, link.side);
    });
    await cancelled;
    await waits.stop();
    expect(news).toEqual(["cancelled"]);
  });

  it("goes on by itself after a fault of the bot's own", async () => {
    const { waits, news, polls } = await setUp((poll) => {
      if (poll === 1) throw new Error("database or disk is full");
      return { kind: "refused" };
    });
    await waits.add({ ...link, intervalMs: 5_000 });
    await expect.poll(() => news).toEqual(["denied"]);
    expect(polls).toEqual([5_000, 20_000]);
    await waits.stop();
  });
});

import { setTimeout as sleep } from "node:timers/promises";
import type { Logger } from "pino";
import type { SignInLink } from "../../model/sign-in-link.ts";
import type { PlatformSignIn } from "../../platforms/sign-in.ts";
import type { SignInLinks } from "../../store/sign-in-links.ts";
import type { LinkNews } from "./results.ts";

/** RFC 8628 section 3.5. */
const SLOW_DOWN_MS = 5_000;
/** The bounds of one wait. A link of an older version may carry any interval. */
const MIN_INTERVAL_MS = 1_000;
const MAX_INTERVAL_MS = 60_000;
/** The longest time for which a process polls a link. */
const MAX_LIFE_MS = 60 * 60_000;
/** The pause after a failure of the bot itself, for example of its disk. */
const AFTER_FAULT_MS = 15_000;
/** The interval at which the message is updated with the remaining time. */
const SHOW_EVERY_MS = 5 * 60_000;
/**
 * A pending request may still return a session. At a stop it gets this time, so that the session
 * can be stored.
 */
const STOP_GRACE_MS = 2_000;

/** `endsAt`: when it is no longer waited for, by the monotonic clock. */
type AwaitedLink = SignInLink & { endsAt: number };

type FinalNews = Exclude<LinkNews, { kind: "waiting" }>;

export interface LinkWaitsOptions {
  links: SignInLinks;
  signIn: Pick<PlatformSignIn, "pollLink">;
  now: () => number;
  /** Milliseconds of a clock that never jumps. */
  monotonicNow: () => number;
  /** Resolves after a time; rejects when the signal is aborted. */
  pause?: (ms: number, signal: AbortSignal) => Promise<unknown>;
  log: Logger;
  /**
   * Accepts the session of a link if it belongs to the right account; null if the server could not
   * be asked now.
   */
  accept: (link: SignInLink) => Promise<FinalNews | null>;
  /** Ends the session of a link that is no longer needed. */
  discard: (link: SignInLink) => Promise<void>;
  notify: (link: SignInLink, news: LinkNews) => Promise<void>;
  /** Runs the work for one person in order. Links are cancelled and replaced in the same order. */
  inTurn: <Result>(owner: string, work: () => Promise<Result>) => Promise<Result>;
  /** Returns the news that a link is still pending. */
  waiting: (link: SignInLink, isServerAway: boolean) => LinkNews;
}

/**
 * Waits for people who confirm a sign-in in their browser. The links are stored, so waiting
 * continues after a restart. The bot stops waiting for a link whose row was removed.
 */
export class LinkWaits {
  readonly #options: LinkWaitsOptions;
  #stopped: Promise<void> | undefined;
  readonly #stopping = new AbortController();
  readonly #underWay = new Set<Promise<void>>();

  constructor(options: LinkWaitsOptions) {
    this.#options = options;
  }

  /**
   * Continues with the links that were pending when the process ended. A person may have confirmed
   * meanwhile, so each link is polled at once.
   */
  async resume(): Promise<void> {
    for (const link of await this.#options.links.all()) this.#begin(link, 0);
  }

  async add(link: SignInLink): Promise<void> {
    await this.#options.links.put(link);
    this.#begin(link, boundedIntervalMs(link));
  }

  /** May be called more than once. */
  stop(): Promise<void> {
    this.#stopping.abort();
    this.#stopped ??= Promise.race([Promise.allSettled(this.#underWay), sleep(STOP_GRACE_MS)]).then(
      () => undefined,
    );
    return this.#stopped;
  }

  #begin(link: SignInLink, firstWaitMs: number): void {
    const { log, now, monotonicNow } = this.#options;
    const endsAt = monotonicNow() + Math.min(link.expiresAt - now(), MAX_LIFE_MS);
    const work = this.#waitThroughFaults({ ...link, endsAt }, firstWaitMs, log);
    this.#underWay.add(work);
    void work.finally(() => this.#underWay.delete(work));
  }

  /** Waits for a link. After a failure of the bot itself the same link is polled again. */
  async #waitThroughFaults(link: AwaitedLink, firstWaitMs: number, log: Logger): Promise<void> {
    for (let waitMs = firstWaitMs; !this.#stopping.signal.aborted; waitMs = AFTER_FAULT_MS) {
      try {
        await this.#wait(link, waitMs);
        return;
      } catch (error) {
        log.error({ err: error, side: link.side }, "a sign-in by link was interrupted; it goes on soon");
      }
    }
  }

  async #wait(link: AwaitedLink, firstWaitMs: number): Promise<void> {
    const { monotonicNow } = this.#options;
    let intervalMs = boundedIntervalMs(link);
    let shown = { away: false, at: monotonicNow() };
    for (let waitMs = firstWaitMs; await this.#sleep(waitMs); waitMs = intervalMs) {
      const step = await this.#step(link);
      if (step.kind === "over") return;
      if (step.kind === "slow_down") intervalMs = Math.min(MAX_INTERVAL_MS, intervalMs + SLOW_DOWN_MS);
      const away = step.kind === "away";
      if (away === shown.away && monotonicNow() < shown.at + SHOW_EVERY_MS) continue;
      shown = { away, at: monotonicNow() };
      await this.#showWaiting(link, away);
    }
  }

  /** Shows that a link still waits, unless it was cancelled while its server was asked. */
  #showWaiting(link: SignInLink, isServerAway: boolean): Promise<void> {
    const { inTurn, links, notify, waiting } = this.#options;
    return inTurn(link.owner, async () => {
      const stored = await links.get(link.owner, link.side);
      if (stored?.deviceId === link.deviceId) await notify(link, waiting(link, isServerAway));
    });
  }

  async #step({
    owner,
    side,
    deviceId,
    endsAt,
  }: AwaitedLink): Promise<{ kind: "over" | "pending" | "slow_down" | "away" }> {
    const { links, accept, discard } = this.#options;
    const link = await links.get(owner, side);
    if (link?.deviceId !== deviceId) return { kind: "over" };
    if (link.tokens !== null) return this.#accepted(link, await accept(link));
    const result = await this.#options.signIn.pollLink(link);
    switch (result.kind) {
      case "confirmed": {
        // The session is stored before its first use. From then on it is known, whatever happens.
        const confirmed = { ...link, tokens: result.tokens };
        if (await links.update(confirmed)) return this.#accepted(confirmed, await accept(confirmed));
        await discard(confirmed);
        return { kind: "over" };
      }
      case "pending":
      case "slow_down":
      case "away":
        return this.#isExpired({ ...link, endsAt })
          ? this.#end(link, { kind: "expired" })
          : { kind: result.kind };
      case "refused":
        return this.#end(link, { kind: "denied" });
      case "expired":
        return this.#end(link, { kind: "expired" });
      case "lost":
        return this.#end(link, { kind: "lost", deviceId });
      case "failed":
        return this.#end(link, { kind: "refusal", refusal: result.problem, leftoverDeviceId: null });
    }
  }

  async #accepted(link: SignInLink, news: FinalNews | null): Promise<{ kind: "over" | "away" }> {
    return news === null ? { kind: "away" } : this.#end(link, news);
  }

  /**
   * The person is informed before the row is removed. A crash between the two repeats the message,
   * but its key makes it the same message.
   */
  async #end(link: SignInLink, news: FinalNews): Promise<{ kind: "over" }> {
    const { links, notify, log } = this.#options;
    log.info({ side: link.side, outcome: news.kind }, "sign-in by link");
    await notify(link, news);
    const stored = await links.get(link.owner, link.side);
    if (stored?.deviceId === link.deviceId) await links.remove(link.owner, link.side);
    return { kind: "over" };
  }

  /**
   * The server normally reports the expiry. This check is for a server that does not answer or does
   * not report it.
   */
  #isExpired(link: AwaitedLink): boolean {
    return this.#options.monotonicNow() > link.endsAt + 2 * boundedIntervalMs(link);
  }

  /** False when the process ends. */
  #sleep(ms: number): Promise<boolean> {
    const { pause = (pauseMs: number, signal: AbortSignal) => sleep(pauseMs, undefined, { signal }) } =
      this.#options;
    return pause(ms, this.#stopping.signal).then(
      () => true,
      () => false,
    );
  }
}

function boundedIntervalMs({ intervalMs }: SignInLink): number {
  return Math.max(MIN_INTERVAL_MS, Math.min(MAX_INTERVAL_MS, intervalMs));
}

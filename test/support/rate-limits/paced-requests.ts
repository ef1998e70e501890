import type { LimitName } from "../../../src/model/step.ts";
import { RATE_LIMITS } from "../../../src/platforms/matrix/rate-limits.ts";
import type { Ticket } from "../../../src/queue/rate-limits.ts";
import { Limits } from "../../../src/queue/rate-limits.ts";
import type { LeakyBuckets, Load, PairSettings } from "./leaky-buckets.ts";

const SOURCE = "@me:old.example";
const TARGET = "@me:new.example";
const ROUND_TRIP_MS = 20;
/** The limit of the runner. */
const MAX_UNDER_WAY = 8;

interface Queue {
  name: LimitName;
  userId: string;
  left: number;
  /** Not before this time, for the request that was refused last. */
  notBefore: number;
}

interface UnderWay {
  queue: Queue;
  ticket: Ticket;
  arrivesAt: number;
  answeredAt: number;
}

export interface Paced {
  tookMs: number;
  sent: number;
}

/**
 * Sends a load at the pace of `Limits` on a virtual clock, like the runner: lanes in parallel, the
 * scarcer one first. @param raise a change of the server's settings in the middle. The run is
 * paused before it and resumed after it
 */
export async function pace(
  load: Load,
  server: LeakyBuckets,
  raise: { afterMs: number; settings: PairSettings } | null = null,
): Promise<Paced> {
  const limits = new Limits({ of: async () => [], forget: async () => {} }, RATE_LIMITS, () => undefined);
  await limits.load(SOURCE);
  await limits.load(TARGET);
  const queues: Queue[] = [
    { name: "invitations", userId: SOURCE, left: load.invitations, notBefore: 0 },
    { name: "remote_joins", userId: TARGET, left: load.remoteJoins, notBefore: 0 },
    { name: "joins", userId: TARGET, left: load.joins, notBefore: 0 },
    { name: "messages", userId: SOURCE, left: load.powerLevels, notBefore: 0 },
  ];
  const start = 1_000_000;
  let now = start;
  let sent = 0;
  let isRaised = false;
  let underWay: UnderWay[] = [];
  while (underWay.length > 0 || queues.some(({ left }) => left > 0)) {
    if (raise !== null && !isRaised && now - start >= raise.afterMs) {
      isRaised = true;
      server.change(raise.settings);
      for (const userId of [SOURCE, TARGET]) await limits.forget(userId);
      for (const queue of queues) queue.notBefore = 0;
    }
    let next = raise === null || isRaised ? Number.POSITIVE_INFINITY : start + raise.afterMs;
    for (const queue of queues) {
      while (queue.left > 0) {
        if (queue.notBefore > now) {
          next = Math.min(next, queue.notBefore);
          break;
        }
        if (underWay.filter(({ queue: other }) => other.userId === queue.userId).length >= MAX_UNDER_WAY)
          break;
        const turn = limits.turn(queue.userId, queue.name, now);
        if (turn.kind === "wait") {
          next = Math.min(next, turn.until);
          break;
        }
        queue.left -= 1;
        sent += 1;
        underWay.push({
          queue,
          ticket: turn.ticket,
          arrivesAt: now + ROUND_TRIP_MS / 2,
          answeredAt: now + ROUND_TRIP_MS,
        });
      }
    }
    const at = Math.min(next, ...underWay.map(({ answeredAt }) => answeredAt));
    if (at === Number.POSITIVE_INFINITY) throw new Error("nothing goes on");
    now = Math.max(now, at);
    const answered = underWay.filter(({ answeredAt }) => answeredAt <= now);
    underWay = underWay.filter((each) => !answered.includes(each));
    for (const { queue, ticket, arrivesAt } of answered) {
      const answer = server.request(queue.name, queue.userId === SOURCE, arrivesAt);
      if (answer.kind === "ok") limits.passed(ticket);
      else {
        queue.left += 1;
        queue.notBefore = limits.refused(ticket, answer.kind === "limited" ? answer.waitMs : null, now);
      }
    }
  }
  return { tookMs: now - start, sent };
}

/**
 * A typical mix of rooms: about half need an invitation, and the rest joins, most of them into
 * rooms that the new server is not in. Some need power levels (benchmark).
 */
export function mixedRooms(rooms: number): Load {
  const of = (share: number): number => Math.round((rooms * share) / 60);
  return { invitations: of(31), remoteJoins: of(49), joins: of(11), powerLevels: of(12) };
}

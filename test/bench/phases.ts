import type { MoveMeasured, SentRequest } from "./move-case.ts";

/** A part of a move, and how long it took. */
export interface Phase {
  readonly ms: number;
  readonly requests: readonly SentRequest[];
}

/** The phases of one person's move. */
export interface Phases {
  /** Both accounts are read and a plan is shown. */
  readonly plan: Phase;
  /** Both are read again before anything is written. */
  readonly start: Phase;
  /** From the first write to the last one's answer. */
  readonly moves: Phase;
  /** Both are read again for the report. */
  readonly end: Phase;
}

/** @throws Error where nothing was written */
export function phasesOf(
  { planAt, startAt, endAt }: MoveMeasured["moved"][number],
  own: readonly SentRequest[],
): Phases {
  const inOrder = [...own].sort((one, other) => one.sentAt - other.sentAt);
  const writes = inOrder.filter(isWrite);
  const firstAt = writes[0]?.sentAt;
  if (firstAt === undefined) throw new Error("nothing was written");
  const lastSentAt = writes.at(-1)?.sentAt ?? firstAt;
  const lastAt = Math.max(...writes.map(({ answeredAt }) => answeredAt));
  const those = (fits: (sentAt: number) => boolean): SentRequest[] =>
    inOrder.filter(({ sentAt }) => fits(sentAt));
  return {
    plan: { ms: startAt - planAt, requests: those((at) => at < startAt) },
    start: { ms: firstAt - startAt, requests: those((at) => at >= startAt && at < firstAt) },
    moves: { ms: lastAt - firstAt, requests: those((at) => at >= firstAt && at <= lastSentAt) },
    end: { ms: endAt - lastAt, requests: those((at) => at > lastSentAt) },
  };
}

/** A sliding sync is a POST that writes nothing. */
export function isWrite({ method, path }: Pick<SentRequest, "method" | "path">): boolean {
  return method !== "GET" && !/\/sync(?:\?|$)/.test(path);
}

import type { RateLimit } from "../../../model/rate-limits.ts";
import type {
  LimitUse,
  LimitedServer,
  Remedy,
  RequestCounts,
  TimeEstimate,
} from "../../../model/time-estimate.ts";
import { INVITATIONS_PER_ISSUER, RATE_LIMITS } from "../rate-limits.ts";

/**
 * How long a plan takes and what would shorten it.
 * @param isSameServer both accounts live on one server: invitations are not federated, so its limit
 * counts once
 */
export function estimateTime(requestCounts: RequestCounts, isSameServer: boolean): TimeEstimate {
  const { invitations, joinsNewToServer, otherJoins, sourceWrites, targetWrites } = requestCounts;
  const limits = [
    // Limits the invited user, on the inviter's server and again on the invited user's.
    limitUse("source", RATE_LIMITS.invitations, invitations),
    ...(isSameServer ? [] : [limitUse("target", RATE_LIMITS.invitations, invitations)]),
    limitUse("source", INVITATIONS_PER_ISSUER, invitations),
    limitUse("source", RATE_LIMITS.messages, invitations + sourceWrites),
    // Joins through another server take a token here too.
    limitUse("target", RATE_LIMITS.joins, joinsNewToServer + otherJoins),
    limitUse("target", RATE_LIMITS.remote_joins, joinsNewToServer),
    limitUse("target", RATE_LIMITS.messages, otherJoins + targetWrites),
  ].filter((limit) => limit.spent > 0);
  return { requestCounts, isSameServer, limits, expectedMs: longest(limits), remedies: remedies(limits) };
}

function limitUse(server: LimitedServer, limit: RateLimit, spent: number): LimitUse {
  const { setting, perSecond, burst: burstCount } = limit;
  return {
    server,
    setting,
    perSecond,
    burstCount,
    spent,
    durationMs: Math.round((Math.max(0, spent - burstCount) / perSecond) * 1000),
  };
}

function longest(limits: readonly LimitUse[]): number {
  return limits.reduce((most, limit) => Math.max(most, limit.durationMs), 0);
}

function remedies(limits: readonly LimitUse[]): Remedy[] {
  // The target's server checks its limit on invitations without a requester, so no override lifts
  // it (platforms/matrix/README.md, "Rate limits").
  const groups = [
    {
      server: "source",
      means: "config_or_override",
      lifted: limits.filter((limit) => limit.server === "source"),
    },
    {
      server: "target",
      means: "config",
      lifted: limits.filter((limit) => limit.server === "target" && isInvitation(limit)),
    },
    {
      server: "target",
      means: "config_or_override",
      lifted: limits.filter((limit) => limit.server === "target" && !isInvitation(limit)),
    },
  ] as const;
  const found: Remedy[] = [];
  let remaining = limits;
  for (const { server, means, lifted } of groups) {
    const slow = lifted.filter((limit) => limit.durationMs > 0);
    if (slow.length === 0) continue;
    remaining = remaining.filter((limit) => !lifted.includes(limit));
    found.push({
      server,
      means,
      settings: slow.map(({ setting, perSecond, spent }) => ({ setting, perSecond, burstCount: spent })),
      expectedMs: longest(limits.filter((limit) => !lifted.includes(limit))),
      expectedMsSoFar: longest(remaining),
    });
  }
  return found;
}

function isInvitation(limit: LimitUse): boolean {
  return limit.setting === RATE_LIMITS.invitations.setting;
}

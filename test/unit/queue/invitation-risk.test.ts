import { expect, it } from "vitest";
import type { LimitName } from "../../../src/model/step.ts";
import { RATE_LIMITS } from "../../../src/platforms/matrix/rate-limits.ts";
import type { Ticket } from "../../../src/queue/rate-limits.ts";
import { Limits } from "../../../src/queue/rate-limits.ts";

const USER = "@a:old.example";
const NOTHING_STORED = { of: () => Promise.resolve([]), forget: () => Promise.resolve() };
const MESSAGES_BURST = 10;

function ticketOf(limits: Limits, name: LimitName, now: number): Ticket {
  const turn = limits.turn(USER, name, now);
  if (turn.kind === "wait") throw new Error("there is no turn");
  return turn.ticket;
}

it.each([
  { period: "shorter", periodMs: 1_000, kind: "go" },
  { period: "longer", periodMs: 60_000, kind: "wait" },
])(
  "an invitation finds out about messages where the period of invitations is $period than theirs: $kind",
  ({ periodMs, kind }) => {
    const limits = new Limits(NOTHING_STORED, RATE_LIMITS, () => undefined);
    const next = limits.refused(ticketOf(limits, "invitations", 0), periodMs, 0);
    for (let sent = 0; sent < MESSAGES_BURST; sent += 1) limits.passed(ticketOf(limits, "messages", next));
    // An invitation that the limit on messages refuses has used a token of its own kind
    // (platforms/matrix/README.md, "Rate limits").
    expect(limits.turn(USER, "invitations", next).kind).toBe(kind);
  },
);

import { z } from "zod";
import { sides } from "../../model/account.ts";
import type { ConversationAddress } from "../../model/conversation-address.ts";
import type { PlanFilters } from "../../model/filters.ts";
import { storedFormat } from "../../model/stored.ts";
import type { UnreachableReason } from "../../network/unreachable-error.ts";
import type { AccountRefusal } from "../../platforms/sign-in.ts";
import type { KeptRequestRow } from "../../store/kept-requests.ts";
import { planRequestSchema } from "../plan/request.ts";

const { filters, botRoomIds } = planRequestSchema.shape;

/** The schema of `KeptRequest`. */
const keptRequestSchema = z.discriminatedUnion("kind", [
  /** `filters`: those of the plan that the person had seen. */
  z.object({ kind: z.literal("move"), botRoomIds, filters: filters.nullable() }),
  z.object({ kind: z.enum(["invitations", "joins"]), botRoomIds, filters, rooms: z.array(z.string()) }),
  z.object({ kind: z.literal("profile"), botRoomIds }),
  /** The confirmed undo, as in `ConfirmedUndo`. */
  z.object({ kind: z.literal("undo"), shown: z.string(), leavesAnyway: z.boolean() }),
  z.object({ kind: z.literal("undo_question") }),
  z.object({ kind: z.literal("verify"), botRoomIds }),
]);

/** One command of a person, with everything that is needed to run it later. */
export type KeptRequest = z.infer<typeof keptRequestSchema>;
/**
 * What the command begins: a run of a purpose, the question whether to undo, or a comparison. The
 * kinds are stored.
 */
export type KeptKind = KeptRequest["kind"];

const causeSchema = z.object({
  side: z.enum(sides),
  userId: z.string(),
  code: z.enum(["unreachable", "server_trouble", "limited"]),
});
/** The account that could not be read, and why. */
export type KeptCause = z.infer<typeof causeSchema>;

export const keptRequestFormat = storedFormat({ version: 1, schema: keptRequestSchema });
export const keptCauseFormat = storedFormat({ version: 1, schema: causeSchema });

/** A request that is tried again by itself. */
export interface Kept extends Pick<
  KeptRequestRow,
  "id" | "owner" | "askedAt" | "tries" | "notBefore" | "isBegun"
> {
  address: ConversationAddress;
  request: KeptRequest;
  cause: KeptCause;
}

/** Converts filters to their stored form. */
export function filtersToKeep(of: PlanFilters): z.infer<typeof filters> {
  return filters.parse(of);
}

/** Whether the command changes an account, or begins something that does. */
export function changesAccounts(kind: KeptKind): boolean {
  return kind !== "verify" && kind !== "undo_question";
}

/** No later try makes these addresses usable. */
const LASTING: ReadonlySet<UnreachableReason> = new Set([
  "invalid_address",
  "forbidden_address",
  "insecure",
  "redirect_refused",
]);

/**
 * Why an account could not be read, if a later try may succeed without anybody's help; otherwise
 * `null`.
 */
export function passingCause(
  { side, userId }: Pick<KeptCause, "side" | "userId">,
  refusal: AccountRefusal,
): { cause: KeptCause; waitMs: number } | null {
  switch (refusal.code) {
    case "unreachable":
      return LASTING.has(refusal.reason) ? null : { cause: { side, userId, code: refusal.code }, waitMs: 0 };
    case "server_trouble":
    case "limited":
      return { cause: { side, userId, code: refusal.code }, waitMs: refusal.retryAfterMs ?? 0 };
    default:
      return null;
  }
}

const MINUTE_MS = 60_000;
const FIRST_PAUSE_MS = 15_000;
const LONGEST_PAUSE_MS = 30 * MINUTE_MS;
/** The longest wait that a server can ask for. */
const LONGEST_ASKED_MS = 60 * MINUTE_MS;
/** After this time a request is given up. */
export const KEPT_FOR_MS = 3 * 24 * 60 * MINUTE_MS;

/**
 * The pause before the next try. It doubles, because each try reads whole accounts.
 * @param tries the number of tries so far
 * @param waitMs the wait that the server asked for
 */
export function pauseAfter(tries: number, waitMs: number): number {
  const pauseMs = Math.min(FIRST_PAUSE_MS * 2 ** (tries - 1), LONGEST_PAUSE_MS);
  return Math.max(pauseMs, Math.min(waitMs, LONGEST_ASKED_MS));
}

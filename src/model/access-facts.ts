import { z } from "zod";
import type { Route } from "./routes.ts";

/** One fact about a room that decides who may join it, as a server showed it. */
const accessFactSchema = z.object({
  /** The content in short form. It is only compared. */
  value: z.string(),
  /** When its event was sent, in milliseconds since the epoch by the sender's server. */
  sentAt: z.number().nullable(),
  /** Its position in the stream of the new account's server, which sends no time for it. */
  position: z.number().nullable(),
});
export type AccessFact = z.infer<typeof accessFactSchema>;

/**
 * The facts of a room to which a refused route was the answer. `null`: not known.
 * - `member`: the membership of the new account, with its sender.
 * - `joinRule`, `serverAcl`: the room's own rules.
 * - `invitePower`: whether the old account may invite.
 */
export const accessFactsSchema = z.object({
  member: accessFactSchema.nullable(),
  joinRule: accessFactSchema.nullable(),
  serverAcl: accessFactSchema.nullable(),
  invitePower: accessFactSchema.nullable(),
});
export type AccessFacts = z.infer<typeof accessFactsSchema>;

const MEMBER_AND_RULES = ["member", "joinRule", "serverAcl"] as const;

/**
 * The facts that open a refused route again when they change; none for routes by which nobody
 * joins.
 */
const DECISIVE: Readonly<Record<Route, readonly (keyof AccessFacts)[]>> = {
  accept_invite: MEMBER_AND_RULES,
  join: MEMBER_AND_RULES,
  join_restricted: MEMBER_AND_RULES,
  knock: MEMBER_AND_RULES,
  invite: ["member", "serverAcl", "invitePower"],
  joined: [],
  ask_moderator: [],
  successor: [],
  impossible: [],
  excluded: [],
};

/** Whether the facts that decide about a route have changed since an answer. */
export function haveChangedFor(route: Route, answered: AccessFacts, seen: AccessFacts): boolean {
  return DECISIVE[route].some((name) => isNewer(seen[name], answered[name]));
}

/**
 * Whether two readings show the same invitation without a time and a position, so that it may have
 * been sent again. Servers leave both out of stripped state.
 */
export function mayBeSentAgain(answered: AccessFacts, seen: AccessFacts): boolean {
  const [before, now] = [answered.member, seen.member];
  if (before === null || now?.value.startsWith("invite") !== true) return false;
  const isDated = before.sentAt !== null && now.sentAt !== null;
  return !isDated && (before.position === null || now.position === null);
}

/** Whether a fact that decides about a route has changed after a time. */
export function haveChangedSince(route: Route, at: number, seen: AccessFacts): boolean {
  return DECISIVE[route].some((name) => (seen[name]?.sentAt ?? Number.NEGATIVE_INFINITY) > at);
}

/**
 * Whether a fact replaces another. An event that was sent again has the same content and another
 * time. A fact that one of the two readings does not know is not compared.
 */
function isNewer(seen: AccessFact | null, answered: AccessFact | null): boolean {
  if (seen === null || answered === null) return false;
  if (seen.value !== answered.value) return true;
  if (seen.sentAt !== null && answered.sentAt !== null) return seen.sentAt !== answered.sentAt;
  return seen.position !== null && answered.position !== null && seen.position !== answered.position;
}

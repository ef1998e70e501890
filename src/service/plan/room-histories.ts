import type { Account, FileAccount, Side } from "../../model/account.ts";
import type { RoomHistory } from "../../model/room-history.ts";
import { NO_HISTORY } from "../../model/room-history.ts";
import type { RouteRefusal } from "../../model/route-refusals.ts";
import type { Route } from "../../model/routes.ts";
import type { RunRoom } from "../../model/run-room.ts";
import type { Run } from "../../model/run.ts";
import type { Runs } from "../../store/runs.ts";

/**
 * How long a refusal counts for later plans. A person can still name the room to `!join-all` or
 * `!invite-all`.
 */
const COUNTS_MS = 30 * 24 * 3_600_000;

/** The two accounts of a move, with the time of their last sign-in if there was one. */
interface SignedIn {
  readonly source: Pick<Account, "userId" | "signedInAt"> | Pick<FileAccount, "userId">;
  readonly target: Pick<Account, "userId" | "signedInAt">;
}

/**
 * Reads the traces of earlier runs in the rooms of two accounts, so that a plan does not promise a
 * refused route again.
 */
export class RoomHistories {
  readonly #runs: Pick<Runs, "between" | "rooms">;
  readonly #now: () => number;

  constructor(runs: Pick<Runs, "between" | "rooms">, now: () => number) {
    this.#runs = runs;
    this.#now = now;
  }

  /** @param runId the run that continues; its temporary refusals count as well */
  async between(
    owner: string,
    accounts: SignedIn,
    runId: number | null,
  ): Promise<ReadonlyMap<string, RoomHistory>> {
    const found = new Map<string, RoomHistory>();
    for (const run of await this.#runs.between(owner, accounts.source.userId, accounts.target.userId)) {
      // The clock may have been set back since the run began.
      const isRecent = Math.abs(this.#now() - run.startedAt) <= COUNTS_MS;
      for (const room of await this.#runs.rooms(run.id)) {
        const refusals = isRecent ? lastingRefusals(room, run, runId, accounts) : [];
        found.set(room.roomId, extended(found.get(room.roomId) ?? NO_HISTORY, room, refusals));
      }
    }
    return found;
  }
}

function extended(before: RoomHistory, room: RunRoom, refusals: readonly RouteRefusal[]): RoomHistory {
  return {
    refusals: [...before.refusals, ...refusals],
    wasEntered: before.wasEntered || room.isJoined || room.joinedAt !== null,
    removedBeforeAt: removedBeforeAt(room),
    hasKnocked: before.hasKnocked || (room.route === "knock" && room.status === "needs_moderator"),
    wasBanned:
      room.planned.row.reason?.code === "target_banned" ||
      room.planned.facts?.member?.value.startsWith("ban") === true,
  };
}

/** The facts of a room that a run joined are those from before its join, until it looks again. */
function removedBeforeAt({ isJoined, planned: { facts } }: RunRoom): number | null {
  const member = facts?.member ?? null;
  return isJoined && member?.value.startsWith("leave") === true ? member.sentAt : null;
}

function lastingRefusals(
  { refusals }: RunRoom,
  run: Run,
  runId: number | null,
  accounts: SignedIn,
): RouteRefusal[] {
  return refusals
    .map((refusal) => ({ ...refusal, at: refusal.at ?? run.startedAt }))
    .filter(({ who }) => run.id === runId || who === "room" || who === "own_server")
    .filter((refusal) => isOfPresentSessions(refusal, run, accounts));
}

/**
 * The sides whose new sign-in ends a refusal: those that send the requests of the route, because
 * their session may have been about to end. A session of an old account that was known from files
 * also shows more about the room.
 */
function decidingSides(route: Route, { isFromFile }: Pick<Run, "isFromFile">): readonly Side[] {
  return route === "invite" || isFromFile ? ["source", "target"] : ["target"];
}

function isOfPresentSessions(
  { route, at }: { route: Route; at: number },
  run: Pick<Run, "isFromFile">,
  accounts: SignedIn,
): boolean {
  return decidingSides(route, run).every((side) => {
    const account = accounts[side];
    return !("signedInAt" in account) || account.signedInAt <= at;
  });
}

/** The refusals of a room that count for the present sessions. */
export function refusalsSince({ refusals }: RunRoom, run: Run, accounts: SignedIn): RouteRefusal[] {
  return refusals.filter(({ route, at }) =>
    isOfPresentSessions({ route, at: at ?? run.startedAt }, run, accounts),
  );
}

import type { RunRoom } from "../../../model/run-room.ts";
import type { WatchedRoom } from "./access-change.ts";

/** What the watch needs to know about a room that waits for a person. */
export function watchedRoom({ roomId, route, isReplacement, planned, refusals }: RunRoom): WatchedRoom {
  const { reason } = planned.row;
  const by = reason !== null && "by" in reason ? reason.by : undefined;
  return {
    roomId,
    isSourceJoined: !isReplacement && reason?.code !== "source_not_joined",
    unreadableOn:
      reason !== null && "serverName" in reason && reason.code === "unreadable" ? reason.serverName : null,
    reason: reason?.code ?? null,
    wasRemoved: by?.did === "removed",
    hasKnocked: route === "knock" && by === undefined,
    facts: planned.facts,
    refusals,
  };
}

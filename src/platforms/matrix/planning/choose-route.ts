import type { RouteRefusal } from "../../../model/route-refusals.ts";
import type { OpenRoute, Reason, Route } from "../../../model/routes.ts";
import type { RouteChoice, RouteContext } from "./ask-people.ts";
import {
  asksInviter,
  choice,
  declinedKnock,
  inviteBlocked,
  needsPerson,
  removed,
  throughUnreachable,
} from "./ask-people.ts";
import { NOBODY } from "./named-people.ts";
import type { RoomView } from "./room-view.ts";
import type { OpenVerdict, Verdict } from "./verdict.ts";

/** The route of a room, its alternatives and the reason, from its verdict and the other rooms. */
export function chooseRoute(view: RoomView, verdict: Verdict, context: RouteContext): RouteChoice {
  switch (verdict.kind) {
    case "joined":
      return { ...choice("joined", "done"), ...NOBODY };
    case "unreadable":
      return {
        ...choice("ask_moderator", "waiting", { code: "unreadable", serverName: verdict.serverName }),
        ...NOBODY,
      };
    case "closed":
      return { ...choice("impossible", "skipped", verdict.reason), ...NOBODY };
    case "person":
      return needsPerson(view, verdict.help, verdict.reason, context);
    case "inviter":
      return asksInviter(view, verdict.reason, context);
    case "removed":
      return removed(view, verdict.reason, context);
    case "open":
      return entry(view, verdict, context);
  }
}

/** The routes that need no help from people, cheapest first, without refused ones. */
export function openRoutes(
  verdict: OpenVerdict,
  through: string | null,
  refusals: readonly RouteRefusal[],
): OpenRoute[] {
  if (blockedByServer(refusals) !== undefined) return [];
  const routes: OpenRoute[] = [];
  if (verdict.isInvited) routes.push("accept_invite");
  if (verdict.canJoin) routes.push("join");
  if (through !== null) routes.push("join_restricted");
  // It is the same request, so it is sent only if the other room does not let the target in.
  if (verdict.canTry && !isRefused("join_restricted", refusals)) routes.push("join");
  if (verdict.canInvite) routes.push("invite");
  return routes.filter((route) => !isRefused(route, refusals));
}

/** The refusal by the rules of the target's own server; every other route would be refused too. */
function blockedByServer(refusals: readonly RouteRefusal[]): RouteRefusal | undefined {
  return refusals.findLast(({ code }) => code === "blocked_by_server");
}

/** Whether a run tried a route and was refused. */
export function isRefused(route: Route, refusals: readonly RouteRefusal[]): boolean {
  return refusals.some((refusal) => refusal.route === route);
}

function entry(view: RoomView, verdict: OpenVerdict, context: RouteContext): RouteChoice {
  const { refusals, through } = context;
  const blocked = blockedByServer(refusals);
  if (blocked !== undefined) return { ...choice("impossible", "skipped", refusedReason(blocked)), ...NOBODY };
  const open: Route[] = openRoutes(verdict, through, refusals);
  const canKnock = verdict.canKnock && !isRefused("knock", refusals);
  const [route] = open;
  if (route !== undefined) {
    const routes: Route[] = [...open, ...(canKnock ? ["knock" as const] : []), "ask_moderator"];
    return {
      ...choice(route, "planned"),
      routes,
      through: route === "join_restricted" ? through : null,
      ...NOBODY,
    };
  }
  const refusal = refusals.at(-1);
  if (verdict.declined !== null) return declinedKnock(view, verdict.declined, context);
  if (canKnock) return knock(view, verdict, context);
  if (refusal !== undefined) return afterRefusal(view, verdict, refusedReason(refusal), context);
  if (verdict.isInviteBlocked) return inviteBlocked();
  if (verdict.reason.code === "source_not_joined") return asksInviter(view, verdict.reason, context);
  if (context.unreachable.length > 0) return throughUnreachable(view, context);
  return needsPerson(view, "invite", verdict.reason, context);
}

/** A restricted room that was only tried may still open through one that people can help into. */
function afterRefusal(
  view: RoomView,
  { canTry }: OpenVerdict,
  reason: Reason,
  context: RouteContext,
): RouteChoice {
  const asked = needsPerson(view, "invite", reason, context);
  if (asked.route !== "impossible" || !canTry || context.unreachable.length === 0) return asked;
  const through = throughUnreachable(view, context);
  return through.route === "impossible" ? asked : through;
}

function knock(view: RoomView, verdict: OpenVerdict, context: RouteContext): RouteChoice {
  const reason: Reason = verdict.isInviteBlocked ? { code: "invite_blocked" } : verdict.reason;
  const isInvited = reason.code === "source_not_joined" && reason.inviter !== null;
  const asked = isInvited ? asksInviter(view, reason, context) : needsPerson(view, "invite", reason, context);
  const isHopeless = asked.route === "impossible";
  // A file does not name everybody who could answer a knock.
  if (isHopeless && view.room.fromFile === null) return asked;
  // A pending knock is for the people in the room to answer.
  const status = view.targetMembership === "knock" ? "needs_moderator" : "planned";
  const knocked = { route: "knock", routes: ["knock", "ask_moderator"], status } as const;
  return isHopeless ? { ...asked, ...knocked, reason } : { ...asked, ...knocked };
}

function refusedReason({ code, serverText }: RouteRefusal): Reason {
  if (code === "invite_blocked") return { code };
  return { code: code === "vain" ? "refused" : code, serverText };
}

import type { Help, ReasonCode, Route } from "../../../src/model/routes.ts";
import type { RoomPlan } from "../../../src/platforms/matrix/planning/plan-rooms.ts";
import type { PlannedRoom } from "../../../src/platforms/matrix/planning/planned-room.ts";
import type { Expected, Population } from "../../lab/population/population.ts";

/** A statement of a plan or a kind about one room: how the target gets in, and who can help. */
export interface RoomClaim extends Pick<
  PlannedRoom,
  "roomId" | "route" | "status" | "moreHelpers" | "through" | "successor" | "via"
> {
  readonly reason: ReasonCode | null;
  /** User IDs, best first. */
  readonly helpers: readonly string[];
  /** For `no_helper`: the help that nobody in the room can give. */
  readonly impossibleHelp: readonly Help[];
  /** Routes that remain when `route` fails. */
  readonly fallbacks: readonly Route[];
}

/** Claims about several rooms, and the order in which the target enters them. */
export interface RoomClaims {
  readonly rooms: readonly RoomClaim[];
  readonly order: readonly string[];
}

/** The claims of a plan about its rooms and the rooms that replaced them. */
export function claimsOfPlan({ rooms, replacements, order }: RoomPlan): RoomClaims {
  return { rooms: [...rooms, ...replacements].map(claimOfRow), order };
}

function claimOfRow(row: PlannedRoom): RoomClaim {
  return {
    ...row,
    reason: row.reason?.code ?? null,
    helpers: row.helpers.map(({ userId }) => userId),
    impossibleHelp: row.reason?.code === "no_helper" ? [row.reason.help] : [],
    fallbacks: row.routes.slice(1),
  };
}

/** The claims of a population's kinds about its rooms. */
export function claimsOfPopulation({ rooms }: Pick<Population, "rooms">): RoomClaims {
  const claims = rooms.map(({ roomId, expected }) => claimOfKind(roomId, expected));
  return { rooms: claims, order: entryOrder(claims) };
}

function claimOfKind(roomId: string, expected: Expected): RoomClaim {
  return {
    ...expected,
    roomId,
    via: [],
    impossibleHelp: expected.reason === "no_helper" ? ["invite", "unban", "change_acl"] : [],
    fallbacks: [],
  };
}

const ENTERED: ReadonlySet<Route> = new Set(["accept_invite", "join", "invite", "join_restricted"]);

/** Rooms that can be entered without help, each after the room that opens it. Knocks come last. */
function entryOrder(claims: readonly RoomClaim[]): string[] {
  const order: string[] = [];
  const isOpen = ({ route, through }: RoomClaim): boolean =>
    route !== "join_restricted" || claims.every(({ roomId }) => roomId !== through) || isReached(through);
  const isReached = (roomId: string | null): boolean =>
    claims.some((claim) => claim.roomId === roomId && (claim.route === "joined" || order.includes(roomId)));
  let waiting = claims.filter(({ route }) => ENTERED.has(route));
  while (waiting.length > 0) {
    const open = waiting.filter(isOpen);
    // The remaining rooms open each other. The check reports each of them.
    const next = open.length > 0 ? open : waiting;
    order.push(...next.map(({ roomId }) => roomId));
    waiting = waiting.filter((claim) => !next.includes(claim));
  }
  const knocks = claims.filter(({ route, status }) => route === "knock" && status === "planned");
  return [...order, ...knocks.map(({ roomId }) => roomId)];
}

import type { Expected } from "./model.ts";

type Details = Partial<Omit<Expected, "route">>;

/** The bot gets in by this route. */
export function planned(route: Expected["route"], details: Details = {}): Expected {
  return expected(route, { status: "planned", ...details });
}

/** Somebody in the room must act. */
export function needsModerator(
  reason: NonNullable<Expected["reason"]>,
  helpers: readonly string[],
  details: Details = {},
): Expected {
  return expected("ask_moderator", { status: "needs_moderator", reason, helpers, ...details });
}

/** Only the old account itself could act. It never does so unasked. */
export function needsUser(reason: NonNullable<Expected["reason"]>): Expected {
  return expected("ask_moderator", { status: "needs_you", reason });
}

export function impossible(reason: NonNullable<Expected["reason"]>, details: Details = {}): Expected {
  return expected("impossible", { status: "skipped", reason, ...details });
}

/** @param details outcome of the replacement, if that has no row of its own */
export function successor(roomId: string, status: Expected["status"], details: Details = {}): Expected {
  return expected("successor", { status, successor: roomId, ...details });
}

export function joined(): Expected {
  return expected("joined", { status: "done" });
}

function expected(route: Expected["route"], details: Details & Pick<Expected, "status">): Expected {
  return {
    route,
    reason: null,
    helpers: [],
    isHelperOrderOpen: false,
    moreHelpers: 0,
    through: null,
    successor: null,
    warnings: [],
    ...details,
  };
}

import type { ReasonCode, Route, Status, Warning } from "../../../src/model/routes.ts";
import type { PairSide } from "../homeservers/model.ts";

/** Somebody with an account on one of the two servers, signed in. */
export interface PopulatedPerson {
  readonly userId: string;
  readonly password: string;
  readonly accessToken: string;
  readonly displayName: string;
  readonly side: PairSide;
}

/**
 * The right result for a room. It is written by hand for its kind from the product's rules. The
 * planner's code is not used; only the codes of reports are shared.
 */
export interface Expected {
  readonly route: Exclude<Route, "excluded">;
  readonly status: Status;
  readonly reason: ReasonCode | null;
  /** Best first. */
  readonly helpers: readonly string[];
  /** Whether a plan may name the helpers in any order. */
  readonly isHelperOrderOpen: boolean;
  /** Number of further people who could help. */
  readonly moreHelpers: number;
  readonly through: string | null;
  readonly successor: string | null;
  /** Warnings that the kind is about. Others may be present too. */
  readonly warnings: readonly Warning["code"][];
}

/** A room that the source has joined, is invited to or knocks at. */
export interface PopulatedRoom {
  readonly roomId: string;
  readonly kind: string;
  readonly name: string;
  /** The user whom `m.direct` names. */
  readonly directWith: string | null;
  readonly expected: Expected;
}

/**
 * A room without a row in the plan: the source has left it or was never in it, as with a
 * replacement that it did not follow to.
 */
export type UnlistedRoom = Pick<PopulatedRoom, "roomId" | "kind" | "name">;

/** A kind of room that cannot be made, and why. */
export interface KindNotMade {
  readonly kind: string;
  readonly why: string;
}

/** Contents of the source's account besides rooms. */
export interface SourceData {
  readonly avatarUrl: string;
  readonly profile: Readonly<Record<string, string>>;
  /** Global account data by type, `m.direct` and its malformed entries included. */
  readonly accountData: Readonly<Record<string, unknown>>;
  /** Room ID → tag → order. */
  readonly tags: Readonly<Record<string, Readonly<Record<string, number | null>>>>;
  /** Room ID → event up to which the room is read. */
  readonly readMarkers: Readonly<Record<string, string>>;
  readonly markedUnread: readonly string[];
  /** Room ID → display name in that room. */
  readonly roomProfiles: Readonly<Record<string, string>>;
  /** Rules of the user's own, kind/rule ID, and default rules that were changed. */
  readonly pushRules: readonly string[];
}

/**
 * Two accounts of one person, and the people and rooms around them. It is plain data, so it can be
 * kept as JSON beside a copy of the pair's folder.
 */
export interface Population {
  readonly source: PopulatedPerson;
  readonly target: PopulatedPerson;
  readonly people: readonly PopulatedPerson[];
  readonly rooms: readonly PopulatedRoom[];
  readonly unlisted: readonly UnlistedRoom[];
  readonly notMade: readonly KindNotMade[];
  readonly sourceData: SourceData;
}

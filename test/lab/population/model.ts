import type { PairSide } from "../homeservers/model.ts";
import type { ReasonCode, Route, Status, Warning } from "../../../src/platforms/matrix/planning/routes.ts";

/** Somebody with an account on one of the two servers, signed in. */
export interface PopulatedPerson {
  readonly userId: string;
  readonly password: string;
  readonly accessToken: string;
  readonly displayName: string;
  readonly side: PairSide;
}

/**
 * What is right for a room, written by hand for its kind from product.md ("Routes") and
 * protocol-facts.md (section 2). No code of the planner has a part in it; only the contract's words
 * are shared.
 */
export interface Expected {
  readonly route: Exclude<Route, "excluded">;
  readonly status: Status;
  readonly reason: ReasonCode | null;
  /** Best first. */
  readonly helpers: readonly string[];
  /** The contract does not say who of them comes first. */
  readonly isHelperOrderOpen: boolean;
  /** How many could help besides those. */
  readonly moreHelpers: number;
  readonly through: string | null;
  readonly successor: string | null;
  /** Warnings that the kind is about; others may stand beside them. */
  readonly warnings: readonly Warning["code"][];
}

/** A room that the source has joined, is invited to or knocks at. */
export interface PopulatedRoom {
  readonly roomId: string;
  readonly kind: string;
  readonly name: string;
  /** Whom `m.direct` names. */
  readonly directWith: string | null;
  readonly expected: Expected;
}

/**
 * A room of which a plan has no row: the source is in it no more or never was, like a replacement
 * it did not follow to.
 */
export type UnlistedRoom = Pick<PopulatedRoom, "roomId" | "kind" | "name">;

/** A kind of room that is not there, and why. */
export interface KindNotMade {
  readonly kind: string;
  readonly why: string;
}

/** What the source's account holds besides rooms. */
export interface SourceData {
  readonly avatarUrl: string;
  readonly profile: Readonly<Record<string, string>>;
  /** Global account data by type, `m.direct` and its junk included. */
  readonly accountData: Readonly<Record<string, unknown>>;
  /** Room ID → tag → order. */
  readonly tags: Readonly<Record<string, Readonly<Record<string, number | null>>>>;
  /** Room ID → event up to which is read. */
  readonly readMarkers: Readonly<Record<string, string>>;
  readonly markedUnread: readonly string[];
  /** Room ID → display name in that room. */
  readonly roomProfiles: Readonly<Record<string, string>>;
  /** Rules of the user's own, kind/rule ID, and default rules that were changed. */
  readonly pushRules: readonly string[];
}

/**
 * Two accounts of one person, and the people and rooms around them. Plain data: may be kept as JSON
 * beside a copy of the pair's folder.
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

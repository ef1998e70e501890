import type { ContactRecords, PlannedContact } from "../../../../model/contact.ts";
import type { Helper } from "../../../../model/routes.ts";
import { serverNameOf } from "../../ids/identifiers.ts";
import type { AccountSnapshot } from "../../rooms/types.ts";
import type { RoomInQuestion } from "./rooms.ts";

const DAY_MS = 24 * 3_600_000;
/** Nobody is asked twice within this time. */
const PERSON_RESTS_MS = 14 * DAY_MS;
/** A room is not asked about again within this time, unless its helper refused or left. */
const ROOM_RESTS_MS = 7 * DAY_MS;

/** The facts that decide who can be asked. */
export interface HelperFacts {
  /** The account that asks. */
  readonly asking: AccountSnapshot;
  /** Nobody asks these people. */
  readonly ignored: ReadonlySet<string>;
  readonly records: ContactRecords;
  readonly planned: Pick<PlannedContact, "rooms" | "helpers">;
  /** In milliseconds since the epoch. */
  readonly now: number;
  /** Helpers beyond those of the plan, by room, in the order of their power. */
  readonly further: ReadonlyMap<string, readonly Helper[]>;
  /** Whether a user is known to have left a room, or never was in it. */
  readonly isGone: (roomId: string, userId: string) => boolean;
}

/** The helpers of a room who can be asked, best first, or why there are none. */
export type RoomHelpers =
  | { readonly reachable: readonly [Helper, ...Helper[]] }
  | {
      readonly reachable: readonly [];
      readonly why:
        "question_waits" | "asked_recently" | "helpers_asked" | "helpers_unreachable" | "no_helper";
      readonly until: number | null;
    };

/** Decides about all rooms of one question. */
export class ReachableHelpers {
  readonly #facts: HelperFacts;
  readonly #refused: ReadonlySet<string>;
  /** When each person was last asked. */
  readonly #askedAt = new Map<string, number>();

  constructor(facts: HelperFacts) {
    this.#facts = facts;
    const { asked, chats } = facts.records;
    this.#refused = new Set(asked.filter(({ result }) => result !== "sent").map(({ userId }) => userId));
    // A run that was cancelled may have invited them already.
    const begun = chats
      .filter(({ purpose, state }) => purpose === "ask" && state === "begun")
      .map(({ partner, at }) => ({ userId: partner, at }));
    for (const { userId, at } of [...asked, ...begun])
      this.#askedAt.set(userId, Math.max(at, this.#askedAt.get(userId) ?? at));
  }

  of({ row }: RoomInQuestion): RoomHelpers {
    const { planned } = this.#facts;
    if (planned.rooms.has(row.roomId)) return { reachable: [], why: "question_waits", until: null };
    const restsUntil = this.#roomRestsUntil(row.roomId);
    if (restsUntil !== null) return { reachable: [], why: "asked_recently", until: restsUntil };
    const { isGone, further } = this.#facts;
    const helpers = [...row.helpers, ...(further.get(row.roomId) ?? [])].filter(
      ({ userId }) => !isGone(row.roomId, userId),
    );
    if (helpers.length === 0) return { reachable: [], why: "no_helper", until: null };
    const able = helpers.filter(({ userId }) => !this.#isUnreachable(userId));
    const free = able.filter(
      ({ userId }) => !planned.helpers.has(userId) && !this.#hasOpenInvitation(userId),
    );
    const [first, ...rest] = free.filter(({ userId }) => this.#personRestsUntil(userId) === null);
    if (first !== undefined) return { reachable: [first, ...rest] };
    if (able.length === 0) return { reachable: [], why: "helpers_unreachable", until: null };
    const times = able.map(({ userId }) => this.#personRestsUntil(userId)).filter((at) => at !== null);
    return {
      reachable: [],
      why: "helpers_asked",
      until: times.length === 0 ? null : Math.min(...times),
    };
  }

  #roomRestsUntil(roomId: string): number | null {
    const { records, now, isGone } = this.#facts;
    const times = records.asked
      .filter((record) => record.roomId === roomId && record.result === "sent")
      .filter(({ userId, at }) => now - at < ROOM_RESTS_MS && !isGone(roomId, userId))
      .map(({ at }) => at + ROOM_RESTS_MS);
    return times.length === 0 ? null : Math.max(...times);
  }

  #personRestsUntil(userId: string): number | null {
    const at = this.#askedAt.get(userId);
    return at === undefined || this.#facts.now - at >= PERSON_RESTS_MS ? null : at + PERSON_RESTS_MS;
  }

  #isUnreachable(userId: string): boolean {
    const { ignored, records } = this.#facts;
    const { silentServers } = records;
    return ignored.has(userId) || this.#refused.has(userId) || silentServers.has(serverNameOf(userId) ?? "");
  }

  /** Whether a person has not answered the invitation to a chat that was opened to ask them. */
  #hasOpenInvitation(userId: string): boolean {
    const { records, asking } = this.#facts;
    return records.chats.some(({ partner, by, roomId }) => {
      if (partner !== userId || by !== asking.userId || roomId === null) return false;
      const chat = asking.rooms.get(roomId);
      return chat?.membership === "join" && chat.joinedCount === 1 && (chat.invitedCount ?? 0) > 0;
    });
  }
}

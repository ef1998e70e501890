import type { Membership } from "../../../src/platforms/matrix/rooms/types.ts";
import { SOURCE, TARGET } from "../plans/planned-rooms.ts";
import { seededRandom } from "../seeded-random.ts";
import type { Federation, FederationRoom } from "./federation.ts";

const PEOPLE = [
  "@ann:old.example",
  "@bob:third.example",
  "@cat:third.example",
  "@dan:fourth.example",
  "@eve:new.example",
];

/** A few rooms of every kind that refer to each other. The planner must be right about each. */
export function randomFederation(seed: number): Federation {
  const random = seededRandom(seed);
  const pick = <Value>(...values: Value[]): Value => values[Math.floor(random() * values.length)] as Value;
  const chance = (share: number): boolean => random() < share;
  const count = 3 + Math.floor(random() * 12);
  const roomIds = Array.from(
    { length: count },
    (_, index) => `!r${index}:${index % 3 === 0 ? "third" : "old"}.example`,
  );
  const level = (version: number): unknown => {
    const value = pick(0, 0, 10, 50, 50, 100, -1);
    if (chance(0.03)) return pick<unknown>("x", null, [], {}, true, 1e300);
    return version < 10 && chance(0.2) ? `${value}` : value;
  };

  function makeRoom(roomId: string): FederationRoom {
    const version = pick("1", "6", "7", "8", "9", "10", "10", "11", "11", "12", "12", "13");
    const number = Number(version);
    const sender = pick(SOURCE, ...PEOPLE);
    const create: Record<string, unknown> = {};
    if (number < 11) create["creator"] = sender;
    if (chance(0.08)) create["m.federate"] = false;
    if (chance(0.2)) create["type"] = "m.space";
    if (number === 12 && chance(0.3)) create["additional_creators"] = [pick(SOURCE, ...PEOPLE)];
    const members = new Map<string, Membership>();
    for (const person of PEOPLE)
      if (chance(0.7))
        members.set(person, pick<Membership>("join", "join", "join", "leave", "ban", "invite"));
    if (chance(0.92))
      members.set(
        SOURCE,
        pick<Membership>(
          "join",
          "join",
          "join",
          "join",
          "join",
          "join",
          "join",
          "invite",
          "knock",
          "ban",
          "leave",
        ),
      );
    if (chance(0.3)) members.set(TARGET, pick<Membership>("join", "invite", "knock", "leave", "ban", "ban"));
    const inviters = new Map<string, string>();
    const inside = [...members].filter(([, state]) => state === "join").map(([userId]) => userId);
    for (const own of [SOURCE, TARGET]) {
      if (members.get(own) !== "invite" && members.get(own) !== "knock") continue;
      // An empty room has nobody to invite, and cannot be knocked on.
      if (inside.length === 0) members.delete(own);
      else if (members.get(own) === "invite") inviters.set(own, pick(...inside));
    }
    // A ban or an ACL that neither account's server knows cannot be planned for.
    const isSeen = members.get(SOURCE) === "join";
    if (!isSeen && members.get(TARGET) === "ban") members.delete(TARGET);
    const creators =
      number === 12 ? [sender, ...((create["additional_creators"] as string[] | undefined) ?? [])] : [];
    const users = Object.fromEntries(
      [SOURCE, TARGET, ...PEOPLE]
        .filter((userId) => chance(0.45) && !creators.includes(userId))
        .map((userId) => [userId, level(number)]),
    );
    const levels: Record<string, unknown> = { users };
    for (const key of ["users_default", "state_default", "invite", "ban", "kick"])
      if (chance(key === "invite" ? 0.7 : 0.25)) levels[key] = level(number);
    if (chance(0.3))
      levels["events"] = { "m.room.server_acl": level(number), "m.room.power_levels": level(number) };
    const joinRule = pick<unknown>(
      "public",
      "invite",
      "invite",
      "invite",
      "knock",
      "restricted",
      "restricted",
      "restricted",
      "restricted",
      "knock_restricted",
      "private",
      "magic",
      7,
    );
    const allow = Array.from({ length: Math.floor(random() * 4) }, () => ({
      type: pick("m.room_membership", "m.room_membership", "m.room_membership", "other"),
      room_id: pick(...roomIds),
    }));
    return {
      roomId,
      version,
      sender,
      create,
      joinRules: chance(0.05) ? null : { join_rule: joinRule, allow: chance(0.03) ? "junk" : allow },
      levels: chance(0.06) ? null : levels,
      acl:
        isSeen && chance(0.12)
          ? {
              allow: pick<unknown>(["*"], ["*"], ["old.example", "third.example"], "*"),
              deny: pick<unknown>([], ["new.*"], ["fourth.example"], ["old.example"], ["*.example"]),
            }
          : null,
      replacement: chance(0.12) ? pick(...roomIds) : null,
      upgrader: pick(...PEOPLE),
      members,
      inviters,
    };
  }
  const federation = new Map(roomIds.map((roomId) => [roomId, makeRoom(roomId)]));
  for (const room of federation.values()) settleUpgrader(room, federation);
  return federation;
}

/**
 * The user who upgraded a room made the new one. So they have joined it, with the power of a
 * creator.
 */
function settleUpgrader({ replacement, upgrader, members }: FederationRoom, federation: Federation): void {
  const room = replacement === null ? undefined : federation.get(replacement);
  if (room === undefined || members.get(SOURCE) !== "join") return;
  room.members.set(upgrader, "join");
  // Neither a summary nor an invitation shows it.
  delete room.create["m.federate"];
  const levels = { ...room.levels };
  const { [upgrader]: _own, ...users } = (levels["users"] ?? {}) as Record<string, unknown>;
  const isCreator = room.version === "12";
  if (isCreator)
    room.create["additional_creators"] = [
      ...((room.create["additional_creators"] as string[] | undefined) ?? []),
      upgrader,
    ];
  room.levels = {
    ...levels,
    users_default: 0,
    invite: 50,
    users: isCreator ? users : { ...users, [upgrader]: 100 },
  };
}

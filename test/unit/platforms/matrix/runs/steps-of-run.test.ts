import { describe, expect, it } from "vitest";
import { NO_FILTERS } from "../../../../../src/model/filters.ts";
import { routeOfStep } from "../../../../../src/model/room-routes.ts";
import type { PlannedStep, StepKind } from "../../../../../src/model/step.ts";
import type { AccountContents } from "../../../../../src/platforms/matrix/categories/contents.ts";
import { compareContents } from "../../../../../src/platforms/matrix/categories/registry.ts";
import type { RoomPlan } from "../../../../../src/platforms/matrix/planning/plan-rooms.ts";
import type { RoomIdOnTarget } from "../../../../../src/platforms/matrix/planning/room-mapping.ts";
import { roomMapping } from "../../../../../src/platforms/matrix/planning/room-mapping.ts";
import { stepsOfWholePlan } from "../../../../../src/platforms/matrix/runs/steps-of-run.ts";
import type { Federation } from "../../../../support/federation/federation.ts";
import { planFor } from "../../../../support/federation/plan-federation.ts";
import { randomFederation } from "../../../../support/federation/random-federation.ts";
import { SOURCE, TARGET } from "../../../../support/plans/planned-rooms.ts";
import { seededRandom } from "../../../../support/seeded-random.ts";
import type { ContentsSketch } from "../categories/contents-sketch.ts";
import { newAccount, oldAccount } from "../categories/contents-sketch.ts";

const SEEDS = Array.from({ length: 300 }, (_, index) => index + 1);
const GONE = "!gone:old.example";

interface Move {
  seed: number;
  federation: Federation;
  decided: RoomPlan;
  source: AccountContents;
  target: AccountContents;
  where: RoomIdOnTarget;
  steps: readonly PlannedStep[];
  /** The items that are reported as not moved: `category item`. */
  notMoved: readonly string[];
}

/** Generated contents of an account about these rooms. */
function contentsOf(roomIds: readonly string[], random: () => number): ContentsSketch {
  const chance = (share: number): boolean => random() < share;
  const some = <Value>(share: number, make: (roomId: string) => Value): Record<string, Value> =>
    Object.fromEntries(roomIds.filter(() => chance(share)).map((roomId) => [roomId, make(roomId)]));
  const names = (all: readonly string[]): string[] => all.filter(() => chance(0.5));
  const people = names(["@ann:old.example", "@bob:third.example", "no user", SOURCE]);
  return {
    accountData: {
      "m.direct": Object.fromEntries(people.map((userId) => [userId, roomIds.filter(() => chance(0.2))])),
      "m.ignored_user_list": {
        ignored_users: Object.fromEntries(names(["@x:a.example", TARGET, "junk"]).map((id) => [id, {}])),
      },
      ...Object.fromEntries(
        names(["m.recent_emoji", "org.example.x", "m.cross_signing.master"]).map((type) => [type, { a: 1 }]),
      ),
    },
    roomAccountData: some(0.4, (roomId) => ({
      ...(chance(0.5) && { "m.fully_read": { event_id: `$${roomId.slice(1)}` } }),
      ...(chance(0.5) && { "m.marked_unread": { unread: true } }),
    })),
    tags: some(0.4, () =>
      Object.fromEntries(names(["m.favourite", "u.work", "m.server_notice"]).map((name) => [name, 0.5])),
    ),
    roomProfiles: some(0.3, () => ({ displayName: chance(0.5) ? "Maestro" : "Me" })),
    profile: { displayName: "Me", fields: new Map(names(["m.tz", "a.b"]).map((key) => [key, "x"])) },
    capabilities: { profileFields: { isEnabled: true, allowed: null, disallowed: [] } },
    pushRules: {
      content: names(["harvest", "rain"]).map((ruleId) => ({
        rule_id: ruleId,
        actions: [],
        pattern: ruleId,
      })),
    },
  };
}

function moveOf(seed: number): Move {
  const random = seededRandom(seed * 7);
  const federation = randomFederation(seed);
  const decided = planFor(randomFederation(seed));
  const own = [...federation.values()].filter(({ members }) => members.get(SOURCE) === "join");
  const roomIds = [...own.map(({ roomId }) => roomId), GONE];
  const source = oldAccount(contentsOf(roomIds, random));
  const has = random() < 0.3 ? contentsOf(roomIds, random) : {};
  const target = newAccount({
    ...has,
    capabilities: { profileFields: { isEnabled: true, allowed: null, disallowed: [] } },
  });
  const where = roomMapping(decided.rooms);
  const decision = { decided, readings: { source, target } };
  const request = { filters: { ...NO_FILTERS, categories: null }, botRoomIds: [] };
  const { steps } = stepsOfWholePlan(decision, JSON.parse(JSON.stringify(request)));
  const notMoved = compareContents(source, target, where).notMoved.map(
    ({ category, item }) => `${category} ${item}`,
  );
  return { seed, federation, decided, source, target, where, steps, notMoved };
}

const moves = SEEDS.map(moveOf);

/** Complaints about all moves, each with the seed that makes its move again. */
function complaints(look: (move: Move) => (string | null)[]): string[] {
  return moves.flatMap((move) =>
    look(move).flatMap((found) => (found === null ? [] : [`seed ${move.seed}: ${found}`])),
  );
}

function payloads<Payload>({ steps }: Move, kind: StepKind): Payload[] {
  return steps.filter((step) => step.kind === kind).map(({ payload }) => payload as Payload);
}

/**
 * Checks one item of the source. It must be counted exactly once: by a step, as present on the
 * target, or as reported because it is not moved.
 * @returns a complaint, or `null`
 */
function once(
  what: string,
  ways: { planned: number; there: boolean; left: number; isElsewhere?: boolean },
): string | null {
  const { planned, there, left, isElsewhere = false } = ways;
  const count = planned + (there ? 1 : 0) + left;
  // A room and its replacement share one item.
  return count === 1 || (isElsewhere && planned + left <= 1)
    ? null
    : `${what} is planned ${planned}, there ${there}, left ${left}`;
}

describe("everything of the old account is done once, already there, or reported with its reason", () => {
  it("has no step twice", () => {
    expect(
      complaints(({ steps }) =>
        new Set(steps.map(({ key }) => key)).size === steps.length ? [] : ["twice"],
      ),
    ).toEqual([]);
  });

  it("holds for rooms", () => {
    const look = ({ federation, decided, steps }: Move): (string | null)[] =>
      [...federation.values()].map((room) => {
        const membership = room.members.get(SOURCE);
        const rows = decided.rooms.filter((row) => row.roomId === room.roomId);
        const isListed = membership === "join" || membership === "invite" || membership === "knock";
        if (!isListed) return rows.length === 0 ? null : `${room.roomId} has a row`;
        const [row] = rows;
        if (row === undefined || rows.length > 1) return `${room.roomId} has ${rows.length} rows`;
        const entries = steps.filter(
          (step) => step.roomId === room.roomId && routeOfStep(step.kind) === row.route,
        ).length;
        const isWork = row.status === "planned" || row.route === "knock";
        const wanted = row.route === "invite" ? 2 : 1;
        if (row.route === "successor") return entries === 0 ? null : `${room.roomId} is entered and replaced`;
        if (row.route === "joined") return entries === 0 ? null : `${room.roomId} is entered twice`;
        if (entries > 0)
          return entries === wanted ? null : `${room.roomId} has ${entries} steps by ${row.route}`;
        return row.reason !== null && !(isWork && row.route !== "knock")
          ? null
          : `${room.roomId} has neither step nor reason`;
      });
    expect(complaints(look)).toEqual([]);
  });

  it("holds for powers", () => {
    const look = (move: Move): (string | null)[] =>
      [...move.decided.rooms, ...move.decided.replacements].map((room) => {
        const planned = payloads<{ roomId: string }>(move, "power_level").filter(
          ({ roomId }) => roomId === room.roomId,
        ).length;
        const isWritten = room.grant.outcome === "write" && room.grant.wanted !== "creator";
        return planned === (isWritten ? 1 : 0) ? null : `${room.roomId} has ${planned} power steps`;
      });
    expect(complaints(look)).toEqual([]);
  });

  it("holds for tags", () => {
    const look = (move: Move): (string | null)[] =>
      [...move.source.roomTags].flatMap(([roomId, tags]) =>
        tags.map(({ name }) => {
          const at = move.where(roomId);
          const written = payloads<{ roomId: string; tags: { name: string }[] }>(move, "tags").filter(
            (each) => each.roomId === at,
          );
          const planned = written.flatMap((each) => each.tags).filter((tag) => tag.name === name).length;
          const left = move.notMoved.filter((item) => item === `tags ${roomId} ${name}`).length;
          const isThere =
            move.target.roomTags.get(at ?? "")?.some((tag) => tag.name === name) === true && left === 0;
          return once(`tag ${name} of ${roomId}`, { planned, there: isThere, left });
        }),
      );
    expect(complaints(look)).toEqual([]);
  });

  it.each([
    ["m.fully_read", "read_marker", "read_markers"],
    ["m.marked_unread", "room_setting", "room_settings"],
  ] as const)("holds for %s of rooms", (type, kind, category) => {
    const look = (move: Move): (string | null)[] =>
      [...move.source.roomAccountData].map(([roomId, byType]) => {
        if (!byType.has(type)) return null;
        const at = move.where(roomId);
        const planned = payloads<{ roomId: string }>(move, kind).filter((each) => each.roomId === at).length;
        const name = kind === "read_marker" ? `${category} ${roomId}` : `${category} ${roomId} ${type}`;
        const left = move.notMoved.filter((item) => item === name).length;
        const there = move.target.roomAccountData.get(at ?? "")?.has(type) === true && left === 0;
        // A marker does not follow its room to a replacement, which may have one of its own.
        const isElsewhere = at !== roomId;
        return once(`${type} of ${roomId}`, { planned: left > 0 ? 0 : planned, there, left, isElsewhere });
      });
    expect(complaints(look)).toEqual([]);
  });

  it("holds for direct chats", () => {
    const look = (move: Move): (string | null)[] => {
      const direct = move.source.snapshot.accountData.get("m.direct") as Record<string, string[]>;
      const chats = payloads<{ chats: { roomId: string; counterpart: string }[] }>(
        move,
        "direct_chats",
      ).flatMap((each) => each.chats);
      const own = { source: move.source.snapshot.userId, target: move.target.snapshot.userId };
      const listed = Object.entries(direct).flatMap(([userId, roomIds]) =>
        userId.startsWith("@")
          ? [...new Set(roomIds)].map((roomId) => ({
              roomId,
              key: userId,
              counterpart: userId === own.source ? own.target : userId,
            }))
          : [],
      );
      const malformed = Object.keys(direct).filter((userId) => !userId.startsWith("@"));
      const theirs = Object.values(
        (move.target.snapshot.accountData.get("m.direct") ?? {}) as Record<string, string[]>,
      ).flat();
      return [
        ...malformed.map((userId) => {
          const left = move.notMoved.filter((item) => item === `direct_chats ${userId}`).length;
          return once(`the key ${userId}`, { planned: 0, there: false, left });
        }),
        ...listed.map(({ roomId, key, counterpart }) => {
          const at = move.where(roomId);
          const planned = chats.filter(
            (chat) => chat.roomId === at && chat.counterpart === counterpart,
          ).length;
          const names = new Set([key, counterpart].map((userId) => `direct_chats ${at ?? roomId} ${userId}`));
          const left = move.notMoved.filter((item) => names.has(item)).length;
          const there = theirs.includes(at ?? "") && left === 0 && planned === 0;
          return once(`the chat ${roomId} ${key}`, { planned, there, left, isElsewhere: at !== roomId });
        }),
      ];
    };
    expect(complaints(look)).toEqual([]);
  });

  it.each<[string, StepKind, (move: Move) => { items: string[]; planned: string[]; there: string[] }]>([
    [
      "profile",
      "profile_field",
      (move) => ({
        items: ["displayname", ...move.source.profile.fields.keys()],
        planned: payloads<{ key: string }>(move, "profile_field").map(({ key }) => key),
        there: [
          ...(move.target.profile.displayName === null ? [] : ["displayname"]),
          ...move.target.profile.fields.keys(),
        ],
      }),
    ],
    [
      "ignored_users",
      "ignored_users",
      (move) => ({
        items: ignoredBy(move.source),
        planned: payloads<{ userIds: string[] }>(move, "ignored_users").flatMap(({ userIds }) => userIds),
        there: ignoredBy(move.target),
      }),
    ],
    [
      "account_data",
      "account_data",
      (move) => ({
        items: [...move.source.snapshot.accountData.keys()].filter(
          (type) => type !== "m.direct" && type !== "m.ignored_user_list",
        ),
        planned: payloads<{ type: string }>(move, "account_data").map(({ type }) => type),
        there: [...move.target.snapshot.accountData.keys()],
      }),
    ],
    [
      "push_rules",
      "push_rules",
      (move) => ({
        items: rulesOf(move.source),
        planned: payloads<{ missing: { kind: string; ruleId: string }[] }>(move, "push_rules").flatMap(
          ({ missing }) => missing.map(({ kind, ruleId }) => `${kind}/${ruleId}`),
        ),
        there: rulesOf(move.target),
      }),
    ],
  ])("holds for the category %s", (category, _kind, lists) => {
    const look = (move: Move): (string | null)[] => {
      const { items, planned, there } = lists(move);
      return [...items, ...planned.filter((item) => !items.includes(item))].map((item) => {
        const times = planned.filter((each) => each === item).length;
        const left = move.notMoved.filter((each) => each === `${category} ${item}`).length;
        return once(item, { planned: times, there: there.includes(item) && left === 0 && times === 0, left });
      });
    };
    expect(complaints(look)).toEqual([]);
  });

  it("was looked at for something of each", () => {
    const kinds = new Set(moves.flatMap(({ steps }) => steps.map(({ kind }) => kind)));
    const expected = [
      "accept_invite",
      "account_data",
      "direct_chats",
      "ignored_users",
      "invite",
      "join",
      "join_invited",
    ];
    const more = [
      "join_restricted",
      "knock",
      "power_level",
      "profile_field",
      "push_rules",
      "read_marker",
      "room_profile",
    ];
    expect([...kinds].sort()).toEqual([...expected, ...more, "room_setting", "tags"]);
  });
});

function ignoredBy({ snapshot }: AccountContents): string[] {
  const list = snapshot.accountData.get("m.ignored_user_list") as
    { ignored_users: Record<string, unknown> } | undefined;
  return Object.keys(list?.ignored_users ?? {});
}

function rulesOf({ pushRules }: AccountContents): string[] {
  return ((pushRules["content"] ?? []) as { rule_id: string }[]).map(
    ({ rule_id: ruleId }) => `content/${ruleId}`,
  );
}

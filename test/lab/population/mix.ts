import { planned } from "./expectations.ts";
import { CONTENT_KINDS } from "./kinds/contents.ts";
import { DIRECT_KINDS } from "./kinds/direct.ts";
import { ENTRANCE_KINDS } from "./kinds/entrance.ts";
import type { Kind } from "./kinds/kind.ts";
import { kind } from "./kinds/kind.ts";
import { MEMBERSHIP_KINDS } from "./kinds/memberships.ts";
import { restricted, through } from "./kinds/restricted.ts";
import { UPGRADE_KINDS } from "./kinds/upgrades.ts";
import type { MadeRoom } from "./room-fixture.ts";
import type { Dice } from "./seed.ts";

/**
 * Percentages of an account that has been in use for years. Each kind is one room of the source.
 */
const SHARES: Readonly<Record<string, number>> = {
  public: 24,
  "invite-power-0": 15,
  "invite-able": 8,
  "invite-unable": 14,
  direct: 13,
  "direct-new-server": 2,
  "direct-contact-left": 2,
  encrypted: 8,
  "last-admin": 3,
  knock: 1,
  upgraded: 1,
  "source-invited": 1,
  federated: 1,
  "shared-space": 2,
  "restricted-shared-space": 5,
};

/**
 * The kinds of a realistic account with this many rooms, in the order in which they are made:
 * spaces come before the rooms that they open.
 */
export function mixOf(count: number, dice: Dice): Kind[] {
  const { space, inside } = sharedSpaces(dice);
  const byName = new Map(
    [
      ...ENTRANCE_KINDS,
      ...DIRECT_KINDS,
      ...CONTENT_KINDS,
      ...UPGRADE_KINDS,
      ...MEMBERSHIP_KINDS,
      space,
      inside,
    ].map((made) => [made.name, made]),
  );
  const amounts = apportion(count);
  const first = amounts.get("shared-space") ?? 0;
  const names = [...amounts].flatMap(([name, amount]) =>
    Array<string>(name === "shared-space" ? 0 : amount).fill(name),
  );
  return [...Array<string>(first).fill("shared-space"), ...dice.shuffle(names)].map((name) => {
    const found = byName.get(name);
    if (found === undefined) throw new Error(`no kind ${name}`);
    return found;
  });
}

/**
 * Shares as whole rooms that add up to the count. The largest remainders get what rounding down
 * left over.
 */
export function apportion(count: number): Map<string, number> {
  const total = Object.values(SHARES).reduce((sum, share) => sum + share, 0);
  const exact = Object.entries(SHARES).map(([name, share]) => ({ name, rooms: (share / total) * count }));
  const amounts = new Map(exact.map(({ name, rooms }) => [name, Math.floor(rooms)]));
  let left = count - [...amounts.values()].reduce((sum, amount) => sum + amount, 0);
  for (const { name, rooms } of exact.sort((a, b) => (b.rooms % 1) - (a.rooms % 1))) {
    if (left-- > 0) amounts.set(name, Math.floor(rooms) + 1);
  }
  // A room behind a space needs one.
  const inside = amounts.get("restricted-shared-space") ?? 0;
  if (inside > 0 && amounts.get("shared-space") === 0) {
    amounts.set("shared-space", 1);
    amounts.set("restricted-shared-space", inside - 1);
  }
  return amounts;
}

/** Public spaces, and rooms open to the members of one of them. */
function sharedSpaces(dice: Dice): { space: Kind; inside: Kind } {
  const spaces: MadeRoom[] = [];
  const space = kind("shared-space", "A public space with rooms of its own.", async (fixture) => {
    const room = await fixture.room({ joinRule: "public", isSpace: true });
    spaces.push(room);
    return { room, expected: planned("join") };
  });
  const inside = kind(
    "restricted-shared-space",
    "Open to the members of a public space.",
    async (fixture) => {
      const home = spaces[dice.roll(spaces.length)];
      if (home === undefined) throw new Error("no space was made before");
      return { room: await restricted(fixture, [home]), expected: through(home) };
    },
  );
  return { space, inside };
}

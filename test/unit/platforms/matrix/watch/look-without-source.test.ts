import { describe, expect, it } from "vitest";
import { lookForAccessChanges } from "../../../../../src/platforms/matrix/watch/look-for-access-changes.ts";
import type { Answer } from "../../../../support/fakes/scripted-context.ts";
import { content, scriptedContext } from "../../../../support/fakes/scripted-context.ts";
import {
  ANSWERED,
  answeredTo,
  event,
  lookAt,
  NOTHING,
  OPEN,
  SLIDING,
  SYNC,
  target,
  watched,
  withoutFacts,
} from "../../../../support/fakes/watched-rooms.ts";
import { SOURCE, TARGET } from "../../../../support/plans/planned-rooms.ts";

/** One look of a move whose old account is known from files only. */
async function lookWith(
  answer: Answer,
  rooms: Parameters<typeof lookAt>[0],
  { readsRooms = 0 }: { readsRooms?: number } = {},
) {
  const { context, requests } = scriptedContext(() => answer);
  const accounts = {
    source: { client: context.client.source, userId: SOURCE, features: SLIDING },
    target: { client: context.client.target, userId: TARGET, features: SLIDING },
  };
  const account = { source: null, target: async () => accounts.target };
  const result = await lookForAccessChanges(lookAt(rooms, accounts, { account, readsRooms }));
  return { ...result, requests };
}

describe("a look without the old account", () => {
  it("asks the new account's server alone, in one request for any number of rooms", async () => {
    const invited = { invite_state: [event("m.room.create", {}), target("invite")] };
    const answer = content({ pos: "1", rooms: { "!7": invited } });
    const rooms = Array.from({ length: 3_000 }, (_, index) => watched(`!${index}`));
    const { changes, sides, requests } = await lookWith(answer, rooms);
    expect([...changes.keys()]).toEqual(["!7"]);
    expect(withoutFacts(changes.get("!7"))).toEqual(OPEN);
    expect(sides).toEqual({ source: { status: "not_asked" }, target: ANSWERED });
    expect(requests.map(({ side, path }) => `${side} ${path}`)).toEqual([`target ${SYNC}`]);
  });

  it("does not ask a room of the old server whether it can be read again", async () => {
    const unreadable = watched("!a", { unreadableOn: "old.example" });
    const { changes } = await lookWith(NOTHING, [unreadable, watched("!b")], { readsRooms: 1 });
    expect(changes).toEqual(new Map());
  });

  it.each<{ name: string; member: object; change: unknown }>([
    {
      name: "somebody declined",
      member: target("leave"),
      change: { kind: "knock_ended", facts: answeredTo({}) },
    },
    { name: "the person withdrew", member: target("leave", { sender: TARGET }), change: undefined },
    { name: "waits", member: target("knock"), change: undefined },
    { name: "became a ban", member: target("ban"), change: { kind: "banned" } },
  ])("finds in the new account's own membership a knock that $name", async ({ member, change }) => {
    const answer = content({ pos: "1", rooms: { "!a": { required_state: [member] } } });
    const { changes } = await lookWith(answer, [watched("!a", { hasKnocked: true, reason: null })]);
    expect(changes.get("!a")).toEqual(change);
  });
});

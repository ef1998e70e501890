import { describe, expect, it } from "vitest";
import { UnreachableError } from "../../../../../src/network/unreachable-error.ts";
import { content, NOT_FOUND, NOT_INSIDE } from "../../../../support/fakes/scripted-context.ts";
import { look, NOTHING, SOURCE_IN, SYNC, target, watched } from "../../../../support/fakes/watched-rooms.ts";

const QUIET = { [`source POST ${SYNC}`]: NOTHING, [`target POST ${SYNC}`]: NOTHING };
const ON_TARGET = { unreadableOn: "new.example", reason: "unreadable" } as const;
const shown = content({});

function state(side: "source" | "target", roomId: string, type = "m.room.create"): string {
  return `${side} GET /rooms/${roomId}/state/${type}`;
}

/** All state that a plan needs. */
function wholeState(side: "source" | "target", roomId: string) {
  return {
    [state(side, roomId)]: shown,
    [state(side, roomId, "m.room.power_levels")]: shown,
    [state(side, roomId, "m.room.join_rules")]: NOT_FOUND,
  };
}

describe("a look at rooms that a server did not show", () => {
  it("asks that server only, and finds the rooms that it shows again", async () => {
    const { changes, sent } = await look(
      {
        ...QUIET,
        ...wholeState("source", "!old"),
        ...wholeState("target", "!new"),
        [state("target", "!still")]: new UnreachableError("timeout", "new.example"),
        [state("target", "!gone")]: NOT_INSIDE,
      },
      [
        watched("!old", { unreadableOn: "old.example", reason: "unreadable" }),
        ...["!new", "!still", "!gone"].map((roomId) => watched(roomId, ON_TARGET)),
      ],
    );
    expect(changes).toEqual(
      new Map([
        ["!old", { kind: "readable" }],
        ["!new", { kind: "readable" }],
      ]),
    );
    expect(sent.filter(({ path }) => path.includes("/state/"))).toHaveLength(8);
  });

  it("does not hold up the other rooms", async () => {
    const answer = content({ pos: "1", rooms: { "!a": { required_state: [SOURCE_IN, target("join")] } } });
    const script = { ...QUIET, [`source POST ${SYNC}`]: answer, [state("target", "!b")]: NOT_INSIDE };
    const { changes } = await look(script, [watched("!a"), watched("!b", ON_TARGET)]);
    expect(changes).toEqual(new Map([["!a", { kind: "joined" }]]));
  });

  it("does not count a join that the other server shows", async () => {
    const answer = content({ pos: "1", rooms: { "!b": { required_state: [SOURCE_IN, target("join")] } } });
    const script = { ...QUIET, [`source POST ${SYNC}`]: answer };
    const { changes } = await look(script, [watched("!b", ON_TARGET)], { readsRooms: null });
    expect(changes).toEqual(new Map());
  });

  it("comes less and less often, but never ends", async () => {
    const looks: number[] = [];
    for (let readsRooms = 0; readsRooms < 40; readsRooms += 1) {
      const script = { ...QUIET, [state("target", "!b")]: NOT_INSIDE };
      const { sent } = await look(script, [watched("!b", ON_TARGET)], { readsRooms });
      if (sent.some(({ path }) => path.includes("/state/"))) looks.push(readsRooms);
    }
    expect(looks).toEqual([0, 1, 2, 4, 8, 12, 16, 24, 32, 36]);
  });
});

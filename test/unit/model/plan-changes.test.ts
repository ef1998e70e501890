import { describe, expect, it } from "vitest";
import { differencesOf } from "../../../src/model/plan-changes.ts";
import { room } from "../../support/fakes/move-samples.ts";

const open = (roomId: string) => room(roomId, { route: "join", status: "planned" });
const refused = room("!refused:x", { route: "ask_moderator", status: "needs_moderator" });

describe("how a plan differs from the one before", () => {
  it("has new rooms, other routes and rooms that are gone", () => {
    const before = { rooms: [open("!same:x"), open("!gone:x"), open("!refused:x")] };
    const now = { rooms: [open("!same:x"), refused, open("!new:x")] };
    const { changes, gone } = differencesOf(before, now, []);
    expect(changes).toEqual([
      { room: refused, before: "join", isTried: false },
      { room: open("!new:x"), before: null, isTried: false },
    ]);
    expect(gone).toEqual([open("!gone:x")]);
  });

  it("says which rooms are only tried, until that was done", () => {
    const tried = ["!new:x", "!refused:x"];
    const { changes } = differencesOf({ rooms: [] }, { rooms: [open("!new:x"), refused] }, tried);
    expect(changes.map(({ isTried }) => isTried)).toEqual([true, false]);
  });
});

import { expect, it } from "vitest";
import { inOrderOfNames } from "../../../../../src/platforms/matrix/contact/contact-input.ts";
import { SOURCE, TARGET, account, plan, sketchRoom } from "../../../../support/plans/planned-rooms.ts";

it("decisions about contact see the rooms in the same order, however their server orders them", () => {
  const snapshots = ["!b:old.example", "!a:old.example", "!c:old.example"].map((roomId) =>
    sketchRoom({ roomId }),
  );
  const orderOf = (rooms: typeof snapshots): string[] => {
    const accounts = { source: account(SOURCE, rooms), target: account(TARGET, []) };
    return inOrderOfNames(plan(rooms, accounts)).rooms.map(({ roomId }) => roomId);
  };
  expect(orderOf(snapshots)).toHaveLength(3);
  expect(orderOf(snapshots.toReversed())).toEqual(orderOf(snapshots));
});

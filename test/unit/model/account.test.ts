import { expect, it } from "vitest";
import { otherSide, sides } from "../../../src/model/account.ts";

it("each side of a move has the other", () => {
  expect(sides.map(otherSide)).toEqual(["target", "source"]);
});

import { describe, expect, it } from "vitest";
import { temporaryStore } from "./temporary-store.ts";

describe("the last list shown", () => {
  it("is the one before when a list has nothing in it, for such a one is not shown", async () => {
    const { store } = await temporaryStore();
    expect(await store.plans.shownList("@me:x.org")).toEqual([]);
    await store.plans.putShownList("@me:x.org", ["!a", "!b"]);
    await store.plans.putShownList("@me:x.org", []);
    expect(await store.plans.shownList("@me:x.org")).toEqual(["!a", "!b"]);
    await store.plans.putShownList("@me:x.org", ["!c"]);
    expect(await store.plans.shownList("@me:x.org")).toEqual(["!c"]);
  });
});

import { describe, expect, it } from "vitest";
import { temporaryStore } from "../../support/store/temporary-store.ts";

describe("the last list shown", () => {
  it("remains the one before when a list is empty, since an empty list is not shown", async () => {
    const { store } = await temporaryStore();
    expect(await store.plans.numberedRoomIds("@me:x.org")).toEqual([]);
    await store.plans.putNumberedRooms("@me:x.org", ["!a", "!b"]);
    await store.plans.putNumberedRooms("@me:x.org", []);
    expect(await store.plans.numberedRoomIds("@me:x.org")).toEqual(["!a", "!b"]);
    await store.plans.putNumberedRooms("@me:x.org", ["!c"]);
    expect(await store.plans.numberedRoomIds("@me:x.org")).toEqual(["!c"]);
  });
});

describe("the last plan", () => {
  it("is not written over by what was found out for the one before", async () => {
    const { store } = await temporaryStore();
    const first = await store.plans.put("@me:x.org", "first", 0);
    await store.plans.update("@me:x.org", first, "first, later");
    expect(await store.plans.last("@me:x.org")).toMatchObject({ number: first, payload: "first, later" });
    await store.plans.put("@me:x.org", "second", 0);
    await store.plans.update("@me:x.org", first, "first, too late");
    expect((await store.plans.last("@me:x.org"))?.payload).toBe("second");
  });
});

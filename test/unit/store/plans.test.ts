import { describe, expect, it } from "vitest";
import { showList } from "../../support/store/shown-list.ts";
import { temporaryStore } from "../../support/store/temporary-store.ts";

describe("the last list shown", () => {
  it("is that of the last message sent to the person", async () => {
    const { store } = await temporaryStore();
    expect(await store.plans.numberedRoomIds("@me:x.org")).toEqual([]);
    await showList(store, "@me:x.org", ["!a", "!b"]);
    expect(await store.plans.numberedRoomIds("@me:x.org")).toEqual(["!a", "!b"]);
    await showList(store, "@other:x.org", ["!d"]);
    await showList(store, "@me:x.org", ["!c"]);
    expect(await store.plans.numberedRoomIds("@me:x.org")).toEqual(["!c"]);
  });
});

describe("the last plan", () => {
  it("is not written over by what was found out for the one before", async () => {
    const { store } = await temporaryStore();
    const first = (await store.plans.put("@me:x.org", { payload: "first", accounts: [] }, 0)) ?? 0;
    await store.plans.update("@me:x.org", first, "first, later");
    expect(await store.plans.last("@me:x.org")).toMatchObject({ number: first, payload: "first, later" });
    await store.plans.put("@me:x.org", { payload: "second", accounts: [] }, 0);
    await store.plans.update("@me:x.org", first, "first, too late");
    expect((await store.plans.last("@me:x.org"))?.payload).toBe("second");
  });
});

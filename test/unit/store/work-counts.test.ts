import { expect, it } from "vitest";
import { openStore } from "../../../src/store/store.ts";
import { smallDisk } from "../../support/store/small-disk.ts";
import { secretKey, temporaryStore } from "../../support/store/temporary-store.ts";

it("every state is counted, also one without rows", async () => {
  const { store } = await temporaryStore();
  expect([...(await store.counts.runs())]).toContainEqual(["running", 0]);
  expect([...(await store.counts.steps())]).toContainEqual(["pending", 0]);
});

it("a store on a full disk is reported as not writable, and as writable when there is room", async () => {
  const disk = smallDisk("2m");
  const problems: string[] = [];
  const store = openStore({
    dataDir: disk.folder,
    secretKey,
    onStorageError: ({ problem }) => void problems.push(problem),
  });
  expect(await store.counts.isWritable(1)).toBe(true);
  disk.fill();
  // The log of the database may have room for some writes.
  let writes = 0;
  while (await store.counts.isWritable(writes)) writes += 1;
  expect(problems).toEqual(["full"]);
  disk.free();
  expect(await store.counts.isWritable(2)).toBe(true);
  await store.close();
});

import { describe, expect, it } from "vitest";
import type { FileRoom } from "../../../src/model/room-file.ts";
import type { FileToKeep } from "../../../src/store/imports.ts";
import { temporaryStore } from "../../support/store/temporary-store.ts";

const OWNER = "@me:new.example";
const OLD = "@me:dead.example";

function room(roomId: string, changes: Partial<FileRoom> = {}): FileRoom {
  return {
    ...{ roomId, membership: null, name: null, alias: null, aliases: [], via: [], version: null },
    ...{ joinRule: null, allow: [], encrypted: null, direct: null, partner: null, tags: {}, power: null },
    ...{ memberCount: null, helpers: [], successor: null, link: null },
    ...changes,
  };
}

function file(findings: Partial<FileToKeep["findings"]>, more: Partial<FileToKeep> = {}): FileToKeep {
  const nothing = { writtenAt: null, rooms: [], contacts: [], data: null };
  return { owner: OWNER, userId: OLD, findings: { ...nothing, ...findings }, isInstead: false, ...more };
}

const SETTINGS = { accountData: {}, pushRules: {}, tags: {}, profile: {}, roomAccountData: {} };

describe("files about an old account", () => {
  it("are kept across a restart, in their order", async () => {
    const { store, reopen } = await temporaryStore();
    const rooms = [room("!b"), room("!a", { name: "Choir", tags: { "m.favourite": { order: 0.5 } } })];
    const contacts = [{ userId: "@ann:x", displayName: "Ann", rooms: ["!chat"] }];
    const data = { ...SETTINGS, profile: { displayname: "Me" } };
    const kept = await store.imports.add(file({ rooms, contacts, data, writtenAt: 5 }), 10);
    expect(kept).toEqual({ status: "kept", newRooms: 2, knownRooms: 0 });
    const { imports } = await reopen();
    expect(await imports.content(OWNER)).toEqual({
      ...{ userId: OLD, importedAt: 10, writtenAt: 5, rooms, contacts, data },
    });
    expect(await imports.account(OWNER)).toEqual({
      ...{ owner: OWNER, side: "source", userId: OLD, method: "file", importedAt: 10, writtenAt: 5 },
    });
    expect(await imports.account("@other:new.example")).toBeNull();
  });

  it.each([
    { name: "the newer file first", times: [20, 10] as const },
    { name: "the older file first", times: [10, 20] as const },
  ])(
    "are merged by room: the newer one counts, and the older one fills its gaps ($name)",
    async ({ times }) => {
      const { store } = await temporaryStore();
      for (const writtenAt of times) {
        const isNewer = writtenAt === 20;
        const known = isNewer
          ? room("!a", { name: "New name", joinRule: "invite" })
          : room("!a", {
              name: "Old name",
              joinRule: "restricted",
              allow: ["!s"],
              via: ["x.example"],
              power: 50,
            });
        const more = isNewer ? [] : [room("!only:old")];
        await store.imports.add(file({ rooms: [known, ...more], writtenAt }), 100);
      }
      const content = await store.imports.content(OWNER);
      expect(content?.rooms.find(({ roomId }) => roomId === "!a")).toEqual(
        room("!a", { name: "New name", joinRule: "invite", allow: [], via: ["x.example"], power: 50 }),
      );
      expect(content?.rooms).toHaveLength(2);
      expect(content?.writtenAt).toBe(20);
    },
  );

  it("keep the newest settings, and the people of all files", async () => {
    const { store } = await temporaryStore();
    const ann = { userId: "@ann:x", displayName: null, rooms: ["!a"] };
    await store.imports.add(
      file({ data: { ...SETTINGS, profile: { displayname: "New" } }, contacts: [ann], writtenAt: 20 }),
      101,
    );
    await store.imports.add(
      file({
        ...{ data: { ...SETTINGS, profile: { displayname: "Old" } }, writtenAt: 10 },
        contacts: [{ ...ann, displayName: "Ann", rooms: ["!b"] }],
      }),
      102,
    );
    const content = await store.imports.content(OWNER);
    expect(content?.data?.profile).toEqual({ displayname: "New" });
    expect(content?.contacts).toEqual([{ userId: "@ann:x", displayName: "Ann", rooms: ["!a", "!b"] }]);
  });

  it("of the future count as written when they are imported, so that later ones count more", async () => {
    const { store } = await temporaryStore();
    const names = ["First", "Second"];
    for (const [index, name] of names.entries()) {
      const data = { ...SETTINGS, profile: { displayname: name } };
      const contacts = [{ userId: "@ann:x", displayName: name, rooms: [] }];
      const writtenAt = index === 0 ? Number.MAX_SAFE_INTEGER : 11;
      await store.imports.add(file({ rooms: [room("!a", { name })], contacts, data, writtenAt }), 10 + index);
    }
    expect(await store.imports.content(OWNER)).toMatchObject({
      writtenAt: 11,
      rooms: [{ name: "Second" }],
      contacts: [{ displayName: "Second" }],
      data: { profile: { displayname: "Second" } },
    });
  });

  it("keep a bounded number of rooms of one person", async () => {
    const { store } = await temporaryStore();
    for (const part of ["a", "b"]) {
      const rooms = Array.from({ length: 150 }, (_, index) => `!${part}${index}`);
      await store.imports.add(file({ contacts: [{ userId: "@ann:x", displayName: null, rooms }] }), 1);
    }
    expect((await store.imports.content(OWNER))?.contacts[0]?.rooms).toHaveLength(200);
  });

  it("of another account are not kept beside them, but instead of them", async () => {
    const { store } = await temporaryStore();
    await store.imports.add(file({ rooms: [room("!a")] }), 1);
    const other = { userId: "@you:dead.example" };
    expect(await store.imports.add(file({ rooms: [room("!b")] }, other), 2)).toEqual({
      ...{ status: "other_account", userId: OLD },
    });
    expect((await store.imports.content(OWNER))?.rooms.map(({ roomId }) => roomId)).toEqual(["!a"]);
    await store.imports.add(file({ rooms: [room("!b")] }, { ...other, isInstead: true }), 3);
    const content = await store.imports.content(OWNER);
    expect([content?.userId, content?.rooms.map(({ roomId }) => roomId)]).toEqual([
      "@you:dead.example",
      ["!b"],
    ]);
  });

  it("of thousands of rooms are kept with few statements", async () => {
    const { store } = await temporaryStore();
    const rooms = Array.from({ length: 3_000 }, (_, index) => room(`!r${index}`));
    await store.imports.add(file({ rooms }), 1);
    expect(await store.imports.add(file({ rooms }), 2)).toEqual({
      status: "kept",
      newRooms: 0,
      knownRooms: 3_000,
    });
    expect((await store.imports.content(OWNER))?.rooms).toHaveLength(3_000);
  });

  it("are erased by clear, and by forget", async () => {
    const { store } = await temporaryStore();
    await store.imports.add(file({ rooms: [room("!a"), room("!b")], data: SETTINGS }), 1);
    expect(await store.imports.clear(OWNER)).toEqual({ userId: OLD, rooms: 2 });
    expect(await store.imports.clear(OWNER)).toBeNull();
    await store.imports.add(file({ rooms: [room("!a")] }), 2);
    expect(await store.holdsRowsOf(OWNER)).toBe(true);
    await store.forget(OWNER);
    expect(await store.holdsRowsOf(OWNER)).toBe(false);
    expect(await store.imports.content(OWNER)).toBeNull();
  });
});

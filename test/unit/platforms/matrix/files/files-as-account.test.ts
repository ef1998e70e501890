import { expect, it } from "vitest";
import type { FileRoom } from "../../../../../src/model/room-file.ts";
import { readFiles } from "../../../../../src/platforms/matrix/files/files-as-account.ts";

const OLD = "@me:old.example";
const room: FileRoom = {
  ...{
    roomId: "!a",
    membership: "join",
    name: null,
    alias: null,
    aliases: [],
    version: null,
    joinRule: null,
  },
  via: ["unknown.example", "Old.Example", "gone.example", "lives.example"],
  ...{ allow: [], encrypted: null, direct: null, partner: null, tags: {}, power: null, memberCount: null },
  helpers: [],
  ...{ successor: null, link: null },
};

it("a room of a file is entered through servers that live, then unknown ones, never through the old one", async () => {
  const asked: (readonly string[])[] = [];
  const files = { userId: OLD, importedAt: 0, writtenAt: 0, rooms: [room], contacts: [], data: null };
  const { snapshot, deadServers } = await readFiles(files, OLD, {
    deadAmong: async (names) => {
      asked.push(names);
      return await Promise.resolve(new Set(["gone.example"]));
    },
    livingAmong: () => new Set(["lives.example"]),
    target: { account: { userId: "@me:new.example" } },
    botUserId: "@mover:bot.example",
  });
  expect(asked).toEqual([room.via]);
  expect(snapshot.rooms.get("!a")?.fromFile?.via).toEqual(["lives.example", "unknown.example"]);
  expect(deadServers).toEqual(new Set(["gone.example", "old.example", "Old.Example"]));
});

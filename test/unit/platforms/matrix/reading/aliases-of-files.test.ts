import { expect, it } from "vitest";
import type { FileRoom } from "../../../../../src/model/room-file.ts";
import { withResolvedAliases } from "../../../../../src/platforms/matrix/reading/aliases-of-files.ts";
import { recordedServer } from "./recorded-server.ts";

function room(roomId: string, changes: Partial<FileRoom> = {}): FileRoom {
  return {
    ...{ roomId, membership: null, name: null, alias: null, aliases: [], via: [], version: null },
    ...{ joinRule: null, allow: [], encrypted: null, direct: null, partner: null, tags: {}, power: null },
    ...{ memberCount: null, helpers: [], successor: null, link: null },
    ...changes,
  };
}

it("rooms that a file names by aliases get their IDs from living servers, each room once", async () => {
  const server = recordedServer(({ path }) => {
    if (path === "v3/directory/room/#choir:third.example")
      return { json: { room_id: "!choir", servers: ["third.example", "fourth.example"] } };
    if (path === "v3/directory/room/#same:third.example") return { json: { room_id: "!known:x" } };
    return { status: 404, body: { errcode: "M_NOT_FOUND" } };
  });
  const rooms = [
    room("#choir:third.example"),
    room("!known:x", { name: "Known" }),
    room("#same:third.example"),
    room("#none:third.example"),
    room("#gone:old.example"),
  ];
  const files = { userId: "@me:old.example", importedAt: 0, writtenAt: 0, rooms, contacts: [], data: null };
  const deadAmong = async (names: Iterable<string>) =>
    new Set([...names].filter((name) => name === "old.example"));
  const resolved = await withResolvedAliases(files, server.reader, deadAmong);
  expect(resolved.rooms.map(({ roomId, alias, via }) => [roomId, alias, via.join()])).toEqual([
    ["!choir", "#choir:third.example", "third.example,fourth.example"],
    ["!known:x", "#same:third.example", ""],
    ["#none:third.example", null, ""],
    ["#gone:old.example", null, ""],
  ]);
  expect(server.asked.map(({ path }) => path)).not.toContain("v3/directory/room/#gone:old.example");
});

it.each([
  { name: "waits for a limit of the account's own server", times: 2, isResolved: true },
  { name: "fails if that limit does not end", times: Infinity, isResolved: false },
])("an alias $name", async ({ times, isResolved }) => {
  let asked = 0;
  const server = recordedServer(({ path }) => {
    if (!path.startsWith("v3/directory/")) return undefined;
    return (asked += 1) <= times
      ? { status: 429, body: { errcode: "M_LIMIT_EXCEEDED", retry_after_ms: 60_000 } }
      : { json: { room_id: "!choir" } };
  });
  const rooms = [room("#choir:third.example")];
  const files = { userId: "@me:old.example", importedAt: 0, writtenAt: 0, rooms, contacts: [], data: null };
  const resolved = withResolvedAliases(files, server.reader, async () => new Set());
  if (isResolved) expect((await resolved).rooms.map(({ roomId }) => roomId)).toEqual(["!choir"]);
  else await expect(resolved).rejects.toMatchObject({ status: 429 });
});

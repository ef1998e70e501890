import { describe, expect, it } from "vitest";
import type { FileRoom, ImportedAccount } from "../../../../../src/model/room-file.ts";
import { planByFiles, sinceFiles } from "../../../../../src/platforms/matrix/files/file-facts.ts";
import { planRooms } from "../../../../../src/platforms/matrix/planning/plan-rooms.ts";
import type { AccountReading } from "../../../../../src/platforms/matrix/reading/account-reading.ts";
import { readingFromFiles } from "../../../../../src/platforms/matrix/reading/reading-from-files.ts";

const ME = "@me:old.example";
const OTHER = "@me:new.example";

function room(roomId: string, changes: Partial<FileRoom> = {}): FileRoom {
  return {
    ...{ roomId, membership: "join", name: null, alias: null, aliases: [], via: [], version: null },
    ...{ joinRule: null, allow: [], encrypted: null, direct: null, partner: null, tags: {}, power: null },
    ...{ memberCount: null, helpers: [], successor: null, link: null },
    ...changes,
  };
}

function files(...rooms: FileRoom[]): ImportedAccount {
  return { userId: ME, importedAt: 2, writtenAt: 1, rooms, contacts: [], data: null };
}

function reading(imported: ImportedAccount, dead: readonly string[] = []): AccountReading {
  return readingFromFiles(imported, {
    ...{ targetUserId: OTHER, botUserIds: [], deadServers: new Set(["old.example", ...dead]) },
  });
}

const NEW = reading({ ...files(), userId: OTHER });

describe("what is lost with an old server", () => {
  it("counts the direct chats with people whose server is gone, and the rooms with power", () => {
    const imported = files(
      room("!a:x", { partner: "@ann:old.example" }),
      room("!b:x", { partner: "@bob:gone.example" }),
      room("!c:x", { partner: "@cleo:third.example", power: 100 }),
      room("!d:x", { power: 0 }),
    );
    const readings = { source: reading(imported, ["gone.example"]), target: NEW };
    const facts = planByFiles(imported, { readings, decided: { rooms: [], triedRoomIds: ["!a:x"] } });
    expect(facts).toEqual({
      ...{ writtenAt: 1, oldServer: "old.example", tried: ["!a:x"], lostPower: 1, lostChats: 2 },
      hasData: false,
    });
  });
});

describe("what has changed since a file", () => {
  it("names the rooms that were entered and left, and none that the file has by its alias", () => {
    const imported = files(room("!kept:x"), room("!left:x"), room("#named:x", { membership: null }));
    const named = room("!named:x", { alias: "#named:x" });
    const present = files(room("!kept:x"), named, room("!new:x", { name: "New" }));
    const source = { ...reading(present), method: "sync" as const };
    const decided = planRooms({ source: source.snapshot, target: NEW.snapshot });
    const facts = sinceFiles(imported, { readings: { source, target: NEW }, decided });
    expect(facts).toEqual({
      writtenAt: 1,
      entered: [{ roomId: "!new:x", name: "New", alias: null }],
      left: [{ roomId: "!left:x", name: null, alias: null }],
    });
  });
});

import { expect, it } from "vitest";
import { NOTHING_PLANNED } from "../../../../../../src/model/contact.ts";
import { decideAnnouncement } from "../../../../../../src/platforms/matrix/contact/announce/decide.ts";
import { contactTexts } from "../../../../../../src/view/contact/texts.ts";
import { NO_RECORDS, NOW } from "../../../../../support/contact/planned-ask.ts";
import {
  account,
  plan,
  sketchRoom,
  SOURCE,
  TARGET,
  targetRoom,
} from "../../../../../support/plans/planned-rooms.ts";
import { PLAIN, recordedServer } from "../../reading/recorded-server.ts";

const [SMALL, LARGE, LONG, STAYS, SECRET] = ["!small:x", "!large:x", "!long:x", "!stays:x", "!secret:x"];
const profile = { displayName: "Mo", avatarUrl: null, fields: new Map() };
const ENCRYPTED = { "m.room.encryption": { algorithm: "m.megolm.v1.aes-sha2" } };

it("an announcement counts members where the server sent no numbers, and only in rooms that it may reach", async () => {
  const sketches = [SMALL, LARGE, LONG, STAYS].map((roomId) => ({ roomId, joinedCount: null }));
  const snapshots = [...sketches, { roomId: SECRET, joinedCount: null, state: ENCRYPTED }].map(sketchRoom);
  const source = account(SOURCE, snapshots);
  const moved = [SMALL, LARGE, LONG, SECRET].map((roomId) => targetRoom(roomId, "join"));
  const target = account(TARGET, moved);
  const members = (count: number) => ({
    json: { joined: Object.fromEntries(Array.from({ length: count }, (_, index) => [`@${index}:x`, {}])) },
  });
  const server = recordedServer(({ path }) => {
    if (path.includes(LONG)) return "x".repeat(5_000_000);
    return members(path.includes(LARGE) ? 21 : 20);
  });
  const { facts } = await decideAnnouncement(
    {
      asking: { userId: SOURCE, reader: server.reader, features: PLAIN },
      readings: { source: { snapshot: source, profile }, target: { snapshot: target, profile } },
      decided: plan(snapshots, { source, target }),
      parties: { sourceUserId: SOURCE, targetUserId: TARGET, botUserIds: new Set() },
      guarded: (work) => work(),
    },
    { rooms: [], which: "default", text: null, both: false },
    { records: NO_RECORDS, planned: NOTHING_PLANNED, texts: contactTexts, now: NOW, newChatsPerDay: 10 },
  );
  expect(facts.rooms.map(({ room, members: count }) => [room.roomId, count])).toEqual([[SMALL, 20]]);
  expect(Object.fromEntries(facts.left.map(({ room, why }) => [room.roomId, why]))).toMatchObject({
    [LARGE]: "too_large",
    [LONG]: "unreadable",
    [STAYS]: "not_moved",
    [SECRET]: "encrypted",
  });
  expect(server.asked.map(({ path }) => path).toSorted()).toEqual(
    [LARGE, LONG, SMALL].map((roomId) => `v3/rooms/${roomId}/joined_members`).toSorted(),
  );
});

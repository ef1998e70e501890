import { expect, it } from "vitest";
import { keptRoomSteps } from "../../../../../../src/platforms/matrix/categories/kept-room-profiles/plan.ts";
import type { ContentsSketch } from "../contents-sketch.ts";
import { newAccount } from "../contents-sketch.ts";

const profile = { displayName: "me", avatarUrl: null };
const cat = "mxc://new.example/cat";

it.each<{ name: string; room: NonNullable<ContentsSketch["roomProfiles"]>[string]; kept: unknown }>([
  {
    name: "a name and a picture of its own",
    room: { displayName: "Captain", avatarUrl: cat },
    kept: { roomId: "!a", displayName: "Captain", avatarUrl: cat },
  },
  {
    name: "a name of its own",
    room: { displayName: "Captain" },
    kept: { roomId: "!a", displayName: "Captain" },
  },
  {
    name: "a picture of its own",
    room: { displayName: "me", avatarUrl: cat },
    kept: { roomId: "!a", avatarUrl: cat },
  },
  { name: "the usual profile", room: profile, kept: null },
  { name: "no name", room: {}, kept: null },
])("the new account shows $name in a room", ({ room, kept }) => {
  const steps = keptRoomSteps(newAccount({ profile, roomProfiles: { "!a": room } }));
  expect(steps.map(({ payload }) => payload)).toEqual(kept === null ? [] : [kept]);
});

it("names of the new account are kept in any number of rooms", () => {
  const roomIds = ["!a", "!b", "!c", "!d"];
  const roomProfiles = Object.fromEntries(roomIds.map((roomId) => [roomId, { displayName: "Captain" }]));
  expect(keptRoomSteps(newAccount({ profile, roomProfiles })).map(({ key }) => key)).toEqual(
    roomIds.map((roomId) => `kept_room_profile:${roomId}`),
  );
});

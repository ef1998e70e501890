import { expect, it } from "vitest";
import type { StepOfRun } from "../../../../../../src/model/run.ts";
import { compareContents } from "../../../../../../src/platforms/matrix/categories/registry.ts";
import {
  givenNamesOf,
  withFormerNames,
} from "../../../../../../src/platforms/matrix/contact/rename/given-names.ts";
import type {
  RenameProfilePayload,
  RenameRoomPayload,
} from "../../../../../../src/platforms/matrix/contact/rename/payloads.ts";
import type { RoomProfile } from "../../../../../../src/platforms/matrix/reading/account-reading.ts";
import { NEW, newAccount, oldAccount, roomIdOnTarget } from "../../categories/contents-sketch.ts";

const CAT = "mxc://old.example/cat";
const FACE = "mxc://old.example/face";
const GIVEN = `Mo (now ${NEW})`;

function step(kind: "rename_profile" | "rename_room", runId: number, payload: unknown): StepOfRun {
  return {
    ...{ runId, key: `${kind} ${runId}`, platform: "matrix", kind, side: "source", stage: 1, limits: [] },
    ...{ needsRoom: null, after: null, roomId: null, payload },
  };
}

function everywhere(runId: number, payload: Partial<RenameProfilePayload>): StepOfRun {
  const rename = { name: GIVEN, shown: "Mo", former: "Mo", rooms: [] };
  return step("rename_profile", runId, { ...rename, ...payload });
}

function inRoom(runId: number, payload: Partial<RenameRoomPayload>): StepOfRun {
  return step("rename_room", runId, { roomId: "!a", name: GIVEN, shown: "Mo", former: "Mo", ...payload });
}

/** What the bot takes for the person's own names: the account's, and those in rooms. */
function former(
  steps: readonly StepOfRun[],
  shown: { name: string | null; rooms: Record<string, Partial<RoomProfile>> },
): { name: string | null; rooms: Record<string, string | null>; avatars: (string | null)[] } {
  const account = oldAccount({
    profile: { displayName: shown.name, avatarUrl: FACE },
    roomProfiles: shown.rooms,
  });
  const { profile, roomProfiles } = withFormerNames(account, givenNamesOf(steps), NEW);
  return {
    name: profile.displayName,
    rooms: Object.fromEntries([...roomProfiles].map(([roomId, own]) => [roomId, own.displayName])),
    avatars: [...roomProfiles.values()].map(({ avatarUrl }) => avatarUrl),
  };
}

const chef = { roomId: "!a", former: "Chef", avatar: null };

it.each<{
  name: string;
  steps: StepOfRun[];
  shown: { name: string | null; rooms: Record<string, Partial<RoomProfile>> };
  expected: { name: string | null; rooms: Record<string, string | null> };
}>([
  {
    name: "was given nothing",
    steps: [],
    shown: { name: "Mo", rooms: { "!a": { displayName: "Chef" } } },
    expected: { name: "Mo", rooms: { "!a": "Chef" } },
  },
  {
    name: "was given a name everywhere, also where it had chosen one",
    steps: [everywhere(1, { rooms: [chef] })],
    shown: { name: GIVEN, rooms: { "!a": { displayName: GIVEN }, "!b": { displayName: GIVEN } } },
    expected: { name: "Mo", rooms: { "!a": "Chef", "!b": "Mo" } },
  },
  {
    name: "was given a name that has not reached every room, or that it did not take yet",
    steps: [everywhere(1, { rooms: [chef] })],
    shown: { name: "Mo", rooms: { "!a": { displayName: "Chef" }, "!b": { displayName: GIVEN } } },
    expected: { name: "Mo", rooms: { "!a": "Chef", "!b": "Mo" } },
  },
  {
    name: "was given a second name while the first one is still in a room",
    steps: [
      everywhere(1, { rooms: [chef] }),
      everywhere(2, { name: "Gone", shown: GIVEN, former: "Mo", rooms: [chef] }),
    ],
    shown: { name: "Gone", rooms: { "!a": { displayName: GIVEN }, "!b": { displayName: "Gone" } } },
    expected: { name: "Mo", rooms: { "!a": "Chef", "!b": "Mo" } },
  },
  {
    name: "was given a name in one room",
    steps: [inRoom(1, { former: "Chef" })],
    shown: { name: "Mo", rooms: { "!a": { displayName: GIVEN }, "!b": { displayName: "Cook" } } },
    expected: { name: "Mo", rooms: { "!a": "Chef", "!b": "Cook" } },
  },
  {
    name: "had another name in a room when it was renamed before",
    steps: [everywhere(1, { rooms: [chef] }), everywhere(2, {})],
    shown: { name: GIVEN, rooms: { "!a": { displayName: GIVEN } } },
    expected: { name: "Mo", rooms: { "!a": "Mo" } },
  },
  {
    name: "has another name by the person since",
    steps: [everywhere(1, { rooms: [chef] })],
    shown: { name: "Mo B.", rooms: { "!a": { displayName: "Mo B." }, "!b": { displayName: GIVEN } } },
    expected: { name: "Mo B.", rooms: { "!a": "Mo B.", "!b": "Mo" } },
  },
  {
    name: "was renamed by a bot that knows nothing of it any more",
    steps: [],
    shown: { name: GIVEN, rooms: { "!a": { displayName: GIVEN }, "!b": { displayName: "Chef" } } },
    expected: { name: "Mo", rooms: { "!a": "Mo", "!b": "Chef" } },
  },
  {
    name: "had no name",
    steps: [everywhere(1, { shown: null, former: null })],
    shown: { name: GIVEN, rooms: { "!a": { displayName: GIVEN } } },
    expected: { name: null, rooms: { "!a": null } },
  },
])("knows the names of an old account that $name", ({ steps, shown, expected }) => {
  expect(former(steps, shown)).toMatchObject(expected);
});

it("knows the picture of a room that the server has overwritten with the new name", () => {
  const own = { roomId: "!a", former: "Mo", avatar: { own: CAT, over: FACE } };
  const shown = { name: GIVEN, rooms: { "!a": { displayName: GIVEN, avatarUrl: FACE } } };
  expect(former([everywhere(1, { rooms: [own] })], shown).avatars).toEqual([CAT]);
});

it("plans the same before and after the old account is renamed", () => {
  const profile = { displayName: "Mo", avatarUrl: FACE };
  const face = { avatarUrl: FACE };
  const before = oldAccount({
    profile,
    roomProfiles: {
      "!a": { displayName: "Chef", avatarUrl: FACE },
      "!b": { displayName: "Mo", avatarUrl: CAT },
      "!c": { displayName: "Mo", ...face },
      "!d": { displayName: "Mo", ...face },
    },
  });
  const after = oldAccount({
    profile: { ...profile, displayName: GIVEN },
    roomProfiles: Object.fromEntries(
      ["!a", "!b", "!c", "!d"].map((roomId) => [roomId, { displayName: GIVEN, ...face }]),
    ),
  });
  const rename = everywhere(1, {
    rooms: [chef, { roomId: "!b", former: "Mo", avatar: { own: CAT, over: FACE } }],
  });
  const seen = withFormerNames(after, givenNamesOf([rename]), NEW);
  const compared = (account: typeof before) => compareContents(account, newAccount(), roomIdOnTarget);
  expect(compared(seen)).toEqual(compared(before));
  expect(compared(before).categories.find(({ name }) => name === "room_profiles")?.missing).toEqual([
    "!a",
    "!b",
  ]);
});

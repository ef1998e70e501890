import { describe, expect, it } from "vitest";
import { renameProfileStep } from "../../../../../../src/platforms/matrix/contact/rename/rename-profile.ts";
import { renameRoomStep } from "../../../../../../src/platforms/matrix/contact/rename/rename-room.ts";
import type { Answer } from "../../../../../support/fakes/scripted-context.ts";
import { ROOM, content, refused, scriptedContext } from "../../../../../support/fakes/scripted-context.ts";
import { SOURCE, TARGET } from "../../../../../support/plans/planned-rooms.ts";

const GIVEN = `Mo (now ${TARGET})`;
const PROFILE = `/profile/${SOURCE}`;
const NAME = `${PROFILE}/displayname`;
const MEMBER = `/rooms/${ROOM}/state/m.room.member/${SOURCE}`;
const CAT = "mxc://old.example/cat";
const FACE = "mxc://old.example/face";
const DONE = { status: "done" };
const ALREADY = { status: "already_done" };
const CHANGED = { status: "failed", problem: { code: "changed_since", serverText: null } };
const GONE = { status: "failed", problem: { code: "gone", serverText: null } };

/** @param shown what the account or the room shows, look by look; the last one stays */
function server(path: string, ...shown: readonly Answer[]) {
  let looks = 0;
  return (request: { method: string; path: string }): Answer | undefined =>
    request.method === "GET" && request.path === path
      ? shown[Math.min(looks++, shown.length - 1)]
      : undefined;
}

const profile = (displayname: string | null): Answer =>
  content({ avatar_url: FACE, ...(displayname !== null && { displayname }) });
const member = (displayname: string | null, more: object = {}): Answer =>
  content({
    ...{ membership: "join", avatar_url: FACE, "org.example.more": 1 },
    ...(displayname !== null && { displayname }),
    ...more,
  });

describe("the new name of an old account", () => {
  const payload = { name: GIVEN, shown: "Mo", former: "Mo", rooms: [] };
  const undo = { name: GIVEN, former: "Mo" };

  it.each([
    { name: "is given by the old account", shown: "Mo", outcome: { ...DONE, undo }, isWritten: true },
    { name: "is left where it is there", shown: GIVEN, outcome: ALREADY, isWritten: false },
    { name: "is not given over another one", shown: "Mo B.", outcome: CHANGED, isWritten: false },
  ])("$name", async ({ shown, outcome, isWritten }) => {
    const { context, lines, savedUndos, requests } = scriptedContext(server(PROFILE, profile(shown)));
    expect(await renameProfileStep.run(payload, context)).toEqual(outcome);
    expect(lines()).toEqual([`source GET ${PROFILE}`, ...(isWritten ? [`source PUT ${NAME}`] : [])]);
    expect(savedUndos).toEqual(isWritten ? [undo] : []);
    if (isWritten) expect(requests.at(-1)?.body).toEqual({ displayname: GIVEN });
  });

  it("is known to be given by the step after a crash between the write and its record", async () => {
    const script = server(PROFILE, profile(GIVEN));
    const { context, writes } = scriptedContext(script, { savedUndo: undo });
    expect(await renameProfileStep.run(payload, context)).toEqual({ ...DONE, undo });
    expect(writes()).toEqual([]);
  });

  it("fails with the words of a server that does not allow it", async () => {
    const { context, savedUndos } = scriptedContext({
      [`source GET ${PROFILE}`]: profile("Mo"),
      [`source PUT ${NAME}`]: refused(403, "M_FORBIDDEN", "Changing display name is disabled"),
    });
    expect(await renameProfileStep.run(payload, context)).toEqual({
      status: "failed",
      problem: { code: "refused", serverText: "Changing display name is disabled" },
    });
    expect(savedUndos).toEqual([undo, null]);
  });

  it.each([
    { name: "goes back to the former one", shown: GIVEN, former: "Mo", outcome: DONE, written: "Mo" },
    { name: "goes back to none", shown: GIVEN, former: null, outcome: DONE, written: "" },
    { name: "stays if somebody has changed it", shown: "Mo B.", former: "Mo", outcome: ALREADY },
    { name: "is not taken back twice", shown: "Mo", former: "Mo", outcome: ALREADY },
  ])("$name", async ({ shown, former, outcome, written }) => {
    const { context, requests } = scriptedContext(server(PROFILE, profile(shown)));
    expect(await renameProfileStep.undo({ name: GIVEN, former }, context)).toEqual(outcome);
    const bodies = requests.filter(({ method }) => method === "PUT").map(({ side, body }) => [side, body]);
    expect(bodies).toEqual(written === undefined ? [] : [["source", { displayname: written }]]);
  });
});

describe("the new name of an old account in one room", () => {
  const payload = { roomId: ROOM, name: GIVEN, shown: "Chef", former: "Chef" };
  const undo = { roomId: ROOM, name: GIVEN, former: "Chef" };

  it.each([
    { name: "is given", shown: member("Chef"), outcome: { ...DONE, undo }, isWritten: true },
    { name: "is left where it is there", shown: member(GIVEN), outcome: ALREADY, isWritten: false },
    { name: "is not given over another one", shown: member("Cook"), outcome: CHANGED, isWritten: false },
    {
      name: "is not given to an account that has left",
      shown: content({ membership: "leave" }),
      outcome: GONE,
      isWritten: false,
    },
  ])("$name", async ({ shown, outcome, isWritten }) => {
    const { context, lines, requests } = scriptedContext(server(MEMBER, shown));
    expect(await renameRoomStep.run(payload, context)).toEqual(outcome);
    expect(lines()).toEqual([`source GET ${MEMBER}`, ...(isWritten ? [`source PUT ${MEMBER}`] : [])]);
    if (isWritten)
      expect(requests.at(-1)?.body).toEqual({
        ...{ membership: "join", displayname: GIVEN, avatar_url: FACE, "org.example.more": 1 },
      });
  });

  it.each<{ name: string; record?: object; shown: Answer[]; outcome: object; written?: object }>([
    {
      name: "goes back where only this room had it",
      shown: [member(GIVEN)],
      outcome: DONE,
      written: { displayname: "Chef", avatar_url: FACE },
    },
    {
      name: "goes back to the name of the account",
      record: { former: null },
      shown: [member(GIVEN)],
      outcome: DONE,
      written: { avatar_url: FACE },
    },
    { name: "stays if somebody has changed it", shown: [member("Cook")], outcome: ALREADY },
    {
      name: "comes back after the account's name was spread over it",
      record: { everywhere: "Mo" },
      shown: [member(GIVEN), member("Mo")],
      outcome: DONE,
      written: { displayname: "Chef", avatar_url: FACE },
    },
    {
      name: "comes back with the room's picture",
      record: { everywhere: "Mo", avatar: { own: CAT, over: FACE } },
      shown: [member("Mo")],
      outcome: DONE,
      written: { displayname: "Chef", avatar_url: CAT },
    },
    {
      name: "comes back without the picture if the person has chosen another since",
      record: { everywhere: "Mo", avatar: { own: CAT, over: "mxc://old.example/dog" } },
      shown: [member("Mo")],
      outcome: DONE,
      written: { displayname: "Chef", avatar_url: FACE },
    },
    {
      name: "stays if somebody has changed it before the account's name came",
      record: { everywhere: "Mo" },
      shown: [member("Cook")],
      outcome: ALREADY,
    },
  ])("$name", async ({ record, shown, outcome, written }) => {
    const { context, requests } = scriptedContext(server(MEMBER, ...shown));
    expect(await renameRoomStep.undo({ ...undo, ...record }, context)).toEqual(outcome);
    const bodies = requests.filter(({ method }) => method === "PUT").map(({ body }) => body);
    expect(bodies).toEqual(
      written === undefined ? [] : [{ membership: "join", "org.example.more": 1, ...written }],
    );
  });

  it("is waited for while the account's name may still be spread, and not for ever", async () => {
    const outcomes: unknown[] = [];
    for (const failures of [0, 2]) {
      const { context, writes } = scriptedContext(server(MEMBER, member(GIVEN)), { failures });
      outcomes.push(await renameRoomStep.undo({ ...undo, everywhere: "Mo" }, context), writes());
    }
    const wait = { status: "wait", waitingFor: "room", waitMs: null, problem: null };
    expect(outcomes).toEqual([wait, [], DONE, [`PUT ${MEMBER}`]]);
  });
});

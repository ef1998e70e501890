import { describe, expect, it } from "vitest";
import { keptRoomStep } from "../../../../../../src/platforms/matrix/categories/kept-room-profiles/step.ts";
import type { Answer } from "../../../../../support/fakes/scripted-context.ts";
import { scriptedContext } from "../../../../../support/fakes/scripted-context.ts";
import { NEW } from "../contents-sketch.ts";

const CAT = "mxc://new.example/cat";
const FACE = "mxc://new.example/face";
const MEMBER = `/rooms/!a/state/m.room.member/${NEW}`;
const KEPT = { roomId: "!a", displayName: "Captain", avatarUrl: CAT };
const OVERWRITTEN = { membership: "join", displayname: "Mo", avatar_url: FACE };

/** @param members what the room shows, look by look; the last one stays */
function server(...members: readonly unknown[]) {
  let looks = 0;
  return ({ method, path }: { method: string; path: string }): Answer | undefined => {
    if (method !== "GET") return undefined;
    if (path === `/profile/${NEW}`) return { json: { displayname: "Mo", avatar_url: FACE } };
    return path === MEMBER ? { json: members[Math.min(looks++, members.length - 1)] } : undefined;
  };
}

describe.each(["run", "undo"] as const)("the new account's own name in a room, after a %s", (how) => {
  it.each<{ name: string; kept?: object; member: object; written: object }>([
    {
      name: "that was overwritten",
      member: { ...OVERWRITTEN, reason: "no reason", "org.example.more": 1 },
      written: { membership: "join", displayname: "Captain", avatar_url: CAT, "org.example.more": 1 },
    },
    {
      name: "beside a picture that follows the profile",
      kept: { roomId: "!a", displayName: "Captain" },
      member: OVERWRITTEN,
      written: { ...OVERWRITTEN, displayname: "Captain" },
    },
    {
      name: "beside a picture that was none",
      kept: { roomId: "!a", displayName: "Captain", avatarUrl: null },
      member: OVERWRITTEN,
      written: { membership: "join", displayname: "Captain" },
    },
    {
      name: "beside a picture that the person has changed since",
      member: { ...OVERWRITTEN, avatar_url: "mxc://new.example/dog" },
      written: { membership: "join", displayname: "Captain", avatar_url: "mxc://new.example/dog" },
    },
  ])("is written back: $name", async ({ kept = KEPT, member, written }) => {
    const { context, requests } = scriptedContext(server(member));
    expect(await keptRoomStep[how](kept, context)).toEqual({ status: "done", undo: kept });
    expect(requests.at(-1)).toMatchObject({ method: "PUT", path: MEMBER });
    expect(requests.at(-1)?.body).toEqual(written);
  });

  it("is written back when the server overwrites it only after a while", async () => {
    const own = { membership: "join", displayname: "Captain", avatar_url: CAT };
    const { context, writes } = scriptedContext(server(own, own, OVERWRITTEN));
    expect((await keptRoomStep[how](KEPT, context)).status).toBe("done");
    expect(writes()).toEqual([`PUT ${MEMBER}`]);
  });

  it.each([
    { name: "has chosen another", member: { membership: "join", displayname: "Chef", avatar_url: CAT } },
    { name: "has left the room", member: { membership: "leave" } },
  ])("is left where the person $name", async ({ member }) => {
    const { context, writes } = scriptedContext(server(member));
    expect(await keptRoomStep[how](KEPT, context)).toEqual({ status: "already_done" });
    expect(writes()).toEqual([]);
  });

  it("is waited for while the server may still overwrite it, and not for ever", async () => {
    const own = { membership: "join", displayname: "Captain", avatar_url: CAT };
    const statuses: string[] = [];
    for (const failures of [0, 1, 2]) {
      const { context, writes } = scriptedContext(server(own), { failures });
      statuses.push((await keptRoomStep[how](KEPT, context)).status);
      expect(writes()).toEqual([]);
    }
    expect(statuses).toEqual(["wait", "wait", "already_done"]);
  });
});

import { describe, expect, it } from "vitest";
import { UnreachableError } from "../../../../../src/network/unreachable-error.ts";
import { lookAtInvitation, withTags } from "../../../../../src/platforms/matrix/reading/invitation.ts";
import { ADMIN, SOURCE, TARGET, account, sketchRoom } from "../../../../support/plans/planned-rooms.ts";
import type { Given } from "./recorded-server.ts";
import { recordedServer } from "./recorded-server.ts";

const ROOM = "!room:old.example";
const SUMMARY = `v1/room_summary/${ROOM}`;
const TAGS = `v3/user/${SOURCE}/rooms/${ROOM}/tags`;
const notFound: Given = { status: 404, body: { errcode: "M_NOT_FOUND" } };

async function look(
  answers: Readonly<Record<string, Given>>,
  { inviter = ADMIN, via = ["old.example"] }: { inviter?: string; via?: string[] } = {},
) {
  const room = sketchRoom({ membership: "invite", coverage: "partial", own: { sender: inviter } });
  const source = account(SOURCE, [room]);
  const { reader, asked } = recordedServer(({ path }) => answers[path] ?? notFound);
  const seen = await lookAtInvitation(reader, { roomId: ROOM, via }, source, TARGET);
  return { ...seen, source, asked: asked.map(({ path }) => path) };
}

describe("a look at an invitation", () => {
  it.each<{ name: string; answer: Given; inviter?: string; via?: string[]; joined: number | null }>([
    { name: "counted", answer: { json: { num_joined_members: 3 } }, joined: 3 },
    { name: "counted as none", answer: { json: { num_joined_members: 0 } }, joined: 0 },
    { name: "unknown to the inviter's own server", answer: notFound, joined: 0 },
    {
      name: "unknown, and the inviter is elsewhere",
      answer: notFound,
      inviter: "@x:third.example",
      joined: null,
    },
    { name: "unknown, and other servers may know", answer: notFound, via: ["third.example"], joined: null },
    {
      name: "on a server without summaries",
      answer: { status: 404, body: { errcode: "M_UNRECOGNIZED" } },
      joined: null,
    },
    { name: "refused", answer: { status: 403, body: { errcode: "M_FORBIDDEN" } }, joined: null },
    { name: "on a server that fails", answer: { status: 500, body: { errcode: "M_UNKNOWN" } }, joined: null },
  ])("knows who is in it: $name", async ({ answer, inviter, via, joined }) => {
    const options = { ...(inviter !== undefined && { inviter }), ...(via !== undefined && { via }) };
    expect((await look({ [SUMMARY]: answer }, options)).room.joinedCount).toBe(joined);
  });

  it("reads the tags of invitations from the account's own server alone", async () => {
    const answers = { [TAGS]: { json: { tags: { "m.server_notice": {} } } } };
    const own = await look(answers);
    expect(own.tags).toEqual(["m.server_notice"]);
    expect(withTags(own.source, [own]).rooms.get(ROOM)?.tags).toEqual(["m.server_notice"]);
    const other = await look(answers, { inviter: "@x:third.example" });
    expect([other.tags, other.asked]).toEqual([[], [SUMMARY]]);
  });

  it("does not end a plan when the server does not answer", async () => {
    const room = sketchRoom({ membership: "invite", coverage: "partial", own: { sender: ADMIN } });
    const { reader } = recordedServer(() => {
      throw new UnreachableError("timeout", "old.example");
    });
    const find = { roomId: ROOM, via: ["old.example"] };
    expect(await lookAtInvitation(reader, find, account(SOURCE, [room]), TARGET)).toMatchObject({
      room: { joinedCount: null },
      tags: [],
    });
  });
});

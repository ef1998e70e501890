import { describe, expect, it } from "vitest";
import type { Account, FileAccount } from "../../../../../src/model/account.ts";
import type { RoomsOfUndo } from "../../../../../src/model/stay-reason.ts";
import { stayReasonsIn } from "../../../../../src/platforms/matrix/reading/stay-reasons.ts";
import type { Asked, Given } from "./recorded-server.ts";
import { ME, OTHER, PLAIN, recordedServer } from "./recorded-server.ts";

const FILE: FileAccount = {
  ...{ owner: "", side: "source", userId: ME, method: "file", importedAt: 2, writtenAt: 1 },
};
const TARGET: Account = {
  ...{ owner: "", side: "target", userId: OTHER, baseUrl: "https://new.example" },
  ...{ method: "password", deviceId: null, signedInAt: 0 },
};

const NOTHING: Given = { status: 404, body: { errcode: "M_NOT_FOUND" } };
const RULES = new Map<string, object>([
  ["!public", { join_rule: "public" }],
  ["!closed", { join_rule: "invite" }],
  ["!in-space", { join_rule: "restricted", allow: [{ type: "m.room_membership", room_id: "!space" }] }],
]);
const spaceOf = (rule: string): [string, object] => ["!space", { join_rule: rule }];

/** What the new account's server shows, and nothing else: the old account cannot be asked. */
async function reasonsWith(
  rooms: Partial<RoomsOfUndo>,
  { joined, rules = [] }: { joined: readonly string[]; rules?: readonly [string, object][] },
) {
  const ruleOf = new Map([...RULES, ...rules]);
  const server = recordedServer(({ path }: Asked): Given => {
    if (path === "v3/joined_rooms") return { json: { joined_rooms: joined } };
    const [, roomId = "", rest = ""] = /^v3\/rooms\/([^/]+)\/(.+)$/u.exec(path) ?? [];
    if (rest === "joined_members") return { json: { joined: { [OTHER]: {}, [ME]: {}, "@a:x.example": {} } } };
    if (rest === "state/m.room.power_levels") return { json: { users: { [ME]: 100 } } };
    if (rest === "state/m.room.join_rules") return { json: ruleOf.get(roomId) ?? {} };
    if (rest === `state/m.room.member/${OTHER}` && joined.includes(roomId))
      return { json: { membership: "join" } };
    return NOTHING;
  });
  const target = {
    account: TARGET,
    readable: async () => ({ userId: OTHER, reader: server.reader, features: PLAIN }),
  };
  const reasons = await stayReasonsIn(
    { source: { account: FILE }, target },
    { left: [], declined: [], ...rooms },
  );
  return Object.fromEntries(reasons);
}

describe("the rooms that an undo without the old account does not leave", () => {
  it("are those that a person would have to open again", async () => {
    const left = ["!public", "!closed", "!left-before"];
    expect(await reasonsWith({ left }, { joined: ["!public", "!closed"] })).toEqual({
      "!closed": "needs_invitation",
    });
  });

  it.each<{ name: string; left: string[]; rule: string; expected: object }>([
    { name: "stays in the space", left: ["!in-space"], rule: "invite", expected: {} },
    {
      name: "leaves the space too, and may join it again",
      left: ["!in-space", "!space"],
      rule: "public",
      expected: {},
    },
    {
      name: "leaves the space too, and needs an invitation to it",
      left: ["!in-space", "!space"],
      rule: "invite",
      expected: { "!in-space": "needs_invitation", "!space": "needs_invitation" },
    },
  ])("depend on the space that opens them: the account $name", async ({ left, rule, expected }) => {
    const joined = ["!in-space", "!space"];
    expect(await reasonsWith({ left }, { joined, rules: [spaceOf(rule)] })).toEqual(expected);
  });

  it("are those whose invitation of an earlier move is the last way in", async () => {
    expect(await reasonsWith({ declined: ["!invited"] }, { joined: [] })).toEqual({
      "!invited": "source_not_joined",
    });
  });
});

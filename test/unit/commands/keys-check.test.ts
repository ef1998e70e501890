import { describe, expect, it } from "vitest";
import { keysCheckCommand } from "../../../src/commands/keys/check.ts";
import type { Account, Side } from "../../../src/model/account.ts";
import type { KeyCheck } from "../../../src/platforms/key-check.ts";
import type { PlatformKeys } from "../../../src/platforms/keys.ts";
import { UnansweredAliasError, UnreadableAccountError } from "../../../src/platforms/reading.ts";
import { checkKeys } from "../../../src/service/keys/check.ts";
import { Readings } from "../../../src/service/plan/readings.ts";
import { FakeConversation } from "./fake-conversation.ts";

const account = (side: Side): Account => ({
  ...{ owner: "@me:example.org", side, userId: `@me:${side}.example`, baseUrl: `https://${side}.example` },
  ...{ method: "link", deviceId: "BOT", signedInAt: 0 },
});

const CHECK: KeyCheck = {
  rooms: [{ roomId: "!a:x.org", name: "Alpha", seen: 4, readable: 3, hidden: 0 }],
  unknownRooms: [],
  targetBackup: { kind: "known", version: "1", publicKey: "x", count: 9, isSigned: null },
};

/** What a person is told, and the rooms that the platform was asked for. */
async function answer(
  rooms: string[],
  {
    signedIn = ["source", "target"],
    check = async () => CHECK,
  }: { signedIn?: readonly Side[]; check?: PlatformKeys["check"] } = {},
) {
  const asked: (readonly string[])[] = [];
  const keys: Pick<PlatformKeys, "check"> = {
    check: (request) => {
      asked.push(request.rooms);
      return check(request);
    },
  };
  const accounts = {
    get: async (_owner: string, side: Side) => (signedIn.includes(side) ? account(side) : null),
  };
  const readings = new Readings();
  const conversation = new FakeConversation();
  await keysCheckCommand({
    checkKeys: (owner, order) => checkKeys(owner, order, { accounts, keys, readings }),
    plans: { numberedRoomIds: async () => ["!one:x.org", "!two:x.org"] },
    prefix: "!",
  }).run({ positionals: { rooms }, flags: {}, lists: {}, secrets: {} }, conversation);
  return { text: conversation.text, asked };
}

describe("!keys check", () => {
  it("shows what the new account can read", async () => {
    const { text, asked } = await answer([]);
    expect(text).toContain("the key of 3 of 4 messages");
    expect(asked).toEqual([[]]);
  });

  it("takes rooms by number, alias, ID and link", async () => {
    const { asked } = await answer(["#2", "#a:x.org", "!b:x.org", "https://matrix.to/#/!c:x.org"]);
    expect(asked).toEqual([["!two:x.org", "#a:x.org", "!b:x.org", "!c:x.org"]]);
  });

  it.each<{ name: string; signedIn?: readonly Side[]; error?: Error; said: string }>([
    {
      name: "one account is not signed in",
      signedIn: ["source"],
      said: "A check needs your new account first: !login new @you:server.",
    },
    {
      name: "no account is signed in",
      signedIn: [],
      said: "A check needs your two accounts first: !login old @you:server.",
    },
    {
      name: "an account could not be read",
      error: new UnreadableAccountError(account("target"), { code: "session_ended" }),
      said: "I could not read your new account @me:target.example.",
    },
    {
      name: "an alias could not be found",
      error: new UnansweredAliasError("#a:away.example", null),
      said: "I can't find out just now which room #a:away.example is",
    },
  ])("says if $name", async ({ signedIn = ["source", "target"], error, said }) => {
    const check = async () => {
      throw error ?? new Error("not asked");
    };
    expect((await answer([], { signedIn, check })).text).toContain(said);
  });
});

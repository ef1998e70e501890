import { describe, expect, it } from "vitest";
import { NOTHING_PLANNED } from "../../../../../../src/model/contact.ts";
import type { FileRoom, ImportedAccount } from "../../../../../../src/model/room-file.ts";
import type { AskOrder } from "../../../../../../src/platforms/contact.ts";
import { decideAsk } from "../../../../../../src/platforms/matrix/contact/ask/decide.ts";
import { readAccount } from "../../../../../../src/platforms/matrix/reading/read-account.ts";
import { readingFromFiles } from "../../../../../../src/platforms/matrix/reading/reading-from-files.ts";
import { contactTexts } from "../../../../../../src/view/contact/texts.ts";
import { UNPROVEN } from "../../../../../../src/view/contact/unproven.ts";
import type { AskScene } from "../../../../../support/contact/planned-ask.ts";
import {
  DAY_MS,
  NOW,
  NO_RECORDS,
  ORDER,
  asked,
  closedRoom,
  messagesOf,
  notAskedOf,
  planned,
} from "../../../../../support/contact/planned-ask.ts";
import type { RoomSketch } from "../../../../../support/plans/planned-rooms.ts";
import { TARGET, account, plan, sketchRoom } from "../../../../../support/plans/planned-rooms.ts";
import { ME, OTHER, PLAIN, recordedServer } from "../../reading/recorded-server.ts";

const [ANN, BOB] = ["@ann:a.example", "@bob:b.example"];
const HALL = "!hall:far.example";
const YARD = "!yard:far.example";
const CHAT = "!chat:new.example";
const ENCRYPTED = { "m.room.encryption": { algorithm: "m.megolm.v1.aes-sha2" } };

/** A direct chat of the new account with somebody. */
function chatOfTarget(partner: string, more: RoomSketch = {}): RoomSketch {
  return { roomId: CHAT, members: { [partner]: "join" }, joinedCount: 2, creator: TARGET, ...more };
}

interface Case extends Partial<Omit<AskScene, "asking">> {
  name: string;
  halls?: readonly RoomSketch[];
  /** A chat of the new account with Ann. */
  chat?: RoomSketch;
  to: readonly [helper: string, way: string][];
  why?: string;
}

describe("the new account asks", () => {
  const small = closedRoom(HALL, [ANN, BOB], { joinedCount: 3 });

  it.each<Case>([
    { name: "in a new chat, as it is in no room that waits", to: [[ANN, "new_direct"]] },
    {
      name: "in its own direct chat with the helper",
      chat: chatOfTarget(ANN),
      to: [[ANN, `direct ${CHAT}`]],
    },
    {
      name: "not in a chat that is encrypted",
      chat: chatOfTarget(ANN, { state: ENCRYPTED }),
      to: [[ANN, "new_direct"]],
    },
    {
      name: "not in a chat of more than two",
      chat: chatOfTarget(ANN, { joinedCount: 3 }),
      to: [[ANN, "new_direct"]],
    },
    {
      name: "not in a chat that only the old account had",
      direct: { [ANN]: ["!old:old.example"] },
      halls: [
        small,
        { roomId: "!old:old.example", rule: "public", members: { [ANN]: "join" }, joinedCount: 2 },
      ],
      to: [[ANN, "new_direct"]],
    },
    { name: "the next helper, if one is ignored", ignored: [ANN], to: [[BOB, "new_direct"]] },
    {
      name: "the next helper, if a server is silent",
      records: { silentServers: new Set(["a.example"]) },
      to: [[BOB, "new_direct"]],
    },
    {
      name: "the next helper, if one refused a chat",
      records: { asked: [asked("!else:x", ANN, { result: "refused" })] },
      to: [[BOB, "new_direct"]],
    },
    {
      name: "the next helper, if one was asked within 14 days",
      records: { asked: [asked("!else:x", ANN, { at: NOW - 13 * DAY_MS })] },
      to: [[BOB, "new_direct"]],
    },
    {
      name: "nobody about a room within 7 days",
      records: { asked: [asked(HALL, ANN, { at: NOW - 6 * DAY_MS })] },
      to: [],
      why: "asked_recently",
    },
    {
      name: "one helper once about all rooms",
      halls: [small, closedRoom(YARD, [ANN])],
      to: [[ANN, "new_direct"]],
    },
    { name: "nobody in a room that it is not in", way: "room", to: [], why: "way_impossible" },
  ])("$name", ({ halls = [small], chat, to, why, name: _name, ...scene }) => {
    const rooms = chat === undefined ? [] : [sketchRoom(chat)];
    const asking = account(TARGET, rooms, { "m.direct": chat === undefined ? {} : { [ANN]: [CHAT] } });
    const ask = planned(halls, { ...scene, asking });
    expect(messagesOf(ask)).toMatchObject(to.map(([helper, way]) => ({ to: helper, way })));
    expect(notAskedOf(ask)[HALL]).toBe(why);
  });
});

/** A room as a file has it. */
function fileRoom(roomId: string, more: Partial<FileRoom> = {}): FileRoom {
  return {
    ...{ roomId, membership: "join", name: "Hall", alias: null, aliases: [], via: [], version: "10" },
    ...{ joinRule: "invite", allow: [], encrypted: false, direct: false, partner: null, tags: {} },
    ...{ power: null, memberCount: 9, successor: null, link: null },
    helpers: [{ userId: ANN, displayName: "Ann", power: 100 }],
    ...more,
  };
}

describe("a proposal to ask without a session of the old account", () => {
  async function decided(order: Partial<AskOrder> = {}) {
    const target = recordedServer(({ path }) => {
      if (path === "v3/sync") return { json: { rooms: {} } };
      if (path === "v3/joined_rooms") return { json: { joined_rooms: [] } };
      return path.startsWith("v3/profile/") ? { json: {} } : undefined;
    });
    const room = fileRoom(HALL);
    const imported: ImportedAccount = {
      ...{ userId: ME, importedAt: NOW, writtenAt: NOW, rooms: [room], contacts: [] },
      data: {
        ...{ pushRules: {}, tags: {}, roomAccountData: {}, profile: { displayname: "Me" } },
        accountData: {},
      },
    };
    const readings = {
      source: readingFromFiles(imported, { targetUserId: OTHER, botUserIds: [], deadServers: new Set() }),
      target: await readAccount(target.reader, { userId: OTHER, otherUserId: ME, features: PLAIN }),
    };
    target.asked.length = 0;
    // What the plan makes of the file is not the matter here.
    const plans = plan([sketchRoom(closedRoom(HALL, [ANN, BOB]))]);
    const proposal = await decideAsk(
      {
        asking: { userId: OTHER, reader: target.reader, features: PLAIN },
        ...{ readings, decided: plans, guarded: (work) => work() },
        parties: { sourceUserId: ME, targetUserId: OTHER, botUserIds: new Set<string>() },
      },
      { ...ORDER, ...order },
      {
        ...{ records: NO_RECORDS, planned: NOTHING_PLANNED, texts: contactTexts },
        ...{ newChatsPerDay: 10, now: NOW },
      },
    );
    return { proposal, requests: target.asked.map(({ path }) => path) };
  }

  it("is about steps of the new account, says that nothing is proven, and reads nothing more", async () => {
    const { proposal, requests } = await decided();
    expect(proposal.facts.by).toBe("target");
    expect(proposal.steps).toMatchObject([
      {
        ...{ key: `open_chat:${ANN}`, kind: "open_chat", side: "target" },
        payload: { partner: ANN, purpose: { kind: "ask", followers: [{ userId: BOB }] } },
      },
    ]);
    const [message] = proposal.facts.messages;
    for (const text of [message, ...(message?.followers ?? [])].flatMap((each) => [
      each?.text,
      each?.reason,
    ])) {
      expect(text).toContain(ME);
      expect(text).toContain(OTHER);
      expect(text).toContain(UNPROVEN);
    }
    expect(requests).toEqual([]);
  });

  it("keeps that nothing is proven beside typed words", async () => {
    const { proposal } = await decided({ text: "Please invite {new} to {rooms}" });
    expect(proposal.facts.messages[0]?.text).toMatch(
      /^Please invite @me:new\.example to .+\n\nI can't prove/u,
    );
  });
});

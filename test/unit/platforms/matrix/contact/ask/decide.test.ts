import { describe, expect, it } from "vitest";
import type { ContactRecords } from "../../../../../../src/model/contact.ts";
import { NOTHING_PLANNED } from "../../../../../../src/model/contact.ts";
import { NO_FILTERS } from "../../../../../../src/model/filters.ts";
import type { AskFacts, AskOrder, Proposal } from "../../../../../../src/platforms/contact.ts";
import { decideAsk } from "../../../../../../src/platforms/matrix/contact/ask/decide.ts";
import { decideRooms } from "../../../../../../src/platforms/matrix/decide-rooms.ts";
import { readAccount } from "../../../../../../src/platforms/matrix/reading/read-account.ts";
import { contactTexts } from "../../../../../../src/view/contact/texts.ts";
import { DAY_MS, NOW, NO_RECORDS, ORDER, asked } from "../../../../../support/contact/planned-ask.ts";
import type { Asked, Given } from "../../reading/recorded-server.ts";
import {
  joinedState,
  ME,
  member,
  OTHER,
  PLAIN,
  recordedServer,
  stateEvent,
} from "../../reading/recorded-server.ts";

const [ANN, BOB] = ["@ann:a.example", "@bob:b.example"];
const HALL = "!hall:old.example";
const LOBBY = "!lobby:old.example";

/** A room with these helpers, which may be knocked at. */
function closed(helpers: readonly string[], { name, rule = "invite" }: { name: string; rule?: string }) {
  const users = Object.fromEntries(helpers.map((userId, index) => [userId, 100 - index]));
  return {
    helpers,
    state: {
      events: joinedState(
        stateEvent("m.room.join_rules", { join_rule: rule }),
        stateEvent("m.room.power_levels", { invite: 50, users }),
        stateEvent("m.room.name", { name }),
      ),
    },
    summary: { "m.joined_member_count": 60, "m.invited_member_count": 0 },
  };
}

type Closed = Omit<ReturnType<typeof closed>, "summary"> & { summary: Record<string, number> };

/** Whoever has power in a room is in it. */
function membershipIn(rooms: Record<string, Closed>, path: string): Given | undefined {
  const [, roomId = "", what = ""] = /^v3\/rooms\/([^/]+)\/(.+)$/u.exec(path) ?? [];
  const helpers = rooms[roomId]?.helpers ?? [];
  if (what === "joined_members")
    return { json: { joined: Object.fromEntries(helpers.map((userId) => [userId, {}])) } };
  return helpers.some((userId) => what === `state/m.room.member/${userId}`)
    ? { json: { membership: "join" } }
    : what.startsWith("state/")
      ? { status: 404, body: { errcode: "M_NOT_FOUND" } }
      : undefined;
}

interface Scene {
  /** The direct chats of the old account: partner → rooms. */
  direct?: Record<string, readonly string[]>;
  rooms: Record<string, Closed>;
  order?: Partial<AskOrder>;
  records?: Partial<ContactRecords>;
  answers?: (asked: Asked) => Given | undefined;
  now?: number;
}

async function decided({ rooms, direct = {}, order, records, answers, now = NOW }: Scene) {
  const source = recordedServer((request) => {
    const account_data = { events: [{ type: "m.direct", content: direct }] };
    if (request.path === "v3/sync") return { json: { rooms: { join: rooms }, account_data } };
    if (request.path === "v3/joined_rooms") return { json: { joined_rooms: Object.keys(rooms) } };
    return answers?.(request) ?? membershipIn(rooms, request.path);
  });
  const target = recordedServer(({ path }) => {
    if (path === "v3/sync") return { json: { rooms: {} } };
    if (path === "v3/joined_rooms") return { json: { joined_rooms: [] } };
    return path.startsWith("v3/profile/") ? { json: {} } : undefined;
  });
  const readings = {
    source: await readAccount(source.reader, { userId: ME, otherUserId: OTHER, features: PLAIN }),
    target: await readAccount(target.reader, { userId: OTHER, otherUserId: ME, features: PLAIN }),
  };
  const accounts = {
    source: { userId: ME, reader: source.reader, features: PLAIN },
    target: { userId: OTHER, reader: target.reader, features: PLAIN },
  };
  const plan = await decideRooms(accounts, readings, {
    ...{ filters: NO_FILTERS, botUserIds: [], botRoomIds: [], histories: new Map(), now },
  });
  source.asked.length = 0;
  let guardedReads = 0;
  const parties = { sourceUserId: ME, targetUserId: OTHER, botUserIds: new Set<string>() };
  const proposal = await decideAsk(
    {
      ...{ asking: accounts.source, readings, decided: plan, parties },
      guarded: async (work) => {
        guardedReads += 1;
        return work();
      },
    },
    { ...ORDER, ...order },
    {
      ...{ records: { ...NO_RECORDS, ...records }, planned: NOTHING_PLANNED },
      ...{ texts: contactTexts, newChatsPerDay: 10, now },
    },
  );
  return { proposal, requests: source.asked.map(({ path }) => path), guardedReads };
}

const topicOf =
  (topic: string) =>
  ({ path }: Asked): Given | undefined =>
    path.includes("/state/m.room.topic") ? { json: { topic } } : undefined;

describe("a proposal to ask", () => {
  const rooms = {
    [HALL]: closed([ANN, BOB], { name: "Hall" }),
    [LOBBY]: closed([BOB], { name: "Lobby", rule: "knock" }),
  };

  it("has the exact text and reason of each message, the topics, and a step for each", async () => {
    const { proposal } = await decided({ rooms, answers: topicOf("Ask in the kitchen") });
    const [message] = proposal.facts.messages;
    expect(message).toMatchObject({
      ...{ helper: { userId: ANN }, way: "new_direct", roomId: null },
      rooms: [{ room: { roomId: HALL }, help: "invite", topic: "Ask in the kitchen" }],
      followers: [{ helper: { userId: BOB }, way: "new_direct" }],
    });
    expect(message?.text).toContain(`this is Me (${ME})`);
    expect(message?.reason).toContain(`${ME} moves to ${OTHER}.`);
    expect(proposal.steps.map(({ key, kind }) => [key, kind])).toEqual([
      [`open_chat:${ANN}`, "open_chat"],
      [`knock:${LOBBY}`, "knock"],
    ]);
    expect(proposal.steps[0]?.payload).toMatchObject({
      ...{ partner: ANN, text: message?.text, reason: message?.reason },
      purpose: { kind: "ask", roomIds: [HALL], followers: [{ userId: BOB }] },
    });
    expect(proposal.facts.knocks).toMatchObject([{ room: { roomId: LOBBY } }]);
    expect(proposal.steps[1]?.payload).toMatchObject({ reason: proposal.facts.knocks[0]?.reason });
    // Both are watched.
    expect(proposal.rooms.map(({ roomId }) => roomId)).toEqual([HALL, LOBBY]);
  });

  it("reads a topic for each room of a message, and nothing else", async () => {
    const { requests, guardedReads } = await decided({ rooms });
    expect(requests).toEqual([`v3/rooms/${HALL}/state/m.room.topic`]);
    expect(guardedReads).toBeGreaterThan(0);
  });

  describe("to a server that sends no numbers of members", () => {
    const uncounted = { ...closed([ANN], { name: "Hall" }), summary: {} };
    const chat = { ...closed([ANN], { name: "Ann" }), helpers: [ME, ANN], summary: {} };
    const CHAT = "!chat:old.example";
    const invited =
      (count: number) =>
      ({ path }: Asked): Given | undefined =>
        path.endsWith("/members")
          ? {
              json: {
                chunk: [
                  member(ANN, "join"),
                  ...["@c:x", "@d:x"].slice(0, count).map((id) => member(id, "invite")),
                ],
              },
            }
          : undefined;

    it("counts the rooms in question, so that small ones are asked in the room", async () => {
      const { proposal, requests } = await decided({ rooms: { [HALL]: uncounted, [LOBBY]: rooms[LOBBY] } });
      expect(proposal.facts.messages).toMatchObject([{ way: "room", roomId: HALL }]);
      expect(requests.filter((path) => path.endsWith("_members"))).toEqual([
        `v3/rooms/${HALL}/joined_members`,
      ]);
    });

    it.each([
      { others: "nobody else", count: 0, expected: { way: "direct", roomId: CHAT } },
      { others: "somebody else", count: 1, expected: { way: "room", roomId: HALL } },
    ])("finds a direct chat with the helper, to which $others is invited", async ({ count, expected }) => {
      const scene = { rooms: { [HALL]: uncounted, [CHAT]: chat }, direct: { [ANN]: [CHAT] } };
      const order = { rooms: [HALL] };
      const { proposal } = await decided({ ...scene, order, answers: invited(count) });
      expect(proposal.facts.messages).toMatchObject([{ helper: { userId: ANN }, ...expected }]);
    });

    it("asks in a new chat where the members cannot be read", async () => {
      const answers = ({ path }: Asked): Given | undefined =>
        path.endsWith("/joined_members") ? { status: 403, body: { errcode: "M_FORBIDDEN" } } : undefined;
      const { proposal } = await decided({ rooms: { [HALL]: uncounted }, answers });
      expect(proposal.facts.messages).toMatchObject([{ way: "new_direct" }]);
    });
  });

  it("is made without topics that cannot be read", async () => {
    const { proposal } = await decided({
      rooms,
      answers: ({ path }) =>
        path.includes("/state/m.room.topic") ? { status: 403, body: { errcode: "M_FORBIDDEN" } } : undefined,
    });
    expect(proposal.facts.messages[0]?.rooms[0]?.topic).toBeNull();
  });

  it("asks the next one if the helper who was asked has left since", async () => {
    const { proposal } = await decided({
      rooms: { [HALL]: closed([BOB], { name: "Hall" }) },
      records: { asked: [asked(HALL, ANN)] },
      answers: ({ path }) =>
        path.endsWith(`/state/m.room.member/${ANN}`) ? { json: { membership: "leave" } } : undefined,
    });
    expect(proposal.facts.messages.map(({ helper }) => helper.userId)).toEqual([BOB]);
  });

  it("says how many new chats the daily limit admits now", async () => {
    const many = Object.fromEntries(
      Array.from({ length: 12 }, (_, index) => [
        `!${index}:x`,
        closed([`@mod${index}:x.example`], { name: `Room ${index}` }),
      ]),
    );
    const { proposal } = await decided({ rooms: many, records: { chatsToday: 2 } });
    expect(proposal.facts.newChats).toEqual({ total: 12, now: 8, perDay: 10 });
  });

  it("differs in what must be the same exactly if recipients, ways, rooms, texts or reasons differ", async () => {
    const exactOf = async (scene: Partial<Scene>): Promise<string> => {
      const { proposal }: { proposal: Proposal<AskFacts> } = await decided({ rooms, ...scene });
      return JSON.stringify(proposal.exact);
    };
    const same = await exactOf({});
    expect(await exactOf({ answers: topicOf("New topic"), now: NOW + DAY_MS })).toBe(same);
    const others: Partial<Scene>[] = [
      { order: { text: "Hello {name}" } },
      { records: { silentServers: new Set(["a.example"]) } },
      { rooms: { ...rooms, [HALL]: closed([ANN, BOB], { name: "Big hall" }) } },
      { rooms: { [HALL]: closed([ANN, BOB], { name: "Hall" }) } },
      { rooms: { ...rooms, [HALL]: closed([ANN], { name: "Hall" }) } },
    ];
    for (const other of others) expect(await exactOf(other)).not.toBe(same);
  });
});

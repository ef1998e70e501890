import { describe, expect, it, test } from "vitest";
import { NOTHING_PLANNED } from "../../../../../../src/model/contact.ts";
import { membersToLookAt } from "../../../../../../src/platforms/matrix/contact/ask/look.ts";
import { chooseRooms } from "../../../../../../src/platforms/matrix/contact/ask/rooms.ts";
import { planRooms } from "../../../../../../src/platforms/matrix/planning/plan-rooms.ts";
import { withMembers } from "../../../../../../src/platforms/matrix/rooms/room-snapshot.ts";
import type { AskScene } from "../../../../../support/contact/planned-ask.ts";
import {
  DAY_MS,
  NOW,
  NO_RECORDS,
  ORDER,
  asked,
  closedRoom,
  everybodyIn,
  messagesOf,
  notAskedOf,
  planned,
  plannedIn,
} from "../../../../../support/contact/planned-ask.ts";
import type { RoomSketch } from "../../../../../support/plans/planned-rooms.ts";
import { SOURCE, TARGET, account, sketchRoom } from "../../../../../support/plans/planned-rooms.ts";
import { seededRandom } from "../../../../../support/seeded-random.ts";

const [ANN, BOB, CLEO, DAN] = ["@ann:a.example", "@bob:b.example", "@cleo:c.example", "@dan:d.example"];
const HALL = "!hall:old.example";
const YARD = "!yard:old.example";

describe("the helper of a room", () => {
  interface Case {
    name: string;
    scene: Partial<AskScene>;
    helpers?: string[];
    /** `null`: nobody is asked. */
    asks: string | null;
    why?: string;
    until?: number | null;
  }
  const cases: Case[] = [
    { name: "is the first one", scene: {}, asks: ANN },
    { name: "is nobody whom the old account ignores", scene: { ignored: [ANN] }, asks: BOB },
    {
      name: "is nobody whose server did not answer within a day",
      scene: { records: { silentServers: new Set(["a.example"]) } },
      asks: BOB,
    },
    {
      name: "is nobody who refused an invitation, however long ago",
      scene: { records: { asked: [asked(YARD, ANN, { result: "refused", at: NOW - 400 * DAY_MS })] } },
      asks: BOB,
    },
    {
      name: "is nobody who declined one later",
      scene: { records: { asked: [asked(HALL, ANN, { result: "declined", at: NOW - 400 * DAY_MS })] } },
      asks: BOB,
    },
    {
      name: "is nobody whose chat was begun by a run that was cancelled",
      scene: {
        records: {
          chats: [
            {
              ...{ roomId: null, partner: ANN, by: SOURCE, purpose: "ask", state: "begun" },
              at: NOW - DAY_MS,
            },
          ],
        },
      },
      asks: BOB,
    },
    {
      name: "is nobody who was asked about another room less than 14 days ago",
      scene: { records: { asked: [asked(YARD, ANN, { at: NOW - 14 * DAY_MS + 1 })] } },
      asks: BOB,
    },
    {
      name: "may be somebody who was asked 14 days ago",
      scene: { records: { asked: [asked(YARD, ANN, { at: NOW - 14 * DAY_MS })] } },
      asks: ANN,
    },
    {
      name: "is nobody as long as the room was asked about less than 7 days ago",
      scene: { records: { asked: [asked(HALL, ANN, { at: NOW - 7 * DAY_MS + 1 })] } },
      asks: null,
      why: "asked_recently",
      until: NOW + 1,
    },
    {
      name: "is the next one 7 days after the room was asked about",
      scene: { records: { asked: [asked(HALL, ANN, { at: NOW - 7 * DAY_MS })] } },
      asks: BOB,
    },
    {
      name: "is the next one at once if the helper refused",
      scene: { records: { asked: [asked(HALL, ANN, { result: "refused" })] } },
      asks: BOB,
    },
    {
      name: "is nobody before the first of all the helpers may be asked again",
      scene: {
        records: { asked: [asked(YARD, ANN), asked(YARD, BOB, { at: NOW - 2 * DAY_MS })] },
      },
      asks: null,
      why: "helpers_asked",
      until: NOW + 12 * DAY_MS,
    },
    {
      name: "is nobody who is about to be asked about another room",
      scene: { planned: { helpers: new Set([ANN]) } },
      asks: BOB,
    },
    {
      name: "is nobody while all of them are about to be asked about other rooms",
      scene: { planned: { helpers: new Set([ANN, BOB]) } },
      asks: null,
      why: "helpers_asked",
      until: null,
    },
    {
      name: "is nobody while a question about the room waits to be sent",
      scene: { planned: { rooms: new Set([HALL]) } },
      asks: null,
      why: "question_waits",
      until: null,
    },
    {
      name: "is nobody if no helper can be reached",
      scene: { ignored: [ANN, BOB] },
      asks: null,
      why: "helpers_unreachable",
      until: null,
    },
  ];

  test.each(cases)("$name", ({ scene, helpers = [ANN, BOB], asks, why, until }) => {
    const plan = planned([closedRoom(HALL, helpers)], scene);
    expect(messagesOf(plan)).toEqual(asks === null ? [] : [{ to: asks, way: "new_direct", about: [HALL] }]);
    expect(plan.notAsked.map((room) => [room.why, room.until])).toEqual(
      why === undefined ? [] : [[why, until]],
    );
  });

  it("is nobody who has not answered the invitation to an earlier chat", () => {
    const chat: RoomSketch = {
      roomId: "!chat:old.example",
      rule: "public",
      members: { [ANN]: "invite" },
      joinedCount: 1,
    };
    const open = { ...sketchRoom(chat), invitedCount: 1 };
    const record = asked(YARD, ANN, { at: NOW - 30 * DAY_MS, chatRoomId: open.roomId });
    const records = {
      asked: [record],
      chats: [
        {
          roomId: open.roomId,
          partner: ANN,
          by: SOURCE,
          purpose: "ask" as const,
          at: record.at,
          state: "open" as const,
        },
      ],
    };
    const rooms = [sketchRoom(closedRoom(HALL, [ANN, BOB])), open];
    expect(messagesOf(plannedIn(rooms, { records }))).toEqual([
      { to: BOB, way: "new_direct", about: [HALL] },
    ]);
    const alone = [sketchRoom(closedRoom(HALL, [ANN])), open];
    const { notAsked } = plannedIn(alone, { records });
    expect(notAsked.map(({ why, until }) => [why, until])).toEqual([["helpers_asked", null]]);
  });

  it("is the next one at once if the helper who was asked has left the room", () => {
    const room = sketchRoom(closedRoom(HALL, [BOB]));
    const records = { asked: [asked(HALL, ANN)] };
    expect(notAskedOf(plannedIn([room], { records }))).toEqual({ [HALL]: "asked_recently" });
    const left = withMembers(
      room,
      new Map([[ANN, { membership: "leave", displayName: null, lastActiveAt: null }]]),
    );
    expect(messagesOf(plannedIn([left], { records }))).toEqual([
      { to: BOB, way: "new_direct", about: [HALL] },
    ]);
  });

  it("is the eleventh one if the ten of the report cannot be asked", () => {
    const many = Array.from({ length: 12 }, (_, index) => `@m${index}:x${index}.example`);
    const scene = { ignored: many.slice(0, 10) };
    const plan = planned([closedRoom(HALL, many, { joinedCount: 60 })], scene);
    expect(messagesOf(plan)).toEqual([{ to: many[10], way: "new_direct", about: [HALL] }]);
  });
});

describe("what is read before somebody is asked", () => {
  function needed(sketches: readonly RoomSketch[], scene: Partial<AskScene> = {}): unknown {
    const source = account(SOURCE, sketches.map(sketchRoom), {
      "m.direct": scene.direct ?? {},
      "m.ignored_user_list": {
        ignored_users: Object.fromEntries((scene.ignored ?? []).map((id) => [id, {}])),
      },
    });
    const plan = planRooms({ source, target: account(TARGET, []), areMembersRead: true });
    const { questions } = chooseRooms(plan.rooms, ORDER, source);
    const parties = { sourceUserId: SOURCE, targetUserId: TARGET, botUserIds: new Set<string>() };
    const records = { ...NO_RECORDS, ...scene.records };
    const ignored = new Set(scene.ignored);
    return membersToLookAt(questions, {
      ...{ asking: source, ignored, records, planned: NOTHING_PLANNED, now: NOW, parties },
    }).map(({ roomId, userIds }) => [roomId, userIds]);
  }

  it("is nothing if the plan knows everybody", () => {
    expect(needed([closedRoom(HALL, [ANN, BOB])])).toEqual([]);
  });

  it("is whether somebody who was asked is still there", () => {
    expect(needed([closedRoom(HALL, [BOB])], { records: { asked: [asked(HALL, ANN)] } })).toEqual([
      [HALL, [ANN]],
    ]);
  });

  it("is whether the other member of a direct chat is there, if the server did not name them", () => {
    const chat = { roomId: "!chat:old.example", rule: "public", members: {}, joinedCount: 2 };
    const scene = { direct: { [ANN]: ["!chat:old.example"], [DAN]: ["!other:old.example"] } };
    expect(needed([closedRoom(HALL, [ANN]), chat], scene)).toEqual([["!chat:old.example", [ANN]]]);
  });
});

describe("messages", () => {
  it("go once to each helper, about all rooms for which they come first", () => {
    const rooms = [
      closedRoom("!1:x", [ANN, BOB]),
      closedRoom("!2:x", [BOB, ANN]),
      closedRoom("!3:x", [ANN]),
      closedRoom("!4:x", [BOB]),
    ];
    expect(messagesOf(planned(rooms))).toEqual([
      { to: ANN, way: "new_direct", about: ["!1:x", "!3:x"] },
      { to: BOB, way: "new_direct", about: ["!2:x", "!4:x"] },
    ]);
  });

  it("are at most 12 for 40 rooms with 12 helpers, and leave out no room", () => {
    const helpers = Array.from({ length: 12 }, (_, index) => `@mod${index}:x.example`);
    const rooms = Array.from({ length: 40 }, (_, index) =>
      closedRoom(`!${index}:x`, helpers.toSpliced(0, index % 12).concat(helpers.slice(0, index % 12))),
    );
    const plan = planned(rooms);
    expect(plan.questions).toHaveLength(12);
    const about = plan.questions.flatMap((question) => question.rooms.map(({ row }) => row.roomId));
    expect(about.toSorted()).toEqual(rooms.map(({ roomId }) => roomId).toSorted());
  });

  it("never reach anybody twice, whatever the rooms and the records are", () => {
    for (let seed = 1; seed <= 150; seed += 1) {
      const random = seededRandom(seed);
      const pick = (count: number): number => Math.floor(random() * count);
      const people = Array.from({ length: 2 + pick(9) }, (_, index) => `@p${index}:s${index % 4}.example`);
      const rooms = Array.from({ length: 1 + pick(14) }, (_, index) =>
        closedRoom(
          `!${index}:x`,
          people.filter(() => random() < 0.4),
          {
            joinedCount: 2 + pick(80),
            ...(random() < 0.3 && { state: { "m.room.encryption": { algorithm: "m.megolm.v1.aes-sha2" } } }),
          },
        ),
      );
      const records = {
        asked: people
          .filter(() => random() < 0.3)
          .map((userId) => asked(`!${pick(14)}:x`, userId, { at: NOW - pick(20) * DAY_MS })),
      };
      const way = ([null, "room", "direct"] as const)[pick(3)] ?? null;
      const plan = planned(rooms, { records, way, ignored: people.filter(() => random() < 0.1) });
      const everybody = everybodyIn(plan);
      expect(new Set(everybody).size, `seed ${seed}`).toBe(everybody.length);
      const recent = records.asked.filter(({ at }) => NOW - at < 14 * DAY_MS).map(({ userId }) => userId);
      expect(everybody.filter((userId) => recent.includes(userId))).toEqual([]);
      for (const { rooms: about, alsoMentioned, followers } of plan.questions) {
        const able = new Set(about.flatMap(({ row }) => row.helpers.map(({ userId }) => userId)));
        const named = [...alsoMentioned, ...followers.map(({ helper }) => helper)];
        expect(named.filter(({ userId }) => !able.has(userId))).toEqual([]);
      }
      // Each room is in one message, or its reason is told.
      const told = [
        ...plan.questions.flatMap((question) => question.rooms.map(({ row }) => row.roomId)),
        ...plan.notAsked.map(({ row }) => row.roomId),
      ];
      expect(new Set(told).size).toBe(told.length);
    }
  });
});

describe("who follows if a helper takes no invitation", () => {
  it("is whoever can open most of the rooms, at most two, and nobody who is asked anyway", () => {
    const rooms = [
      closedRoom("!1:x", [ANN, BOB, CLEO]),
      closedRoom("!2:x", [ANN, CLEO, DAN]),
      closedRoom("!3:x", [BOB, DAN]),
    ];
    const plan = planned(rooms);
    expect(
      plan.questions.map(({ helper, followers }) => [
        helper.userId,
        followers.map((follower) => [follower.helper.userId, follower.rooms.map(({ row }) => row.roomId)]),
      ]),
    ).toEqual([
      [ANN, [[CLEO, ["!1:x", "!2:x"]]]],
      [BOB, [[DAN, ["!3:x"]]]],
    ]);
  });

  it("is nobody after a message in an existing chat, which nobody can refuse", () => {
    const chat = { roomId: "!chat:x", rule: "public", members: { [ANN]: "join" as const }, joinedCount: 2 };
    const plan = planned([closedRoom(HALL, [ANN, BOB]), chat], { direct: { [ANN]: ["!chat:x"] } });
    expect(plan.questions.map(({ way, followers }) => [way, followers])).toEqual([["direct", []]]);
  });
});

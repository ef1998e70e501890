import { describe, expect, it } from "vitest";
import type { ContactRecords } from "../../../../../src/model/contact.ts";
import type { KeyComparison } from "../../../../../src/model/key-backup.ts";
import type { LeaveOrder } from "../../../../../src/platforms/contact.ts";
import { leavingPayload } from "../../../../../src/platforms/matrix/leave/payload.ts";
import type { LeavingInput, Loss } from "../../../../../src/platforms/matrix/leave/plan.ts";
import { planLeaving, roomsToJudge } from "../../../../../src/platforms/matrix/leave/plan.ts";
import type { RoomSnapshot } from "../../../../../src/platforms/matrix/rooms/types.ts";
import type { RoomSketch } from "../../../../support/plans/planned-rooms.ts";
import { ADMIN, SOURCE, TARGET, account, plan } from "../../../../support/plans/planned-rooms.ts";
import { bySource, byTarget } from "./seen-rooms.ts";

const A = "!a:old.example";
const B = "!b:old.example";
const C = "!c:old.example";
const SPACE = "!space:old.example";
const BOTH = { users: { [SOURCE]: 100, [TARGET]: 100 } };
const LESS = { users: { [SOURCE]: 100, [TARGET]: 50 } };
const ENCRYPTED = { "m.room.encryption": { algorithm: "m.megolm.v1.aes-sha2" } };
const FROM = { version: "3", publicKey: "key" };

const NO_RECORDS: ContactRecords = {
  ...{ asked: [], chats: [], chatsToday: 0, givenNames: [] },
  announcedAt: new Map(),
  silentServers: new Set(),
};

interface Scene {
  /** Rooms of the source. The target has joined those with `target: "join"`. */
  readonly rooms: readonly RoomSketch[];
  /** Further rooms of the target. */
  readonly others?: readonly RoomSnapshot[];
  readonly order?: Partial<LeaveOrder>;
  readonly keys?: KeyComparison;
  readonly records?: Partial<ContactRecords>;
  readonly losses?: ReadonlyMap<string, Loss>;
  readonly botRoomIds?: readonly string[];
}

function inputOf({ rooms, others = [], order = {}, keys, records = {}, ...rest }: Scene): LeavingInput {
  const sketched = rooms.map(bySource);
  const target = account(TARGET, [
    ...rooms.filter((room) => room.target !== undefined).map((room) => byTarget(room)),
    ...others,
  ]);
  return {
    order: { rooms: [], reason: null, withoutKeys: false, anyway: null, ...order },
    source: account(SOURCE, sketched),
    target,
    decided: plan(sketched, { target, ...(rest.botRoomIds && { botRoomIds: rest.botRoomIds }) }),
    keys: keys ?? { kind: "none" },
    unusableKeys: new Map([[A, 1]]),
    records: { ...NO_RECORDS, ...records },
    reason: "moved to @me:new.example",
    now: 0,
    losses: rest.losses ?? new Map(),
  };
}

function planned(scene: Scene) {
  const proposal = planLeaving(inputOf(scene));
  const { leaves, kept, outside } = proposal.facts;
  return {
    ...proposal,
    leaves: leaves.map(({ room }) => room.roomId),
    kept: Object.fromEntries(kept.map(({ room, reasons }) => [room.roomId, reasons.map(({ code }) => code)])),
    outside: outside.map(({ roomId }) => roomId),
    kinds: proposal.steps.map(({ kind, roomId }) => `${kind} ${roomId}`),
    accepted: proposal.steps.map(({ payload }) => leavingPayload.parse(payload).accepted),
  };
}

const compared = (present: number): KeyComparison => ({
  kind: "compared",
  from: FROM,
  rooms: new Map([[A, { expected: 5, present }]]),
});

describe("moved rooms", () => {
  it("are those in which the new account is, and spaces are left last", () => {
    const { leaves, kept, kinds } = planned({
      rooms: [
        { roomId: SPACE, target: "join", create: { type: "m.space" } },
        { roomId: A, target: "join", levels: BOTH },
        { roomId: B },
        { roomId: C, target: "invite" },
      ],
    });
    expect(leaves).toEqual([SPACE, A]);
    expect(kept).toEqual({});
    expect(kinds).toEqual([`drop_power ${A}`, `leave_room ${A}`, `leave_room ${SPACE}`]);
  });

  it("wait with leaving until the power is given back", () => {
    const { steps } = planned({ rooms: [{ roomId: A, target: "join", levels: BOTH }] });
    expect(steps).toMatchObject([
      { key: `drop_power:${A}`, side: "source", limits: ["messages"], after: null },
      { key: `leave_room:${A}`, side: "source", limits: ["messages"], after: `drop_power:${A}` },
    ]);
  });

  it("are also those whose replacement the new account is in, which only its server may know", () => {
    const tombstone = (by: string) => ({ "m.room.tombstone": { replacement_room: by } });
    const { leaves, steps } = planned({
      rooms: [{ roomId: A, state: tombstone(B) }],
      others: [byTarget({ roomId: B, state: tombstone(C) }), byTarget({ roomId: C })],
    });
    expect(leaves).toEqual([A]);
    expect(steps[0]?.payload).toMatchObject({ roomId: A, movedTo: C });
  });

  it("are none to which the old account is only invited, and no chats with the bot", () => {
    const { leaves, kept } = planned({
      rooms: [
        { roomId: A, membership: "invite", target: "join" },
        { roomId: B, target: "join" },
      ],
      botRoomIds: [B],
    });
    expect([leaves, kept]).toEqual([[], {}]);
  });

  it("are kept with all their reasons", () => {
    const { kept, leaves, steps } = planned({
      rooms: [{ roomId: A, target: "join", levels: LESS, state: ENCRYPTED }],
      records: {
        asked: [{ roomId: A, userId: ADMIN, at: 0, way: "room", result: "sent", chatRoomId: null }],
      },
    });
    expect(kept).toEqual({ [A]: ["less_power", "keys_missing", "asked"] });
    expect([leaves, steps]).toEqual([[], []]);
  });
});

describe("keys", () => {
  const rooms = [{ roomId: A, target: "join", state: ENCRYPTED }] as const;

  it.each([
    { name: "all are copied but unusable ones", keys: compared(4), kept: {} },
    { name: "some are missing", keys: compared(3), kept: { [A]: ["keys_missing"] } },
    { name: "nothing is known", keys: { kind: "none" } as const, kept: { [A]: ["keys_missing"] } },
  ])("keep the room or not: $name", ({ keys, kept }) => {
    expect(planned({ rooms, keys }).kept).toEqual(kept);
  });

  it("do not keep the room if the person leaves without them, which the step then accepts", () => {
    const { facts, accepted } = planned({ rooms, order: { withoutKeys: true } });
    expect(facts.leaves).toMatchObject([{ lacksKeys: true }]);
    expect(accepted).toEqual([["keys_missing"]]);
  });

  it("that are complete stay a reason for the step, also if the person leaves others without", () => {
    const { facts, accepted } = planned({ rooms, keys: compared(4), order: { withoutKeys: true } });
    expect(facts.leaves).toMatchObject([{ lacksKeys: false }]);
    expect(accepted).toEqual([[]]);
  });

  it("found unusable are told to the step, with their backup", () => {
    const { steps } = planned({ rooms, keys: compared(4) });
    expect(steps[0]?.payload).toMatchObject({ isEncrypted: true, unusable: { from: FROM, count: 1 } });
  });
});

describe("named rooms", () => {
  const rooms: readonly RoomSketch[] = [
    { roomId: A },
    { roomId: B, target: "join", levels: LESS },
    { roomId: C, membership: "invite" },
  ];
  const order = { rooms: [A, B, C] };
  const losses = new Map<string, Loss>([
    [A, { code: "alone" }],
    [B, { code: "last_admin" }],
  ]);

  it("are looked at more closely where the new account cannot take the old one's place", () => {
    expect(roomsToJudge(inputOf({ rooms, order })).map((room) => room.bySource.roomId)).toEqual([A, B]);
  });

  it("say what is lost, and which ones the old account is not in", () => {
    const { kept, outside, steps } = planned({ rooms, order, losses });
    expect(kept).toEqual({ [A]: ["not_moved", "alone"], [B]: ["last_admin"] });
    expect(outside).toEqual([C]);
    expect(steps).toEqual([]);
  });

  it("are left anyway by a word, for the reasons that were shown and no others", () => {
    const { kinds, accepted } = planned({ rooms, losses, order: { ...order, anyway: A } });
    expect(kinds).toEqual([`leave_room ${A}`]);
    expect(accepted).toEqual([["not_moved", "alone"]]);
  });

  it("that would be left are not left by the word of another one", () => {
    const some = [...rooms.slice(0, 1), { roomId: B, target: "join" as const }];
    expect(planned({ rooms: some, order: { rooms: [A, B], anyway: A } }).kinds).toEqual([`leave_room ${A}`]);
  });

  it("that are kept also say which keys are lost if the others are left without keys", () => {
    const encrypted = [
      { roomId: A, state: ENCRYPTED },
      { roomId: B, state: ENCRYPTED, target: "join" as const },
    ];
    const { kept, facts } = planned({ rooms: encrypted, order: { rooms: [A, B], withoutKeys: true } });
    expect(kept).toEqual({ [A]: ["not_moved", "keys_missing"] });
    expect(facts.leaves).toMatchObject([{ room: { roomId: B }, lacksKeys: true }]);
  });

  it("are shown as before, whatever words were typed since", () => {
    const before = planned({ rooms, order, losses });
    const after = planned({ rooms, losses, order: { ...order, anyway: A } });
    expect(after.exact).toEqual(before.exact);
    expect(planned({ rooms, order }).exact).not.toEqual(before.exact);
  });

  it("of a server's notices, and chats with the bot, are never left", () => {
    const notices = { roomId: A, creator: "@notices:old.example", tags: ["m.server_notice"] };
    for (const anyway of [A, B]) {
      const { kept, steps } = planned({
        rooms: [notices, { roomId: B, target: "join" }],
        order: { rooms: [A, B], anyway },
        botRoomIds: [B],
      });
      expect(kept).toEqual({ [A]: ["server_notices"], [B]: ["bot_chat"] });
      expect(steps).toEqual([]);
    }
  });

  it("that the bot opened with somebody are left like others", () => {
    const chat = { roomId: B, partner: ADMIN, by: SOURCE, purpose: "ask", at: 0, state: "open" } as const;
    const { kept } = planned({
      rooms: [{ roomId: B }],
      order: { rooms: [B] },
      botRoomIds: [B],
      records: { chats: [chat] },
    });
    expect(kept).toEqual({ [B]: ["not_moved"] });
  });
});

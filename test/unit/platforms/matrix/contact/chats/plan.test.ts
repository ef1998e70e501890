import { describe, expect, it } from "vitest";
import type { OpenedChat } from "../../../../../../src/model/contact.ts";
import { NOTHING_PLANNED } from "../../../../../../src/model/contact.ts";
import type { FileContact } from "../../../../../../src/model/room-file.ts";
import type { Proposal } from "../../../../../../src/platforms/contact.ts";
import type { DirectChatFacts } from "../../../../../../src/platforms/direct-chats.ts";
import type { PartnerFacts } from "../../../../../../src/platforms/matrix/contact/chats/partners.ts";
import {
  directPartners,
  partnersToLookAt,
} from "../../../../../../src/platforms/matrix/contact/chats/partners.ts";
import { planDirectChats } from "../../../../../../src/platforms/matrix/contact/chats/plan.ts";
import { planRooms } from "../../../../../../src/platforms/matrix/planning/plan-rooms.ts";
import { CHAT_MARKER } from "../../../../../../src/platforms/matrix/rooms/chat-marker.ts";
import type { RoomSnapshot } from "../../../../../../src/platforms/matrix/rooms/types.ts";
import { contactTexts } from "../../../../../../src/view/contact/texts.ts";
import { NO_RECORDS, NOW } from "../../../../../support/contact/planned-ask.ts";
import type { RoomSketch } from "../../../../../support/plans/planned-rooms.ts";
import {
  SOURCE,
  TARGET,
  account,
  sketchRoom,
  targetRoom,
} from "../../../../../support/plans/planned-rooms.ts";

const BO = "@bo:far.example";
const DI = "@di:far.example";
const TOLD = { old: SOURCE, new: TARGET, name: "Ann", isProven: true, typed: null };

interface Scene {
  partners?: readonly string[];
  direct?: Readonly<Record<string, readonly string[]>>;
  ignored?: readonly string[];
  targetIgnored?: readonly string[];
  targetRooms?: readonly RoomSnapshot[];
  targetDirect?: Readonly<Record<string, readonly string[]>>;
  chats?: readonly OpenedChat[];
  silent?: readonly string[];
  /** What files say, if nobody has signed in the source. */
  contacts?: readonly FileContact[];
  dead?: readonly string[];
  /** With whom a run is about to open a chat. */
  waiting?: readonly string[];
  typed?: string;
  newChatsPerDay?: number;
}

/** A direct chat that nobody can open for the new account. */
function closedChat(roomId: string, partner: string, more: RoomSketch = {}): RoomSketch {
  const state = { "m.room.encryption": { algorithm: "m.megolm.v1.aes-sha2" } };
  return { roomId, rule: "private", members: { [partner]: "join" }, joinedCount: 2, state, ...more };
}

const plain: RoomSketch = { state: {} };

function factsOf(sketches: readonly RoomSketch[], scene: Scene): PartnerFacts {
  const { direct = { [BO]: ["!bo:x"] }, ignored = [], targetRooms = [], targetDirect = {} } = scene;
  const source = account(SOURCE, sketches.map(sketchRoom), {
    "m.direct": direct,
    "m.ignored_user_list": { ignored_users: Object.fromEntries(ignored.map((userId) => [userId, {}])) },
  });
  const ignoredByTarget = Object.fromEntries((scene.targetIgnored ?? []).map((userId) => [userId, {}]));
  const target = account(TARGET, targetRooms, {
    "m.direct": targetDirect,
    "m.ignored_user_list": { ignored_users: ignoredByTarget },
  });
  const parties = { sourceUserId: SOURCE, targetUserId: TARGET, botUserIds: new Set<string>() };
  const { rooms: rows } = planRooms({ source, target, areMembersRead: true });
  const records = { chats: scene.chats ?? [], silentServers: new Set(scene.silent) };
  const chatsPlanned = { ...NOTHING_PLANNED, partners: new Set(scene.waiting) };
  const { contacts = [], dead = [] } = scene;
  return {
    ...{ source, target, rows, contacts, deadServers: new Set(dead), parties, records },
    planned: chatsPlanned,
  };
}

function planned(sketches: readonly RoomSketch[], scene: Scene = {}): Proposal<DirectChatFacts> {
  const { partners = [], chats = [], typed = null, newChatsPerDay = 10 } = scene;
  const known = {
    ...{ records: { ...NO_RECORDS, chats }, planned: NOTHING_PLANNED },
    ...{ texts: contactTexts, now: NOW, newChatsPerDay },
  };
  return planDirectChats(factsOf(sketches, scene), { partners, text: typed }, known, { ...TOLD, typed });
}

function opened(more: Partial<OpenedChat>): OpenedChat {
  return {
    roomId: null,
    partner: BO,
    by: TARGET,
    purpose: "direct_chat",
    at: NOW,
    state: "refused",
    ...more,
  };
}

const listed = ({ facts }: Proposal<DirectChatFacts>): string[] =>
  facts.candidates.map(({ partner }) => partner.userId);
const left = ({ facts }: Proposal<DirectChatFacts>): Record<string, string> =>
  Object.fromEntries(facts.left.map(({ partner, why }) => [partner.userId, why]));

describe("the list of people whose direct chat was not moved", () => {
  it("has them with the old chat, opens nothing, and leaves out whoever is no partner", () => {
    const sketches = [
      closedChat("!bo:x", BO, { heroes: [{ userId: BO, displayName: "Bo" }] }),
      closedChat("!di:x", DI, plain),
      closedChat("!us:x", TARGET),
      { roomId: "!notes:x", rule: "private", joinedCount: 1 },
      { roomId: "!group:x", rule: "private", members: { [BO]: "join" as const }, joinedCount: 9 },
    ];
    const made = planned(sketches, {
      direct: {
        [BO]: ["!bo:x"],
        [DI]: ["!di:x"],
        [TARGET]: ["!us:x"],
        [SOURCE]: ["!notes:x"],
        junk: ["!group:x"],
      },
    });
    expect(made.facts.candidates).toMatchObject([
      { partner: { userId: BO, displayName: "Bo" }, oldRoom: { roomId: "!bo:x" }, isEncrypted: true },
      { partner: { userId: DI }, oldRoom: { roomId: "!di:x" }, isEncrypted: false },
    ]);
    expect([made.facts.chats, made.facts.left, made.steps]).toEqual([[], [], []]);
  });

  it.each<{ name: string; room: RoomSketch; scene?: Scene; why: string | null }>([
    {
      name: "whose chat is moved",
      room: closedChat("!bo:x", BO, { target: "join" }),
      scene: { targetRooms: [targetRoom("!bo:x", "join")] },
      why: null,
    },
    { name: "whose chat will move", room: closedChat("!bo:x", BO, { rule: "public" }), why: null },
    { name: "who left", room: closedChat("!bo:x", BO, { members: { [BO]: "leave" } }), why: "gone" },
    { name: "who was banned", room: closedChat("!bo:x", BO, { members: { [BO]: "ban" } }), why: "gone" },
    {
      name: "whose server is silent",
      room: closedChat("!bo:x", BO),
      scene: { silent: ["far.example"] },
      why: "silent",
    },
    {
      name: "whom the person ignores",
      room: closedChat("!bo:x", BO),
      scene: { ignored: [BO] },
      why: "ignored",
    },
    { name: "who refused", room: closedChat("!bo:x", BO), scene: { chats: [opened({})] }, why: "refused" },
    {
      name: "who declined",
      room: closedChat("!bo:x", BO),
      scene: { chats: [opened({ state: "declined" })] },
      why: "refused",
    },
    {
      name: "with whom the new account has a chat",
      room: closedChat("!bo:x", BO),
      scene: {
        targetRooms: [sketchRoom({ roomId: "!new:x", joinedCount: 1 })].map((room) => ({
          ...room,
          invitedCount: 1,
        })),
        targetDirect: { [BO]: ["!new:x"] },
      },
      why: "has_chat",
    },
    {
      name: "whom the new account ignores",
      room: closedChat("!bo:x", BO),
      scene: { targetIgnored: [BO] },
      why: "ignored",
    },
    {
      name: "whose server is gone like the old one",
      room: closedChat("!bo:x", BO),
      scene: { dead: ["far.example"] },
      why: "server_gone",
    },
    {
      name: "with whom a run is about to open a chat",
      room: closedChat("!bo:x", BO),
      scene: { waiting: [BO] },
      why: "chat_waits",
    },
    {
      name: "with whom a cancelled run has opened a chat that is in no list",
      room: closedChat("!bo:x", BO),
      scene: {
        targetRooms: [
          sketchRoom({
            ...{ roomId: "!new:x", creator: TARGET, create: { [CHAT_MARKER]: "step" }, joinedCount: 1 },
            heroes: [{ userId: BO, displayName: null }],
          }),
        ].map((room) => ({ ...room, invitedCount: 1 })),
      },
      why: "has_chat",
    },
  ])("leaves out people $name", ({ room, scene = {}, why }) => {
    const made = planned([room], scene);
    expect([listed(made), left(made)]).toEqual([[], why === null ? {} : { [BO]: why }]);
  });

  it.each<{ name: string; room: RoomSketch; scene?: Scene }>([
    { name: "never joined the old chat", room: closedChat("!bo:x", BO, { members: { [BO]: "invite" } }) },
    {
      name: "refused to help with rooms",
      room: closedChat("!bo:x", BO),
      scene: { chats: [opened({ purpose: "ask", by: SOURCE })] },
    },
    {
      name: "left the chat of the new account",
      room: closedChat("!bo:x", BO),
      scene: {
        targetRooms: [sketchRoom({ roomId: "!new:x", joinedCount: 1 })].map((room) => ({
          ...room,
          invitedCount: 0,
        })),
        targetDirect: { [BO]: ["!new:x"] },
      },
    },
  ])("has people who $name", ({ room, scene = {} }) => {
    expect(listed(planned([room], scene))).toEqual([BO]);
  });

  it("has the people whom a file names, with or without an old chat", () => {
    const contacts: FileContact[] = [
      { userId: BO, displayName: "Bo", rooms: ["!bo:x"] },
      { userId: DI, displayName: "Di", rooms: ["!unknown:x"] },
      { userId: TARGET, displayName: "Me", rooms: [] },
      { userId: "nobody", displayName: null, rooms: [] },
    ];
    const made = planned([closedChat("!bo:x", BO, plain)], { direct: {}, contacts });
    expect(made.facts.candidates).toMatchObject([
      { partner: { userId: BO, displayName: "Bo" }, oldRoom: { roomId: "!bo:x" }, isEncrypted: false },
      { partner: { userId: DI, displayName: "Di" }, oldRoom: null, isEncrypted: true },
    ]);
  });

  it("leaves out a person whom a file names and whose chat will move", () => {
    const contacts = [{ userId: BO, displayName: null, rooms: ["!bo:x"] }];
    const made = planned([closedChat("!bo:x", BO, { rule: "public" })], { direct: {}, contacts });
    expect([listed(made), left(made)]).toEqual([[], {}]);
  });

  it("reads only members of whom it is not known whether they left", () => {
    const facts = factsOf([closedChat("!bo:x", BO), closedChat("!di:x", DI, { members: {} })], {
      direct: { [BO]: ["!bo:x"], [DI]: ["!di:x"] },
    });
    expect(partnersToLookAt(directPartners(facts))).toEqual([
      { roomId: "!di:x", userIds: [DI], isAnyoneNeeded: false, purpose: "route" },
    ]);
  });
});

describe("new direct chats", () => {
  const rooms = [closedChat("!bo:x", BO), closedChat("!di:x", DI, plain)];
  const direct = { [BO]: ["!bo:x"], [DI]: ["!di:x"] };

  it("are opened by the new account with those who are named, encrypted where the old chat was", () => {
    const made = planned(rooms, { direct, partners: [DI, BO, DI], newChatsPerDay: 1 });
    const text = contactTexts.directChat(TOLD);
    expect(made.facts.chats).toMatchObject([
      { partner: { userId: DI }, isEncrypted: false, text, reason: text },
      { partner: { userId: BO }, isEncrypted: true, text: null, reason: text },
    ]);
    expect(made.facts.newChats).toEqual({ total: 2, now: 1, perDay: 1 });
    expect(made.steps).toMatchObject([
      { key: `open_chat:${DI}`, side: "target", payload: { partner: DI, isEncrypted: false, text } },
      { key: `open_chat:${BO}`, side: "target", payload: { partner: BO, isEncrypted: true } },
    ]);
    expect(made.exact).toEqual([
      { partner: DI, isEncrypted: false, text, reason: text },
      { partner: BO, isEncrypted: true, text: null, reason: text },
    ]);
  });

  it("are encrypted if one of several old chats is, or may be", () => {
    const made = planned(
      [closedChat("!di:x", DI, plain), closedChat("!other:x", DI, { coverage: "partial" })],
      {
        direct: { [DI]: ["!di:x", "!other:x"] },
        partners: [DI],
      },
    );
    expect(made.facts.chats).toMatchObject([{ oldRoom: { roomId: "!other:x" }, isEncrypted: true }]);
  });

  it("have the typed text, and in the invitation its beginning", () => {
    const made = planned(rooms, {
      direct,
      partners: [DI],
      typed: `Hi,\n{name} is {new}. ${"word ".repeat(200)}`,
    });
    const [chat] = made.facts.chats;
    expect(chat?.text).toContain(`Hi,\nAnn is ${TARGET}. word`);
    expect(chat?.reason).toMatch(/^Hi, Ann is .* word…$/u);
    expect(chat?.reason.length).toBeLessThanOrEqual(500);
  });

  it("are also opened with people who left, refused or whose server is silent, if they are named", () => {
    const gone = closedChat("!bo:x", BO, { members: { [BO]: "leave" } });
    const made = planned([gone], { partners: [BO], silent: ["far.example"], chats: [opened({})] });
    expect(made.facts.chats.map(({ partner }) => partner.userId)).toEqual([BO]);
  });

  it.each<{ name: string; room: RoomSketch; scene?: Scene; why: string }>([
    {
      name: "without an old chat",
      room: closedChat("!bo:x", BO),
      scene: { partners: ["@x:y"] },
      why: "unknown",
    },
    { name: "whose chat will move", room: closedChat("!bo:x", BO, { rule: "public" }), why: "will_move" },
    {
      name: "whose chat is moved",
      room: closedChat("!bo:x", BO, { target: "join" }),
      scene: { targetRooms: [targetRoom("!bo:x", "join")] },
      why: "moved",
    },
    {
      name: "whom the person ignores",
      room: closedChat("!bo:x", BO),
      scene: { ignored: [BO] },
      why: "ignored",
    },
    {
      name: "with whom one was opened",
      room: closedChat("!bo:x", BO),
      scene: {
        targetRooms: [sketchRoom({ roomId: "!new:x", joinedCount: 2 })],
        chats: [opened({ roomId: "!new:x", state: "open" })],
      },
      why: "has_chat",
    },
  ])("are never opened with people $name", ({ room, scene = {}, why }) => {
    const made = planned([room], { partners: [BO], ...scene });
    expect([Object.values(left(made)), made.steps]).toEqual([[why], []]);
  });
});

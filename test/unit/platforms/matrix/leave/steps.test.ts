import { describe, expect, it } from "vitest";
import type { AskRecord } from "../../../../../src/model/contact.ts";
import { UnreachableError } from "../../../../../src/network/unreachable-error.ts";
import type { LeavingPayload } from "../../../../../src/platforms/matrix/leave/payload.ts";
import { dropPowerStep, leaveRoomStep } from "../../../../../src/platforms/matrix/leave/steps.ts";
import type { Answer, AnswerTable } from "../../../../support/fakes/scripted-context.ts";
import {
  content,
  DONE,
  NOT_FOUND,
  NOT_INSIDE,
  refused,
  ROOM,
  scriptedContext,
} from "../../../../support/fakes/scripted-context.ts";
import { ADMIN, SOURCE, TARGET } from "../../../../support/plans/planned-rooms.ts";

const NOW = 1_000_000_000_000;
const REPLACEMENT = "!newer:new.example";

const OWN_MEMBER = `source GET /rooms/${ROOM}/state/m.room.member/${SOURCE}`;
const SEEN_MEMBER = `source GET /rooms/${ROOM}/state/m.room.member/${TARGET}`;
const TARGET_MEMBER = `target GET /rooms/${ROOM}/state/m.room.member/${TARGET}`;
const LEVELS = `source GET /rooms/${ROOM}/state/m.room.power_levels`;
const TARGET_LEVELS = `target GET /rooms/${ROOM}/state/m.room.power_levels`;
const ACL = `target GET /rooms/${ROOM}/state/m.room.server_acl`;
const ENCRYPTION = `source GET /rooms/${ROOM}/state/m.room.encryption`;
const JOINED_MEMBERS = `source GET /rooms/${ROOM}/joined_members`;
const SOURCE_CREATE = `source GET /rooms/${ROOM}/state/m.room.create`;
const SOURCE_ACL = `source GET /rooms/${ROOM}/state/m.room.server_acl`;
const LEAVE = `source POST /rooms/${ROOM}/leave`;
const WRITE_LEVELS = `source PUT /rooms/${ROOM}/state/m.room.power_levels`;

const joined = content({ membership: "join" });
const left = content({ membership: "leave" });
const both = content({ users: { [SOURCE]: 100, [TARGET]: 100 }, ban: 50 });
const less = content({ users: { [SOURCE]: 100, [TARGET]: 50 }, state_default: 75 });

/** A room in which both accounts have 100. */
const FINE: AnswerTable = {
  [OWN_MEMBER]: joined,
  [SEEN_MEMBER]: joined,
  [TARGET_MEMBER]: joined,
  [LEVELS]: both,
  [TARGET_LEVELS]: both,
  [ACL]: NOT_FOUND,
  [ENCRYPTION]: NOT_FOUND,
  [LEAVE]: DONE,
  [WRITE_LEVELS]: DONE,
};

const PAYLOAD: LeavingPayload = {
  roomId: ROOM,
  name: "Garden",
  alias: null,
  movedTo: ROOM,
  creation: { sender: ADMIN, roomVersion: "11", creator: null, additionalCreators: [] },
  isEncrypted: false,
  unusable: null,
  reason: "moved to @me:new.example",
  accepted: [],
};

interface Scene {
  readonly script?: AnswerTable;
  readonly payload?: Partial<LeavingPayload>;
  readonly asked?: readonly AskRecord[];
}

function sceneOf({ script = {}, payload = {}, asked = [] }: Scene) {
  const scripted = scriptedContext({ ...FINE, ...script });
  const keyWorker = {
    job: () => {
      throw new Error("no keys are compared");
    },
  };
  const context = { ...scripted.context, now: () => NOW, leaving: { asked, keyWorker } };
  return { ...scripted, context, payload: { ...PAYLOAD, ...payload } };
}

async function leave(scene: Scene) {
  const { context, payload, writes, lines } = sceneOf(scene);
  return { outcome: await leaveRoomStep.run(payload, context), writes: writes(), lines: lines() };
}

async function dropPower(scene: Scene) {
  const { context, payload, requests, writes } = sceneOf(scene);
  const outcome = await dropPowerStep.run(payload, context);
  return { outcome, writes: writes(), body: requests.at(-1)?.body };
}

const question: AskRecord = {
  ...{ roomId: ROOM, userId: ADMIN, at: NOW - 1_000, way: "direct", result: "sent" },
  chatRoomId: null,
};

const KEPT: (Scene & { name: string; code: string })[] = [
  { name: "the new account has left", script: { [TARGET_MEMBER]: left }, code: "not_moved" },
  { name: "the new account was never in it", script: { [TARGET_MEMBER]: NOT_INSIDE }, code: "not_moved" },
  {
    name: "the room has banned the new account",
    script: { [SEEN_MEMBER]: content({ membership: "ban" }) },
    code: "not_moved",
  },
  { name: "the new account has lost power", script: { [TARGET_LEVELS]: less }, code: "less_power" },
  { name: "somebody was asked there", asked: [question], code: "asked" },
  {
    name: "it is encrypted since, and there is no backup",
    script: {
      [ENCRYPTION]: content({ algorithm: "m.megolm.v1.aes-sha2" }),
      "source GET /room_keys/version": NOT_FOUND,
      "target GET /room_keys/version": NOT_FOUND,
    },
    code: "keys_missing",
  },
  {
    name: "its levels cannot be read",
    script: { [LEVELS]: refused(403, "M_FORBIDDEN") },
    code: "unreadable",
  },
  { name: "its ACL cannot be read", script: { [ACL]: refused(400, "M_UNKNOWN") }, code: "unreadable" },
  { name: "nothing is known of its creation", payload: { creation: null }, code: "unreadable" },
  {
    name: "everybody else has left, though leaving without the new account was confirmed",
    payload: { accepted: ["not_moved"] },
    script: { [TARGET_MEMBER]: left, [JOINED_MEMBERS]: content({ joined: { [SOURCE]: {} } }) },
    code: "last_member",
  },
  {
    name: "it is the last one with power, though leaving with less power was confirmed",
    payload: { accepted: ["less_power"] },
    script: { [TARGET_LEVELS]: less, [LEVELS]: less, [SOURCE_CREATE]: NOT_FOUND, [SOURCE_ACL]: NOT_FOUND },
    code: "last_admin",
  },
];

const LEFT: (Scene & { name: string })[] = [
  { name: "both accounts have the same power" },
  {
    name: "the new account is in the replacement",
    payload: { movedTo: REPLACEMENT },
    script: {
      [`target GET /rooms/${REPLACEMENT}/state/m.room.member/${TARGET}`]: joined,
      [`target GET /rooms/${REPLACEMENT}/state/m.room.power_levels`]: both,
      [`target GET /rooms/${REPLACEMENT}/state/m.room.server_acl`]: NOT_FOUND,
    },
  },
  {
    name: "leaving without keys was confirmed",
    payload: { accepted: ["keys_missing"], isEncrypted: true },
  },
  { name: "leaving after a question was confirmed", payload: { accepted: ["asked"] }, asked: [question] },
  {
    name: "leaving unseen was confirmed",
    payload: { accepted: ["unreadable"] },
    script: { [LEVELS]: refused(403, "M_FORBIDDEN") },
  },
  {
    name: "leaving alone was confirmed",
    payload: { accepted: ["not_moved", "alone"] },
    script: { [TARGET_MEMBER]: left, [JOINED_MEMBERS]: content({ joined: { [SOURCE]: {} } }) },
  },
  {
    name: "the room shuts out the old server",
    script: { [LEVELS]: less, [ACL]: content({ allow: ["*"], deny: ["old.example"] }) },
  },
];

const AWAY = new UnreachableError("timeout", "new.example");

const LATER: { name: string; answer: Answer; outcome: object }[] = [
  { name: "is away", answer: AWAY, outcome: { status: "wait", waitingFor: "server", side: "target" } },
  {
    name: "limits reading",
    answer: refused(429, "M_LIMIT_EXCEEDED"),
    outcome: { status: "wait", waitingFor: "limit", side: "target" },
  },
  {
    name: "has ended the session",
    answer: refused(401, "M_UNKNOWN_TOKEN"),
    outcome: { status: "needs_user", side: "target" },
  },
  { name: "fails", answer: refused(500, "M_UNKNOWN"), outcome: { status: "retry" } },
];

describe("the step that leaves a room", () => {
  it.each(KEPT)("keeps a room where $name", async ({ code, ...scene }) => {
    const { outcome, writes } = await leave(scene);
    expect(outcome).toEqual({ status: "failed", problem: { code, serverText: null } });
    expect(writes).toEqual([]);
  });

  it.each(LEFT)("leaves a room where $name", async (scene) => {
    const { outcome, writes } = await leave(scene);
    expect(outcome).toEqual({ status: "done" });
    expect(writes).toEqual([`POST /rooms/${ROOM}/leave`]);
  });

  it.each(LATER)(
    "leaves nothing while the new server $name, and tries later",
    async ({ answer, outcome }) => {
      const tried = await leave({ script: { [TARGET_MEMBER]: answer } });
      expect(tried.outcome).toMatchObject(outcome);
      expect(tried.writes).toEqual([]);
    },
  );

  it("tells the people in the room why, and needs eight requests", async () => {
    const { context, payload, requests, lines } = sceneOf({});
    await leaveRoomStep.run(payload, context);
    expect(requests.at(-1)?.body).toEqual({ reason: "moved to @me:new.example" });
    expect(lines()).toHaveLength(8);
  });

  it.each([
    { name: "has left already", answer: left },
    { name: "was banned", answer: content({ membership: "ban" }) },
    { name: "has forgotten the room", answer: NOT_INSIDE },
  ])("has nothing to do where the old account $name", async ({ answer }) => {
    const { outcome, lines } = await leave({ script: { [OWN_MEMBER]: answer } });
    expect(outcome).toEqual({ status: "already_done" });
    expect(lines).toEqual([OWN_MEMBER]);
  });

  it("keeps the room of a server's notices, which the server refuses to let it leave", async () => {
    const answer = refused(403, "M_CANNOT_LEAVE_SERVER_NOTICE_ROOM", "You cannot reject this invite");
    const { outcome } = await leave({ script: { [LEAVE]: answer } });
    expect(outcome).toMatchObject({ status: "failed", problem: { code: "server_notices" } });
  });

  it("cannot be undone", () => {
    expect([leaveRoomStep.undo, dropPowerStep.undo]).toEqual([null, null]);
  });
});

describe("the step that gives power back", () => {
  it("removes the old account's own entry, and nothing else", async () => {
    const { outcome, writes, body } = await dropPower({});
    expect(outcome).toEqual({ status: "done" });
    expect(writes).toEqual([`PUT /rooms/${ROOM}/state/m.room.power_levels`]);
    expect(body).toEqual({ users: { [TARGET]: 100 }, ban: 50 });
  });

  it("does nothing after it was done", async () => {
    const levels = content({ users: { [TARGET]: 100 } });
    const { outcome, writes } = await dropPower({ script: { [LEVELS]: levels, [TARGET_LEVELS]: levels } });
    expect([outcome.status, writes]).toEqual(["already_done", []]);
  });

  it.each(KEPT)("keeps the power where $name", async ({ code: _code, ...scene }) => {
    const { outcome, writes } = await dropPower(scene);
    expect([outcome.status, writes]).toEqual(["already_done", []]);
  });

  it("does not keep the old account from leaving if the server refuses", async () => {
    const { outcome } = await dropPower({ script: { [WRITE_LEVELS]: refused(403, "M_FORBIDDEN") } });
    expect(outcome).toEqual({ status: "already_done" });
  });
});

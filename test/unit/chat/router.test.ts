import { describe, expect, it } from "vitest";
import { ChatRouter } from "../../../src/chat/router.ts";

function setUp() {
  const clock = { now: 0 };
  const calls: string[] = [];
  const receiver = (name: string) => ({
    receive: async (roomId: string, _event: unknown, { wasEncrypted = false } = {}): Promise<void> => {
      calls.push(`${name} ${roomId}${wasEncrypted ? " encrypted" : ""}`);
    },
  });
  const router = new ChatRouter({
    inbox: receiver("inbox"),
    undecrypted: receiver("undecrypted"),
    invitations: receiver("invitations"),
    rooms: { forget: (roomId) => void calls.push(`room ${roomId}`) },
    emptyRooms: { look: (roomId) => void calls.push(`empty? ${roomId}`) },
    directChats: { left: async (roomId) => void calls.push(`left ${roomId}`) },
    controlRooms: {
      left: (roomId) => void calls.push(`control? ${roomId}`),
      replaced: async (roomId, content) => void calls.push(`replaced ${roomId} ${JSON.stringify(content)}`),
    },
    onReturned: (roomId, userId) => void calls.push(`returned ${roomId} ${userId}`),
    markKeysAsLost: async () => void calls.push("keys are lost"),
    monotonicNow: () => clock.now,
  });
  return { router, calls, clock };
}

describe("the router of the chat", () => {
  const cases: { what: string; pass: (router: ChatRouter) => unknown; calls: string[] }[] = [
    {
      what: "a message",
      pass: (router) => router.onMessage("!r", {}, { wasEncrypted: true }),
      calls: ["inbox !r encrypted"],
    },
    {
      what: "a message without a key",
      pass: (router) => router.onUndecryptable("!r", {}),
      calls: ["undecrypted !r"],
    },
    { what: "an invitation", pass: (router) => router.onInvitation("!r", {}), calls: ["invitations !r"] },
    {
      what: "a reaction",
      pass: (router) => router.onRoomEvent("!r", { type: "m.reaction" }),
      calls: ["inbox !r"],
    },
    {
      what: "a membership",
      pass: (router) => router.onRoomEvent("!r", { type: "m.room.member" }),
      calls: ["room !r", "empty? !r"],
    },
    {
      what: "a join rule",
      pass: (router) => router.onRoomEvent("!r", { type: "m.room.join_rules" }),
      calls: ["room !r"],
    },
    {
      what: "a history visibility",
      pass: (router) => router.onRoomEvent("!r", { type: "m.room.history_visibility" }),
      calls: ["room !r"],
    },
    { what: "a gap", pass: (router) => router.onGap("!r"), calls: ["room !r"] },
    {
      what: "an upgrade",
      pass: (router) => router.onRoomEvent("!r", { type: "m.room.tombstone", content: {} }),
      calls: ["replaced !r {}"],
    },
    {
      what: "another event",
      pass: (router) => router.onRoomEvent("!r", { type: "m.room.topic" }),
      calls: [],
    },
    { what: "what is no event", pass: (router) => router.onRoomEvent("!r", null), calls: [] },
    {
      what: "its own leaving",
      pass: (router) => router.onLeft("!r"),
      calls: ["room !r", "control? !r", "left !r"],
    },
    {
      what: "the join of somebody",
      pass: (router) =>
        router.onRoomEvent("!r", {
          type: "m.room.member",
          state_key: "@me:x.org",
          content: { membership: "join" },
        }),
      calls: ["room !r", "empty? !r", "returned !r @me:x.org"],
    },
  ];

  it.each(cases)("passes on $what", async ({ pass, calls: expected }) => {
    const { router, calls } = setUp();
    await pass(router);
    expect(calls).toEqual(expected);
  });

  it("counts the server as away after two minutes without a sync", async () => {
    const { router, clock } = setUp();
    expect(router.isSyncing()).toBe(false);
    router.onSynced();
    clock.now = 119_999;
    expect(router.isSyncing()).toBe(true);
    clock.now = 120_000;
    expect(router.isSyncing()).toBe(false);
    router.onSynced();
    expect(router.isSyncing()).toBe(true);
    await router.firstSync;
  });

  it("says when the session was ended", async () => {
    const { router } = setUp();
    router.onSessionEnded();
    expect((await router.failed).message).toMatch(/session was ended/u);
  });

  it("asks for a new start when the keys of the device are lost, which the next start then knows", async () => {
    const { router, calls } = setUp();
    router.onKeysLost();
    expect((await router.failed).message).toMatch(/creates a new device/u);
    expect(calls).toEqual(["keys are lost"]);
  });
});

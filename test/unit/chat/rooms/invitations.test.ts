import { pino } from "pino";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { InvitationHandler } from "../../../../src/chat/rooms/invitations.ts";
import { Rooms } from "../../../../src/chat/rooms/rooms.ts";
import { temporaryStore } from "../../../support/store/temporary-store.ts";
import { bareAnswer, joinOf, refusal } from "../fake-client.ts";

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "Date"] });
});
afterEach(() => {
  vi.useRealTimers();
});

async function setUp({ directChats = true }: { directChats?: boolean } = {}) {
  const { store, reopen } = await temporaryStore();
  const done: string[] = [];
  const opened: string[] = [];
  const state: {
    members: string[];
    joinedMembers: unknown;
    areAllKnown: boolean;
    /** Rooms whose servers do not answer. */
    hanging: Set<string>;
    failures: unknown[];
    summaryFailures: unknown[];
  } = {
    members: ["@mover:x.org", "@me:x.org"],
    joinedMembers: 1,
    areAllKnown: true,
    hanging: new Set(),
    failures: [],
    summaryFailures: [],
  };
  const client = {
    joinRoom: async (roomId: string, via: string[]) => {
      done.push(`join ${roomId} via ${via.join()}`);
      if (state.failures.length > 0) throw state.failures.shift();
      return roomId;
    },
    leaveRoom: async (roomId: string) => {
      done.push(`leave ${roomId}`);
      if (state.hanging.has(roomId)) await Promise.withResolvers<undefined>().promise;
    },
    getRoomMembers: async () => state.members.map(joinOf),
    // Like Synapse, which asks about rooms of other servers only the servers that `via` names.
    doRequest: async (_method: string, path: string, query?: { via?: string[] }) => {
      if (path.includes("/state/")) throw refusal(404, "M_NOT_FOUND");
      if (query?.via?.includes("x.org") !== true) throw refusal(400, "M_UNKNOWN");
      if (state.summaryFailures.length > 0) throw state.summaryFailures.shift();
      return { num_joined_members: state.joinedMembers };
    },
  };
  const desk = (from = store) =>
    new InvitationHandler({
      invitations: from.invitations,
      client,
      rooms: new Rooms(client, {
        controlRooms: { ids: new Set(["!control:x.org"]), mayBe: async () => false },
        directChats,
      }),
      controlRooms: state,
      directChats,
      isPermitted: (userId) => userId.endsWith(":x.org"),
      isOnOwnServer: (userId) => userId.endsWith(":x.org"),
      onDirectChat: async (roomId, userId) => void opened.push(`${roomId} ${userId}`),
      now: () => Date.now(),
      log: pino({ enabled: false }),
    });
  const running = desk();
  const invite = async (roomId: string, { sender = "@me:x.org", isDirect = true } = {}) => {
    await running.receive(roomId, { sender, content: { membership: "invite", is_direct: isDirect } });
    await vi.advanceTimersByTimeAsync(sender.endsWith(":x.org") ? 10 : 5_010);
  };
  running.start();
  return { store, reopen, desk, running, invite, done, opened, state };
}

describe("an invitation", () => {
  it("is answered if it becomes due while the due ones are read", async () => {
    const { store, running, done } = await setUp();
    const { due } = store.invitations;
    vi.spyOn(store.invitations, "due").mockImplementation(async (at) => {
      const found = await due.call(store.invitations, at);
      vi.setSystemTime(Date.now() + 10_000);
      return found;
    });
    await running.receive("!r:y.org", { sender: "@you:y.org", content: { membership: "invite" } });
    await vi.advanceTimersByTimeAsync(10_000);
    expect(done).toEqual(["leave !r:y.org"]);
  });

  it.each<{ name: string; roomId: string; invitation: object; room: object; expected: string[] }>([
    {
      name: "to a direct chat is accepted",
      roomId: "!r:y.org",
      invitation: {},
      room: {},
      expected: ["join !r:y.org via x.org,y.org"],
    },
    {
      name: "to a control room is accepted",
      roomId: "!control:x.org",
      invitation: { isDirect: false },
      room: {},
      expected: ["join !control:x.org via x.org"],
    },
    {
      name: "to a room of version 12 is accepted",
      roomId: "!hash",
      invitation: {},
      room: {},
      expected: ["join !hash via x.org"],
    },
    {
      name: "to a room of one is accepted",
      roomId: "!r",
      invitation: { isDirect: false },
      room: {},
      expected: ["join !r via x.org"],
    },
    {
      name: "to a room of many is declined",
      roomId: "!r",
      invitation: { isDirect: false },
      room: { joinedMembers: 3 },
      expected: ["leave !r"],
    },
    {
      name: "to a room that shows nothing is declined",
      roomId: "!r",
      invitation: { isDirect: false },
      room: { joinedMembers: null },
      expected: ["leave !r"],
    },
    {
      name: "of somebody else is declined",
      roomId: "!r",
      invitation: { sender: "@evil:y.org" },
      room: {},
      expected: ["leave !r"],
    },
    {
      name: "of somebody else to a control room is accepted",
      roomId: "!control:x.org",
      invitation: { sender: "@evil:y.org" },
      room: {},
      expected: ["join !control:x.org via y.org,x.org"],
    },
    {
      name: "to what turns out to be no direct chat is taken back",
      roomId: "!r",
      invitation: {},
      room: { members: ["a", "b", "c"] },
      expected: ["join !r via x.org", "leave !r"],
    },
  ])("$name", async ({ roomId, invitation, room, expected }) => {
    const { invite, done, state, store, running } = await setUp();
    Object.assign(state, room);
    await invite(roomId, invitation);
    expect(done).toEqual(expected);
    expect(await store.invitations.nextDueAt(0)).toBeNull();
    await running.stop();
  });

  it("to a direct chat is declined where those are switched off", async () => {
    const { invite, done, running } = await setUp({ directChats: false });
    await invite("!r");
    expect(done).toEqual(["leave !r"]);
    await running.stop();
  });

  it.each([
    new Error("ECONNREFUSED"),
    refusal(502, "M_UNKNOWN"),
    refusal(429, "M_LIMIT_EXCEEDED"),
    bareAnswer(504),
  ])("is tried again when the server could not help (%#)", async (failure) => {
    const { invite, done, state, running } = await setUp();
    state.failures.push(failure);
    await invite("!r");
    expect(done).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(2_100);
    expect(done).toHaveLength(2);
    await running.stop();
  });

  it("is given up when the server refuses", async () => {
    const { invite, done, state, store, running } = await setUp();
    state.failures.push(refusal(404, "M_NOT_FOUND"));
    await invite("!r");
    expect(done).toHaveLength(1);
    expect(await store.invitations.nextDueAt(0)).toBeNull();
    await running.stop();
  });

  it("is given up after the server forbade it several times, since the inviter's server may learn late whom it has invited", async () => {
    const { invite, done, state, store, running } = await setUp();
    state.failures.push(...Array.from({ length: 9 }, () => refusal(403, "M_FORBIDDEN")));
    await invite("!r");
    await vi.advanceTimersByTimeAsync(60_000);
    expect(done).toHaveLength(3);
    expect(await store.invitations.nextDueAt(0)).toBeNull();
    await running.stop();
  });

  it("is tried as often after an outage, which says nothing of what is forbidden", async () => {
    const { invite, done, state, running } = await setUp();
    state.failures.push(...[502, 502, 502, 403, 403].map((status) => refusal(status, "M_UNKNOWN")));
    await invite("!r");
    await vi.advanceTimersByTimeAsync(60_000);
    expect(done).toHaveLength(6);
    expect(new Set(done)).toEqual(new Set(["join !r via x.org"]));
    await running.stop();
  });

  it("that comes again has all its tries again", async () => {
    const { invite, done, state, running } = await setUp();
    state.failures.push(...Array.from({ length: 4 }, () => refusal(403, "M_FORBIDDEN")));
    await invite("!r");
    await vi.advanceTimersByTimeAsync(2_100);
    await invite("!r");
    await vi.advanceTimersByTimeAsync(60_000);
    expect(done).toHaveLength(5);
    await running.stop();
  });

  it.each([refusal(403, "M_FORBIDDEN"), refusal(404, "M_NOT_FOUND")])(
    "to a room that is not shown yet is not declined before its last try (%#)",
    async (failure) => {
      const { invite, done, state, running } = await setUp();
      state.summaryFailures.push(failure, failure);
      await invite("!late", { isDirect: false });
      await vi.advanceTimersByTimeAsync(60_000);
      expect(done).toEqual(["join !late via x.org"]);
      state.summaryFailures.push(failure, failure, failure);
      await invite("!hidden", { isDirect: false });
      await vi.advanceTimersByTimeAsync(5_900);
      expect(done).toHaveLength(1);
      await vi.advanceTimersByTimeAsync(60_000);
      expect(done.slice(1)).toEqual(["leave !hidden"]);
      await running.stop();
    },
  );

  it("that would be declined waits while a control room is not known", async () => {
    const { invite, done, opened, state, running } = await setUp();
    state.areAllKnown = false;
    await invite("!r", { sender: "@evil:y.org" });
    await invite("!mine");
    await vi.advanceTimersByTimeAsync(60_000);
    expect(done).toEqual(["join !mine via x.org"]);
    expect(opened).toEqual(["!mine @me:x.org"]);
    state.areAllKnown = true;
    await vi.advanceTimersByTimeAsync(600_000);
    expect(done.slice(1)).toEqual(["leave !r"]);
    await running.stop();
  });

  it.each([
    { roomId: "!control:x.org", settlingMs: 1_000, expected: "join !control:x.org via y.org,x.org" },
    { roomId: "!r", settlingMs: 5_000, expected: "leave !r" },
  ])("from another server is answered when that server knows of it itself ($expected)", async (row) => {
    const { running, done } = await setUp();
    await running.receive(row.roomId, {
      sender: "@evil:y.org",
      content: { membership: "invite", is_direct: true },
    });
    await vi.advanceTimersByTimeAsync(row.settlingMs - 100);
    expect(done).toEqual([]);
    await vi.advanceTimersByTimeAsync(200);
    expect(done).toEqual([row.expected]);
    await running.stop();
  });

  it("of a permitted person is answered while strangers' servers let the bot wait", async () => {
    const { running, done, state } = await setUp();
    state.hanging = new Set(Array.from({ length: 20 }, (_, index) => `!tar${index}`));
    for (const roomId of state.hanging)
      await running.receive(roomId, {
        sender: "@evil:y.org",
        content: { membership: "invite", is_direct: true },
      });
    await vi.advanceTimersByTimeAsync(5_010);
    await running.receive("!r", { sender: "@me:x.org", content: { membership: "invite", is_direct: true } });
    await vi.advanceTimersByTimeAsync(10);
    expect(done).toContain("join !r via x.org");
    expect(done.filter((line) => line.startsWith("leave"))).toHaveLength(4);
  });

  it("that came before a crash is answered after it", async () => {
    const { store, reopen, desk, running, done } = await setUp();
    await running.stop();
    await store.invitations.put({ roomId: "!r", inviter: "@me:x.org", isDirect: true }, Date.now());
    const next = desk(await reopen());
    next.start();
    await vi.advanceTimersByTimeAsync(10);
    expect(done).toEqual(["join !r via x.org"]);
    await next.stop();
  });

  it("of an odd shape is left alone", async () => {
    const { running, done } = await setUp();
    for (const event of [null, {}, { sender: 5, content: {} }, { sender: "@me:x.org" }])
      await running.receive("!r", event);
    await vi.advanceTimersByTimeAsync(10);
    expect(done).toEqual([]);
    await running.stop();
  });
});

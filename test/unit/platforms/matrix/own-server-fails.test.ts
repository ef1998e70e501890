import { describe, expect, it } from "vitest";
import { UnreachableError } from "../../../../src/network/unreachable-error.ts";
import { HomeserverError } from "../../../../src/platforms/matrix/api/homeserver-error.ts";
import { ROOM, SPACE, decided, room, rowOf, summary } from "./decided-by-files.ts";
import type { Given } from "./reading/recorded-server.ts";

describe("a look that the new account's own server fails", () => {
  const LOOK = `v1/room_summary/${ROOM}`;
  const HIERARCHY = `v1/rooms/${SPACE}/hierarchy`;
  const WHOAMI = "v3/account/whoami";
  const LIMIT = { status: 429, body: { errcode: "M_LIMIT_EXCEEDED", retry_after_ms: 2_000 } };
  const OVERLOADED = { status: 503, body: { errcode: "M_UNKNOWN" } };
  const PAGE = { status: 502, text: "<html>" };
  const GONE_SERVER = { status: 502, body: { errcode: "M_UNKNOWN" } };
  const shown = { [ROOM]: summary("public") };

  it.each<{ name: string; fault: Given; times: number }>([
    { name: "by its limit", fault: LIMIT, times: 3 },
    { name: "because it is overloaded", fault: OVERLOADED, times: 3 },
    { name: "by an internal error", fault: { status: 500, body: { errcode: "M_UNKNOWN" } }, times: 1 },
    { name: "behind a proxy", fault: PAGE, times: 3 },
    { name: "without a connection", fault: new UnreachableError("reset", "new.example"), times: 3 },
  ])("$name is waited for", async ({ fault, times }) => {
    const { plan } = await decided({
      rooms: [room({ joinRule: "invite" })],
      summaries: shown,
      faultOf: (path, count) => (path === LOOK && count < times ? fault : undefined),
    });
    expect(rowOf(plan.rooms).route).toBe("join");
    expect(plan.triedRoomIds).toEqual([]);
  });

  it("waits as long as its limit says", async () => {
    const faultOf = (path: string, count: number) => (path === LOOK && count === 0 ? LIMIT : undefined);
    expect((await decided({ rooms: [room()], summaries: shown, faultOf })).waits).toEqual([2_000]);
  });

  it.each<{ name: string; faultOf: (path: string) => Given | undefined }>([
    { name: "its limit does not end", faultOf: (path) => (path === LOOK ? LIMIT : undefined) },
    {
      name: "its limit does not end in a space",
      faultOf: (path) => (path === HIERARCHY ? LIMIT : undefined),
    },
    {
      name: "it stays away",
      faultOf: (path) => (path === LOOK || path === WHOAMI ? PAGE : undefined),
    },
    {
      name: "it is overloaded for long",
      faultOf: (path) => (path === LOOK || path === WHOAMI ? OVERLOADED : undefined),
    },
    {
      name: "it stops answering",
      faultOf: (path) =>
        path === LOOK || path === WHOAMI ? new UnreachableError("timeout", "new.example") : undefined,
    },
  ])("ends the plan if $name, and never counts as not shown", async ({ faultOf }) => {
    const rooms = [room(), room({ roomId: SPACE })];
    const summaries = { [SPACE]: summary("public", { room_type: "m.space" }) };
    const kept: (string | null)[] = [];
    const looks = { get: () => undefined, set: (roomId: string) => void kept.push(roomId) };
    const failure = decided({ rooms, summaries, looks, faultOf });
    await expect(failure).rejects.toSatisfy(
      (error) => error instanceof HomeserverError || error instanceof UnreachableError,
    );
    expect(kept).toEqual([]);
  });

  it.each<{ name: string; fault: Given; looks: number }>([
    { name: "that are gone", fault: GONE_SERVER, looks: 1 },
    { name: "that are slow", fault: { status: 504, body: { errcode: "M_UNKNOWN" } }, looks: 1 },
    { name: "that hang", fault: new UnreachableError("timeout", "new.example"), looks: 1 },
  ])("is told from other servers $name: the room is tried", async ({ fault, looks }) => {
    const { plan, asked } = await decided({
      rooms: [room()],
      faultOf: (path) => (path === LOOK ? fault : undefined),
    });
    expect(plan.triedRoomIds).toEqual([ROOM]);
    expect(asked.map(({ path }) => path).filter((path) => path === LOOK)).toHaveLength(looks);
    expect(asked.map(({ path }) => path)).toContain(WHOAMI);
  });

  it("again and again for one room leaves it to a try, while the server answers others", async () => {
    const { plan } = await decided({
      rooms: [room(), room({ roomId: "!b:old.example" })],
      summaries: { "!b:old.example": summary("public") },
      faultOf: (path) => (path === LOOK ? OVERLOADED : undefined),
    });
    expect(plan.triedRoomIds).toEqual([ROOM]);
    expect(rowOf(plan.rooms, "!b:old.example").route).toBe("join");
  });

  it("is no refusal: a refusal asks nothing else", async () => {
    const { asked } = await decided({ rooms: [room()] });
    expect(asked.map(({ path }) => path)).not.toContain(WHOAMI);
  });
});

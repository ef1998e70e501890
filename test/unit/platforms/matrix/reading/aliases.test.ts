import { describe, expect, it } from "vitest";
import { UnreachableError } from "../../../../../src/network/unreachable-error.ts";
import { HomeserverError } from "../../../../../src/platforms/matrix/api/homeserver-error.ts";
import { roomsOfAliases } from "../../../../../src/platforms/matrix/reading/aliases.ts";
import { UnansweredAliasError } from "../../../../../src/platforms/reading.ts";
import { sketchRoom } from "../../../../support/plans/planned-rooms.ts";
import type { Given } from "./recorded-server.ts";
import { recordedServer } from "./recorded-server.ts";

const choir = sketchRoom({
  roomId: "!choir:x.org",
  state: { "m.room.canonical_alias": { alias: "#choir:x.org" } },
});
const rooms = new Map([[choir.roomId, choir]]);
const found = (roomId: string): Given => ({ json: { room_id: roomId, servers: ["x.org"] } });

describe("rooms of aliases", () => {
  it("asks once for each alias that no room has as its canonical alias, and for nothing else", async () => {
    const { reader, asked } = recordedServer(({ path }) =>
      path === "v3/directory/room/#singers:x.org" ? found("!choir:x.org") : found("!others:x.org"),
    );
    const words = [
      "#choir:x.org",
      "!choir:x.org",
      "#3",
      "nonsense",
      "#singers:x.org",
      "#singers:x.org",
      "#tea:x.org",
    ];
    expect(await roomsOfAliases(reader, words, rooms)).toEqual(
      new Map([
        ["#choir:x.org", "!choir:x.org"],
        ["#singers:x.org", "!choir:x.org"],
      ]),
    );
    expect(asked.map(({ path }) => path)).toEqual([
      "v3/directory/room/#singers:x.org",
      "v3/directory/room/#tea:x.org",
    ]);
  });

  it("asks which room an alias belongs to if several rooms claim it, also for replacements of the account's rooms", async () => {
    const claim = { "m.room.canonical_alias": { alias: "#choir:x.org" } };
    const pretender = sketchRoom({ roomId: "!pretender:x.org", state: claim });
    const replaced = sketchRoom({
      roomId: "!old:x.org",
      state: { "m.room.tombstone": { replacement_room: "!new:x.org" } },
    });
    const several = new Map([pretender, choir, replaced].map((room) => [room.roomId, room]));
    const { reader } = recordedServer(({ path }) =>
      found(path.endsWith("#choir:x.org") ? "!choir:x.org" : "!new:x.org"),
    );
    expect(await roomsOfAliases(reader, ["#choir:x.org", "#new:x.org"], several)).toEqual(
      new Map([
        ["#choir:x.org", "!choir:x.org"],
        ["#new:x.org", "!new:x.org"],
      ]),
    );
  });

  it.each([
    { name: "unknown", status: 404, errcode: "M_NOT_FOUND" },
    { name: "no alias to the server", status: 400, errcode: "M_INVALID_PARAM" },
  ])("leaves out one that is $name", async ({ status, errcode }) => {
    const { reader } = recordedServer(() => ({ status, body: { errcode } }));
    expect(await roomsOfAliases(reader, ["#a:x.org"], rooms)).toEqual(new Map());
  });

  it.each<{ name: string; given: Given; requests: number }>([
    { name: "is away", given: { status: 502, body: { errcode: "M_UNKNOWN" } }, requests: 2 },
    { name: "may not be asked", given: { status: 403, body: { errcode: "M_FORBIDDEN" } }, requests: 1 },
    { name: "hangs", given: new UnreachableError("timeout", "old.example"), requests: 1 },
  ])("does not take one for unknown whose server $name", async ({ given, requests }) => {
    const { reader, asked } = recordedServer(() => given);
    const failure: unknown = await roomsOfAliases(reader, ["#a:x.org"], rooms).catch(
      (error: unknown) => error,
    );
    expect(failure).toBeInstanceOf(UnansweredAliasError);
    expect(failure).toMatchObject({ alias: "#a:x.org" });
    expect(asked).toHaveLength(requests);
  });

  it("does not blame the alias when the account's own server is away", async () => {
    const { reader } = recordedServer(() => new UnreachableError("refused", "old.example"));
    await expect(roomsOfAliases(reader, ["#a:x.org"], rooms)).rejects.toBeInstanceOf(UnreachableError);
  });

  it("reports that the session has ended", async () => {
    const { reader } = recordedServer(() => ({ status: 401, body: { errcode: "M_UNKNOWN_TOKEN" } }));
    await expect(roomsOfAliases(reader, ["#a:x.org"], rooms)).rejects.toBeInstanceOf(HomeserverError);
  });
});

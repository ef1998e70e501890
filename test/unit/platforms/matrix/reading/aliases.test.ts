import { describe, expect, it } from "vitest";
import { HomeserverError } from "../../../../../src/platforms/matrix/api/homeserver-error.ts";
import { UnreachableError } from "../../../../../src/network/unreachable-error.ts";
import { UnansweredAliasError, roomsOfAliases } from "../../../../../src/platforms/matrix/reading/aliases.ts";
import { sketchRoom } from "../../../../support/plans/planned-rooms.ts";
import { recordedServer } from "./recorded-server.ts";
import type { Given } from "./recorded-server.ts";

const choir = sketchRoom({
  roomId: "!choir:x.org",
  state: { "m.room.canonical_alias": { alias: "#choir:x.org" } },
});
const rooms = new Map([[choir.roomId, choir]]);
const found = (roomId: string): Given => ({ json: { room_id: roomId, servers: ["x.org"] } });

describe("rooms of aliases", () => {
  it("asks once for each alias that no room gives as its own, and for nothing else", async () => {
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

  it.each([
    ["unknown", 404, "M_NOT_FOUND"],
    ["no alias to the server", 400, "M_INVALID_PARAM"],
  ])("leaves out one that is %s", async (_what, status, errcode) => {
    const { reader } = recordedServer(() => ({ status, body: { errcode } }));
    expect(await roomsOfAliases(reader, ["#a:x.org"], rooms)).toEqual(new Map());
  });

  it.each<[string, Given, number]>([
    ["is away", { status: 502, body: { errcode: "M_UNKNOWN" } }, 2],
    ["may not be asked", { status: 403, body: { errcode: "M_FORBIDDEN" } }, 1],
    ["hangs", new UnreachableError("timeout", "old.example"), 1],
  ])("does not take one for unknown whose server %s", async (_what, given, requests) => {
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

  it("does not hide that the session has ended", async () => {
    const { reader } = recordedServer(() => ({ status: 401, body: { errcode: "M_UNKNOWN_TOKEN" } }));
    await expect(roomsOfAliases(reader, ["#a:x.org"], rooms)).rejects.toBeInstanceOf(HomeserverError);
  });
});

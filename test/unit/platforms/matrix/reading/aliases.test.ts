import { describe, expect, it } from "vitest";
import { HomeserverError } from "../../../../../src/platforms/matrix/homeserver-error.ts";
import { roomsOfAliases } from "../../../../../src/platforms/matrix/reading/aliases.ts";
import { sketchRoom } from "../../../../support/planned-rooms.ts";
import { recordedServer } from "./recorded-server.ts";
import type { Given } from "./recorded-server.ts";

const choir = sketchRoom({ roomId: "!choir:x.org", state: { "m.room.canonical_alias": { alias: "#choir:x.org" } } });
const rooms = new Map([[choir.roomId, choir]]);
const found = (roomId: string): Given => ({ json: { room_id: roomId, servers: ["x.org"] } });

describe("rooms of aliases", () => {
  it("asks once for each alias that no room gives as its own, and for nothing else", async () => {
    const { reader, asked } = recordedServer(({ path }) =>
      path === "v3/directory/room/#singers:x.org" ? found("!choir:x.org") : found("!others:x.org"),
    );
    const words = ["#choir:x.org", "!choir:x.org", "#3", "nonsense", "#singers:x.org", "#singers:x.org", "#tea:x.org"];
    expect(await roomsOfAliases(reader, words, rooms)).toEqual(new Map([["#singers:x.org", "!choir:x.org"]]));
    expect(asked.map(({ path }) => path)).toEqual(["v3/directory/room/#singers:x.org", "v3/directory/room/#tea:x.org"]);
  });

  it.each([
    ["unknown", 404, "M_NOT_FOUND", 1],
    ["refused", 400, "M_INVALID_PARAM", 1],
    ["on a server that is away", 502, "M_UNKNOWN", 2],
  ])("leaves out one that is %s", async (_what, status, errcode, requests) => {
    const { reader, asked } = recordedServer(() => ({ status, body: { errcode } }));
    expect(await roomsOfAliases(reader, ["#a:x.org"], rooms)).toEqual(new Map());
    expect(asked).toHaveLength(requests);
  });

  it("does not hide that the session has ended", async () => {
    const { reader } = recordedServer(() => ({ status: 401, body: { errcode: "M_UNKNOWN_TOKEN" } }));
    await expect(roomsOfAliases(reader, ["#a:x.org"], rooms)).rejects.toBeInstanceOf(HomeserverError);
  });
});

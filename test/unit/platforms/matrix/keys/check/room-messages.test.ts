import { describe, expect, it } from "vitest";
import {
  countHidden,
  readNewestMessages,
} from "../../../../../../src/platforms/matrix/keys/check/room-messages.ts";
import type { EncryptedMessage } from "../../../../../../src/platforms/matrix/keys/check/timeline-event.ts";
import { recordedServer } from "../../reading/recorded-server.ts";
import { sealed, sealedMessages, visibilityEvent } from "./sealed-events.ts";

const ROOM = "!room:old.example";

interface Server {
  /** The events of the room, newest first. */
  readonly timeline: readonly { event_id: string; type: string }[];
  /** The largest page. Default: 1,000, as in Synapse. */
  readonly maxLimit?: number;
  /** Whether it filters by type before it counts a page. Default: true. */
  readonly hasFilter?: boolean;
  /** Whether it hides an event. It does so after it has counted a page, as Synapse does. */
  readonly isHidden?: (eventId: string) => boolean;
}

/** A server with one room. A token is the place of the next event. */
function serverWith({ timeline, maxLimit = 1_000, hasFilter = true, isHidden = () => false }: Server) {
  const { reader, asked } = recordedServer(({ path, query }) => {
    if (path !== `v3/rooms/${ROOM}/messages`) return undefined;
    const { types } = JSON.parse(query.get("filter") ?? "{}") as { types: string[] };
    const start = Number(query.get("from") ?? 0);
    const limit = Math.min(Number(query.get("limit")), maxLimit);
    const fitting = timeline.filter(({ type }) => !hasFilter || types.includes(type));
    const page = fitting.slice(start, start + limit);
    const isLast = start + limit >= fitting.length;
    const chunk = page.filter(({ event_id: eventId }) => !isHidden(eventId));
    return { json: { chunk, start: "x", ...(isLast ? {} : { end: String(start + limit) }) } };
  });
  return { reader, limits: () => asked.map(({ query }) => Number(query.get("limit"))) };
}

function messagesOf(timeline: readonly { event_id: string; origin_server_ts: number }[]): EncryptedMessage[] {
  return timeline.map(({ event_id: eventId, origin_server_ts: sentAt }) => ({
    ...{ eventId, sentAt, sessionId: "S", index: 0 },
  }));
}

const OTHER = (place: number) => ({
  ...{ event_id: `$other${place}`, type: "m.room.member", origin_server_ts: 100_000 - place },
});

describe("the newest encrypted messages of a room", () => {
  it.each<{ name: string; server: Server; seen: number; limits: number[] }>([
    { name: "none", server: { timeline: [] }, seen: 0, limits: [1_000] },
    { name: "a few", server: { timeline: sealedMessages(3) }, seen: 3, limits: [1_000] },
    { name: "exactly a thousand", server: { timeline: sealedMessages(1_000) }, seen: 1_000, limits: [1_000] },
    {
      name: "more than a thousand",
      server: { timeline: sealedMessages(2_500) },
      seen: 1_000,
      limits: [1_000],
    },
    {
      name: "a server with small pages",
      server: { timeline: sealedMessages(250), maxLimit: 100 },
      seen: 250,
      limits: [1_000, 900, 800],
    },
    {
      name: "a server that does not filter",
      server: {
        timeline: sealedMessages(300).flatMap((message, place) => [message, OTHER(place)]),
        maxLimit: 200,
        hasFilter: false,
      },
      seen: 300,
      limits: [1_000, 900, 800],
    },
    {
      name: "a server that hides the older half",
      server: { timeline: sealedMessages(1_500), maxLimit: 500, isHidden: (id) => Number(id.slice(1)) > 500 },
      seen: 500,
      limits: [1_000, 500],
    },
  ])("$name", async ({ server, seen, limits }) => {
    const scripted = serverWith(server);
    const { messages } = await readNewestMessages(scripted.reader, ROOM);
    expect(messages).toHaveLength(seen);
    expect(messages.map(({ eventId }) => eventId)).toEqual(
      Array.from({ length: seen }, (_, place) => `$${place + 1}`),
    );
    expect(scripted.limits()).toEqual(limits);
  });

  it("end at a bounded number of requests where a server shows other events only", async () => {
    const timeline = Array.from({ length: 10_000 }, (_, place) => OTHER(place));
    const scripted = serverWith({ timeline, maxLimit: 100, hasFilter: false });
    expect((await readNewestMessages(scripted.reader, ROOM)).messages).toEqual([]);
    expect(scripted.limits()).toHaveLength(20);
  });

  it("end where a server names the same place again", async () => {
    const { reader, asked } = recordedServer(() => ({ json: { chunk: sealedMessages(1), end: "same" } }));
    await readNewestMessages(reader, ROOM);
    expect(asked).toHaveLength(2);
  });

  it.each<{ name: string; timeline: Server["timeline"]; hasOtherVisibility: boolean }>([
    {
      name: "a setting from before the messages",
      timeline: [...sealedMessages(2), visibilityEvent("$v", "joined")],
      hasOtherVisibility: false,
    },
    {
      name: "a setting after the messages",
      timeline: [visibilityEvent("$v", "shared"), ...sealedMessages(2)],
      hasOtherVisibility: true,
    },
    {
      name: "a setting between the messages",
      timeline: [sealed("$0", "S", 9), visibilityEvent("$v", "shared"), ...sealedMessages(2)],
      hasOtherVisibility: true,
    },
  ])("have had another history setting: $name", async ({ timeline, hasOtherVisibility }) => {
    const read = await readNewestMessages(serverWith({ timeline }).reader, ROOM);
    expect(read.hasOtherVisibility).toBe(hasOtherVisibility);
  });
});

describe("the messages that a server hides from an account", () => {
  const seen = sealedMessages(1_000);
  const newer = (count: number) =>
    Array.from({ length: count }, (_, place) => sealed(`$new${place}`, "T", 0, 200_000 - place));
  const older = Array.from({ length: 5_000 }, (_, place) => sealed(`$old${place}`, "S", 0, 50_000 - place));
  const isOlderThan = (place: number) => (id: string) => id.startsWith("$old") || Number(id.slice(1)) > place;

  it.each<{ name: string; server: Server; hidden: number; limits: number[] }>([
    { name: "none", server: { timeline: [...seen, ...older] }, hidden: 0, limits: [1_000] },
    {
      name: "none, while others write",
      server: { timeline: [...newer(1), ...seen, ...older] },
      hidden: 0,
      limits: [1_000, 100],
    },
    {
      name: "none, after many newer messages",
      server: { timeline: [...newer(1_050), ...seen, ...older] },
      hidden: 0,
      limits: [1_000, ...Array.from({ length: 11 }, () => 100)],
    },
    {
      name: "none, on a server with small pages",
      server: { timeline: [...seen, ...older], maxLimit: 100 },
      hidden: 0,
      limits: [1_000, ...Array.from({ length: 9 }, () => 100)],
    },
    {
      name: "those before the account joined",
      server: { timeline: [...seen, ...older], isHidden: isOlderThan(970) },
      hidden: 30,
      limits: [1_000, 100, 100],
    },
    {
      name: "all",
      server: { timeline: [...seen, ...older], isHidden: () => true },
      hidden: 1_000,
      limits: [1_000, 100],
    },
    {
      name: "those before the account joined, up to the beginning of the room",
      server: { timeline: seen, isHidden: isOlderThan(970) },
      hidden: 30,
      limits: [1_000],
    },
    {
      name: "some in the middle",
      server: { timeline: [...seen, ...older], isHidden: (id) => ["$5", "$6"].includes(id) },
      hidden: 2,
      limits: [1_000, 100, 100],
    },
    {
      name: "those that it has shown all around, where it does not reach the oldest",
      server: {
        timeline: seen.flatMap((message, place) => [message, OTHER(place)]),
        maxLimit: 50,
        hasFilter: false,
        isHidden: (id) => id === "$5",
      },
      hidden: 1,
      limits: [1_000, ...Array.from({ length: 19 }, () => 100)],
    },
  ])("$name", async ({ server, hidden, limits }) => {
    const scripted = serverWith(server);
    expect(await countHidden(scripted.reader, ROOM, messagesOf(seen))).toBe(hidden);
    expect(scripted.limits()).toEqual(limits);
  });
});

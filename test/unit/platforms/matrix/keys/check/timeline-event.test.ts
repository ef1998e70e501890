import { describe, expect, it } from "vitest";
import {
  encryptedMessage,
  messageIndex,
  timelineEventsOf,
} from "../../../../../../src/platforms/matrix/keys/check/timeline-event.ts";
import { ciphertext, sealed } from "./sealed-events.ts";

describe("the index of an encrypted message", () => {
  it.each([0, 1, 127, 128, 300, 16_383, 16_384, 2 ** 31, 2 ** 32 - 1])("%i", (index) => {
    expect(messageIndex(ciphertext(index))).toBe(index);
  });

  it.each<{ name: string; text: string; index: number | null }>([
    {
      name: "of the specification's example (CS §m.room.encrypted)",
      text: "AwgAEnACgAkLmt6qF84IK++J7UDH2Za1YVchHyprqTqsg...",
      index: 0,
    },
    { name: "nothing", text: "", index: null },
    { name: "no base64", text: "§§§§", index: null },
    { name: "another version", text: Buffer.from([4, 8, 1]).toString("base64"), index: null },
    { name: "another field first", text: Buffer.from([3, 0x12, 1]).toString("base64"), index: null },
    { name: "cut off in the index", text: Buffer.from([3, 8, 0x80]).toString("base64"), index: null },
    {
      name: "more than 32 bits",
      text: Buffer.from([3, 8, 0xff, 0xff, 0xff, 0xff, 0x7f]).toString("base64"),
      index: null,
    },
    {
      name: "more than five bytes",
      text: Buffer.from([3, 8, 0x80, 0x80, 0x80, 0x80, 0x80, 1]).toString("base64"),
      index: null,
    },
  ])("$name", ({ text, index }) => {
    expect(messageIndex(text)).toBe(index);
  });
});

describe("an event of a timeline", () => {
  const message = sealed("$1", "SESSION", 5);
  it.each<{ name: string; event: unknown; expected: unknown }>([
    {
      name: "an encrypted message",
      event: message,
      expected: { eventId: "$1", sentAt: 1_000, sessionId: "SESSION", index: 5 },
    },
    {
      name: "an encrypted message without a time",
      event: { ...message, origin_server_ts: "x" },
      expected: { eventId: "$1", sentAt: 0, sessionId: "SESSION", index: 5 },
    },
    {
      name: "an encrypted message with a malformed text",
      event: { ...message, content: { session_id: "SESSION", ciphertext: "x" } },
      expected: { eventId: "$1", sentAt: 1_000, sessionId: "SESSION", index: null },
    },
    { name: "a redacted message", event: { ...message, content: {} }, expected: null },
    { name: "a message of another kind", event: { ...message, type: "m.room.message" }, expected: null },
    { name: "a content that is a list", event: { ...message, content: [] }, expected: null },
    { name: "an event without an ID", event: { ...message, event_id: 7 }, expected: undefined },
    { name: "no event", event: "x", expected: undefined },
  ])("$name", ({ event, expected }) => {
    const [read] = timelineEventsOf([event]);
    expect(read && encryptedMessage(read)).toEqual(expected);
  });
});

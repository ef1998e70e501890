import { describe, expect, it } from "vitest";
import type { OpenedChat } from "../../../../../../src/model/contact.ts";
import { leftChats } from "../../../../../../src/platforms/matrix/contact/chats/left-chats.ts";
import type { WatchedChat } from "../../../../../../src/platforms/platform.ts";
import { content } from "../../../../../support/fakes/scripted-context.ts";
import {
  NOTHING,
  PLAIN,
  SOURCE_IN,
  SYNC,
  event,
  look,
  target,
  watched,
} from "../../../../../support/fakes/watched-rooms.ts";
import { SOURCE, TARGET, account, sketchRoom } from "../../../../../support/plans/planned-rooms.ts";

const MO = "@mo:old.example";
const asked: WatchedChat = { roomId: "!asked", partner: MO, side: "source" };
const opened: WatchedChat = { roomId: "!opened", partner: MO, side: "target" };
const TARGET_IN = target("join", { sender: TARGET });

const MO_LEFT = event("m.room.member", { membership: "leave" }, MO, { sender: MO, sentAt: 1 });

describe("chats that the bot opened", () => {
  it.each([
    { what: "were declined or left", joined: 1, invited: 0, left: ["!asked"] },
    { what: "wait for their partner", joined: 1, invited: 1, left: [] },
    { what: "have their partner", joined: 2, invited: 0, left: [] },
    { what: "are not counted by the server", joined: undefined, invited: undefined, left: [] },
  ])("that $what are told apart in the request for the rooms", async ({ joined, invited, left }) => {
    const chat = { required_state: [SOURCE_IN], joined_count: joined, invited_count: invited };
    const { leftChats: found, sent } = await look(
      {
        [`source POST ${SYNC}`]: content({ pos: "1", rooms: { "!asked": chat } }),
        [`target POST ${SYNC}`]: NOTHING,
      },
      [watched("!a", { isSourceJoined: false })],
      { chats: [asked] },
    );
    expect(found).toEqual(left);
    expect(sent).toHaveLength(2);
  });

  it("that the new account opened are looked at with the new account", async () => {
    const chat = { required_state: [TARGET_IN], joined_count: 1, invited_count: 0 };
    const { leftChats: found } = await look(
      {
        [`source POST ${SYNC}`]: NOTHING,
        [`target POST ${SYNC}`]: content({ pos: "1", rooms: { "!opened": chat } }),
      },
      [watched("!a", { isSourceJoined: false })],
      { chats: [asked, opened] },
    );
    expect(found).toEqual(["!opened"]);
  });

  it("that the account itself has left are not reported", async () => {
    const own = event("m.room.member", { membership: "leave" }, SOURCE);
    const chat = { required_state: [own], joined_count: 1, invited_count: 0 };
    const { leftChats: found } = await look(
      {
        [`source POST ${SYNC}`]: content({ pos: "1", rooms: { "!asked": chat } }),
        [`target POST ${SYNC}`]: NOTHING,
      },
      [watched("!a", { isSourceJoined: false })],
      { chats: [asked] },
    );
    expect(found).toEqual([]);
  });

  it("are read one by one without sliding sync, and the new account's are in its one answer", async () => {
    const summary = { "m.joined_member_count": 1, "m.invited_member_count": 0 };
    const { leftChats: found, lines } = await look(
      {
        [`source GET /rooms/!asked/state/m.room.member/${MO}`]: content(MO_LEFT),
        "target GET /sync": content({ rooms: { join: { "!opened": { summary } } } }),
      },
      [watched("!a", { isSourceJoined: false })],
      { chats: [asked, opened], features: PLAIN },
    );
    expect(found).toEqual(["!asked", "!opened"]);
    expect(lines).toHaveLength(2);
  });
});

describe("a reading of both accounts", () => {
  const chat: OpenedChat = {
    roomId: "!asked",
    partner: MO,
    by: SOURCE,
    purpose: "ask",
    at: 0,
    state: "open",
  };
  const room = sketchRoom({ roomId: "!asked", joinedCount: 1 });

  it.each([
    { what: "a chat that its partner has declined", more: {}, left: ["!asked"] },
    { what: "no chat that is known to be declined", more: { state: "declined" as const }, left: [] },
    { what: "no chat of the other account", more: { by: TARGET }, left: [] },
    { what: "no chat that did not come about", more: { roomId: null }, left: [] },
  ])("finds $what", ({ more, left }) => {
    const accounts = [account(SOURCE, [room]), account(TARGET, [])];
    expect(leftChats([{ ...chat, ...more }], accounts)).toEqual(left);
  });
});

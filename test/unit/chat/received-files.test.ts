import { pino } from "pino";
import { describe, expect, it } from "vitest";
import { readFileMessage } from "../../../src/chat/file-message.ts";
import { Inbox } from "../../../src/chat/inbox.ts";
import { readMessageText } from "../../../src/chat/message-text.ts";
import type { RoomKind } from "../../../src/model/conversation-address.ts";
import { temporaryStore } from "../../support/store/temporary-store.ts";
import { FakeConversation } from "../commands/fake-conversation.ts";

const KEY = { alg: "A256CTR", kty: "oct", k: "abc", ext: true, key_ops: ["encrypt", "decrypt"] };
const ENCRYPTED = { url: "mxc://x.org/medium", key: KEY, iv: "iv", hashes: { sha256: "hash" }, v: "v2" };

function fileEvent(content: Record<string, unknown>) {
  return {
    event_id: "$file",
    type: "m.room.message",
    sender: "@me:example.org",
    content: { msgtype: "m.file", body: "keys.txt", info: { size: 9 }, ...content },
  };
}

describe("the file of a message", () => {
  const medium = { name: "keys.txt", size: 9, serverName: "x.org", mediaId: "medium" };

  it.each([
    {
      as: "encrypted",
      content: { file: ENCRYPTED },
      file: { ...medium, encryption: { key: "abc", iv: "iv", sha256: "hash" } },
    },
    { as: "plain", content: { url: "mxc://x.org/medium" }, file: { ...medium, encryption: null } },
    {
      as: "with a caption",
      content: { url: "mxc://x.org/medium", filename: "real.txt", body: "!keys import" },
      file: { ...medium, name: "real.txt", encryption: null },
    },
    {
      as: "without a size",
      content: { url: "mxc://x.org/medium", info: null },
      file: { ...medium, size: null, encryption: null },
    },
    {
      as: "in a thread",
      content: { url: "mxc://x.org/medium", "m.relates_to": { rel_type: "m.thread", event_id: "$t" } },
      file: { ...medium, encryption: null },
    },
    { as: "without an address", content: {}, file: null },
    { as: "at another kind of address", content: { url: "https://x.org/medium" }, file: null },
    { as: "at an address with more than a medium", content: { url: "mxc://x.org/a/../b" }, file: null },
    { as: "encrypted in an unknown way", content: { file: { ...ENCRYPTED, v: "v9" } }, file: null },
    { as: "a picture", content: { msgtype: "m.image", url: "mxc://x.org/medium" }, file: null },
    {
      as: "an edit",
      content: { url: "mxc://x.org/medium", "m.relates_to": { rel_type: "m.replace", event_id: "$e" } },
      file: null,
    },
  ])("$as", ({ content, file }) => {
    expect(readFileMessage(fileEvent(content))).toEqual(file);
  });
});

describe("the message that a text replies to", () => {
  it.each([
    { relation: { "m.in_reply_to": { event_id: "$file" } }, inReplyTo: "$file" },
    {
      relation: { rel_type: "m.thread", event_id: "$t", "m.in_reply_to": { event_id: "$file" } },
      inReplyTo: "$file",
    },
    {
      relation: {
        ...{ rel_type: "m.thread", event_id: "$t", is_falling_back: true },
        "m.in_reply_to": { event_id: "$file" },
      },
      inReplyTo: null,
    },
    { relation: undefined, inReplyTo: null },
    { relation: { "m.in_reply_to": 5 }, inReplyTo: null },
  ])("$relation", ({ relation, inReplyTo }) => {
    const content = { msgtype: "m.text", body: "!keys import", "m.relates_to": relation };
    expect(readMessageText({ ...fileEvent({}), content })).toMatchObject({ kind: "text", inReplyTo });
  });
});

describe("a file that is sent to the bot", () => {
  async function setUp({
    isPermitted = true,
    roomKind = "direct",
  }: { isPermitted?: boolean; roomKind?: RoomKind } = {}) {
    const { store } = await temporaryStore();
    const conversation = new FakeConversation({ roomKind });
    const dispatched: string[] = [];
    const inbox = new Inbox({
      userId: "@mover:x.org",
      receivedEvents: store.receivedEvents,
      receivedFiles: store.receivedFiles,
      dispatch: async ({ kind }) => void dispatched.push(kind),
      confirmations: { onText: async () => false, onReaction: async () => undefined },
      conversations: { forEvent: async () => conversation },
      isPermitted: () => isPermitted,
      now: () => 1_000,
      log: pino({ enabled: false }),
    });
    const receive = async (content: Record<string, unknown>) => {
      await inbox.receive("!room:example.org", { ...fileEvent(content), event_id: conversation.eventId });
      await expect.poll(() => store.receivedEvents.unhandled()).toEqual([]);
    };
    const { roomId, sender } = conversation;
    const found = () => store.receivedFiles.find({ roomId, sender }, null, 1_000);
    return { receive, found, dispatched };
  }

  it.each(["direct", "control"] as const)(
    "in a %s room is remembered, and is no command",
    async (roomKind) => {
      const { receive, found, dispatched } = await setUp({ roomKind });
      await receive({ file: ENCRYPTED, body: "!keys import" });
      expect(await found()).toMatchObject({ eventId: "$event", file: { mediaId: "medium" } });
      expect(dispatched).toEqual(["other"]);
    },
  );

  it.each([{ roomKind: "other" }, { isPermitted: false }] as const)(
    "is not remembered with %j",
    async (options) => {
      const { receive, found } = await setUp(options);
      await receive({ file: ENCRYPTED });
      expect(await found()).toBeNull();
    },
  );
});

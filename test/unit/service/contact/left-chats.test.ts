import { describe, expect, it } from "vitest";
import type { AskRecord, OpenedChat } from "../../../../src/model/contact.ts";
import type { ReportRoom } from "../../../../src/model/report.ts";
import type { Run } from "../../../../src/model/run.ts";
import { LeftChats } from "../../../../src/service/contact/left-chats.ts";
import type { LeftChat } from "../../../../src/service/run/results.ts";
import { chatLeft } from "../../../../src/view/contact/chat-left.ts";
import { renderPlainText } from "../../../../src/view/document/plain-text.ts";
import { reportOf, room } from "../../../support/fakes/move-samples.ts";

const SOURCE = "@a:old.example";
const TARGET = "@a:new.example";
const MO = "@mo:old.example";
const DAY_MS = 24 * 3_600_000;
const NOW = 100 * DAY_MS;
const CHOIR = "!choir:old.example";
const STAFF = "!staff:old.example";

const chat: OpenedChat = { roomId: "!chat", partner: MO, by: SOURCE, purpose: "ask", at: NOW, state: "open" };

function record(roomId: string): AskRecord {
  return { roomId, userId: MO, at: NOW, way: "new_direct", result: "sent", chatRoomId: "!chat" };
}

function leftChats(chats: readonly OpenedChat[], rows: ReportRoom[] = [room(CHOIR), room(STAFF)]) {
  const told: LeftChat[] = [];
  const declined: unknown[] = [];
  const service = new LeftChats({
    contacts: {
      chats: async () => [...chats],
      asked: async () => [record(CHOIR), record(STAFF)],
      runOfChat: async () => 7,
      declined: async (_of, what) => {
        declined.push({ ...what, askedAbout: [...what.askedAbout] });
      },
    },
    runs: { get: async () => someRun },
    planning: { last: async () => ({ report: reportOf(rows) }) },
    listener: {
      chatLeft: async (_run, left) => {
        told.push(left);
      },
    },
    now: () => NOW,
  });
  return { service, told, declined };
}

const someRun: Run = {
  id: 7,
  owner: "@person:old.example",
  platform: "matrix",
  isFromFile: false,
  planNumber: 0,
  purpose: "ask",
  state: "watching",
  stage: 0,
  source: SOURCE,
  target: TARGET,
  address: {
    roomId: "!room:new.example",
    eventId: "$event",
    threadRoot: null,
    roomKind: "direct",
    sender: "@person:old.example",
    isEncrypted: false,
  },
  request: {},
  startedAt: 0,
  endedAt: 0,
  isCancelled: false,
  wasInterrupted: false,
  problem: null,
  progressCount: 0,
  epoch: 1,
};

describe("a chat that a helper has declined", () => {
  it("is told, with the rooms that still wait, and recorded", async () => {
    const { service, told, declined } = leftChats([chat], [room(CHOIR), room(STAFF, { status: "done" })]);
    await service.left("@person:old.example", SOURCE, ["!chat"]);
    expect(told).toMatchObject([
      { roomId: "!chat", partner: MO, purpose: "ask", rooms: [{ roomId: CHOIR }] },
    ]);
    expect(declined).toEqual([{ roomId: "!chat", userId: MO, askedAbout: [CHOIR] }]);
  });

  it("is recorded without a word if the helper has let the new account in everywhere", async () => {
    const rows = [room(CHOIR, { status: "done" }), room(STAFF, { status: "done" })];
    const { service, told, declined } = leftChats([chat], rows);
    await service.left("@person:old.example", SOURCE, ["!chat"]);
    expect(told).toEqual([]);
    expect(declined).toEqual([{ roomId: "!chat", userId: MO, askedAbout: [] }]);
  });

  it("is told once", async () => {
    const { service, told, declined } = leftChats([{ ...chat, state: "declined" }]);
    await service.left("@person:old.example", SOURCE, ["!chat"]);
    expect([told, declined]).toEqual([[], []]);
  });

  it("is told with what to do next", () => {
    const said = (more: Partial<LeftChat>): string =>
      renderPlainText(
        chatLeft({ roomId: "!chat", partner: MO, purpose: "ask", rooms: [], ...more }, "!").document,
      );
    expect(said({ rooms: [room(CHOIR, { name: "Choir" })] })).toMatch(
      /declined the chat in which I asked .* This room still waits: Choir .*!ask asks the next helper\./u,
    );
    expect(said({ purpose: "direct_chat" })).toMatch(/declined the direct chat with your new account/u);
  });
});

describe("a look", () => {
  it("looks at chats of the two accounts that are open and not old", async () => {
    const { service } = leftChats([
      chat,
      { ...chat, roomId: "!theirs", by: TARGET, purpose: "direct_chat" },
      { ...chat, roomId: "!other", by: "@b:old.example" },
      { ...chat, roomId: "!declined", state: "declined" },
      { ...chat, roomId: null },
      { ...chat, roomId: "!old", at: NOW - 31 * DAY_MS },
    ]);
    expect(await service.toWatch(someRun)).toEqual([
      { roomId: "!chat", partner: MO, side: "source" },
      { roomId: "!theirs", partner: MO, side: "target" },
    ]);
  });
});

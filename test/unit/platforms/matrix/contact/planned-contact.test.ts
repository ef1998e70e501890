import { expect, it } from "vitest";
import { stepOfMessage } from "../../../../../src/platforms/matrix/contact/ask/steps.ts";
import { plannedContactOf } from "../../../../../src/platforms/matrix/contact/planned-contact.ts";

const QUESTION = { text: "text", reason: "reason", roomIds: ["!a:x"], alsoMentioned: [], followers: [] };

it("is about everybody who gets a message, is mentioned, or follows", () => {
  const newChat = { way: "new_direct", chatRoomId: null } as const;
  const follower = { ...QUESTION, ...newChat, userId: "@cleo:c.example" };
  const inRoom = { way: "room", chatRoomId: "!b:x" } as const;
  const planned = plannedContactOf([
    stepOfMessage("target", { ...QUESTION, ...newChat, userId: "@ann:a.example", followers: [follower] }),
    stepOfMessage("target", {
      ...{ ...QUESTION, ...inRoom, userId: "@bob:b.example" },
      ...{ roomIds: ["!b:x"], alsoMentioned: ["@dan:d.example"] },
    }),
    {
      kind: "open_chat",
      payload: {
        ...{ partner: "@di:far.example", isEncrypted: true, text: "text", reason: "reason" },
        purpose: { kind: "direct_chat", partner: "@di:far.example" },
      },
    },
    {
      kind: "send_message",
      payload: {
        ...{ roomId: "!c:x", text: "text", mentions: [], maxJoined: 20 },
        purpose: { kind: "announce" },
      },
    },
  ]);
  expect([planned.rooms, planned.helpers, planned.partners].map((found) => [...found])).toEqual([
    ["!a:x", "!b:x"],
    ["@ann:a.example", "@cleo:c.example", "@bob:b.example", "@dan:d.example"],
    ["@di:far.example"],
  ]);
});

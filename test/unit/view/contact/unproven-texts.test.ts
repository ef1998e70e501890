import { describe, expect, it } from "vitest";
import type { AskTextFacts, WriterFacts } from "../../../../src/platforms/contact.ts";
import { askReason, askText } from "../../../../src/view/contact/ask-text.ts";
import { directChatReason, directChatText } from "../../../../src/view/contact/direct-chat-text.ts";
import { UNPROVEN } from "../../../../src/view/contact/unproven.ts";
import { room } from "../../../support/fakes/move-samples.ts";

const OLD = "@ann:old.example";
const NEW = "@ann:new.example";

const told: WriterFacts = { old: OLD, new: NEW, name: "Ann", isProven: false, typed: null };

function asked(typed: string | null, rooms = 2): AskTextFacts {
  return {
    ...{ ...told, typed, sentIn: null, mentions: [] },
    rooms: Array.from({ length: rooms }, (_, index) => ({
      room: room(`!${index}:old.example`, { name: `Room-${index}`, alias: `#room-${index}:old.example` }),
      help: "invite" as const,
    })),
  };
}

/** Every text of an account whose owner has proven nothing. */
const texts: Readonly<Record<string, { of: (typed: string | null) => string; maxLength: number }>> = {
  "the question to a helper": { of: (typed) => askText(asked(typed)), maxLength: 4_000 },
  "the invitation with a question": {
    of: (typed) => askReason({ ...asked(typed), encryptedChatExists: false }),
    maxLength: 500,
  },
  "the invitation beside an encrypted chat": {
    of: (typed) => askReason({ ...asked(typed), encryptedChatExists: true }),
    maxLength: 500,
  },
  "the first words in a direct chat": { of: (typed) => directChatText({ ...told, typed }), maxLength: 4_000 },
  "the invitation to a direct chat": { of: (typed) => directChatReason({ ...told, typed }), maxLength: 500 },
};

describe.each(Object.entries(texts))("%s", (_name, { of, maxLength }) => {
  it("says who it claims to be, that the old server is gone, and that it cannot be proven", () => {
    const text = of(null);
    for (const words of [OLD, NEW, "is gone", UNPROVEN]) expect(text).toContain(words);
    expect(text.split(UNPROVEN)).toHaveLength(2);
  });

  it.each([
    { name: "short words", typed: "Please help, {old} is now {new}" },
    { name: "words that are too long", typed: "help ".repeat(400) },
    { name: "values that are too long", typed: "{old} ".repeat(300) },
    { name: "an ID of the greatest length", typed: `${"x".repeat(1_990)} {new}` },
    { name: "the sentence", typed: `Hi. ${UNPROVEN} Thank you!` },
    { name: "the sentence behind too many words", typed: `${"help ".repeat(380)}${UNPROVEN}` },
    { name: "half of the sentence", typed: UNPROVEN.slice(0, 20) },
    { name: "a line break in the sentence", typed: UNPROVEN.replace("; ", ";\n") },
  ])("keeps that nothing is proven beside typed words: $name", ({ typed }) => {
    const text = of(typed);
    expect(text.split(UNPROVEN)).toHaveLength(2);
    expect(Array.from(text).length).toBeLessThanOrEqual(maxLength);
  });
});

describe("a text without a session of the old account", () => {
  it("asks as the new account for the rooms by name", () => {
    expect(askText(asked(null))).toBe(
      [
        `Hello, this is Ann (${OLD}). The server of that account is gone, so I write with a new one, ${NEW}. ${UNPROVEN}`,
        "I need a hand with 2 rooms.",
        `Please invite ${NEW} to these rooms: open the room's info, press “Invite” and enter the new account.\n- Room-0 (#room-0:old.example)\n- Room-1 (#room-1:old.example)`,
        "Thank you! If you would rather not, just ignore this message.",
      ].join("\n\n"),
    );
  });

  it("keeps the request of an invitation and cuts the list", () => {
    const reason = askReason({ ...asked(null, 60), encryptedChatExists: true });
    expect(reason).toMatch(/ and \d+ more\. Thank you! We have an encrypted chat/u);
    expect(reason.length).toBeLessThanOrEqual(500);
  });
});

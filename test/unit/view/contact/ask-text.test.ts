import { describe, expect, it, test } from "vitest";
import type { AskHelp, AskTextFacts } from "../../../../src/platforms/contact.ts";
import { askReason, askText } from "../../../../src/view/contact/ask-text.ts";
import { room } from "../../../support/fakes/move-samples.ts";
import { EVIL } from "../../../support/view/message-rules.ts";

const OLD = "@ann:old.example";
const NEW = "@ann:new.example";

function facts(
  helps: readonly (readonly [string, AskHelp])[],
  more: Partial<AskTextFacts> = {},
): AskTextFacts {
  return {
    ...{ old: OLD, new: NEW, name: "Ann", isProven: true, typed: null, sentIn: null, mentions: [] },
    rooms: helps.map(([name, help]) => ({
      room: room(`!${name.toLowerCase()}:old.example`, { name, alias: `#${name.toLowerCase()}:old.example` }),
      help,
    })),
    ...more,
  };
}

const many = (count: number): AskTextFacts =>
  facts(Array.from({ length: count }, (_, index) => [`Room-${index}`, "invite"] as const));

describe("the message to a helper", () => {
  it("says who writes, why, what to press and about which rooms", () => {
    expect(
      askText(
        facts([
          ["Hall", "invite"],
          ["Yard", "invite"],
          ["Attic", "unban"],
        ]),
      ),
    ).toBe(
      [
        `Hello, this is Ann (${OLD}). I am moving to a new account, ${NEW}, and need a hand with 3 rooms.`,
        `Please invite ${NEW} to these rooms: open the room's info, press “Invite” and enter the new account.\n- Hall (#hall:old.example)\n- Yard (#yard:old.example)`,
        `Please lift the ban of ${NEW} in Attic (#attic:old.example): in the room's settings, under “Roles & Permissions”, find it among the banned users and press “Unban”.`,
        "Thank you! If you would rather not, just ignore this message.",
      ].join("\n\n"),
    );
  });

  test.each<{ help: AskHelp; says: string }>([
    { help: "invite", says: `invite ${NEW} to Hall` },
    { help: "open_space", says: "or to the space whose members may join" },
    { help: "accept_knock", says: "press “Approve”" },
    { help: "unban", says: `lift the ban of ${NEW}` },
    {
      help: "change_acl",
      says: "take the server new.example off the list of servers that are shut out of Hall",
    },
  ])("has one sentence for $help", ({ help, says }) => {
    const text = askText(facts([["Hall", help]]));
    expect(text).toContain(says);
    expect(text.match(/Please/gu)).toHaveLength(1);
  });

  it("in the room itself names the people whom it mentions, and no other room", () => {
    const asked = facts([["Hall", "invite"]], {
      sentIn: "!hall:old.example",
      mentions: [
        { userId: "@bob:b.example", displayName: "Bob" },
        { userId: "@cleo:c.example", displayName: null },
      ],
    });
    expect(askText(asked)).toMatch(/^Hello @bob:b\.example, @cleo:c\.example, this is Ann/u);
    expect(askText(asked)).toContain(`need a hand with this room.\n\nPlease invite ${NEW} to this room:`);
    expect(askText(asked)).not.toContain("Hall");
  });

  it("in a chat that waits itself asks about this chat", () => {
    const chat = room("!chat:old.example", { direct: true });
    const asked = facts([], { sentIn: chat.roomId, rooms: [{ room: chat, help: "invite" }] });
    expect(askText(asked)).toContain(`Please invite ${NEW} to this chat:`);
  });

  it("cuts a long list of rooms, and stays below the longest message", () => {
    const text = askText(many(300));
    expect(text).toMatch(/\nand \d+ more\n/u);
    expect(text).toContain("Thank you!");
    expect(text.length).toBeLessThanOrEqual(4_000);
    expect(askText(many(40))).not.toContain("more");
  });

  it("is the typed one with its placeholders filled once", () => {
    const typed = "Hi, {name} here, {old} → {new}. {rooms}?";
    const asked = facts(
      [
        ["{old}", "invite"],
        ["Yard", "invite"],
      ],
      { typed },
    );
    expect(askText(asked)).toBe(
      `Hi, Ann here, ${OLD} → ${NEW}. {old} (#{old}:old.example), Yard (#yard:old.example)?`,
    );
    const filled = askText({ ...many(300), typed: "{rooms}" });
    expect(filled).toMatch(/ and \d+ more$/u);
    expect(askText({ ...many(300), typed: "{rooms} {rooms} {rooms}" }).length).toBeLessThanOrEqual(4_000);
  });

  it("keeps the names of rooms in one line each", () => {
    const text = askText(facts([], { rooms: [{ room: room("!evil:x", { name: EVIL }), help: "invite" }] }));
    expect(text.split("\n\n")).toHaveLength(3);
    expect(text).not.toMatch(/[\u202A-\u202E\u2066-\u2069]/u);
  });
});

describe("the reason of an invitation to a new chat", () => {
  const of = (asked: AskTextFacts, encryptedChatExists = false): string =>
    askReason({ ...asked, encryptedChatExists });

  it("says the same in short", () => {
    expect(
      of(
        facts([
          ["Hall", "invite"],
          ["Attic", "unban"],
        ]),
      ),
    ).toBe(
      `${OLD} moves to ${NEW}. Please invite the new account to Hall (#hall:old.example). Please lift its ban in Attic (#attic:old.example). Thank you!`,
    );
  });

  it("cuts the list of rooms, not the request", () => {
    const reason = of(many(40));
    expect(reason).toMatch(/ and \d+ more\. Thank you!$/u);
    expect(reason.length).toBeLessThanOrEqual(500);
  });

  it("has at most 500 characters of a typed text, cut at a word, in one line", () => {
    const reason = of({ ...many(2), typed: "please help\n".repeat(100) });
    expect(reason.length).toBeLessThanOrEqual(500);
    expect(reason).toMatch(/^(?:please help )+please(?: help)?…$/u);
  });

  it("always says that an encrypted chat exists which the tool cannot use", () => {
    const reason = of({ ...many(2), typed: "please help ".repeat(100) }, true);
    expect(reason.length).toBeLessThanOrEqual(500);
    expect(reason).toMatch(
      /… We have an encrypted chat, but the tool that moves my account cannot write there\.$/u,
    );
  });
});

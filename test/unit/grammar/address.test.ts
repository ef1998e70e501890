import { describe, expect, it } from "vitest";
import type { BotNames } from "../../../src/grammar/address.ts";
import { commandLine } from "../../../src/grammar/address.ts";

const names: BotNames = { prefix: "!", userId: "@mover:example.org", displayName: "Moving Man" };

function lineOf(body: string, formattedBody: string | null = null, as: BotNames = names): string | null {
  return commandLine({ body, formattedBody }, as);
}

function pill(userId: string, name: string): string {
  return `<a href="https://matrix.to/#/${encodeURIComponent(userId)}">${name}</a>`;
}

describe("a message is addressed to the bot", () => {
  it.each([
    { body: "!help", line: "help" },
    { body: "  !help  ", line: "help" },
    { body: "! help", line: "help" },
    { body: "!", line: "" },
    { body: "Moving Man help", line: "help" },
    { body: "moving man: help", line: "help" },
    { body: "Moving Man, !help", line: "help" },
    { body: "MOVER: help", line: "help" },
    { body: "mover", line: "" },
    { body: "@mover help", line: "help" },
    { body: "@mover: help", line: "help" },
    { body: "@mover:example.org help", line: "help" },
    { body: "@mover:example.org: help", line: "help" },
    { body: "@mover:example.org", line: "" },
    { body: "mover:help", line: "help" },
    { body: "!login\nold", line: "login\nold" },
  ])("$body asks for $line", ({ body, line }) => {
    expect(lineOf(body)).toBe(line);
  });

  it.each([
    "help",
    "!!!",
    "!?",
    "!!! help",
    "! !",
    "well, !help",
    "moverhelp",
    "movers help",
    "",
    "   ",
    "💩",
    "@moverette help",
  ])("%j does not", (body) => {
    expect(lineOf(body)).toBeNull();
  });

  it("somebody of the same name on another server is somebody else", () => {
    expect(lineOf("@mover:elsewhere.org help")).toBeNull();
  });

  it("any prefix will do", () => {
    const as = { ...names, prefix: "move " };
    expect(lineOf("move help", null, as)).toBe("help");
    expect(lineOf("!help", null, as)).toBeNull();
  });

  it("works without a display name", () => {
    expect(lineOf("mover help", null, { ...names, displayName: null })).toBe("help");
  });
});

describe("mention pills", () => {
  it("a mention of the bot at the beginning addresses it under any name", () => {
    expect(lineOf("the mover of all help", `${pill(names.userId, "the mover of all")} help`)).toBe("help");
    expect(lineOf("Old Name: help", `${pill(names.userId, "Old Name")}: help`)).toBe("help");
  });

  it("become the user IDs that they link to, even if the names contain spaces", () => {
    const html = `!login old ${pill("@anna:old.example", "Anna of the Old House")} please`;
    expect(lineOf("!login old Anna of the Old House please", html)).toBe(
      "login old @anna:old.example please",
    );
  });

  it("two people of the same name stay apart", () => {
    const html = `!dm ${pill("@a:one.example", "Ann")} ${pill("@b:two.example", "Ann")}`;
    expect(lineOf("!dm Ann Ann", html)).toBe("dm @a:one.example @b:two.example");
  });

  it("a name that is also a word of the command leaves the word alone", () => {
    const html = `!login old ${pill("@o:x.org", "old")} --password old`;
    expect(lineOf("!login old old --password old", html)).toBe("login old @o:x.org --password old");
  });

  it("a name inside another name is not mistaken for it", () => {
    const html = `!dm Anna ${pill("@ann:x.org", "Ann")}`;
    expect(lineOf("!dm Anna Ann", html)).toBe("dm Anna @ann:x.org");
  });

  it("a pill that the body does not show changes nothing", () => {
    expect(lineOf("!login old me", `!login old ${pill("@evil:x.org", "somebody")}`)).toBe("login old me");
  });

  it("of rooms become the room IDs and aliases that they link to", () => {
    const html = `!invite-all ${pill("!room:x.org", "Old Choir")} ${pill("#tea:x.org", "Tea")}`;
    expect(lineOf("!invite-all Old Choir Tea", html)).toBe("invite-all !room:x.org #tea:x.org");
    expect(lineOf("!invite-all [Tea](https://matrix.to/#/%23tea%3Ax.org?via=x.org)")).toBe(
      "invite-all #tea:x.org",
    );
  });

  it("links to messages and pages are left as they are", () => {
    const html = `!rooms <a href="https://matrix.to/#/!room:x.org/$event">Choir</a> <a href="https://x.org">x</a>`;
    expect(lineOf("!rooms Choir x", html)).toBe("rooms Choir x");
  });

  it.each([
    "[Moving Man](https://matrix.to/#/@mover:example.org) login old [Ben](https://matrix.to/#/@ben:x.org)",
    "[Moving Man](<https://matrix.to/#/%40mover%3Aexample.org>) login old [Ben](<https://matrix.to/#/%40ben%3Ax.org>)",
  ])("written as Markdown in the body count too: %s", (body) => {
    expect(lineOf(body)).toBe("login old @ben:x.org");
  });

  it.each([
    {
      name: "deep nesting",
      html: `<a href="https://matrix.to/#/${names.userId}">${"<b>".repeat(20_000)}Moving Man`,
    },
    { name: "a nest without a link", html: `${"<i>".repeat(20_000)}matrix.to` },
    { name: "thousands of pills", html: pill(names.userId, "x").repeat(1_000) },
    { name: "binary rubbish", html: `matrix.to\u0000<\uD800><![CDATA[<a href="https://matrix.to/#/@` },
  ])("$name in the HTML harms nobody", ({ html }) => {
    expect(lineOf("x".repeat(60_000), html)).toBeNull();
    expect(lineOf("Moving Man help", html)).toBe("help");
  });
});

describe("what old clients quote of the message replied to", () => {
  it("is no part of the command", () => {
    expect(lineOf("> <@ben:x.org> earlier words\n> and more\n\n!help")).toBe("help");
  });

  it("is no command", () => {
    expect(lineOf("> <@ben:x.org> !help\n\nwhat is that?")).toBeNull();
  });

  it("is not searched for pills", () => {
    const html = `<mx-reply><blockquote>${pill("@ben:x.org", "Ben")} said Ann</blockquote></mx-reply>!dm ${pill("@ann:x.org", "Ann")}`;
    expect(lineOf("> <@ben:x.org> said Ann\n\n!dm Ann", html)).toBe("dm @ann:x.org");
  });

  it("an ordinary quote is no reply", () => {
    expect(lineOf("> !help")).toBeNull();
  });
});

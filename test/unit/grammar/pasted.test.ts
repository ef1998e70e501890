import { describe, expect, it } from "vitest";
import { specifications } from "../../../src/commands/registry.ts";
import type { BotNames } from "../../../src/grammar/address.ts";
import { parseMessage } from "../../../src/grammar/parse.ts";

const names: BotNames = { prefix: "!", userId: "@mover:example.org", displayName: "Moving Man" };

function read(body: string, prefix = "!") {
  const parsed = parseMessage({ body, formattedBody: null }, { ...names, prefix }, specifications);
  return parsed.kind === "command"
    ? { words: parsed.specification.words.join(" "), ...parsed.values, hasSecret: parsed.hasSecret }
    : parsed;
}

describe("a command runs as it is pasted", () => {
  it.each([
    { as: "code", body: "`!migrate plan`" },
    { as: "code that was not closed", body: "`!migrate plan" },
    { as: "code with two back-ticks", body: "`` !migrate plan ``" },
    { as: "a code block", body: "```\n!migrate plan\n```" },
    { as: "a code block with a language", body: "```sh\n!migrate plan\n```" },
    { as: "bold text", body: "**!migrate plan**" },
    { as: "italic text", body: "_!migrate plan_" },
    { as: "bold code", body: "**`!migrate plan`**" },
    { as: "text of which the command is bold", body: "**!migrate** plan" },
    { as: "code and a full stop", body: "`!migrate plan`." },
    { as: "text with a bold word", body: "!migrate **plan**" },
    { as: "text with a full stop", body: "!migrate plan." },
    { as: "a question", body: "!migrate plan?" },
    { as: "a quotation", body: '"!migrate plan"' },
    { as: "a German quotation", body: "„!migrate plan“" },
    { as: "a list", body: "- !migrate plan" },
    { as: "a numbered list", body: "1. !migrate plan" },
    { as: "text in brackets", body: "(!migrate plan)" },
    { as: "text with a full-width mark", body: "！migrate plan" },
    { as: "full-width text", body: "！ｍｉｇｒａｔｅ　ｐｌａｎ" },
    { as: "text after a zero-width space", body: "\u200B!migrate plan" },
    { as: "text after a byte order mark", body: "\uFEFF!migrate plan" },
    { as: "text between direction marks", body: "\u2068!migrate plan\u2069" },
    { as: "text with a soft hyphen", body: "!mi\u00ADgrate plan" },
    { as: "text with a no-break space", body: "!migrate\u00A0plan" },
    { as: "code after the bot's name", body: "Moving Man: `!migrate plan`" },
    { as: "code with the bot's name", body: "`mover: migrate plan`" },
  ])("as $as", ({ body }) => {
    expect(read(body)).toMatchObject({ words: "migrate plan", hasSecret: false });
  });

  it.each([
    { body: "!migrate plan －－json", flag: "json" },
    { body: "`!migrate plan --json`", flag: "json" },
    { body: "!migrate plan --json.", flag: "json" },
  ])("with its flag: $body", ({ body, flag }) => {
    expect(read(body)).toMatchObject({ words: "migrate plan", flags: { [flag]: true } });
  });

  it.each(["!login old.", "`!login old`", "!login `old`", "！login　ｏｌｄ", "!login “old”."])(
    "with its argument: %s",
    (body) => {
      expect(read(body)).toMatchObject({ words: "login", positionals: { account: ["old"] } });
    },
  );

  it.each(["@ada:old.test.", "`@ada:old.test`", "＠ada：old.test", "https://matrix.to/#/@ada:old.test."])(
    "with its account: %s",
    (account) => {
      expect(read(`!login old ${account}`)).toMatchObject({ positionals: { userId: ["@ada:old.test"] } });
    },
  );
});

describe("a pasted secret is the secret alone", () => {
  it.each([
    { body: "`!login old --password s3cret`", secret: "s3cret" },
    { body: "`!login old --password s3cret`.", secret: "s3cret" },
    { body: "**!login old --password s3cret**", secret: "s3cret" },
    { body: "```\n!login old --password s3cret\n```", secret: "s3cret" },
    { body: "!login old --password s3cret`", secret: "s3cret`" },
    { body: "`!login old --password s3cret``", secret: "s3cret`" },
    { body: "**!login old --password s3*cret***", secret: "s3*cret*" },
    { body: "!login old --password s3cret.", secret: "s3cret." },
    { body: "！login old －－password s3cret！", secret: "s3cret！" },
    { body: "!login old ――password s3cret", secret: "s3cret" },
    { body: "!login old --password \u200Bs3cret\u200B", secret: "s3cret" },
    { body: "!login old --password s3\u200Dc\u200Bret", secret: "s3\u200Dc\u200Bret" },
    { body: "\u200B!lo\u200Bgin old --password s3cret", secret: "s3cret" },
  ])("$body", ({ body, secret }) => {
    expect(read(body)).toMatchObject({ words: "login", secrets: { password: secret }, hasSecret: true });
  });

  it.each([
    "`--password s3cret`",
    "*--password s3cret*",
    "－－password s3cret",
    "\u200B--pass\u200Bword s3cret",
  ])("%s without a command is a secret too", (body) => {
    expect(read(body)).toMatchObject({ kind: "not_addressed", hasSecret: true });
  });
});

describe("talk stays talk", () => {
  it.each(["**bold** words", "`code`", "(well)", "- a list", "“quoted”", "＋１", "> !help"])("%s", (body) => {
    expect(read(body)).toMatchObject({ kind: "not_addressed" });
  });

  it.each(["movers are expensive", "moverplan"])(
    "a prefix that is a word is a word of its own: %s",
    (body) => {
      expect(read(body, "mover")).toMatchObject({ kind: "not_addressed" });
    },
  );

  it("a prefix that is a word can be followed by a command", () => {
    expect(read("mover migrate plan", "mover")).toMatchObject({ words: "migrate plan" });
  });
});

describe("names of accounts", () => {
  it.each([
    { typed: "@ada:Old.Test", account: "@ada:old.test" },
    { typed: "https://matrix.to/#/@ada:OLD.TEST", account: "@ada:old.test" },
    { typed: "@Ada:old.test", account: "@Ada:old.test" },
  ])("$typed is $account", ({ typed, account }) => {
    expect(read(`!login old ${typed}`)).toMatchObject({ positionals: { userId: [account] } });
  });
});

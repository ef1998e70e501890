import { describe, expect, it } from "vitest";
import { specifications } from "../../../src/commands/registry.ts";
import type { BotNames } from "../../../src/grammar/address.ts";
import { parseMessage } from "../../../src/grammar/parse.ts";
import type {
  CommandMistake,
  CommandSpecification,
  ParsedMessage,
} from "../../../src/grammar/specification.ts";

const names: BotNames = { prefix: "!", userId: "@mover:example.org", displayName: "Moving Man" };

/** A command with every kind of argument, and one of two words with an alias. */
const made: CommandSpecification = {
  words: ["gather"],
  summary: "",
  usage: "",
  details: [],
  example: "gather",
  positionals: [{ name: "rooms", kind: "word", isOptional: true, isRepeatable: true }],
  flags: {
    send: { kind: "boolean" },
    text: { kind: "text" },
    format: { kind: "choice", choices: ["text", "csv"] },
  },
};
const plan: CommandSpecification = { ...made, words: ["machine", "plan"], positionals: [], flags: {} };
const start: CommandSpecification = { ...plan, words: ["machine", "start"], aliases: [["machine", "run"]] };
const commands = [...specifications, made, plan, start];

function parse(body: string): ParsedMessage {
  return parseMessage({ body, formattedBody: null }, names, commands);
}

function commandOf(body: string) {
  const parsed = parse(body);
  if (parsed.kind !== "command") throw new Error(`expected a command: ${JSON.stringify(parsed)}`);
  return { words: parsed.specification.words.join(" "), ...parsed.values, hasSecret: parsed.hasSecret };
}

function mistakeOf(body: string): CommandMistake {
  const parsed = parse(body);
  if (parsed.kind !== "mistake") throw new Error(`expected a mistake: ${JSON.stringify(parsed)}`);
  return parsed.mistake;
}

describe("what is understood", () => {
  it.each<{ body: string; words: string; positionals: object }>([
    { body: "!help", words: "help", positionals: {} },
    { body: "!HELP", words: "help", positionals: {} },
    { body: "!Help login", words: "help", positionals: { command: ["login"] } },
    { body: "!help   login   old", words: "help", positionals: { command: ["login", "old"] } },
    { body: "!help “login”", words: "help", positionals: { command: ["login"] } },
    { body: "!help 'login'", words: "help", positionals: { command: ["login"] } },
    { body: "!login Old", words: "login", positionals: { account: ["old"], userId: [] } },
    {
      body: "!login  new\n@me:x.org",
      words: "login",
      positionals: { account: ["new"], userId: ["@me:x.org"] },
    },
    {
      body: "!login old https://matrix.to/#/@me:x.org",
      words: "login",
      positionals: { account: ["old"], userId: ["@me:x.org"] },
    },
    {
      body: "!login old @🙂:x.org",
      words: "login",
      positionals: { account: ["old"], userId: ["@🙂:x.org"] },
    },
    { body: "!logout", words: "logout", positionals: { account: [] } },
    { body: "!machine  PLAN", words: "machine plan", positionals: {} },
    { body: "!machine run", words: "machine start", positionals: {} },
    { body: '!gather "the big room" two', words: "gather", positionals: { rooms: ["the big room", "two"] } },
    {
      body: "!gather „die große Küche“ »zwei« ‚drei‘ don’t I'm",
      words: "gather",
      positionals: { rooms: ["die große Küche", "zwei", "drei", "don’t", "I'm"] },
    },
  ])("$body", ({ body, words, positionals }) => {
    const command = commandOf(body);
    expect(command.words).toBe(words);
    expect(command.positionals).toMatchObject(positionals);
    expect(command).toMatchObject({ secrets: {}, hasSecret: false });
  });

  it.each<[string, object]>([
    ["!gather --send", { send: true }],
    ["!gather —send", { send: true }],
    ["!gather –Send room", { send: true }],
    ["!gather --format CSV", { format: "csv" }],
    ["!gather --format=csv", { format: "csv" }],
    ['!gather --text "a long text" --send', { text: "a long text", send: true }],
    ["!gather --text “curly — text”", { text: "curly — text" }],
    ['!gather --text "--send"', { text: "--send" }],
    ['!gather --text "-5"', { text: "-5" }],
    ['!gather --text "a=b c"', { text: "a=b c" }],
    ["!gather --text=two\n", { text: "two" }],
  ])("flags: %s", (body, flags) => {
    expect(commandOf(body).flags).toEqual(flags);
  });

  it("a flag's value does not swallow the word behind it", () => {
    expect(commandOf("!gather --format csv room").positionals).toEqual({ rooms: ["room"] });
  });
});

describe("a mistake names the nearest right word", () => {
  it.each<[string, object]>([
    ["!", { code: "empty" }],
    ["mover:", { code: "empty" }],
    ["!hlep", { code: "unknown_command", word: "hlep", nearest: ["help"] }],
    ["!LOGN old", { code: "unknown_command", word: "LOGN", nearest: ["login"] }],
    ["!xyzzy", { code: "unknown_command", word: "xyzzy", nearest: null }],
    ["!machine", { code: "incomplete_command", words: ["machine"] }],
    ["!machine plna", { code: "unknown_command", word: "machine plna", nearest: ["machine", "plan"] }],
    ["!machine xyzzy", { code: "unknown_command", word: "machine xyzzy", nearest: null }],
    ["!login", { code: "missing_argument", name: "account", choices: ["old", "new"] }],
    ["!login odl", { code: "bad_choice", value: "odl", nearest: "old" }],
    ["!login @me:x.org", { code: "bad_choice", value: "@me:x.org" }],
    ["!login old @me", { code: "bad_user_id", value: "@me" }],
    ["!login old @me:x.org:99999", { code: "bad_user_id" }],
    ["!login old @me:bad_server!", { code: "bad_user_id" }],
    ["!login old --password", { code: "flag_value_missing", flag: "password" }],
    ["!login old --password …", { code: "flag_value_missing", flag: "password" }],
    ["!login old --verbose", { code: "unknown_flag", flag: "verbose" }],
    ["!whoami now", { code: "extra_argument", value: "now" }],
    ["!gather --sned", { code: "unknown_flag", flag: "sned", nearest: "send" }],
    ["!gather --constructor", { code: "unknown_flag", flag: "constructor" }],
    ["!gather --send=yes", { code: "flag_takes_no_value", flag: "send" }],
    ["!gather --text", { code: "flag_value_missing", flag: "text" }],
    ["!gather --format pdf", { code: "bad_choice", name: "--format", value: "pdf" }],
    ['!gather "never closed', { code: "unbalanced_quote" }],
    ["!gather “never closed", { code: "unbalanced_quote" }],
    [`!gather ${"x".repeat(60_000)}`, { code: "too_long" }],
    [`!${"y".repeat(60_000)}`, { code: "too_long" }],
  ])("(%#)", (body, mistake) => {
    expect(mistakeOf(body)).toMatchObject(mistake);
    expect(parse(body).hasSecret).toBe(false);
  });

  it.each([
    "\u0000\u0001\uD800\uDFFF\uFFFE".repeat(500),
    `!help ${"\u0000\uD800".repeat(500)}`,
    `!login old ${"@".repeat(3_000)}`,
    `!${"-".repeat(59_000)}`,
    `!login old ${"--".repeat(1_500)}`,
    `!gather ${'"'.repeat(3_000)}`,
    `!login old ${" --x".repeat(900)}`,
    "!".repeat(60_000),
    "💩 ".repeat(10_000),
  ])("rubbish (%#) is read without a fault", (body) => {
    expect(() => parse(body)).not.toThrow();
  });
});

describe("a secret", () => {
  const secretsOf = (body: string) => commandOf(body).secrets;

  it.each([
    { typed: "--password hunter2", value: "hunter2" },
    { typed: "--password=hunter2", value: "hunter2" },
    { typed: "—password hunter2", value: "hunter2" },
    { typed: "–password hunter2", value: "hunter2" },
    { typed: "--Password hunter2", value: "hunter2" },
    { typed: "--password\nhunter2\n", value: "hunter2" },
    { typed: "--password correct horse  battery --staple=1", value: "correct horse  battery --staple=1" },
    { typed: '--password “it’s” "all" \'mine', value: '“it’s” "all" \'mine' },
    { typed: '--password "--token"', value: "--token" },
    { typed: "--password a --b", value: "a --b" },
    { typed: "--password a\\nb\\", value: "a\\nb\\" },
    { typed: "--password $(rm -rf) <b>&amp;", value: "$(rm -rf) <b>&amp;" },
    { typed: '--password "hunter 2"', value: "hunter 2" },
    { typed: "--password “hunter 2”", value: "hunter 2" },
    { typed: '--password ""hunter 2""', value: '"hunter 2"' },
    { typed: "--password ' spaces around '", value: " spaces around " },
    { typed: '--password "half', value: '"half' },
    { typed: "--password me@example.org", value: "me@example.org" },
  ])("is everything behind its flag, unchanged: $typed", ({ typed, value }) => {
    expect(secretsOf(`!login old @me:x.org ${typed}`)).toEqual({ password: value });
  });

  it("of an account not named before may be followed by its user ID", () => {
    expect(commandOf("!login old --password hunter 2 @me:x.org")).toMatchObject({
      positionals: { account: ["old"], userId: ["@me:x.org"] },
      secrets: { password: "hunter 2" },
    });
    expect(secretsOf("!login old @me:x.org --password hunter @me:x.org")).toEqual({
      password: "hunter @me:x.org",
    });
    expect(secretsOf('!login old --password "hunter 2" @me:x.org')).toEqual({ password: "hunter 2" });
    expect(secretsOf("!login old --password hunter@me:x.org")).toEqual({ password: "hunter@me:x.org" });
  });

  it("makes the message one that has to be removed", () => {
    expect(parse("!login old --token abcdef").hasSecret).toBe(true);
    expect(commandOf("!login new --token syt_abc_def")).toMatchObject({
      secrets: { token: "syt_abc_def" },
    });
  });

  it("is a token in a usual format anywhere in a message", () => {
    for (const token of [
      "syt_bWU_aBcDeFgHiJkLmNoPqRsT_1abCDe",
      "mat_aBcDeFgHiJkLmNoPqRsT12345678901_abCDe1",
      "syt_Pz8+Pj8_abcdefghij",
    ])
      for (const text of [
        token,
        `see ${token}!`,
        `{"access_token":"${token}"}`,
        `(${token})`,
        `“${token}”`,
        `Token=${token}`,
      ])
        expect(parse(text), text).toEqual({ kind: "not_addressed", hasSecret: true });
  });

  it.each([
    "--password hunter2",
    "login old --password hunter2",
    "my --token: abc",
    "login old —password=hunter2",
    "(--password x)",
  ])("is seen in a message that is no command: %s", (body) => {
    expect(parse(body)).toEqual({ kind: "not_addressed", hasSecret: true });
  });

  it.each([
    "what is a password?",
    "use --password … or --token ...",
    "my token is lost",
    "the format_of_everything is odd",
    "--verbose yes",
    "-- password",
    "matrix_organisation_wide",
  ])("is not seen in talk about it: %s", (body) => {
    expect(parse(body)).toEqual({ kind: "not_addressed", hasSecret: false });
  });
});

describe("a secret in the wrong place", () => {
  const SECRET = "hunTer2-geheim";
  const TOKEN = "syt_bWU_aBcDeFgHiJkLmNoPqRsT_1abCDe";

  it.each([
    `!login ${SECRET}`,
    `!login old ${SECRET}`,
    `!login old @me ${SECRET}`,
    `!login old @me:x.org ${SECRET}`,
    `!login @me:x.org ${SECRET}`,
    `!login odl ${SECRET}`,
    `!login old @me:x.org please use ${SECRET}`,
    `!login old "${SECRET}`,
    `!login old "my ${SECRET}"`,
    `!login old password ${SECRET}`,
    `!login old password=${SECRET}`,
    `!login old -password ${SECRET}`,
    `!login old -p ${SECRET}`,
    `!login old --password:${SECRET}`,
    `!login old --passwrod ${SECRET}`,
    `!login old --passwrod=${SECRET}`,
    `!login old --passwort ${SECRET}`,
    `!login old --pwd ${SECRET}`,
    `!login old --pass ${SECRET}`,
    `!login old --tokne ${SECRET}`,
    `!login old --access-token ${SECRET}`,
    `!login old --secret ${SECRET}`,
    `!login old --user ${SECRET}`,
    `!login old --user=${SECRET}`,
    `!login old --${SECRET}`,
    `!login old --password${SECRET}`,
    `!login old "--password ${SECRET}"`,
    `!login --password ${SECRET}`,
    `!login --password ${SECRET} old`,
    `!logn old --password ${SECRET}`,
    `!logn old ${SECRET}`,
    `!lgoin old @me:x.org ${SECRET}`,
    `!password ${SECRET}`,
    `!password=${SECRET}`,
    `!Passwort: ${SECRET}`,
    `!token ${SECRET}`,
    `!xyzzy --password ${SECRET}`,
    `!whoami --password ${SECRET}`,
    `!whoami "--password ${SECRET}"`,
    `!machine xyzzy --password ${SECRET}`,
    `!gather --password ${SECRET}`,
    `!login old --password ${SECRET} ${"x".repeat(5_000)}`,
    `!${TOKEN}`,
    `!login ${TOKEN}`,
    `!login old ${TOKEN}`,
    `!login old --${TOKEN}`,
    `!login old @${TOKEN}`,
    `!logout ${TOKEN}`,
    `!logout "${TOKEN}"`,
    `!whoami ${TOKEN}`,
    `!gather --format ${TOKEN}`,
    `!machine ${TOKEN}`,
    `mover: ${TOKEN}`,
  ])("is removed and not repeated: %s", (body) => {
    const parsed = parse(body);
    expect(parsed).toMatchObject({ kind: "mistake", hasSecret: true });
    if (parsed.kind !== "mistake") return;
    // The specification that a mistake carries is ours.
    const { command: _command, ...said } = { command: null, ...parsed.mistake };
    expect(JSON.stringify(said).toLowerCase()).not.toContain(SECRET.toLowerCase());
    expect(JSON.stringify(said)).not.toContain(TOKEN.slice(0, 12));
  });

  it("behind a mistyped flag is answered with the flag that was meant", () => {
    expect(mistakeOf(`!login old --passwrod ${SECRET}`)).toMatchObject({
      code: "unknown_flag",
      flag: "passwrod",
      nearest: "password",
    });
  });
});

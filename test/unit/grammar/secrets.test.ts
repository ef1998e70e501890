import { describe, expect, it } from "vitest";
import { specifications } from "../../../src/commands/registry.ts";
import type { BotNames } from "../../../src/grammar/address.ts";
import { parseMessage } from "../../../src/grammar/parse.ts";
import { looksLikeRecoveryKey } from "../../../src/grammar/secrets.ts";
import type { CommandSpecification } from "../../../src/grammar/specification.ts";

const names: BotNames = { prefix: "!", userId: "@mover:example.org", displayName: "Moving Man" };

const exporting: CommandSpecification = {
  words: ["vault", "export"],
  summary: "",
  usage: "",
  details: [],
  example: "vault export",
  positionals: [],
  flags: {
    passphrase: { kind: "secret" },
    "recovery-key": { kind: "secret" },
    phrase: { kind: "secret" },
    emoji: { kind: "boolean" },
    "plain-chat": { kind: "boolean" },
  },
  alternatives: [["recovery-key", "phrase", "emoji"]],
};
const status: CommandSpecification = {
  ...exporting,
  words: ["vault", "status"],
  aliases: [["vault"]],
  flags: {},
  alternatives: [],
};
const commands = [...specifications, status, exporting];

const KEY = "EsTc LW2K PGiF wKEA 3As5 g5c4 BXwk qeeJ ZJV8 Q9fu gUMN UE4d";
const PLAIN_KEY = KEY.replaceAll(" ", "");

function parse(body: string) {
  return parseMessage({ body, formattedBody: null }, names, commands);
}

describe("several secrets in one command", () => {
  it.each([
    { typed: '--passphrase "a b"', secrets: { passphrase: "a b" }, flags: {} },
    { typed: "--passphrase a b", secrets: { passphrase: "a b" }, flags: {} },
    {
      typed: `--passphrase "a b" --recovery-key "${KEY}"`,
      secrets: { passphrase: "a b", "recovery-key": KEY },
      flags: {},
    },
    {
      typed: `--recovery-key "${KEY}" --passphrase "a b"`,
      secrets: { passphrase: "a b", "recovery-key": KEY },
      flags: {},
    },
    {
      typed: `--passphrase “a b” —recovery-key „${KEY}“ –plain-chat`,
      secrets: { passphrase: "a b", "recovery-key": KEY },
      flags: { "plain-chat": true },
    },
    {
      typed: `--plain-chat --passphrase='it's mine' --recovery-key ${KEY}`,
      secrets: { passphrase: "it's mine", "recovery-key": KEY },
      flags: { "plain-chat": true },
    },
    {
      typed: `--passphrase a b --recovery-key ${KEY} --plain-chat`,
      secrets: { passphrase: "a b", "recovery-key": KEY },
      flags: { "plain-chat": true },
    },
    {
      typed: '--passphrase "say "yes" twice" --emoji',
      secrets: { passphrase: 'say "yes" twice' },
      flags: { emoji: true },
    },
    {
      typed: '--passphrase "a --phrase b" --phrase " c "',
      secrets: { passphrase: "a --phrase b", phrase: " c " },
      flags: {},
    },
    {
      typed: '--passphrase "--phrase" --phrase "--passphrase"',
      secrets: { passphrase: "--phrase", phrase: "--passphrase" },
      flags: {},
    },
    { typed: '--phrase "a"\n--passphrase\n"b"', secrets: { phrase: "a", passphrase: "b" }, flags: {} },
    { typed: "--phrase to be - or --not", secrets: { phrase: "to be - or --not" }, flags: {} },
    { typed: '--phrase "a" b "c"', secrets: { phrase: 'a" b "c' }, flags: {} },
    { typed: '--phrase "half', secrets: { phrase: '"half' }, flags: {} },
  ])("are read: $typed", ({ typed, secrets, flags }) => {
    expect(parse(`!vault export ${typed}`)).toMatchObject({
      kind: "command",
      hasSecret: true,
      values: { secrets, flags },
    });
    const parsed = parse(`!vault export ${typed}`);
    expect(parsed.kind === "command" && parsed.values.secrets).toEqual(secrets);
  });

  it.each([
    { typed: '--passphrase "a" --passphrase "b"', code: "stray_secret" },
    { typed: `--passphrase --recovery-key ${KEY}`, code: "flag_value_missing" },
    { typed: "--passphrase --emoji", code: "flag_value_missing" },
    { typed: '--passphrase ""', code: "flag_value_missing" },
    { typed: '--passphrase "…" --recovery-key "…"', code: "flag_value_missing" },
    { typed: `--passphrase "half --recovery-key "${KEY}"`, code: "unbalanced_quote" },
    { typed: `--passphrase a --recoverykey ${KEY}`, code: "unknown_flag" },
    { typed: `--passphrase "a" --recvery-key ${KEY}`, code: "unknown_flag" },
    { typed: `--recovery ${KEY}`, code: "unknown_flag" },
    { typed: '--frase "hunTer2 geheim"', code: "unknown_flag" },
    { typed: '--passphrase "a" --paln-chat', code: "unknown_flag" },
    { typed: '--passphrase "a" --hunTer', code: "stray_secret" },
    { typed: '--passphrase "a" --emoji hunTer2', code: "stray_secret" },
    { typed: "--passphrase a --emoji hunTer2", code: "stray_secret" },
    { typed: '--emoji hunTer2 --passphrase "a"', code: "stray_secret" },
    { typed: `${KEY} --passphrase "a"`, code: "stray_secret" },
    { typed: PLAIN_KEY, code: "stray_secret" },
    { typed: "hunTer2 geheim", code: "stray_secret" },
    { typed: '--key "hunTer2 geheim"', code: "stray_secret" },
    { typed: `--emoji --phrase "hunTer2"`, code: "only_one_of" },
    { typed: `--phrase "hunTer2" --recovery-key "${KEY}"`, code: "only_one_of" },
  ])("that are not clear are a mistake which repeats nothing: $typed", ({ typed, code }) => {
    const parsed = parse(`!vault export ${typed}`);
    expect(parsed).toMatchObject({ kind: "mistake", mistake: { code } });
    const { command: _command, ...said } = {
      command: null,
      ...(parsed.kind === "mistake" && parsed.mistake),
    };
    expect(JSON.stringify(said)).not.toMatch(/hunTer|geheim|EsTc|LW2K/u);
  });
});

describe("a recovery key", () => {
  it.each([
    { as: "in groups", text: KEY },
    { as: "without spaces", text: PLAIN_KEY },
    { as: "in lines", text: KEY.replaceAll(" ", "\n") },
    { as: "with hyphens", text: KEY.replaceAll(" ", "-") },
    { as: "with no-break spaces", text: KEY.replaceAll(" ", "\u00A0") },
    { as: "with a letter that it cannot have", text: KEY.replace("PGiF", "0OIl") },
    { as: "with a letter missing", text: PLAIN_KEY.slice(0, -1) },
    { as: "without its first group", text: KEY.slice(5) },
    { as: "cut off", text: KEY.slice(0, 44) },
    { as: "in a sentence", text: `my recovery key is: ${KEY}.` },
    { as: "in quotes", text: `“${KEY}”` },
    { as: "behind a word for it", text: `Key=${PLAIN_KEY}` },
  ])("$as is seen", ({ text }) => {
    expect(looksLikeRecoveryKey(text)).toBe(true);
    expect(parse(text)).toEqual({ kind: "not_addressed", hasSecret: true });
  });

  it.each([
    `!vault cpoy ${KEY}`,
    `!vualt export ${KEY}`,
    `!${KEY}`,
    `!${PLAIN_KEY}`,
    `!xyzzy ${KEY}`,
    `!vault ${KEY}`,
    `!vault ${PLAIN_KEY}`,
    `!recovery ${KEY}`,
    `!help ${PLAIN_KEY}`,
    `!login old ${KEY}`,
    `!whoami ${KEY}`,
    `mover: ${KEY}`,
  ])("in a wrong command is removed and not repeated: %s", (body) => {
    const parsed = parse(body);
    expect(parsed.hasSecret).toBe(true);
    const { command: _command, ...said } = {
      command: null,
      ...(parsed.kind === "mistake" && parsed.mistake),
    };
    expect(JSON.stringify(said)).not.toMatch(/EsTc|LW2K/iu);
  });

  it.each([
    "Es geht mir gut und ich komme morgen um 9 Uhr zu dir nach Hause, dann reden wir weiter",
    "Have that book back home soon with your very best good wish",
    "EsTc is how a recovery key starts",
    "!abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz:example.org",
    "$Es3HLdYv6YbXvCqqKIrPQMZfKyxtUVf8Ckt5RXZDAmo",
    "1234 5678 9012 3456 7890 1234 5678 9012 3456 7890",
    "ESTA EST0 eine Nummer",
  ])("is not seen in: %s", (text) => {
    expect(looksLikeRecoveryKey(text)).toBe(false);
  });
});

describe("a misspelt command of a group that takes secrets", () => {
  it.each([
    { body: "!vault exprot my long phrase", word: "vault exprot", hasSecret: true },
    { body: '!vault exprot --phrase "hunTer2"', word: "vault exprot", hasSecret: true },
    { body: "!vualt exprot my phrase", word: "vualt", hasSecret: true },
    { body: "!vault hunTer2", word: null, hasSecret: false },
    { body: "!vualt status", word: "vualt", hasSecret: false },
    { body: "!vault statsu", word: "vault statsu", hasSecret: false },
    { body: "!vualt export --emoji", word: "vualt", hasSecret: false },
  ])("is answered safely: $body", ({ body, word, hasSecret }) => {
    expect(parse(body)).toMatchObject({ mistake: { code: "unknown_command", word }, hasSecret });
  });
});

describe("talk about secrets", () => {
  it.each([
    'write --recovery-key "…"',
    "use --phrase … or --passphrase ...",
    "my recovery key is lost",
    "the phrase --for it",
  ])("is no secret: %s", (body) => {
    expect(parse(body)).toEqual({ kind: "not_addressed", hasSecret: false });
  });

  it.each(["--recovery-key abc", "--recoverykey abc", "--recovery abc", '--phrase "a b"', "—frase a"])(
    "is different from a secret alone: %s",
    (body) => {
      expect(parse(body)).toEqual({ kind: "not_addressed", hasSecret: true });
    },
  );
});

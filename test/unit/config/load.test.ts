import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  type Configuration,
  ConfigurationError,
  type ConfigurationFault,
  formatFaults,
} from "../../../src/config/configuration.ts";
import { loadConfiguration } from "../../../src/config/load.ts";
import { KNOWN_KEYS } from "../../../src/config/schema.ts";

const EXAMPLE = new URL("../../../bot.config.example.yaml", import.meta.url);
const BOT = 'bot: { homeserver: example.org, userId: "@mover:example.org", password: hunter2 }\n';

let folder = "";

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "configuration-"));
});

afterEach(() => {
  rmSync(folder, { recursive: true });
});

function load(yaml: string, environment: Record<string, string> = {}): Configuration {
  const path = join(folder, "bot.config.yaml");
  writeFileSync(path, yaml);
  return loadConfiguration({ path, environment });
}

function faultsOf(yaml: string, environment: Record<string, string> = {}): readonly ConfigurationFault[] {
  try {
    load(yaml, environment);
  } catch (error) {
    if (error instanceof ConfigurationError) return error.faults;
    throw error;
  }
  return [];
}

function pathsOf(faults: readonly ConfigurationFault[]): string[] {
  return faults.map((fault) => fault.path);
}

describe("the example configuration", () => {
  it("is valid once its secret exists", () => {
    const configuration = load(readFileSync(EXAMPLE, "utf8"), { BOT_PASSWORD: "hunter2" });
    expect(configuration).toEqual({
      bot: {
        homeserver: "https://matrix.example.org",
        userId: "@mover:example.org",
        password: "hunter2",
        accessToken: null,
      },
      dataDir: join(folder, "data"),
      secretKeyFile: join(folder, "secrets/store.key"),
      prefix: "!",
      controlRooms: ["#moving:example.org"],
      directChats: true,
      access: { allow: ["@*:example.org"], operators: ["@admin:example.org"], imports: true },
      limits: { newChatsPerDay: 10 },
      servers: { "old.test": "http://127.0.0.2:8008" },
      network: { allowPrivate: ["127.0.0.0/8"] },
      oauth: { clientName: "Matrix Mover", clientUri: "https://mover.example.org" },
      http: { host: "127.0.0.1", port: 9464 },
      log: { level: "info", format: "json" },
      warnings: [],
    });
  });

  it("names every key that exists", () => {
    const text = readFileSync(EXAMPLE, "utf8");
    const unnamed = KNOWN_KEYS.filter(
      (key) => !new RegExp(`\\b${key.slice(key.lastIndexOf(".") + 1)}\\b`).test(text),
    );
    expect(unnamed).toEqual([]);
  });
});

describe("defaults", () => {
  it("need only the bot's account", () => {
    const { warnings, ...configuration } = load(BOT);
    expect(configuration).toMatchObject({
      prefix: "!",
      controlRooms: [],
      directChats: true,
      limits: { newChatsPerDay: 10 },
      servers: {},
      oauth: { clientName: "Matrix Mover", clientUri: "https://github.com/matrix-mover/matrix-mover" },
      http: null,
    });
    expect(configuration.log).toEqual({ level: "info", format: "json" });
    expect(pathsOf(warnings)).toEqual(["access.allow"]);
  });

  it("are used for a key without a value", () => {
    expect(load(`${BOT}http:\ncontrolRooms:\nlog:\n  level:\n`)).toMatchObject({
      http: null,
      controlRooms: [],
      log: { level: "info" },
    });
  });

  it("resolve relative paths from the file, not from the working directory", () => {
    expect(load(`${BOT}dataDir: ../elsewhere\nsecretKeyFile: /keys/k`)).toMatchObject({
      dataDir: join(folder, "../elsewhere"),
      secretKeyFile: "/keys/k",
    });
  });
});

describe("faults", () => {
  it("are reported together, with the path and the line of each key", () => {
    const faults = faultsOf(
      [
        "bot:",
        '  user_id: "@mover:example.org"',
        "  homeserver: http://127.0.0.1:8008",
        "  password: 12345",
        'controlRooms: ["moving", "#moving:example.org"]',
        "log: { level: loud }",
        "http: { listen: 127.0.0.1:99999 }",
        "network: { allowPrivate: [300.0.0.0/8, 10.0.0.0/8] }",
        "servers: { example.org:70000: https://example.org, other.org: https://10.1.2.3, third.org: ftp://third.org }",
        "datadir: x",
      ].join("\n"),
    );
    expect(faults.map(({ path, line }) => [path, line])).toEqual([
      ["bot.userId", 1],
      ["bot.password", 4],
      ["bot.user_id", 2],
      ["controlRooms[0]", 5],
      ["servers.example.org:70000", 9],
      ["network.allowPrivate[0]", 8],
      ["http.listen", 7],
      ["log.level", 6],
      ["datadir", 10],
      ["bot.homeserver", 3],
      ["servers.third.org", 9],
    ]);
  });

  it.each([
    { yaml: "bot: { homeServer: x.org }", path: "bot.homeServer", words: 'did you mean "homeserver"?' },
    { yaml: "prefx: x", path: "prefx", words: 'did you mean "prefix"?' },
    { yaml: "listen: 127.0.0.1:1", path: "listen", words: 'did you mean "http.listen"?' },
    { yaml: "log: { zzzzzzzz: 1 }", path: "log.zzzzzzzz", words: "known here: level, format" },
  ])("of an unknown key name the nearest known one ($yaml)", ({ yaml, path, words }) => {
    expect(faultsOf(yaml).find((fault) => fault.path === path)?.message).toContain(words);
  });

  it("of the YAML itself are reported with their lines", () => {
    const faults = faultsOf("bot: [\nprefix: @x\n");
    expect(faults.length).toBeGreaterThan(1);
    expect(faults.map((fault) => fault.line)).toEqual(faults.map(() => 2));
    expect(faultsOf("prefix: a\nprefix: b\n")[0]?.line).toBe(2);
  });

  it("include a file that is not there, with what to do", () => {
    expect(() => loadConfiguration({ path: join(folder, "none.yaml"), environment: {} })).toThrow(
      /Copy bot\.config\.example\.yaml/,
    );
  });

  it.each(["just text", "[1, 2]", "", "&a [*a]"])(
    "are reported for a file that is no block of keys (%j)",
    (yaml) => {
      expect(faultsOf(yaml).length).toBeGreaterThan(0);
    },
  );

  it.each([
    { key: "userId", value: "mover" },
    { key: "userId", value: "@mover" },
    { key: "userId", value: "@mover:example.org:70000" },
    { key: "userId", value: "@mo ver:example.org" },
    { key: "userId", value: `@${"a".repeat(260)}:example.org` },
    { key: "homeserver", value: "exa mple.org" },
    { key: "homeserver", value: "https://user:secret@example.org" },
    { key: "homeserver", value: "https://example.org/?a=b" },
    { key: "homeserver", value: "http://example.org" },
    { key: "homeserver", value: "https://127.0.0.1" },
    { key: "homeserver", value: "https://localhost:8448" },
    { key: "homeserver", value: "https://[fd00::1]" },
    { key: "homeserver", value: "http://0x7f.1" },
  ])("refuse $key $value", ({ key, value }) => {
    const bot = { homeserver: "example.org", userId: "@mover:example.org", password: "x", [key]: value };
    expect(pathsOf(faultsOf(JSON.stringify({ bot })))).toEqual([`bot.${key}`]);
  });

  it.each([
    "example.org",
    "localhost:8448",
    "[::1]:8448",
    "https://example.org/base/",
    "http://127.0.0.1:8008",
    "http://localhost:8008",
    "http://[::1]:1",
  ])("do not refuse the homeserver %j when loopback is allowed", (homeserver) => {
    const bot = { homeserver, userId: "@mover:example.org", password: "x" };
    expect(faultsOf(JSON.stringify({ bot, network: { allowPrivate: ["127.0.0.0/8", "::1"] } }))).toEqual([]);
  });

  it.each(["@mover", "example org", "", "@a:b/c"])("refuse the access glob %j", (glob) => {
    expect(pathsOf(faultsOf(`${BOT}access: ${JSON.stringify({ allow: [glob] })}`))).toEqual([
      "access.allow[0]",
    ]);
  });

  it("read as one line each", () => {
    const lines = formatFaults([
      { path: "bot.userId", message: "is required", line: 3 },
      { path: "BOT_PASSWORD", message: "is wrong", line: null },
      { path: "", message: "not valid YAML", line: 1 },
      { path: "", message: "nothing there", line: null },
    ]);
    expect(lines).toEqual([
      "bot.userId (line 3): is required",
      "BOT_PASSWORD: is wrong",
      "line 1: not valid YAML",
      "nothing there",
    ]);
  });
});

describe("the bot's secret", () => {
  const ACCOUNT = 'homeserver: example.org, userId: "@mover:example.org"';

  it("comes from a file, without the newline at its end", () => {
    writeFileSync(join(folder, "pw"), " spaces stay \n", { mode: 0o600 });
    expect(load(`bot: { ${ACCOUNT}, passwordFile: pw }`).bot).toMatchObject({
      password: " spaces stay ",
      accessToken: null,
    });
    writeFileSync(join(folder, "token"), "syt_abc\r\n", { mode: 0o600 });
    expect(load(`bot: { ${ACCOUNT}, accessTokenFile: token }`).bot).toMatchObject({
      password: null,
      accessToken: "syt_abc",
    });
  });

  it("comes from the environment first, and then no file is read", () => {
    expect(
      load(`bot: { ${ACCOUNT}, passwordFile: nowhere }`, { BOT_ACCESS_TOKEN: "syt_abc" }).bot,
    ).toMatchObject({
      password: null,
      accessToken: "syt_abc",
    });
    expect(
      load(`bot: { ${ACCOUNT}, accessToken: x }`, { BOT_PASSWORD: "p", BOT_ACCESS_TOKEN: "" }).bot,
    ).toMatchObject({
      password: "p",
      accessToken: null,
    });
  });

  it.each([
    { keys: "passwordFile: nowhere", environment: {}, path: "bot.passwordFile" },
    { keys: "passwordFile: .", environment: {}, path: "bot.passwordFile" },
    { keys: "passwordFile: empty", environment: {}, path: "bot.passwordFile" },
    { keys: "password: a, accessToken: b", environment: {}, path: "bot.accessToken" },
    { keys: 'accessToken: "two words"', environment: {}, path: "bot.accessToken" },
    {
      keys: "password: a",
      environment: { BOT_PASSWORD: "a", BOT_ACCESS_TOKEN: "b" },
      path: "BOT_ACCESS_TOKEN",
    },
  ])("is refused as { $keys } with $environment", ({ keys, environment, path }) => {
    writeFileSync(join(folder, "empty"), "\n");
    expect(pathsOf(faultsOf(`bot: { ${ACCOUNT}, ${keys} }`, environment))).toEqual([path]);
  });

  it("is demanded for the first start, and no longer when data is there", () => {
    expect(pathsOf(faultsOf(`bot: { ${ACCOUNT} }`))).toEqual(["bot"]);
    mkdirSync(join(folder, "data"));
    writeFileSync(join(folder, "data", "store.db"), "");
    expect(load(`bot: { ${ACCOUNT} }`).bot).toMatchObject({ password: null, accessToken: null });
    expect(pathsOf(load(`bot: { ${ACCOUNT}, passwordFile: nowhere }`).warnings)).toContain(
      "bot.passwordFile",
    );
  });

  it("is never part of a fault", () => {
    const faults = faultsOf("bot: { password: hunter2, accessToken: hunter2, passwordFile: [hunter2] }");
    expect(JSON.stringify(faults)).not.toContain("hunter2");
  });
});

describe("warnings", () => {
  it.each([
    { others: "everyone", mode: 0o604 },
    { others: "their group", mode: 0o640 },
  ])("are given for files that $others can read", ({ mode }) => {
    writeFileSync(join(folder, "pw"), "x");
    chmodSync(join(folder, "pw"), mode);
    writeFileSync(join(folder, "k"), "x");
    chmodSync(join(folder, "k"), mode);
    const { warnings } = load(
      'bot: { homeserver: example.org, userId: "@mover:example.org", passwordFile: pw }\nsecretKeyFile: k\naccess: { allow: [example.org] }',
    );
    expect(pathsOf(warnings)).toEqual(["bot.passwordFile", "secretKeyFile"]);
  });

  it.each([
    { keys: "secretKeyFile: data/store.key", path: "secretKeyFile" },
    { keys: "directChats: false", path: "controlRooms" },
    { keys: "http: { listen: 0.0.0.0:9464 }", path: "http.listen" },
  ])("are given for { $keys }", ({ keys, path }) => {
    expect(pathsOf(load(`${BOT}access: { allow: [example.org] }\n${keys}`).warnings)).toEqual([path]);
  });
});

it("writes nothing", () => {
  load(BOT);
  expect(readdirSync(folder)).toEqual(["bot.config.yaml"]);
});

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";

import { askBot } from "../lab/bot-answer.ts";
import { type HomeserverPair, startHomeserverPair } from "../lab/homeservers/pair.ts";
import { startPerson } from "../lab/person/person.ts";

const MAIN = fileURLToPath(new URL("../../src/main.ts", import.meta.url));
const EXAMPLE = new URL("../../bot.config.example.yaml", import.meta.url);
const PASSWORD = "correct-horse-battery-staple";

const servedSchema = z.object({
  msg: z.literal("health and metrics are served"),
  host: z.string(),
  port: z.number(),
});

interface RunningBot {
  readonly child: ChildProcess;
  /** The output until now. */
  printed(): string;
  /** The address of health and metrics. Rejects if the bot ends before it serves them. */
  readonly served: Promise<string>;
}

/** What the tests of this file share. They run in order, and later ones need earlier ones. */
interface Story {
  folder: string;
  pair: HomeserverPair;
}

const story = {} as Story;
const bots: RunningBot[] = [];

describe("the example configuration", () => {
  beforeAll(async () => {
    story.folder = await mkdtemp(join(tmpdir(), "example-"));
    story.pair = await startHomeserverPair({ folder: join(story.folder, "pair"), limits: "unlimited" });
    await story.pair.old.registerUser({ localpart: "mover", password: PASSWORD });
    await mkdir(join(story.folder, "secrets"));
    await writeFile(join(story.folder, "secrets", "bot-password"), `${PASSWORD}\n`, { mode: 0o600 });
    await writeFile(
      join(story.folder, "bot.config.yaml"),
      withOurServers(await readFile(EXAMPLE, "utf8"), story.pair),
    );
  });

  afterAll(async () => {
    const { folder, pair } = story;
    for (const { child } of bots) child.kill("SIGKILL");
    await pair.stop();
    await rm(folder, { recursive: true });
  });

  it("starts a bot that answers in its control room, is healthy and stops on a signal", async () => {
    const person = await startAdmin();
    const roomId = await person.createRoom({
      name: "Moving",
      alias: "moving",
      encrypted: false,
      invite: [botUserId()],
    });
    const bot = startBot();
    const base = await bot.served;
    await untilHealthy(base, bot);
    await person.waitForMembership(roomId, botUserId(), "join");

    const answer = await askBot(person, roomId, "!help", { botUserId: botUserId() });
    expect(JSON.stringify(answer)).toContain("!login");
    expect(await (await fetch(`${base}/metrics`)).text()).toContain("matrix_mover_info");

    bot.child.kill("SIGTERM");
    expect(await once(bot.child, "close")).toEqual([0, null]);
    await person.stop();
    expect(bot.printed()).not.toContain(PASSWORD);
    expect((await stat(join(story.folder, "secrets", "store.key"))).mode & 0o777).toBe(0o600);
  });

  it("starts the bot again without its password, with the same device", async () => {
    await rm(join(story.folder, "secrets", "bot-password"));
    const bot = startBot();
    await untilHealthy(await bot.served, bot);
    bot.child.kill("SIGTERM");
    expect(await once(bot.child, "exit")).toEqual([0, null]);
  });
});

/** The example with only its names and addresses replaced. */
function withOurServers(example: string, { old: home, new: other }: HomeserverPair): string {
  const replacements: [string, string][] = [
    ["https://matrix.example.org", home.baseUrl],
    [":example.org", `:${home.serverName}`],
    ["old.test: http://127.0.0.2:8008", `"${other.serverName}": ${other.baseUrl}`],
    ["listen: 127.0.0.1:9464", "listen: 127.0.0.1:0"],
  ];
  return replacements.reduce((text, [from, to]) => {
    expect(text).toContain(from);
    return text.replaceAll(from, to);
  }, example);
}

function botUserId(): string {
  return `@mover:${story.pair.old.serverName}`;
}

async function startAdmin(): ReturnType<typeof startPerson> {
  const { pair } = story;
  const { userId } = await pair.old.registerUser({ localpart: "admin", password: PASSWORD });
  return startPerson({ baseUrl: pair.old.baseUrl, userId, password: PASSWORD });
}

function startBot(): RunningBot {
  const child = spawn(process.execPath, ["--max-semi-space-size=4", MAIN], {
    cwd: story.folder,
    stdio: ["ignore", "pipe", "pipe"],
  });
  const lines: string[] = [];
  for (const stream of [child.stdout, child.stderr])
    createInterface({ input: stream }).on("line", (line) => lines.push(line));
  const served = new Promise<string>((resolve, reject) => {
    createInterface({ input: child.stdout }).on("line", (line) => {
      const parsed = servedSchema.safeParse(line.startsWith("{") ? JSON.parse(line) : line);
      if (parsed.success) resolve(`http://${parsed.data.host}:${String(parsed.data.port)}`);
    });
    child.once("exit", (status) =>
      reject(new Error(`the bot ended with status ${String(status)}:\n${lines.join("\n")}`)),
    );
  });
  const bot = { child, served, printed: () => lines.join("\n") };
  bots.push(bot);
  return bot;
}

/**
 * Asks until the bot is connected with its homeserver. The test's own time limit ends it otherwise.
 */
async function untilHealthy(base: string, { child, printed }: RunningBot): Promise<void> {
  while ((await fetch(`${base}/health`)).status !== 200) {
    if (child.exitCode !== null) throw new Error(`the bot ended:\n${printed()}`);
    await pause(100);
  }
}

import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { askBot } from "../lab/bot-answer.ts";
import { type HomeserverPair, startHomeserverPair } from "../lab/homeservers/pair.ts";
import { startSupervised, type SupervisedProcess } from "../lab/homeservers/supervised-process.ts";
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
  readonly running: SupervisedProcess;
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
const bots: SupervisedProcess[] = [];

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
    await Promise.all(bots.map((bot) => bot.end()));
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
    const bot = await startBot();
    const base = await bot.served;
    await untilHealthy(base);
    await person.waitForMembership(roomId, botUserId(), "join");

    const answer = await askBot(person, roomId, "!help", { botUserId: botUserId() });
    expect(JSON.stringify(answer)).toContain("!login");
    expect(await (await fetch(`${base}/metrics`)).text()).toContain("matrix_mover_info");

    process.kill(bot.running.pid, "SIGTERM");
    expect(await bot.running.ended).toBe("exit status 0");
    await person.stop();
    expect(bot.printed()).not.toContain(PASSWORD);
    expect((await stat(join(story.folder, "secrets", "store.key"))).mode & 0o777).toBe(0o600);
  });

  it("starts the bot again without its password, with the same device", async () => {
    await rm(join(story.folder, "secrets", "bot-password"));
    const bot = await startBot();
    await untilHealthy(await bot.served);
    process.kill(bot.running.pid, "SIGTERM");
    expect(await bot.running.ended).toBe("exit status 0");
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

async function startBot(): Promise<RunningBot> {
  const lines: string[] = [];
  const served = Promise.withResolvers<string>();
  const running = await startSupervised(
    { file: process.execPath, args: ["--max-semi-space-size=4", MAIN], env: process.env, cwd: story.folder },
    (line) => {
      lines.push(line);
      const parsed = servedSchema.safeParse(line.startsWith("{") ? JSON.parse(line) : line);
      if (parsed.success) served.resolve(`http://${parsed.data.host}:${String(parsed.data.port)}`);
    },
  );
  bots.push(running);
  const printed = (): string => lines.join("\n");
  void running.ended.then((ending) => served.reject(new Error(`the bot ended (${ending}):\n${printed()}`)));
  return { running, served: served.promise, printed };
}

/** Asks until the bot is in touch with its homeserver. A bot that has ended refuses connections. */
async function untilHealthy(base: string): Promise<void> {
  while ((await fetch(`${base}/health`)).status !== 200) await pause(100);
}

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";

/** Starts a bot whose homeserver is away, and prints the ID of the bot's process. */
const CALLER = `
  const [module, folder] = process.argv.slice(1);
  const { createBot } = await import(module);
  const bot = await createBot({
    folder,
    homeserver: "http://127.0.0.1:9",
    userId: "@mover:new.example",
    password: "secret",
    servers: {},
    allow: ["@*:*"],
  });
  void bot.start();
  const timer = setInterval(() => {
    if (bot.processId === undefined) return;
    clearInterval(timer);
    console.log(bot.processId);
  }, 20);
`;

let folder: string;
let caller: ChildProcess;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "bot-process-"));
});
afterEach(async () => {
  caller.kill("SIGKILL");
  await rm(folder, { recursive: true, maxRetries: 10, retryDelay: 100 });
});

it("the bot ends with the process that started it, also when that is killed", async () => {
  const module = new URL("../../lab/bot-process.ts", import.meta.url).href;
  const args = ["--input-type=module", "-e", CALLER, module, folder];
  const started = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
  caller = started;
  const [chunk] = await once(started.stdout, "data");
  const pid = Number(String(chunk));
  expect(pid).toBeGreaterThan(1);
  expect(() => process.kill(pid, 0)).not.toThrow();

  caller.kill("SIGKILL");

  await expect.poll(() => isRunning(pid)).toBe(false);
});

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

import { execFile } from "node:child_process";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { Person } from "../lab/person/person.ts";
import { textOf } from "../lab/person/person.ts";
import { botMessages, botMessagesBehind } from "../support/chat/bot-messages.ts";
import { botDevices, signOutBotDevice } from "../support/chat/bot-devices.ts";
import { createControlRoom } from "../support/chat/control-room.ts";
import type { FaultProxy, Rule } from "../support/faults/fault-proxy.ts";
import { startFaultProxy } from "../support/faults/fault-proxy.ts";
import type { Account, BotEnvironment } from "../support/environments/bot-environment.ts";
import { createBotEnvironment } from "../support/environments/bot-environment.ts";

const OUTAGE_TIMEOUT_MS = 60_000;
const MAIN = fileURLToPath(new URL("../../src/main.ts", import.meta.url));

let world: BotEnvironment;
/**
 * The bot reaches its own homeserver and the old one through these; people talk to the servers
 * directly.
 */
let home: FaultProxy;
let oldServer: FaultProxy;
let account: Account;
let ada: Person;
let controlRoom: string;
let roomId: string;

beforeAll(async () => {
  world = await createBotEnvironment({
    bot: async (pair) => {
      home = await startFaultProxy({ target: pair.new.baseUrl });
      oldServer = await startFaultProxy({ target: pair.old.baseUrl });
      controlRoom = await createControlRoom(pair, { alias: "moving" });
      return {
        homeserver: home.url,
        servers: { [pair.old.serverName]: oldServer.url, [pair.new.serverName]: pair.new.baseUrl },
        controlRooms: [`#moving:${pair.new.serverName}`],
      };
    },
  });
  account = await world.register("new", "ada");
  ada = await world.client(account);
  await ada.join(controlRoom);
});

afterAll(async () => {
  await world.close();
  await Promise.all([home.stop(), oldServer.stop()]);
});

it("waits for a homeserver that is away when it starts, and for one that stumbles", async () => {
  await home.down();
  const started = world.bot.start();
  await until(() => world.bot.output().includes("waiting for the bot's homeserver"));
  home.setRule(once(/\/directory\/room\//u, { kind: "status", status: 502 }));
  await home.up();
  await started;
  await ada.waitForMembership(controlRoom, world.botUserId, "join");
  expect(textOf(await world.answer(ada, controlRoom, "!help"))).toContain("!login");
  expect(home.requests.filter(({ status }) => status === 502)).toHaveLength(1);
  roomId = await world.directChat(ada);
});

it("answers after an outage what was sent meanwhile, once", async () => {
  await home.down();
  const first = await ada.say(roomId, "!outageone");
  await ada.say(roomId, "!outagetwo");
  await home.up();
  const answers = await botMessagesBehind(ada, roomId, { botUserId: world.botUserId, after: first });
  expect(answers.map((message) => /outage\w+/u.exec(textOf(message))?.[0])).toEqual([
    "outageone",
    "outagetwo",
  ]);
});

it("says nothing twice when the server's answers to its messages are lost", async () => {
  home.setRule(once(/\/send\/m\.room\.encrypted\//u, { kind: "lose-answer" }));
  const first = await ada.say(roomId, "!lostone");
  const answers = await botMessagesBehind(ada, roomId, { botUserId: world.botUserId, after: first });
  expect(answers.map((message) => /lost\w+/u.exec(textOf(message))?.[0])).toEqual(["lostone"]);
  expect(home.requests.filter(({ fault }) => fault?.kind === "lose-answer")).toHaveLength(1);
});

it("refuses to start a second time on the same data directory, and goes on in the first process", async () => {
  const { status, output } = await runBot("--config", world.bot.configPath);
  expect(status).toBe(1);
  expect(output).toContain("Another process is using the data directory");
  expect(textOf(await world.answer(ada, roomId, "!help"))).toContain("!login");
});

it("ends by SIGTERM while servers hang, and goes on with what was cut off", async () => {
  oldServer.setRule(() => ({ kind: "hang" }));
  const command = await ada.say(roomId, `!login old @ada:${world.pair.old.serverName}`);
  await ada.waitForMessage(roomId, (message) => textOf(message).startsWith("Asking"), { after: command });
  home.setRule(({ path }) => (path.includes("/send/m.room.encrypted/") ? { kind: "hang" } : undefined));
  await ada.say(roomId, "!unanswered");
  await until(() => home.requests.some(({ fault }) => fault?.kind === "hang"));
  const { status, ms } = await world.bot.stop();
  expect(status).toBe(0);
  // The contract's own figure.
  expect(ms).toBeLessThan(5_000);
  oldServer.setRule();
  home.setRule();
  await world.bot.start();
  await ada.waitForMessage(roomId, (message) => textOf(message).includes("takes a password"), {
    after: command,
  });
  const answers = await botMessagesBehind(ada, roomId, { botUserId: world.botUserId, after: command });
  const timesSaid = (text: string): number =>
    answers.filter((message) => textOf(message).includes(text)).length;
  expect([timesSaid("takes a password"), timesSaid("unanswered")]).toEqual([1, 1]);
  expect(timesSaid("Asking")).toBeLessThan(2);
});

it("ends when its session is revoked, and logs in anew, with a new device, at the next start", async () => {
  const [device = ""] = await botDevices(world);
  const pid = world.bot.processId ?? 0;
  await signOutBotDevice(world, device);
  // Comes with the sync that was waiting, or not at all to this device: the next one has to answer
  // it.
  const meanwhile = await ada.say(controlRoom, "!whilerevoked");
  await until(() => !isRunning(pid));
  expect(await world.bot.stop()).toMatchObject({ status: 1 });
  expect(world.bot.output()).toContain("the bot's session was ended on its server");
  await world.bot.start();
  const answers = await botMessagesBehind(ada, controlRoom, { botUserId: world.botUserId, after: meanwhile });
  expect(answers.map((message) => /while\w+/u.exec(textOf(message))?.[0])).toEqual(["whilerevoked"]);
  const devices = await botDevices(world);
  expect(devices).not.toContain(device);
  // What she says before her client knows of the new device goes to the one before.
  await expect
    .poll(() => ada.signedDevices(world.botUserId), { timeout: 30_000 })
    .toEqual(expect.arrayContaining(devices));
  const answer = await world.answer(ada, roomId, "!help");
  expect(textOf(answer)).toContain("!login");
  expect(answer).toMatchObject({ isEncrypted: true, shield: null });
  expect(
    botMessages(ada, roomId, world).filter(({ decryptionFailure }) => decryptionFailure !== undefined),
  ).toEqual([]);
});

function once(path: RegExp, fault: NonNullable<ReturnType<Rule>>): Rule {
  let isDone = false;
  return (request) => {
    if (isDone || !path.test(request.path)) return undefined;
    isDone = true;
    return fault;
  };
}

/** Looks again until it is so. */
async function until(isSo: () => boolean): Promise<void> {
  const deadline = Date.now() + OUTAGE_TIMEOUT_MS;
  while (!isSo()) {
    if (Date.now() > deadline)
      throw new Error(`it has not come to that:\n${world.bot.output().slice(-3_000)}`);
    await pause(50);
  }
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

function runBot(...parameters: string[]): Promise<{ status: number; output: string }> {
  return new Promise((resolve) => {
    const child = execFile(process.execPath, [MAIN, ...parameters], (_error, stdout, stderr) =>
      resolve({ status: child.exitCode ?? -1, output: stdout + stderr }),
    );
  });
}

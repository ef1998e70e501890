import { execFile } from "node:child_process";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { wasInterim } from "../lab/bot-answer.ts";
import type { Person } from "../lab/person/person.ts";
import { textOf } from "../lab/person/person.ts";
import { botDevices, signOutBotDevice } from "../support/chat/bot-devices.ts";
import { botMessages, botMessagesBehind } from "../support/chat/bot-messages.ts";
import { createControlRoom } from "../support/chat/control-room.ts";
import type { Account, BotEnvironment } from "../support/environments/bot-environment.ts";
import { createBotEnvironment } from "../support/environments/bot-environment.ts";
import type { FaultProxy, Rule } from "../support/faults/fault-proxy.ts";
import { startFaultProxy } from "../support/faults/fault-proxy.ts";

const OUTAGE_TIMEOUT_MS = 5 * 60_000;
const MAIN = fileURLToPath(new URL("../../src/main.ts", import.meta.url));

/** What the tests of this file share. They run in order, and later ones need earlier ones. */
interface Story {
  environment: BotEnvironment;
  /**
   * The bot reaches its own homeserver and the old one through these. People's clients do not pass
   * them.
   */
  home: FaultProxy;
  oldServer: FaultProxy;
  account: Account;
  ada: Person;
  controlRoom: string;
  roomId: string;
}

const story = {} as Story;

describe("the bot, in outages and restarts", () => {
  beforeAll(async () => {
    story.environment = await createBotEnvironment({
      bot: async (pair) => {
        story.home = await startFaultProxy({ target: pair.new.baseUrl });
        story.oldServer = await startFaultProxy({ target: pair.old.baseUrl });
        story.controlRoom = await createControlRoom(pair, { alias: "moving" });
        return {
          homeserver: story.home.url,
          servers: { [pair.old.serverName]: story.oldServer.url, [pair.new.serverName]: pair.new.baseUrl },
          controlRooms: [`#moving:${pair.new.serverName}`],
        };
      },
    });
    story.account = await story.environment.register("new", "ada");
    story.ada = await story.environment.client(story.account);
    await story.ada.join(story.controlRoom);
  });

  afterAll(async () => {
    const { environment, home, oldServer } = story;
    await environment.close();
    await Promise.all([home.stop(), oldServer.stop()]);
  });

  it("waits at its start for a homeserver that is away or answers with errors", async () => {
    const { environment, home, ada, controlRoom } = story;
    await home.down();
    const started = environment.bot.start();
    await until(() => environment.bot.output().includes("waiting for the bot's homeserver"));
    home.setRule(once(/\/directory\/room\//u, { kind: "status", status: 502 }));
    await home.up();
    await started;
    await ada.waitForMembership(controlRoom, environment.botUserId, "join");
    expect(textOf(await environment.answer(ada, controlRoom, "!help"))).toContain("!login");
    expect(home.requests.filter(({ status }) => status === 502)).toHaveLength(1);
    story.roomId = await environment.directChat(ada);
  });

  it("answers messages of an outage once, after it", async () => {
    const { environment, home, ada } = story;
    await home.down();
    const first = await ada.say(story.roomId, "!outageone");
    await ada.say(story.roomId, "!outagetwo");
    await home.up();
    const answers = await botMessagesBehind(ada, story.roomId, {
      botUserId: environment.botUserId,
      after: first,
    });
    expect(answers.map((message) => /outage\w+/u.exec(textOf(message))?.[0])).toEqual([
      "outageone",
      "outagetwo",
    ]);
  });

  it("sends nothing twice when the server's answers are lost", async () => {
    const { environment, home, ada } = story;
    home.setRule(once(/\/send\/m\.room\.encrypted\//u, { kind: "lose-answer" }));
    const first = await ada.say(story.roomId, "!lostone");
    const answers = await botMessagesBehind(ada, story.roomId, {
      botUserId: environment.botUserId,
      after: first,
    });
    expect(answers.map((message) => /lost\w+/u.exec(textOf(message))?.[0])).toEqual(["lostone"]);
    expect(home.requests.filter(({ fault }) => fault?.kind === "lose-answer")).toHaveLength(1);
  });

  it("refuses to start a second time on the same data directory, and the first process continues", async () => {
    const { environment, ada } = story;
    const { status, output } = await runBot("--config", environment.bot.configPath);
    expect(status).toBe(1);
    expect(output).toContain("Another process is using the data directory");
    expect(textOf(await environment.answer(ada, story.roomId, "!help"))).toContain("!login");
  });

  it("ends on SIGTERM while servers hang, and continues the interrupted work at the next start", async () => {
    const { environment, home, oldServer, ada } = story;
    // The bot waits half a minute for this answer, and less for those before it.
    oldServer.setRule(({ path }) => (path.endsWith("/v3/login") ? { kind: "hang" } : undefined));
    const command = await ada.say(story.roomId, `!login old @ada:${environment.pair.old.serverName}`);
    await ada.waitForMessage(story.roomId, wasInterim, { after: command });
    home.setRule(({ path }) => (path.includes("/send/m.room.encrypted/") ? { kind: "hang" } : undefined));
    await ada.say(story.roomId, "!unanswered");
    await until(() => home.requests.some(({ fault }) => fault?.kind === "hang"));
    // It ends by itself while the requests have no answer.
    expect(await environment.bot.stop()).toEqual({ status: 0 });
    oldServer.setRule();
    home.setRule();
    await environment.bot.start();
    await ada.waitForMessage(story.roomId, (message) => textOf(message).includes("takes a password"), {
      after: command,
    });
    const answers = await botMessagesBehind(ada, story.roomId, {
      botUserId: environment.botUserId,
      after: command,
    });
    const timesSaid = (text: string): number =>
      answers.filter((message) => textOf(message).includes(text)).length;
    expect([timesSaid("takes a password"), timesSaid("unanswered")]).toEqual([1, 1]);
    expect(timesSaid("Asking")).toBeLessThan(2);
  });

  it("ends when its session is revoked, and logs in with a new device at the next start", async () => {
    const { environment, ada, controlRoom } = story;
    const [device = ""] = await botDevices(environment);
    const pid = environment.bot.processId ?? 0;
    await signOutBotDevice(environment, device);
    // This device gets the message with the sync that was waiting, or not at all. The next device
    // has to answer it.
    const meanwhile = await ada.say(controlRoom, "!whilerevoked");
    await until(() => !isRunning(pid));
    expect(await environment.bot.stop()).toMatchObject({ status: 1 });
    expect(environment.bot.output()).toContain("the bot's session was ended on its server");
    await environment.bot.start();
    const answers = await botMessagesBehind(ada, controlRoom, {
      botUserId: environment.botUserId,
      after: meanwhile,
    });
    expect(answers.map((message) => /while\w+/u.exec(textOf(message))?.[0])).toEqual(["whilerevoked"]);
    const devices = await botDevices(environment);
    expect(devices).not.toContain(device);
    // What she says before her client knows the new device is encrypted for the old one.
    await expect
      .poll(() => ada.signedDevices(environment.botUserId))
      .toEqual(expect.arrayContaining(devices));
    const answer = await environment.answer(ada, story.roomId, "!help");
    expect(textOf(answer)).toContain("!login");
    expect(answer).toMatchObject({ isEncrypted: true, shield: null });
    expect(
      botMessages(ada, story.roomId, environment).filter(
        ({ decryptionFailure }) => decryptionFailure !== undefined,
      ),
    ).toEqual([]);
  });
});

function once(path: RegExp, fault: NonNullable<ReturnType<Rule>>): Rule {
  let isDone = false;
  return (request) => {
    if (isDone || !path.test(request.path)) return undefined;
    isDone = true;
    return fault;
  };
}

/** Polls until a condition is true. */
async function until(isSo: () => boolean): Promise<void> {
  const deadline = Date.now() + OUTAGE_TIMEOUT_MS;
  while (!isSo()) {
    if (Date.now() > deadline)
      throw new Error(`it has not come to that:\n${story.environment.bot.output().slice(-3_000)}`);
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

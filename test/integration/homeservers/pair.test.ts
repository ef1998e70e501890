import { spawn } from "node:child_process";
import { once } from "node:events";
import { cp, mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { PortTakenError } from "../../lab/homeservers/homeserver.ts";
import { LAUNCHER_VARIABLE } from "../../lab/homeservers/launcher.ts";
import { startHomeserverPair, type HomeserverPair } from "../../lab/homeservers/pair.ts";
import { asPerson, person } from "./rooms.ts";

/** What the tests of this file share. */
interface Fixture {
  base: string;
  pair: HomeserverPair;
  beside: HomeserverPair;
}

const fixture = {} as Fixture;
const log: string[] = [];

beforeAll(async () => {
  fixture.base = await mkdtemp(join(tmpdir(), "pair-"));
  // In sequence, so that a first installation is printed once.
  fixture.pair = await startHomeserverPair({
    folder: join(fixture.base, "pair"),
    limits: "unlimited",
    log: (line) => log.push(line),
  });
  fixture.beside = await startHomeserverPair({
    folder: join(fixture.base, "beside"),
    limits: "default",
    names: { old: "old.localhost", new: "new.localhost" },
    roomVersion: "11",
    extraConfig: { old: { max_avatar_size: "1M" } },
  });
});

afterAll(async () => {
  const { base, beside } = fixture;
  await Promise.all([fixture.pair.stop(), beside.stop()]);
  await rm(base, { recursive: true });
});

describe("two homeservers", () => {
  it("let people of both meet in one room by federation", async () => {
    const ada = await person(fixture.pair.old, "ada");
    const bob = await person(fixture.pair.new, "bob");
    expect(ada.userId).toBe(`@ada:${fixture.pair.old.serverName}`);
    const roomId = await ada.createRoom(bob.userId);
    await bob.untilInvited(roomId);
    await bob.join(roomId, fixture.pair.old.serverName);
    expect(await bob.untilEvent(roomId, await ada.send(roomId, "welcome"))).toBe("welcome");
    expect(await ada.untilEvent(roomId, await bob.send(roomId, "thank you"))).toBe("thank you");
  });

  it("federate under names below localhost too, with the requested room version", async () => {
    const { beside } = fixture;
    const ada = await person(beside.old, "ada");
    const bob = await person(beside.new, "bob");
    expect(ada.userId).toMatch(/^@ada:old\.localhost:\d+$/);
    const roomId = await ada.createRoom(bob.userId);
    expect(roomId).toContain(beside.old.serverName); // as room IDs have been up to version 11
    await bob.untilInvited(roomId);
    await bob.join(roomId, beside.old.serverName);
  });

  it("count their requests", async () => {
    const lines = await fixture.pair.new.accessLog();
    const joins = lines.filter(
      (line) => line.listener === "client" && line.path.startsWith("/_matrix/client/v3/join/"),
    );
    expect(joins).toEqual([
      expect.objectContaining({ method: "POST", status: 200, user: `@bob:${fixture.pair.new.serverName}` }),
    ]);
    expect(
      lines.some((line) => line.listener === "federation" && line.user === fixture.pair.old.serverName),
    ).toBe(true);
  });

  it("limit requests like Synapse by default, and not at all when unlimited", async () => {
    const statuses = async (baseUrl: string): Promise<Set<number>> => {
      const body = JSON.stringify({
        type: "m.login.password",
        identifier: { type: "m.id.user", user: "nobody" },
        password: "x",
      });
      const seen = new Set<number>();
      for (let login = 0; login < 8; login += 1)
        seen.add((await fetch(`${baseUrl}/_matrix/client/v3/login`, { method: "POST", body })).status);
      return seen;
    };
    expect(await statuses(fixture.pair.old.baseUrl)).toEqual(new Set([403]));
    expect(await statuses(fixture.beside.old.baseUrl)).toEqual(new Set([403, 429]));
  });

  it("refuse an account that exists, with the server's reason", async () => {
    await expect(fixture.pair.old.registerUser({ localpart: "ada", password: "x" })).rejects.toThrow(
      "M_USER_IN_USE",
    );
  });

  it("can be frozen one by one", async () => {
    fixture.pair.old.pause();
    const answer = fetch(`${fixture.pair.old.baseUrl}/_matrix/client/versions`);
    const first = await Promise.race([
      answer.then(() => "old"),
      fetch(`${fixture.pair.new.baseUrl}/_matrix/client/versions`).then(() => "new"),
    ]);
    expect(first).toBe("new");
    fixture.pair.old.resume();
    expect((await answer).status).toBe(200);
  });

  it("can be stopped and started one by one at the same address, and reach each other again", async () => {
    const { userId } = await person(fixture.pair.old, "carol");
    const dave = await person(fixture.pair.new, "dave");
    await fixture.pair.old.stop();
    expect(fixture.pair.old.pid).toBeUndefined();
    await expect(fetch(`${fixture.pair.old.baseUrl}/_matrix/client/versions`)).rejects.toThrow(
      "fetch failed",
    );
    await fixture.pair.old.start();
    const eve = await person(fixture.pair.old, "eve");
    const roomId = await eve.createRoom(dave.userId);
    await dave.untilInvited(roomId);
    await expect(
      fixture.pair.old.registerUser({ localpart: "carol", password: "x" }),
      userId,
    ).rejects.toThrow("M_USER_IN_USE");
  });

  it("can be stopped while frozen", async () => {
    fixture.pair.new.pause();
    await fixture.pair.new.stop();
    await fixture.pair.new.start();
  });

  it("distinguish a port that another process took from any other failure, so that a new pair can try others", async () => {
    await fixture.pair.old.stop();
    const taker = createServer((_, response) => response.end("{}"));
    taker.listen(Number(new URL(fixture.pair.old.baseUrl).port), "127.0.0.1");
    await once(taker, "listening");
    await expect(fixture.pair.old.start()).rejects.toBeInstanceOf(PortTakenError);
    taker.close();
    await once(taker, "close");
    await fixture.pair.old.start();
  });

  it("can be started from a copy of their folder, with people and rooms", async () => {
    const { base } = fixture;
    const ada = await fixture.pair.old.registerUser({ localpart: "grace", password: "x" });
    const bob = await person(fixture.pair.new, "heidi");
    const roomId = await asPerson(fixture.pair.old, ada).createRoom(bob.userId);
    const { serverName } = fixture.pair.old;
    await fixture.pair.stop();
    await cp(join(base, "pair"), join(base, "copy"), { recursive: true });
    fixture.pair = await startHomeserverPair({ folder: join(base, "copy"), limits: { scale: 100 } });
    expect(fixture.pair.old.serverName).toBe(serverName);
    const again = asPerson(fixture.pair.old, ada);
    const eventId = await again.send(roomId, "still here");
    expect(await again.untilEvent(roomId, eventId)).toBe("still here");
  });

  it("report that their ports are in use by the pair they were copied from", async () => {
    await expect(
      startHomeserverPair({ folder: join(fixture.base, "pair"), limits: "default" }),
    ).rejects.toThrow(/is in use/);
  });

  it("are not made in a folder that holds other files", async () => {
    await expect(startHomeserverPair({ folder: fixture.base, limits: "default" })).rejects.toThrow(
      "neither empty nor",
    );
  });

  const { [LAUNCHER_VARIABLE]: _, ...alone } = process.env;
  it.each([
    ["a launcher that the run shares", process.env],
    ["a launcher of its own", alone],
  ])("end when their caller with %s is killed, even while frozen", async (_launcher, env) => {
    const { base } = fixture;
    const script = fileURLToPath(new URL("caller.ts", import.meta.url));
    const caller = spawn(process.execPath, [script, join(base, "killed")], {
      stdio: ["ignore", "pipe", "inherit"],
      env,
    });
    const [line] = (await once(createInterface({ input: caller.stdout }), "line")) as [string];
    const pids = JSON.parse(line) as number[];
    expect(pids.map(isAlive)).toEqual([true, true]);
    caller.kill("SIGKILL");
    while (pids.some(isAlive)) await sleep(50);
    // A pair can be started again in the folder that the killed caller left.
    const after = await startHomeserverPair({ folder: join(base, "killed"), limits: "unlimited" });
    await after.stop();
  });
});

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

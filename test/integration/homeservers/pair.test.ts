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
import { startHomeserverPair, type HomeserverPair } from "../../lab/homeservers/pair.ts";
import { asPerson, person } from "./rooms.ts";

let base: string;
let pair: HomeserverPair;
let beside: HomeserverPair;
const log: string[] = [];

beforeAll(async () => {
  base = await mkdtemp(join(tmpdir(), "pair-"));
  // One after the other only so that a first installation is told once.
  pair = await startHomeserverPair({
    folder: join(base, "pair"),
    limits: "unlimited",
    log: (line) => log.push(line),
  });
  beside = await startHomeserverPair({
    folder: join(base, "beside"),
    limits: "default",
    names: { old: "old.localhost", new: "new.localhost" },
    roomVersion: "11",
    extraConfig: { old: { max_avatar_size: "1M" } },
  });
});

afterAll(async () => {
  await Promise.all([pair.stop(), beside.stop()]);
  await rm(base, { recursive: true });
});

describe("two homeservers", () => {
  it("let people of both meet in one room, over federation", async () => {
    const ada = await person(pair.old, "ada");
    const bob = await person(pair.new, "bob");
    expect(ada.userId).toBe(`@ada:${pair.old.serverName}`);
    const roomId = await ada.createRoom(bob.userId);
    await bob.untilInvited(roomId);
    await bob.join(roomId, pair.old.serverName);
    expect(await bob.untilEvent(roomId, await ada.send(roomId, "welcome"))).toBe("welcome");
    expect(await ada.untilEvent(roomId, await bob.send(roomId, "thank you"))).toBe("thank you");
  });

  it("federate under names below localhost too, with the room version that was asked for", async () => {
    const ada = await person(beside.old, "ada");
    const bob = await person(beside.new, "bob");
    expect(ada.userId).toMatch(/^@ada:old\.localhost:\d+$/);
    const roomId = await ada.createRoom(bob.userId);
    expect(roomId).toContain(beside.old.serverName); // as room IDs have been up to version 11
    await bob.untilInvited(roomId);
    await bob.join(roomId, beside.old.serverName);
  });

  it("count their requests", async () => {
    const lines = await pair.new.accessLog();
    const joins = lines.filter(
      (line) => line.listener === "client" && line.path.startsWith("/_matrix/client/v3/join/"),
    );
    expect(joins).toEqual([
      expect.objectContaining({ method: "POST", status: 200, user: `@bob:${pair.new.serverName}` }),
    ]);
    expect(lines.some((line) => line.listener === "federation" && line.user === pair.old.serverName)).toBe(
      true,
    );
  });

  it("limit requests as Synapse does by default, and not at all when unlimited", async () => {
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
    expect(await statuses(pair.old.baseUrl)).toEqual(new Set([403]));
    expect(await statuses(beside.old.baseUrl)).toEqual(new Set([403, 429]));
  });

  it("refuse an account that exists, with the server's reason", async () => {
    await expect(pair.old.registerUser({ localpart: "ada", password: "x" })).rejects.toThrow("M_USER_IN_USE");
  });

  it("can be frozen one by one", async () => {
    pair.old.pause();
    const answer = fetch(`${pair.old.baseUrl}/_matrix/client/versions`);
    const first = await Promise.race([
      answer.then(() => "old"),
      fetch(`${pair.new.baseUrl}/_matrix/client/versions`).then(() => "new"),
    ]);
    expect(first).toBe("new");
    pair.old.resume();
    expect((await answer).status).toBe(200);
  });

  it("can be stopped and started one by one, at the same address, and find each other again", async () => {
    const { userId } = await person(pair.old, "carol");
    const dave = await person(pair.new, "dave");
    await pair.old.stop();
    expect(pair.old.pid).toBeUndefined();
    await expect(fetch(`${pair.old.baseUrl}/_matrix/client/versions`)).rejects.toThrow("fetch failed");
    await pair.old.start();
    const eve = await person(pair.old, "eve");
    const roomId = await eve.createRoom(dave.userId);
    await dave.untilInvited(roomId);
    await expect(pair.old.registerUser({ localpart: "carol", password: "x" }), userId).rejects.toThrow(
      "M_USER_IN_USE",
    );
  });

  it("can be stopped while frozen", async () => {
    pair.new.pause();
    await pair.new.stop();
    await pair.new.start();
  });

  it("tell a port that another process took from any other failure, so that a new pair can try others", async () => {
    await pair.old.stop();
    const taker = createServer((_, response) => response.end("{}"));
    taker.listen(Number(new URL(pair.old.baseUrl).port), "127.0.0.1");
    await once(taker, "listening");
    await expect(pair.old.start()).rejects.toBeInstanceOf(PortTakenError);
    taker.close();
    await once(taker, "close");
    await pair.old.start();
  });

  it("are started again from a copy of their folder, with people and rooms", async () => {
    const ada = await pair.old.registerUser({ localpart: "grace", password: "x" });
    const bob = await person(pair.new, "heidi");
    const roomId = await asPerson(pair.old, ada).createRoom(bob.userId);
    const { serverName } = pair.old;
    await pair.stop();
    await cp(join(base, "pair"), join(base, "copy"), { recursive: true });
    pair = await startHomeserverPair({ folder: join(base, "copy"), limits: { scale: 100 } });
    expect(pair.old.serverName).toBe(serverName);
    const again = asPerson(pair.old, ada);
    const eventId = await again.send(roomId, "still here");
    expect(await again.untilEvent(roomId, eventId)).toBe("still here");
  });

  it("tell when their ports are in use by the pair they were copied from", async () => {
    await expect(startHomeserverPair({ folder: join(base, "pair"), limits: "default" })).rejects.toThrow(
      /is in use/,
    );
  });

  it("are not made in a folder that holds something else", async () => {
    await expect(startHomeserverPair({ folder: base, limits: "default" })).rejects.toThrow(
      "neither empty nor",
    );
  });

  it("end with a caller that is killed, also a frozen one", async () => {
    const script = fileURLToPath(new URL("caller.ts", import.meta.url));
    const caller = spawn(process.execPath, [script, join(base, "killed")], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    const [line] = (await once(createInterface({ input: caller.stdout }), "line")) as [string];
    const pids = JSON.parse(line) as number[];
    expect(pids.map(isAlive)).toEqual([true, true]);
    caller.kill("SIGKILL");
    while (pids.some(isAlive)) await sleep(50);
    // What it left can be started again.
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

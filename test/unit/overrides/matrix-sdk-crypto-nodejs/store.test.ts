import { mkdir, mkdtemp, readdir, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import {
  type CryptoMachine,
  configureStore,
} from "../../../../src/overrides/matrix-sdk-crypto-nodejs/index.ts";
import { CryptoDevice } from "../../../support/overrides/crypto-device.ts";
import { KeyServer } from "../../../support/overrides/key-server.ts";

const KEY = new Uint8Array(32).fill(1);

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "crypto-store-"));
});

afterAll(async () => {
  await rm(folder, { recursive: true });
});

function open(path = folder): Promise<CryptoDevice> {
  return CryptoDevice.open("@bot:example.org", "BOT", new KeyServer(), path);
}

test("a store is the same when it is opened again, and the bot is handed its machine", async () => {
  const machines: CryptoMachine[] = [];
  configureStore({ key: KEY, onOpen: (machine) => machines.push(machine) });
  const first = await open();
  const identity = first.machine.identityKeys.ed25519.toBase64();
  await first.machine.bootstrapCrossSigning(false);
  await first.machine.close();
  const second = await open();
  expect(second.machine.identityKeys.ed25519.toBase64()).toBe(identity);
  expect(await second.machine.crossSigningStatus()).toMatchObject({ hasMaster: true });
  await second.machine.close();
  expect(machines).toEqual([first.machine, second.machine]);
});

test("a store is readable by its owner only, and marked while it is unfinished only", async () => {
  expect((await stat(join(folder, "olm"))).mode & 0o777).toBe(0o700);
  expect(await readdir(join(folder, "olm"))).not.toContain("unfinished");
});

test("a store does not open with another key, and does with its own afterwards", async () => {
  configureStore({ key: new Uint8Array(32).fill(2) });
  await expect(open()).rejects.toThrow();
  configureStore({ key: KEY });
  await (await open()).machine.close();
});

test("a process has one store folder", async () => {
  const other = join(folder, "other");
  await mkdir(join(other, "olm"), { recursive: true });
  await writeFile(join(other, "olm", "database.sqlite"), "");
  await expect(open(other)).rejects.toThrow(/one folder only/);
});

test("a key of another length is refused", () => {
  expect(() => configureStore({ key: new Uint8Array(16) })).toThrow("32 bytes, not 16");
});

import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { ConfigurationError } from "../../../src/config/configuration.ts";
import { loadOrCreateSecretKey } from "../../../src/config/secret-key.ts";

let folder = "";

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "secret-key-"));
});

afterEach(() => {
  rmSync(folder, { recursive: true });
});

it("makes a key that only its owner can read, and reads the same one again", async () => {
  const path = join(folder, "secrets", "store.key");
  const made = await loadOrCreateSecretKey(path);
  expect(made.isNew).toBe(true);
  expect(made.key).toHaveLength(32);
  expect(statSync(path).mode & 0o777).toBe(0o600);
  expect(statSync(join(folder, "secrets")).mode & 0o777).toBe(0o700);
  expect(readdirSync(join(folder, "secrets"))).toEqual(["store.key"]);
  expect(await loadOrCreateSecretKey(path)).toEqual({ key: made.key, isNew: false });
});

it("gives everyone the same key when several start at once", async () => {
  const path = join(folder, "store.key");
  const results = await Promise.all(Array.from({ length: 8 }, () => loadOrCreateSecretKey(path)));
  expect(new Set(results.map(({ key }) => key.toString("hex"))).size).toBe(1);
  expect(results.filter(({ isNew }) => isNew)).toHaveLength(1);
  expect(readdirSync(folder)).toEqual(["store.key"]);
});

it("makes no key in place of a missing one that is needed, and leaves no file", async () => {
  const path = join(folder, "secrets", "store.key");
  await expect(loadOrCreateSecretKey(path, () => true)).rejects.toThrow(/store\.key is missing/);
  expect(readdirSync(folder)).toEqual([]);
});

it.each(["", "short", `${"A".repeat(43)}=extra`, `${"!".repeat(43)}=`])(
  "refuses a file that holds %j, and leaves it as it is",
  async (content) => {
    const path = join(folder, "store.key");
    writeFileSync(path, content);
    await expect(loadOrCreateSecretKey(path)).rejects.toThrow(/does not hold a key/);
    expect(readFileSync(path, "utf8")).toBe(content);
  },
);

it("reports that the file cannot be made", async () => {
  mkdirSync(join(folder, "store.key"));
  await expect(loadOrCreateSecretKey(join(folder, "store.key"))).rejects.toThrow(ConfigurationError);
  writeFileSync(join(folder, "file"), "");
  await expect(loadOrCreateSecretKey(join(folder, "file", "store.key"))).rejects.toThrow(ConfigurationError);
});

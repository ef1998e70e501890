import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, expect, it } from "vitest";
import { loadOrCreateSecretKey } from "../../src/config/secret-key.ts";
import { openStore } from "../../src/store/store.ts";

const ROOT = new URL("../../", import.meta.url);
const folder = mkdtempSync(join(tmpdir(), "main-"));

afterAll(() => {
  rmSync(folder, { recursive: true });
});

function runMain(
  args: string[],
  environment: Record<string, string> = {},
): { status: number | null; stdout: string; stderr: string } {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [fileURLToPath(new URL("src/main.ts", ROOT)), ...args],
    {
      cwd: folder,
      env: { PATH: process.env["PATH"], ...environment },
      encoding: "utf8",
    },
  );
  return { status, stdout, stderr };
}

it("prints its version and its usage", () => {
  const { version } = JSON.parse(readFileSync(new URL("package.json", ROOT), "utf8")) as { version: string };
  expect(runMain(["--version"])).toEqual({ status: 0, stdout: `${version}\n`, stderr: "" });
  expect(runMain(["--help"])).toMatchObject({
    status: 0,
    stderr: "",
    stdout: expect.stringContaining("--check-config") as string,
  });
});

it("refuses a mistyped flag with status 64", () => {
  expect(runMain(["--chek-config"])).toEqual({
    status: 64,
    stdout: "",
    stderr: "There is no --chek-config; did you mean --check-config? See --help.\n",
  });
});

it("accepts the example configuration, and writes nothing", () => {
  writeFileSync(join(folder, "bot.config.yaml"), readFileSync(new URL("bot.config.example.yaml", ROOT)));
  expect(runMain(["--check-config"], { BOT_PASSWORD: "x" })).toEqual({
    status: 0,
    stdout: "bot.config.yaml: OK\n",
    stderr: "",
  });
  expect(readdirSync(folder)).toEqual(["bot.config.yaml"]);
});

it.each([["--check-config"], []])("reports every fault of a configuration with status 78 (%s)", (...args) => {
  writeFileSync(join(folder, "bad.yaml"), 'bot: { userID: "@a:example.org" }\nlog: { level: loud }\n');
  const { status, stdout, stderr } = runMain(["--config", "bad.yaml", ...args]);
  expect([status, stdout]).toEqual([78, ""]);
  expect(stderr).toMatch(/^bad\.yaml: 5 faults\n/);
  expect(stderr).toContain('  bot.userID (line 1): unknown key; did you mean "userId"?\n');
  expect(stderr).toContain("  log.level (line 2): must be one of");
});

it("does not start without the key of its stored secrets, and makes no new one", async () => {
  writeFileSync(
    join(folder, "sealed.yaml"),
    'bot: { homeserver: "https://x.example", userId: "@mover:x.example", password: x }\n' +
      "dataDir: sealed\nsecretKeyFile: keys/k\n",
  );
  const keyFile = join(folder, "keys", "k");
  const { key } = await loadOrCreateSecretKey(keyFile);
  const store = openStore({ dataDir: join(folder, "sealed"), secretKey: key });
  await store.bot.setSecret("session", "token");
  await store.close();
  rmSync(keyFile);

  const { status, stderr } = runMain(["--config", "sealed.yaml"]);
  expect(status).toBe(78);
  expect(stderr).toMatch(/k is missing, .* restore the file from a copy/u);
  expect(readdirSync(join(folder, "keys"))).toEqual([]);
});

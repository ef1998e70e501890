import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { VerifyingMachine } from "../../../../../../src/overrides/matrix-sdk-crypto-nodejs/index.ts";
import { pendingRequestIn } from "../../../../../../src/platforms/matrix/keys/emoji/pending-request.ts";
import { BOT, accountWithPhone, verify } from "../../../../../support/keys/emoji-scene.ts";

let path: string;

beforeAll(async () => {
  path = await mkdtemp(join(tmpdir(), "session-"));
});

afterAll(async () => {
  await rm(path, { recursive: true });
});

it("a session whose process ends at any request is the same device in the next verification", async () => {
  const scene = await accountWithPhone();
  const { account } = scene;
  const store = { path, key: Buffer.alloc(32, 1) };
  const publicKeys = new Set<string>();
  /** Opens the stored session, as a new process does. */
  const open = async (): Promise<VerifyingMachine> => {
    const machine = await VerifyingMachine.open({ userId: account.userId, deviceId: BOT, store });
    publicKeys.add(machine.publicKey);
    return machine;
  };
  for (const last of ["keys/upload", "verification.request", "mac", "m.secret.request"]) {
    const machine = await open();
    // The server does what was asked, and its answer does not arrive.
    const interrupted: Parameters<typeof verify>[2] = {
      pendingRequest: pendingRequestIn(path),
      send: async (request) => {
        const answer = await account.answer(BOT, request);
        if (request.path.includes(`${last}/`) || request.path.endsWith(last)) throw new Error("killed");
        return answer;
      },
    };
    await expect(verify(scene, machine, interrupted)).rejects.toThrow("killed");
    await machine.close();
    await scene.phone.act();
  }
  const machine = await open();
  expect((await verify(scene, machine, { pendingRequest: pendingRequestIn(path) })).result).toEqual({
    status: "opened",
    key: scene.key.toBase64(),
  });
  await machine.close();
  expect(publicKeys.size).toBe(1);
});

it("a session does not open with another key", async () => {
  const store = { path, key: Buffer.alloc(32, 2) };
  await expect(VerifyingMachine.open({ userId: "@me:old.example", deviceId: BOT, store })).rejects.toThrow();
});

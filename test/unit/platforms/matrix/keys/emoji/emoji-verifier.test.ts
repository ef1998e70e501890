import { createHash } from "node:crypto";
import { mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pino } from "pino";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Account } from "../../../../../../src/model/account.ts";
import type { GuardedRequest } from "../../../../../../src/network/guarded-fetch.ts";
import { UnreachableError } from "../../../../../../src/network/unreachable-error.ts";
import { HomeserverClient } from "../../../../../../src/platforms/matrix/api/homeserver-client.ts";
import { EmojiVerifier } from "../../../../../../src/platforms/matrix/keys/emoji/emoji-verifier.ts";
import { VERIFICATION_TIMES } from "../../../../../../src/platforms/matrix/keys/emoji/verified-session.ts";
import { fetchOfAnswers } from "../../../../../support/fakes/fetch-of-answers.ts";
import type { Scene } from "../../../../../support/keys/emoji-scene.ts";
import { BOT, accountWithPhone } from "../../../../../support/keys/emoji-scene.ts";

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "devices-"));
});

afterAll(async () => {
  await rm(folder, { recursive: true });
});

interface Answer {
  readonly status: number;
  readonly body: unknown;
}

/** A server that does not answer. */
function untilAborted(signal?: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    signal?.addEventListener("abort", () => reject(new UnreachableError("aborted", "old.example")));
  });
}

const NO_SIGNAL = new AbortController().signal;
const UNUSED = { onEmoji: () => undefined };
const GONE: Answer = { status: 401, body: { errcode: "M_UNKNOWN_TOKEN", error: "Unknown token" } };

const KEY_EXISTS: Answer = {
  status: 400,
  body: { errcode: "M_UNKNOWN", error: "One time key signed_curve25519:AAAAAAAAAA0 already exists." },
};
const SESSION: Account = {
  owner: "@owner:x.org",
  side: "source",
  userId: "@me:old.example",
  baseUrl: "https://old.example",
  method: "password",
  deviceId: BOT,
  signedInAt: 1,
};

/** A verifier whose requests an account in memory answers. `refuse`: another answer, or none. */
function verifierAt(
  { account, key }: Pick<Scene, "account" | "key">,
  refuse: (path: string, signal?: AbortSignal) => Answer | Promise<Answer> | null = () => null,
) {
  const keys = new Map<string, string>();
  const version = {
    version: "7",
    algorithm: "m.megolm_backup.v1.curve25519-aes-sha2",
    auth_data: { public_key: key.megolmV1PublicKey.publicKeyBase64 },
    count: 1,
    etag: "1",
  };
  const answer = async (url: URL, { method = "GET", body, signal }: GuardedRequest): Promise<Answer> => {
    const refused = await refuse(url.pathname, signal);
    if (refused !== null) return refused;
    if (url.pathname.endsWith("/room_keys/version")) return { status: 200, body: version };
    const given = typeof body === "string" ? { body: JSON.parse(body) } : {};
    const request = { method: method === "DELETE" ? ("PUT" as const) : method, path: url.pathname, ...given };
    return {
      status: 200,
      body: await account.answer(BOT, { ...request, query: Object.fromEntries(url.searchParams) }),
    };
  };
  const fetch = async (url: string, request: GuardedRequest = {}) => {
    request.signal?.throwIfAborted();
    const { status, body } = await answer(new URL(url), request);
    // The other device has read the keys of the new one before its request comes.
    if (url.includes("/keys/upload")) await account.meanwhile();
    return { status, headers: {}, body: Buffer.from(JSON.stringify(body)), url };
  };
  const log = pino({ level: "silent" });
  const verifier = new EmojiVerifier({
    sessions: {
      client: ({ baseUrl }) => new HomeserverClient({ baseUrl, fetch: fetchOfAnswers(fetch), log }),
    },
    devices: {
      folder,
      keys: {
        get: ({ owner }) => Promise.resolve(keys.get(owner) ?? null),
        put: ({ owner }, value) => Promise.resolve(keys.set(owner, value).size > 0),
        sessions: () =>
          Promise.resolve([...keys.keys()].map((owner) => ({ owner, side: "source" as const }))),
      },
    },
    times: { ...VERIFICATION_TIMES, settle: 0 },
    log,
  });
  return { verifier, keys };
}

describe("the session of an old account", () => {
  it.each<{ name: string; session: Partial<Account>; version: Answer | null; code: string }>([
    {
      name: "that came with a pasted token",
      session: { method: "token" },
      version: null,
      code: "pasted_token",
    },
    { name: "without a device", session: { deviceId: null }, version: null, code: "pasted_token" },
    {
      name: "of an account without a backup",
      session: {},
      version: { status: 404, body: { errcode: "M_NOT_FOUND", error: "No current backup version." } },
      code: "no_backup",
    },
    {
      name: "of an account with a backup of another kind",
      session: {},
      version: {
        status: 200,
        body: { version: "1", algorithm: "org.example", auth_data: {}, count: 0, etag: "0" },
      },
      code: "unknown_algorithm",
    },
  ])("$name is not verified: $code", async ({ session, version, code }) => {
    const scene = await accountWithPhone();
    const { verifier, keys } = verifierAt(scene, (path) =>
      path.endsWith("/room_keys/version")
        ? version
        : path.includes("/account_data/")
          ? { status: 404, body: { errcode: "M_NOT_FOUND", error: "Account data not found" } }
          : null,
    );
    const { result } = verifier.verify({ ...SESSION, ...session }, UNUSED, NO_SIGNAL);
    expect(await result).toEqual({ status: "failed", code });
    expect(keys.size).toBe(0);
  });

  it("is not verified while eight others are", async () => {
    const scene = await accountWithPhone();
    const { verifier } = verifierAt(scene, (_path, signal) => untilAborted(signal));
    const stop = new AbortController();
    const sessions = Array.from({ length: 9 }, (_, index) => ({ ...SESSION, owner: `@owner${index}:x.org` }));
    const results = sessions.map((session) => verifier.verify(session, UNUSED, stop.signal).result);
    expect(await results[8]).toEqual({ status: "failed", code: "too_many_at_once" });
    stop.abort();
    expect(await results[0]).toEqual({ status: "stopped" });
  });

  it("is verified in a thread, and its files are removed with it", async () => {
    const scene = await accountWithPhone();
    const { verifier, keys } = verifierAt(scene);
    const shown: string[] = [];
    const verification = verifier.verify(
      SESSION,
      {
        onEmoji: (emoji) => {
          shown.push(...emoji.map(({ symbol }) => symbol));
          verification.answer(true);
        },
      },
      NO_SIGNAL,
    );
    // Nothing has been shown yet, so this is no answer.
    verification.answer(false);
    expect(await verification.result).toEqual({
      status: "opened",
      opened: {
        version: "7",
        publicKey: scene.key.megolmV1PublicKey.publicKeyBase64,
        key: scene.key.toBase64(),
      },
    });
    expect(shown).toEqual(scene.phone.emoji);
    await mkdir(join(folder, "left over"));
    expect(await readdir(folder)).toHaveLength(2);
    keys.clear();
    await verifier.forget(SESSION);
    expect(await readdir(folder)).toEqual([]);
  });

  it("whose new keys the server refuses needs a new sign-in", async () => {
    const scene = await accountWithPhone();
    const { verifier } = verifierAt(scene, (path) => (path.endsWith("/keys/upload") ? KEY_EXISTS : null));
    const { result } = verifier.verify(SESSION, UNUSED, NO_SIGNAL);
    expect(await result).toEqual({ status: "failed", code: "session_keys_lost" });
    await verifier.forget(SESSION);
  });

  it("whose files are damaged is not verified, and the bot goes on", async () => {
    const scene = await accountWithPhone();
    const { verifier, keys } = verifierAt(scene);
    keys.set(SESSION.owner, Buffer.alloc(32, 1).toString("base64"));
    const name = createHash("sha256").update(`source ${SESSION.owner}`).digest("hex");
    await mkdir(join(folder, name));
    await writeFile(join(folder, name, "olm"), "not a folder");
    const { result } = verifier.verify(SESSION, UNUSED, NO_SIGNAL);
    expect(await result).toEqual({ status: "failed", code: "bot_failed" });
    await verifier.forget(SESSION);
  });

  it("that ends during the verification ends it", async () => {
    const scene = await accountWithPhone({ toEmoji: "ignore" });
    const { verifier } = verifierAt(scene, (path) => (path.includes("verification.request") ? GONE : null));
    const { result } = verifier.verify(SESSION, UNUSED, NO_SIGNAL);
    await expect(result).rejects.toMatchObject({ refusal: { code: "session_ended" } });
    await verifier.forget(SESSION);
  });

  it("that is forgotten cancels the verification on the other device", async () => {
    const scene = await accountWithPhone({ toEmoji: "ignore" });
    const { verifier } = verifierAt(scene);
    const onEmoji = () => void verifier.forget(SESSION);
    const { result } = verifier.verify(SESSION, { onEmoji }, NO_SIGNAL);
    expect(await result).toEqual({ status: "stopped" });
    await scene.phone.act();
    expect(scene.phone.openVerifications()).toBe(0);
    await verifier.forget(SESSION);
    expect(await readdir(folder)).toEqual([]);
  });
});

import { encodeRecoveryKey } from "matrix-js-sdk/lib/crypto-api/recovery-key.js";
import { describe, expect, it } from "vitest";
import { unpaddedBase64 } from "../../../../../../src/model/base64.ts";
import type { OpenRefusal } from "../../../../../../src/platforms/keys.ts";
import { openBackup } from "../../../../../../src/platforms/matrix/keys/opening/open-backup.ts";
import type { Given } from "../../reading/recorded-server.ts";
import { accountData, NOT_FOUND, scriptedAccount } from "../scripted-account.ts";
import {
  backupVersion,
  defaultKey,
  description,
  keyOf,
  phraseKey,
  publicKeyOf,
  storedBackupKey,
} from "./stored-secrets.ts";

type Answers = Record<string, Given>;

const BACKUP = keyOf(1);
const OLDER_BACKUP = keyOf(2);
const STORAGE = keyOf(3);
const SECOND_STORAGE = keyOf(4);
const BACKUP_TEXT = Buffer.from(BACKUP).toString("base64");
const OPENED = {
  status: "opened",
  opened: { version: "1", publicKey: publicKeyOf(BACKUP), key: unpaddedBase64(BACKUP) },
};

function refused(refusal: OpenRefusal) {
  return { status: "refused", refusal };
}

function recoveryKey(key: Uint8Array) {
  return { kind: "recovery_key", text: encodeRecoveryKey(key) ?? "" } as const;
}

/** A secret storage with the backup's key. */
async function storage(text = BACKUP_TEXT): Promise<Answers> {
  return {
    ...defaultKey("A"),
    ...(await description("A", STORAGE)),
    ...(await storedBackupKey({ A: STORAGE }, text)),
  };
}

describe("a recovery key opens the backup", () => {
  it.each<{ name: string; key: Uint8Array; answers: () => Answers | Promise<Answers>; requests: number }>([
    { name: "through the secret storage", key: STORAGE, answers: () => storage(), requests: 2 },
    { name: "as the key of the backup", key: BACKUP, answers: () => ({}), requests: 1 },
    {
      name: "as the key of the backup beside a secret storage",
      key: BACKUP,
      answers: () => storage(),
      requests: 1,
    },
    {
      name: "a secret without padding",
      key: STORAGE,
      answers: () => storage(unpaddedBase64(BACKUP)),
      requests: 2,
    },
    { name: "a secret of numbers", key: STORAGE, answers: () => storage(BACKUP.join(",")), requests: 2 },
    {
      name: "a secret with a line break",
      key: STORAGE,
      answers: () => storage(`${BACKUP_TEXT}\n`),
      requests: 2,
    },
    {
      name: "with a key that is not the default one",
      key: SECOND_STORAGE,
      answers: async () => ({
        ...(await storage()),
        ...(await storedBackupKey({ A: STORAGE, B: SECOND_STORAGE }, BACKUP_TEXT)),
      }),
      requests: 2,
    },
    {
      name: "where the description of the key cannot be checked",
      key: STORAGE,
      answers: async () => ({
        ...(await storage()),
        ...(await description("A", STORAGE, { iv: undefined, mac: undefined })),
      }),
      requests: 2,
    },
    {
      name: "where the stored secret has no padding",
      key: STORAGE,
      answers: async () => {
        const stored = await storedBackupKey({ A: STORAGE }, BACKUP_TEXT);
        return JSON.parse(JSON.stringify(stored).replaceAll("=", "")) as Answers;
      },
      requests: 2,
    },
    {
      name: "where another entry of the secret is malformed",
      key: STORAGE,
      answers: async () => {
        const stored = await storedBackupKey({ B: STORAGE }, BACKUP_TEXT);
        return JSON.parse(
          JSON.stringify(stored).replace('"B"', '"A":{"iv":7},"passed":{"passthrough":true},"B"'),
        ) as Answers;
      },
      requests: 2,
    },
  ])("$name", async ({ key, answers, requests }) => {
    const account = scriptedAccount({ ...backupVersion(BACKUP), ...(await answers()) });
    expect(await openBackup(account.session, recoveryKey(key))).toEqual(OPENED);
    expect(account.requests()).toHaveLength(requests);
  });
});

describe("a recovery key does not open the backup", () => {
  it("if it cannot be one, and nothing is asked of a server", async () => {
    const account = scriptedAccount(backupVersion(BACKUP));
    const { text } = recoveryKey(BACKUP);
    expect(await openBackup(account.session, { kind: "recovery_key", text: text.slice(1) })).toEqual(
      refused({ code: "not_a_recovery_key", mistake: { code: "length", length: 47, expected: 48 } }),
    );
    expect(account.requests()).toEqual([]);
  });

  it.each<{ name: string; answers: () => Answers | Promise<Answers>; refusal: OpenRefusal }>([
    {
      name: "no backup",
      answers: () => ({ "room_keys/version": NOT_FOUND }),
      refusal: { code: "no_backup", isSwitchedOff: false },
    },
    {
      name: "key storage switched off",
      answers: () => ({ "room_keys/version": NOT_FOUND, ...accountData("m.key_backup", { enabled: false }) }),
      refusal: { code: "no_backup", isSwitchedOff: true },
    },
    {
      name: "another algorithm",
      answers: () => ({
        "room_keys/version": { json: { version: "1", algorithm: "x", auth_data: {}, count: 0 } },
      }),
      refusal: { code: "unknown_algorithm", algorithm: "x" },
    },
    { name: "no secret storage", answers: () => defaultKey(null), refusal: { code: "other_recovery_key" } },
    {
      name: "a secret storage with another key",
      answers: async () => ({
        ...defaultKey("A"),
        ...(await description("A", SECOND_STORAGE)),
        ...(await storedBackupKey({ A: SECOND_STORAGE }, BACKUP_TEXT)),
      }),
      refusal: { code: "other_recovery_key" },
    },
    {
      name: "a key of the secret storage that cannot be checked, and no secret",
      answers: async () => ({ ...defaultKey("A"), ...(await description("A", STORAGE, { mac: undefined })) }),
      refusal: { code: "other_recovery_key" },
    },
    {
      name: "the key of an older backup in the secret storage",
      answers: () => storage(Buffer.from(OLDER_BACKUP).toString("base64")),
      refusal: { code: "stale_backup_key" },
    },
    {
      name: "a secret that is no key",
      answers: () => storage("AAAA"),
      refusal: { code: "no_backup_key" },
    },
    {
      name: "a secret storage without the secret",
      answers: async () => ({ ...defaultKey("A"), ...(await description("A", STORAGE)) }),
      refusal: { code: "no_backup_key" },
    },
    {
      name: "a secret that was emptied",
      answers: async () => ({ ...(await storage()), ...accountData("m.megolm_backup.v1", {}) }),
      refusal: { code: "no_backup_key" },
    },
    {
      name: "a secret stored with another key only",
      answers: async () => ({
        ...(await storage()),
        ...(await storedBackupKey({ B: SECOND_STORAGE }, BACKUP_TEXT)),
      }),
      refusal: { code: "no_backup_key" },
    },
  ])("$name", async ({ answers, refusal }) => {
    const account = scriptedAccount({ ...backupVersion(BACKUP), ...(await answers()) });
    expect(await openBackup(account.session, recoveryKey(STORAGE))).toEqual(refused(refusal));
  });
});

const PHRASE = "correct horse  battery – Ä ";
const PHRASE_KEY = phraseKey(PHRASE);

function phrase(text = PHRASE) {
  return { kind: "phrase", text } as const;
}

/** A secret storage whose default key is made from the phrase. */
async function phraseStorage(
  { key, passphrase }: ReturnType<typeof phraseKey>,
  { text = BACKUP_TEXT, changes = {} }: { text?: string; changes?: Record<string, unknown> } = {},
): Promise<Answers> {
  return {
    ...defaultKey("A"),
    ...(await description("A", key, { passphrase, ...changes })),
    ...(await storedBackupKey({ A: key }, text)),
  };
}

describe("a phrase opens the backup", () => {
  const LONG_KEY = phraseKey(PHRASE, { bits: 512 });
  it.each<{ name: string; backup?: Answers; answers: () => Answers | Promise<Answers>; requests: number }>([
    { name: "through the secret storage", answers: () => phraseStorage(PHRASE_KEY), requests: 4 },
    { name: "with a key of another length", answers: () => phraseStorage(LONG_KEY), requests: 4 },
    {
      name: "where the description of the key cannot be checked",
      answers: () => phraseStorage(PHRASE_KEY, { changes: { iv: undefined, mac: undefined } }),
      requests: 4,
    },
    {
      name: "of a key that is not the default one",
      answers: async () => ({
        ...defaultKey("A"),
        ...(await description("A", STORAGE)),
        ...(await description("B", PHRASE_KEY.key, { passphrase: PHRASE_KEY.passphrase })),
        ...(await storedBackupKey({ A: STORAGE, B: PHRASE_KEY.key }, BACKUP_TEXT)),
      }),
      requests: 5,
    },
    {
      name: "of a backup that is older than secret storages",
      backup: backupVersion(PHRASE_KEY.key, { private_key_salt: "salt", private_key_iterations: 1_000 }),
      answers: () => ({}),
      requests: 1,
    },
    {
      name: "of a secret storage that uses the backup's own key",
      backup: backupVersion(PHRASE_KEY.key),
      answers: async () => ({
        ...defaultKey("A"),
        ...(await description("A", PHRASE_KEY.key, { passphrase: PHRASE_KEY.passphrase })),
        ...accountData("m.megolm_backup.v1", { encrypted: { A: { passthrough: true } } }),
      }),
      requests: 4,
    },
  ])("$name", async ({ backup = backupVersion(BACKUP), answers, requests }) => {
    const account = scriptedAccount({ ...backup, ...(await answers()) });
    expect(await openBackup(account.session, phrase())).toMatchObject({ status: "opened" });
    expect(account.requests()).toHaveLength(requests);
  });

  it("also if it is the recovery key, which apps take in the same field", async () => {
    const account = scriptedAccount({ ...backupVersion(BACKUP), ...(await storage()) });
    expect(await openBackup(account.session, phrase(recoveryKey(STORAGE).text))).toEqual(OPENED);
  });
});

describe("a phrase does not open the backup", () => {
  const ten = 10_000_000;
  it.each<{
    name: string;
    text?: string;
    backup?: Answers;
    answers: () => Answers | Promise<Answers>;
    refusal: OpenRefusal;
  }>([
    {
      name: "another phrase",
      text: "Correct horse",
      answers: () => phraseStorage(PHRASE_KEY),
      refusal: { code: "wrong_phrase" },
    },
    {
      name: "the phrase without its last space",
      text: PHRASE.trim(),
      answers: () => phraseStorage(PHRASE_KEY),
      refusal: { code: "wrong_phrase" },
    },
    {
      name: "the phrase in another form of Unicode",
      text: PHRASE.normalize("NFD"),
      answers: () => phraseStorage(PHRASE_KEY),
      refusal: { code: "wrong_phrase" },
    },
    {
      name: "no secret storage",
      answers: async () => ({ ...(await phraseStorage(PHRASE_KEY)), ...defaultKey(null) }),
      refusal: { code: "no_secret_storage" },
    },
    { name: "never a secret storage", answers: () => ({}), refusal: { code: "no_secret_storage" } },
    {
      name: "the wrong phrase of a backup that is older than secret storages",
      text: "Correct horse",
      backup: backupVersion(PHRASE_KEY.key, { private_key_salt: "salt", private_key_iterations: 1_000 }),
      answers: () => ({}),
      refusal: { code: "wrong_phrase" },
    },
    { name: "a secret storage without a phrase", answers: () => storage(), refusal: { code: "no_phrase" } },
    {
      name: "a phrase by another function",
      answers: () => phraseStorage(PHRASE_KEY, { changes: { passphrase: { algorithm: "argon2" } } }),
      refusal: { code: "no_phrase" },
    },
    {
      name: "a key of another algorithm",
      answers: () => phraseStorage(PHRASE_KEY, { changes: { algorithm: "m.secret_storage.v2" } }),
      refusal: { code: "no_phrase" },
    },
    {
      name: "no rounds",
      answers: () =>
        phraseStorage(PHRASE_KEY, { changes: { passphrase: { ...PHRASE_KEY.passphrase, iterations: 0 } } }),
      refusal: { code: "no_phrase" },
    },
    {
      name: "too many rounds",
      answers: () =>
        phraseStorage(PHRASE_KEY, {
          changes: { passphrase: { ...PHRASE_KEY.passphrase, iterations: ten + 1 } },
        }),
      refusal: { code: "too_many_rounds", rounds: ten + 1 },
    },
    {
      name: "too many rounds in the backup itself",
      backup: backupVersion(PHRASE_KEY.key, { private_key_salt: "salt", private_key_iterations: 2 * ten }),
      answers: () => ({}),
      refusal: { code: "too_many_rounds", rounds: 2 * ten },
    },
    {
      name: "the key of an older backup in the secret storage",
      answers: () => phraseStorage(PHRASE_KEY, { text: unpaddedBase64(OLDER_BACKUP) }),
      refusal: { code: "stale_backup_key" },
    },
    {
      name: "a secret storage without the secret",
      answers: async () => ({
        ...(await phraseStorage(PHRASE_KEY)),
        ...accountData("m.megolm_backup.v1", {}),
      }),
      refusal: { code: "no_backup_key" },
    },
    {
      name: "one key with too many rounds, and another with another phrase",
      text: "Correct horse",
      answers: async () => ({
        ...(await phraseStorage(PHRASE_KEY)),
        ...(await storedBackupKey({ A: PHRASE_KEY.key, B: STORAGE }, BACKUP_TEXT)),
        ...(await description("B", STORAGE, {
          passphrase: { ...PHRASE_KEY.passphrase, iterations: ten + 1 },
        })),
      }),
      refusal: { code: "too_many_rounds", rounds: ten + 1 },
    },
  ])("$name", async ({ text, backup = backupVersion(BACKUP), answers, refusal }) => {
    const account = scriptedAccount({ ...backup, ...(await answers()) });
    expect(await openBackup(account.session, phrase(text))).toEqual(refused(refusal));
  });

  it("through an endless list of keys", async () => {
    const keys = Object.fromEntries(Array.from({ length: 50 }, (_, index) => [`K${index}`, STORAGE]));
    const account = scriptedAccount({
      ...backupVersion(BACKUP),
      ...defaultKey("A"),
      ...(await storedBackupKey(keys, BACKUP_TEXT)),
    });
    expect(await openBackup(account.session, phrase())).toEqual(refused({ code: "no_phrase" }));
    expect(account.requests()).toHaveLength(8);
  });
});

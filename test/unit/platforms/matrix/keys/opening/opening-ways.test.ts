import { describe, expect, it } from "vitest";
import type { NoEmojiReason, OpeningWays } from "../../../../../../src/platforms/keys.ts";
import { readOpeningWays } from "../../../../../../src/platforms/matrix/keys/opening/opening-ways.ts";
import type { Given } from "../../reading/recorded-server.ts";
import { ME } from "../../reading/recorded-server.ts";
import { NOT_FOUND, scriptedAccount } from "../scripted-account.ts";
import { crossSigningKey, newSigner, signatureOf } from "../signing.ts";
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
const KNOWN = {
  kind: "known",
  version: "1",
  publicKey: publicKeyOf(BACKUP),
  count: 3,
  isSigned: null,
} as const;
const BOT_SESSION = { method: "link", deviceId: "BOT" } as const;
const MASTER = newSigner();
const SELF_SIGNING = newSigner();
const OTHER = newSigner();

/** A device, signed by `signer`. */
function device(deviceId: string, signer: typeof MASTER | null, more: Record<string, unknown> = {}) {
  const signed = `{"device_id":"${deviceId}","user_id":"${ME}"}`;
  const signatures = signer && { [ME]: { [`ed25519:${signer.publicKey}`]: signatureOf(signer, signed) } };
  return { [deviceId]: { user_id: ME, device_id: deviceId, signatures, ...more } };
}

function keysQuery({
  devices = {},
  master = crossSigningKey(MASTER, ME, "master"),
  signer = MASTER,
}: {
  devices?: Record<string, unknown>;
  master?: unknown;
  signer?: typeof MASTER | null;
}): Answers {
  const { publicKey } = SELF_SIGNING;
  const text = `{"keys":{"ed25519:${publicKey}":"${publicKey}"},"usage":["self_signing"],"user_id":"${ME}"}`;
  const selfSigning = signer && {
    ...crossSigningKey(SELF_SIGNING, ME, "self_signing"),
    signatures: { [ME]: { [`ed25519:${signer.publicKey}`]: signatureOf(signer, text) } },
  };
  return {
    "keys/query": {
      json: {
        device_keys: { [ME]: devices },
        master_keys: { [ME]: master },
        self_signing_keys: { [ME]: selfSigning },
      },
    },
  };
}

describe("whether emoji can open the backup", () => {
  const PHONE = device("PHONE", SELF_SIGNING);
  it.each<{
    name: string;
    answers: Answers;
    account?: { method: "token" | "password" | "link"; deviceId: string };
    noEmoji: NoEmojiReason | null;
  }>([
    { name: "another device can answer", answers: keysQuery({ devices: PHONE }), noEmoji: null },
    {
      name: "a session by password",
      answers: keysQuery({ devices: PHONE }),
      account: { method: "password", deviceId: "BOT" },
      noEmoji: null,
    },
    {
      name: "a pasted token",
      answers: keysQuery({ devices: PHONE }),
      account: { method: "token", deviceId: "DESKTOP" },
      noEmoji: "pasted_token",
    },
    {
      name: "no cross-signing",
      answers: keysQuery({ devices: PHONE, master: null }),
      noEmoji: "no_cross_signing",
    },
    { name: "a server without encryption", answers: {}, noEmoji: "no_cross_signing" },
    { name: "no device", answers: keysQuery({}), noEmoji: "no_other_device" },
    {
      name: "only the bot's own device",
      answers: keysQuery({ devices: device("BOT", SELF_SIGNING) }),
      noEmoji: "no_other_device",
    },
    {
      name: "a device that nobody signed",
      answers: keysQuery({ devices: device("PHONE", null) }),
      noEmoji: "no_other_device",
    },
    {
      name: "a device that another key signed",
      answers: keysQuery({ devices: device("PHONE", OTHER) }),
      noEmoji: "no_other_device",
    },
    {
      name: "one good device among others",
      answers: keysQuery({ devices: { ...device("OLD", null), ...PHONE } }),
      noEmoji: null,
    },
    {
      name: "a dehydrated device",
      answers: keysQuery({ devices: device("PHONE", null, { dehydrated: true }) }),
      noEmoji: "no_other_device",
    },
    {
      name: "signatures that cannot be checked, because the self-signing key is missing",
      answers: keysQuery({ devices: device("PHONE", null), signer: null }),
      noEmoji: null,
    },
    {
      name: "signatures that cannot be checked, because the self-signing key is another master's",
      answers: keysQuery({ devices: device("PHONE", null), signer: OTHER }),
      noEmoji: null,
    },
  ])("$name", async ({ answers, account = BOT_SESSION, noEmoji }) => {
    const { session } = scriptedAccount({ ...backupVersion(BACKUP), ...answers });
    expect((await readOpeningWays(session, account)).noEmoji).toBe(noEmoji);
  });
});

describe("whether the secret storage or a phrase can open the backup", () => {
  const { key, passphrase } = phraseKey("phrase");
  const inStorage = async (keyId: string, changes: Record<string, unknown> = {}): Promise<Answers> => ({
    ...(await description(keyId, key, { passphrase, ...changes })),
    ...(await storedBackupKey({ [keyId]: key }, "text")),
  });

  it.each<{
    name: string;
    answers: () => Answers | Promise<Answers>;
    ways: Partial<OpeningWays>;
    requests: number;
  }>([
    {
      name: "no secret storage",
      answers: () => ({}),
      ways: { hasSecretStorage: false, hasPhrase: false },
      requests: 4,
    },
    {
      name: "a secret storage that is switched off",
      answers: async () => ({ ...defaultKey(null), ...(await inStorage("A")) }),
      ways: { hasSecretStorage: false, hasPhrase: false },
      requests: 4,
    },
    {
      name: "a secret storage with a phrase",
      answers: async () => ({ ...defaultKey("A"), ...(await inStorage("A")) }),
      ways: { hasSecretStorage: true, hasPhrase: true },
      requests: 5,
    },
    {
      name: "a secret storage without a phrase",
      answers: async () => ({ ...defaultKey("A"), ...(await inStorage("A", { passphrase: undefined })) }),
      ways: { hasSecretStorage: true, hasPhrase: false },
      requests: 5,
    },
    {
      name: "a phrase of a key that is not the default one",
      answers: async () => ({ ...defaultKey("A"), ...(await inStorage("B")) }),
      ways: { hasSecretStorage: true, hasPhrase: true },
      requests: 5,
    },
    {
      name: "a phrase without the backup's key behind it",
      answers: async () => ({ ...defaultKey("A"), ...(await description("A", key, { passphrase })) }),
      ways: { hasSecretStorage: true, hasPhrase: false },
      requests: 4,
    },
    {
      name: "a phrase with too many rounds",
      answers: async () => ({
        ...defaultKey("A"),
        ...(await inStorage("A", { passphrase: { ...passphrase, iterations: 10_000_001 } })),
      }),
      ways: { hasSecretStorage: true, hasPhrase: false },
      requests: 5,
    },
    {
      name: "a phrase of the backup itself",
      answers: () => backupVersion(BACKUP, { private_key_salt: "s", private_key_iterations: 5 }),
      ways: { hasSecretStorage: false, hasPhrase: true },
      requests: 4,
    },
  ])("$name", async ({ answers, ways, requests }) => {
    const account = scriptedAccount({ ...backupVersion(BACKUP), ...keysQuery({}), ...(await answers()) });
    expect(await readOpeningWays(account.session, BOT_SESSION)).toMatchObject({ backup: KNOWN, ...ways });
    expect(account.requests()).toHaveLength(requests);
  });

  it("is not asked where there is no backup", async () => {
    const account = scriptedAccount({ "room_keys/version": NOT_FOUND });
    const ways = await readOpeningWays(account.session, BOT_SESSION);
    expect(ways.backup).toEqual({ kind: "none", isSwitchedOff: false });
    expect(
      account.requests().filter((each) => !each.includes("backup_disabled") && !each.includes("key_backup")),
    ).toEqual(["GET room_keys/version"]);
  });
});

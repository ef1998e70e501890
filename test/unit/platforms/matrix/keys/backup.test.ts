import { describe, expect, it } from "vitest";
import type { KeyBackup } from "../../../../../src/model/key-backup.ts";
import { readBackup } from "../../../../../src/platforms/matrix/keys/backup.ts";
import type { Given } from "../reading/recorded-server.ts";
import { ME } from "../reading/recorded-server.ts";
import { accountData, NOT_FOUND, scriptedAccount } from "./scripted-account.ts";
import { crossSigningKey, newSigner, signatureOf } from "./signing.ts";

const PUBLIC_KEY = "hSDwCYkwp1R0i33ctD73Wg2/Og0mOBr066SpjqqbTmo";
const ALGORITHM = "m.megolm_backup.v1.curve25519-aes-sha2";
const KNOWN: KeyBackup = { kind: "known", version: "3", publicKey: PUBLIC_KEY, count: 42, isSigned: null };

const MASTER = newSigner();
const OTHER_MASTER = newSigner();

function version(changes: Record<string, unknown> = {}): Given {
  const auth_data = { public_key: PUBLIC_KEY, signatures: {} };
  return { json: { version: "3", algorithm: ALGORITHM, auth_data, count: 42, etag: "7", ...changes } };
}

describe("the key backup of an account", () => {
  it.each<{ name: string; answer: Given; expected: KeyBackup }>([
    { name: "as its server describes it", answer: version(), expected: KNOWN },
    {
      name: "a public key with padding",
      answer: version({ auth_data: { public_key: `${PUBLIC_KEY}=` } }),
      expected: KNOWN,
    },
    { name: "a version that is a number", answer: version({ version: 3 }), expected: KNOWN },
    { name: "none", answer: NOT_FOUND, expected: { kind: "none", isSwitchedOff: false } },
    {
      name: "a server without key backups",
      answer: { status: 404, body: { errcode: "M_UNRECOGNIZED" } },
      expected: { kind: "none", isSwitchedOff: false },
    },
    {
      name: "an algorithm that is not known",
      answer: version({ algorithm: "org.example.aes" }),
      expected: { kind: "unknown_algorithm", algorithm: "org.example.aes" },
    },
    {
      name: "auth_data that a server has emptied",
      answer: version({ auth_data: null }),
      expected: { kind: "unknown_algorithm", algorithm: ALGORITHM },
    },
    {
      name: "a public key that is no key",
      answer: version({ auth_data: { public_key: "AAAA" } }),
      expected: { kind: "unknown_algorithm", algorithm: ALGORITHM },
    },
    {
      name: "a public key for which nothing can be encrypted",
      answer: version({ auth_data: { public_key: Buffer.alloc(32).toString("base64") } }),
      expected: { kind: "unknown_algorithm", algorithm: ALGORITHM },
    },
  ])("$name", async ({ answer, expected }) => {
    const { session } = scriptedAccount({ "room_keys/version": answer });
    expect(await readBackup(session, { isSignatureChecked: false })).toEqual(expected);
  });

  it("is asked for by one request", async () => {
    const { session, requests } = scriptedAccount({ "room_keys/version": version() });
    await readBackup(session, { isSignatureChecked: false });
    expect(requests()).toEqual(["GET room_keys/version"]);
  });

  it("is not taken for none because of a proxy's page", async () => {
    const { session } = scriptedAccount({ "room_keys/version": { status: 404, text: "<html>" } });
    await expect(readBackup(session, { isSignatureChecked: false })).rejects.toMatchObject({
      reason: "not_json",
    });
  });
});

describe("key storage that is switched off", () => {
  const OLDER = "m.org.matrix.custom.backup_disabled";
  it.each<{ name: string; data: Record<string, Given>; isSwitchedOff: boolean }>([
    {
      name: "by the specification",
      data: accountData("m.key_backup", { enabled: false }),
      isSwitchedOff: true,
    },
    { name: "by an older client", data: accountData(OLDER, { disabled: true }), isSwitchedOff: true },
    {
      name: "not, if it was switched on again since",
      data: { ...accountData("m.key_backup", { enabled: true }), ...accountData(OLDER, { disabled: true }) },
      isSwitchedOff: false,
    },
    {
      name: "not by a content of another form",
      data: accountData("m.key_backup", { enabled: "no" }),
      isSwitchedOff: false,
    },
    { name: "not by a list", data: accountData(OLDER, [true]), isSwitchedOff: false },
  ])("$name", async ({ data, isSwitchedOff }) => {
    const { session } = scriptedAccount({ "room_keys/version": NOT_FOUND, ...data });
    expect(await readBackup(session, { isSignatureChecked: true })).toEqual({ kind: "none", isSwitchedOff });
  });
});

describe("the signature of a key backup", () => {
  const SIGNED_TEXT = `{"public_key":"${PUBLIC_KEY}"}`;
  const KEY = crossSigningKey(MASTER, ME, "master");
  function authData(signatures: unknown, more: Record<string, unknown> = {}): Given {
    return version({ auth_data: { signatures, public_key: PUBLIC_KEY, ...more } });
  }
  const by = (signer: typeof MASTER, userId = ME) => ({
    [userId]: { [`ed25519:${signer.publicKey}`]: signatureOf(signer, SIGNED_TEXT) },
  });

  it.each<{ name: string; answer: Given; master: unknown; isSigned: boolean }>([
    { name: "is the account's", answer: authData(by(MASTER)), master: KEY, isSigned: true },
    {
      name: "counts beside others",
      answer: authData({ [ME]: { "ed25519:DEVICE": "AA", ...by(MASTER)[ME] }, ...by(OTHER_MASTER, "@b:x") }),
      master: KEY,
      isSigned: true,
    },
    { name: "is missing", answer: authData({}), master: KEY, isSigned: false },
    { name: "is another key's", answer: authData(by(OTHER_MASTER)), master: KEY, isSigned: false },
    {
      name: "is of another auth_data",
      answer: authData(by(MASTER), { private_key_salt: "x" }),
      master: KEY,
      isSigned: false,
    },
    { name: "is under another user", answer: authData(by(MASTER, "@b:x")), master: KEY, isSigned: false },
    {
      name: "is of a master key of another user",
      answer: authData(by(MASTER)),
      master: { ...KEY, user_id: "@b:x" },
      isSigned: false,
    },
    {
      name: "is of a key for another use",
      answer: authData(by(MASTER)),
      master: { ...KEY, usage: ["self_signing"] },
      isSigned: false,
    },
    {
      name: "cannot be without cross-signing",
      answer: authData(by(MASTER)),
      master: undefined,
      isSigned: false,
    },
  ])("$name", async ({ answer, master, isSigned }) => {
    const { session, requests } = scriptedAccount({
      "room_keys/version": answer,
      "keys/query": { json: { device_keys: {}, master_keys: { [ME]: master } } },
    });
    expect(await readBackup(session, { isSignatureChecked: true })).toEqual({ ...KNOWN, isSigned });
    expect(requests()).toEqual(["GET room_keys/version", "POST keys/query"]);
  });

  it("is not asked for where the algorithm is not known", async () => {
    const { session, requests } = scriptedAccount({ "room_keys/version": version({ algorithm: "x" }) });
    await readBackup(session, { isSignatureChecked: true });
    expect(requests()).toEqual(["GET room_keys/version"]);
  });
});

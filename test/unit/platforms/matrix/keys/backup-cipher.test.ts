import { describe, expect, it } from "vitest";
import {
  backupPrivateKey,
  backupPublicKey,
  decryptSession,
  encryptSession,
} from "../../../../../src/platforms/matrix/keys/backup-cipher.ts";
import {
  createBackupKeys,
  decryptedEntry,
  sessionJson,
  storedEntry,
} from "../../../../support/keys/backup-crypto.ts";

const { publicKey, privateKey } = createBackupKeys();
const json = sessionJson(7, { note: "a word with ü, 漢字 and \u{1F511}" });

describe("the encryption of a session", () => {
  it("is read by the crypto library of clients", () => {
    const session_data = encryptSession(backupPublicKey(publicKey), json);
    expect(decryptedEntry(privateKey, { session_data })).toBe(json);
  });

  it("reads what the crypto library of clients wrote", () => {
    const { session_data: data } = storedEntry(publicKey, json);
    expect(decryptSession(backupPrivateKey(privateKey), data)).toBe(json);
  });

  it("has other bytes each time", () => {
    const key = backupPublicKey(publicKey);
    expect(encryptSession(key, json)).not.toEqual(encryptSession(key, json));
  });

  it.each([
    { part: "mac", change: { mac: "AAAAAAAAAAA" } },
    { part: "mac that is too short", change: { mac: "" } },
    { part: "ephemeral key", change: { ephemeral: createBackupKeys().publicKey } },
    { part: "ephemeral key that is no key", change: { ephemeral: "AAAA" } },
    { part: "ephemeral key of zeros", change: { ephemeral: "A".repeat(43) } },
    { part: "ciphertext", change: { ciphertext: "AAAA" } },
  ])("is refused with another $part", ({ change }) => {
    const data = encryptSession(backupPublicKey(publicKey), json);
    expect(() => decryptSession(backupPrivateKey(privateKey), { ...data, ...change })).toThrow();
  });

  it("is refused for another private key", () => {
    const data = encryptSession(backupPublicKey(publicKey), json);
    expect(() => decryptSession(backupPrivateKey(createBackupKeys().privateKey), data)).toThrow();
  });
});

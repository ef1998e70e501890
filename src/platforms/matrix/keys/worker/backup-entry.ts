import { isJsonObject } from "../../api/json.ts";
import type { EncryptedSession } from "../backup-cipher.ts";

/** A session as it lies in a key backup. Odd types of a server or client are made good. */
export interface BackupEntry {
  /** `null`: it has no usable one. */
  readonly firstMessageIndex: number | null;
  readonly forwardedCount: number;
  readonly isVerified: boolean;
  /** `null`: it is incomplete. */
  readonly session: EncryptedSession | null;
}

/** Counters of sessions have 32 bits. */
const MAX_COUNT = 0xffff_ffff;

/** Reads an entry; `null` for anything that is no object. */
export function readEntry(json: string | null): BackupEntry | null {
  const value = json === null ? undefined : parsed(json);
  if (!isJsonObject(value)) return null;
  return {
    firstMessageIndex: wholeNumber(value["first_message_index"]),
    forwardedCount: wholeNumber(value["forwarded_count"]) ?? 0,
    isVerified: value["is_verified"] === true,
    session: encryptedSession(value["session_data"]),
  };
}

/** A JSON value; `undefined` for a text that is not JSON. */
export function parsed(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}

function encryptedSession(data: unknown): EncryptedSession | null {
  if (!isJsonObject(data)) return null;
  const { ephemeral, ciphertext, mac } = data;
  const isComplete =
    typeof ephemeral === "string" && typeof ciphertext === "string" && typeof mac === "string";
  return isComplete ? { ephemeral, ciphertext, mac } : null;
}

/** A number, or a text of digits, as a whole number from 0. */
function wholeNumber(value: unknown): number | null {
  const number = typeof value === "string" && /^\d{1,10}$/.test(value) ? Number(value) : value;
  if (typeof number !== "number" || !Number.isFinite(number)) return null;
  return Math.min(Math.max(0, Math.floor(number)), MAX_COUNT);
}

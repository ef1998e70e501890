import type { CopiedKeys, KeyCopy } from "../../../src/model/key-copy.ts";
import type { NewKeyCopy } from "../../../src/store/key-copies.ts";

export const KEY_OWNER = "@me:home.example";
export const OLD_USER = "@me:old.example";
export const NEW_USER = "@me:new.example";
/** The private key of the opened backup. No file may hold it in readable form. */
export const BACKUP_KEY = "bm90LWEtcmVhbC1rZXktYnV0LTMyLWJ5dGVzLWxvbmc";

/** A copy that is about to be stored. */
export function newKeyCopy(changes: Partial<NewKeyCopy> = {}): NewKeyCopy {
  return {
    owner: KEY_OWNER,
    purpose: "copy",
    state: "running",
    address: {
      roomId: "!chat:home.example",
      eventId: "$keys",
      threadRoot: null,
      roomKind: "direct",
      sender: KEY_OWNER,
      isEncrypted: true,
    },
    source: OLD_USER,
    target: NEW_USER,
    from: { version: "1", publicKey: "old public key" },
    secret: { kind: "backup", version: "1", publicKey: "old public key", key: BACKUP_KEY },
    openedUntil: 86_400_000,
    batchSize: 100,
    begunAt: 1,
    ...changes,
  };
}

export const copiedKeys: CopiedKeys = {
  source: OLD_USER,
  target: NEW_USER,
  from: { version: "1", publicKey: "old public key" },
  to: { version: "5", publicKey: "new public key" },
  expected: 12,
  copied: 7,
  alreadyThere: 3,
  unusable: 2,
  copiedAt: 2,
};

/** A copy as it is read from the store. */
export function storedKeyCopy(changes: Partial<KeyCopy> = {}): KeyCopy {
  const { owner, purpose, state, address, source, target, from, openedUntil, batchSize, begunAt } =
    newKeyCopy();
  return {
    ...{ id: 1, owner, purpose, state, address, source, target, from, openedUntil, batchSize, begunAt },
    ...{ reason: null, to: null, hasStartedOver: false, done: 0, total: 0, alreadyThere: null },
    ...{ waitingSince: null, waits: 0, notBefore: 1, wasInterrupted: false, progressCount: 0 },
    ...changes,
  };
}

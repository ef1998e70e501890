/** Which backup it is: a reset of the key storage makes a new version with a new public key. */
export interface BackupIdentity {
  readonly version: string;
  /** Curve25519, base64 without padding. */
  readonly publicKey: string;
}

/** Whether it is the same backup. A reset of the key storage makes another one. */
export function isSameBackup(one: BackupIdentity, other: BackupIdentity): boolean {
  return one.version === other.version && one.publicKey === other.publicKey;
}

/** The only backup algorithm that the bot knows (CS §Backup algorithm). */
export const BACKUP_ALGORITHM = "m.megolm_backup.v1.curve25519-aes-sha2";

/** A server-side key backup, as its server describes it. */
export type KeyBackup =
  /** `isSwitchedOff`: the person switched key storage off (CS v1.19, `m.key_backup`). */
  | { readonly kind: "none"; readonly isSwitchedOff: boolean }
  | { readonly kind: "unknown_algorithm"; readonly algorithm: string }
  | KnownKeyBackup;

/** A backup of the known algorithm. */
export interface KnownKeyBackup extends BackupIdentity {
  readonly kind: "known";
  /** The number of sessions in it. */
  readonly count: number;
  /** Whether the account's own master key signed it; `null`: not asked. It is the server's word. */
  readonly isSigned: boolean | null;
}

/** How many keys of a room the old backup has, and how many of them the new one has as well. */
export interface RoomKeys {
  readonly expected: number;
  /** Sessions that the new backup has at an equal or lower index, or as verified. */
  readonly present: number;
}

/**
 * The keys of two backups compared.
 * - `none`: the old account has no backup, or an empty one.
 * - `unknown_algorithm`: the bot does not know the kind of the old backup.
 * - `counted`: the new backup is empty or absent, so that the entries were not read.
 * - `compared`: every entry of both was compared. By room.
 *
 * `from` is the old backup.
 */
export type KeyComparison =
  | { readonly kind: "none" | "unknown_algorithm" }
  | { readonly kind: "counted"; readonly from: BackupIdentity; readonly expected: number }
  | {
      readonly kind: "compared";
      readonly from: BackupIdentity;
      readonly rooms: ReadonlyMap<string, RoomKeys>;
    };

/** Keys of a backup that a copy from it found unusable, by room. No copy can bring them. */
export interface UnusableKeys {
  readonly from: BackupIdentity;
  readonly rooms: ReadonlyMap<string, number>;
}

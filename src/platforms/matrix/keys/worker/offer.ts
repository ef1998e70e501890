import type { EncryptedSession } from "../backup-cipher.ts";

/** A session as a request puts it into a backup (CS §Server-side key backups). */
export interface UploadedEntry {
  readonly first_message_index: number;
  readonly forwarded_count: number;
  readonly is_verified: false;
  readonly session_data: EncryptedSession;
}

/** A session that the new backup lacks, encrypted for it. */
export interface OfferedSession {
  readonly roomId: string;
  readonly sessionId: string;
  readonly entry: UploadedEntry;
  /** Its part of the request, in bytes. */
  readonly bytes: number;
}

/** The sessions of one piece of the old backup that are to be sent. */
export interface Offer {
  readonly sessions: readonly OfferedSession[];
  /** Unusable sessions so far. */
  readonly unusable: number;
}

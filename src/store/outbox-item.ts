import type { Insertable, Selectable } from "kysely";
import { z } from "zod";
import type { Cause } from "./cause.ts";
import { parseColumn } from "./stored-json.ts";
import type { Tables } from "./tables.ts";

/**
 * Lower numbers are sent first: redactions (a secret may be in the room), then answers, then
 * progress.
 */
export const outboxPriority = { redaction: 0, answer: 1, progress: 2 } as const;
export type OutboxPriority = (typeof outboxPriority)[keyof typeof outboxPriority];

/** The kinds of items. */
export const OUTBOX_KINDS = ["message", "redaction", "reaction"] as const;
export type OutboxKind = (typeof OUTBOX_KINDS)[number];

/** An item to send. */
export interface NewOutboxItem {
  /**
   * The transaction ID of the request. The server handles each one once, however often it is tried.
   */
  transactionId: string;
  roomId: string;
  /**
   * The person in the conversation, so that `!forget` finds the message. Null for a forgotten
   * person: then nothing is kept once it is sent.
   */
  forUser: string | null;
  /** Why it is said (`isStillKnown`). */
  cause: Cause | null;
  /** Whether only that person may be in the room with the bot. */
  isPrivate?: boolean;
  /** Whether it fails instead of being sent to a room that is not encrypted. */
  isOnlyEncrypted?: boolean;
  /** The rooms of the numbered list in the message. `#1` is the first of them once it is sent. */
  numberedRooms?: readonly string[];
  kind: OutboxKind;
  /**
   * The content of a message, `{redacts, reason}` of a redaction, or `{to, key}` of a reaction:
   * `to` is the transaction ID of the message to react to.
   */
  content: Record<string, unknown>;
  attachment?: Buffer;
  /** The transaction ID of the message that this one edits. */
  edits?: string;
  priority: OutboxPriority;
  /** The earliest time to send it, in milliseconds since the epoch. Default: at once. */
  notBefore?: number;
}

/** A stored item. */
export interface OutboxItem extends Omit<NewOutboxItem, "cause"> {
  id: number;
  attempts: number;
  /** How much the item is suspected to end the process (`CRASH_SCORE`). */
  crashScore: number;
}

/** An item that may be sent now, without its content. */
export type DueItem = Pick<OutboxItem, "id" | "roomId" | "forUser" | "priority" | "crashScore">;

/** How the sending of an item ended. */
export type OutboxResult = { status: "sent"; eventId: string } | { status: "failed"; failure: string };

/**
 * The score of a try during which the process ended, and the scores from which an item is suspected
 * and given up. An uncaught error counts more than a kill, because a kill has other causes.
 */
export const CRASH_SCORE = { byKill: 1, byError: 10, suspected: 10, givenUp: 50 } as const;

/** The time of an item that waits until a chat with its recipient is opened. */
export const UNTIL_CHAT_OPENS = Number.MAX_SAFE_INTEGER;

const contentSchema = z.record(z.string(), z.unknown());

/** The row of a new item. */
export function toRow(item: Omit<NewOutboxItem, "cause">, now: number): Insertable<Tables["outbox"]> {
  const { isPrivate = false, isOnlyEncrypted = false, numberedRooms } = item;
  return {
    transaction_id: item.transactionId,
    room_id: item.roomId,
    for_user: item.forUser,
    is_private: isPrivate ? 1 : 0,
    is_only_encrypted: isOnlyEncrypted ? 1 : 0,
    numbered_rooms: numberedRooms === undefined ? null : JSON.stringify(numberedRooms),
    kind: item.kind,
    content: JSON.stringify(item.content),
    attachment: item.attachment ?? null,
    edits: item.edits ?? null,
    priority: item.priority,
    created_at: now,
    not_before: item.notBefore ?? 0,
    event_id: null,
    finished_at: null,
    failure: null,
  };
}

/** Reads a row of the table. @returns `null` if its content is not valid */
export function fromRow(row: Selectable<Tables["outbox"]>): OutboxItem | null {
  const { data: content } = contentSchema.safeParse(parseColumn(row.content ?? "{}"));
  if (content === undefined) return null;
  return {
    id: row.id,
    transactionId: row.transaction_id,
    roomId: row.room_id,
    forUser: row.for_user,
    isPrivate: row.is_private === 1,
    isOnlyEncrypted: row.is_only_encrypted === 1,
    kind: OUTBOX_KINDS.find((kind) => kind === row.kind) ?? "message",
    content,
    ...(row.attachment && { attachment: row.attachment }),
    ...(row.edits !== null && { edits: row.edits }),
    priority: readPriority(row.priority),
    attempts: row.attempts,
    crashScore: row.crash_score,
  };
}

/** Reads the columns of an item that is due. */
export function dueFromRow(
  row: Pick<Selectable<Tables["outbox"]>, "id" | "room_id" | "for_user" | "priority" | "crash_score">,
): DueItem {
  const priority = readPriority(row.priority);
  return { id: row.id, roomId: row.room_id, forUser: row.for_user, priority, crashScore: row.crash_score };
}

function readPriority(stored: number): OutboxPriority {
  return stored === 0 ? 0 : stored === 1 ? 1 : 2;
}

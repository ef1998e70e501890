import { MatrixError, MembershipEvent } from "matrix-bot-sdk";
import type { SendingClient } from "../../../src/chat/message-sender.ts";

export interface Request {
  method: string;
  path: string;
  query: Record<string, unknown>;
  body: unknown;
}

type Answer = (request: Request) => unknown;

/** A homeserver's error as matrix-bot-sdk throws it. */
export function refusal(status: number, errcode: string, more: Record<string, unknown> = {}): MatrixError {
  return new MatrixError({ errcode, error: "words of the server", ...more }, status);
}

/** The membership event of somebody who has joined. */
export function joinOf(userId: string): MembershipEvent {
  return new MembershipEvent({ state_key: userId, content: { membership: "join" } });
}

/** What matrix-bot-sdk throws if the body is no Matrix error: a proxy's page. */
export function bareAnswer(status: number): unknown {
  return { statusCode: status, body: "<html>", headers: {} };
}

/**
 * The part of matrix-bot-sdk's client that sends, with a fake server. The server answers a repeated
 * transaction ID with the event that the first request made.
 */
export function fakeClient({ encryptedRooms = [] }: { encryptedRooms?: string[] } = {}) {
  const requests: Request[] = [];
  const events = new Map<string, { eventId: string; roomId: string; type: string; content: unknown }>();
  const uploads: Buffer[] = [];
  const state: { answer: Answer | null; members: Record<string, string[]>; isEncryptionUnknown: boolean } = {
    answer: null,
    members: {},
    isEncryptionUnknown: false,
  };
  const client: SendingClient = {
    doRequest: async (method, path, query, body) => {
      const request = { method, path, query: query ?? {}, body: body ?? null };
      requests.push(request);
      const answer = await state.answer?.(request);
      if (answer !== undefined) return answer;
      const [, roomId = "", kind = "", type = "", transaction = ""] =
        /\/rooms\/([^/]+)\/(send|redact)\/([^/]+)\/([^/]+)$/u.exec(path)?.map(decodeURIComponent) ?? [];
      const key = `${kind} ${roomId} ${transaction}`;
      const known = events.get(key);
      if (known) return { event_id: known.eventId };
      const eventId = `$sent${events.size + 1}`;
      events.set(key, {
        eventId,
        roomId,
        type: kind === "redact" ? `redaction of ${type}` : type,
        content: body,
      });
      return { event_id: eventId };
    },
    uploadContent: async (bytes: Buffer) => {
      uploads.push(bytes);
      return `mxc://x/${uploads.length}`;
    },
    encryption: {
      isEncrypted: async (roomId: string) => {
        if (state.isEncryptionUnknown) throw bareAnswer(504);
        return encryptedRooms.includes(roomId);
      },
    },
    crypto: {
      encryptRoomEvent: async (_roomId: string, type: string, content: unknown) => ({
        ciphertext: { type, content },
      }),
      encryptMedia: async (bytes: Buffer) => ({
        buffer: Buffer.concat([Buffer.from("sealed"), bytes]),
        file: { key: "k" },
      }),
    },
  };
  const sent = () => [...events.values()];
  /** The bodies of the messages in the rooms, in order. */
  const bodies = () =>
    sent().map(({ type, content }) => {
      const { body = type } = content as { body?: string };
      return body;
    });
  return { client, requests, uploads, state, sent, bodies };
}

import type { MatrixClient } from "matrix-bot-sdk";
import type { Logger } from "pino";
import { z } from "zod";
import { isSameServer, serverPartOf } from "../platforms/matrix/server-host.ts";
import type { Invitation, Invitations } from "../store/invitations.ts";
import type { Rooms } from "./rooms.ts";
import { isFinalRefusal, isForbidden } from "./server-refusal.ts";
import { TimedWorker } from "./timed-worker.ts";

const DECLINE_REASON = "I only join direct chats and my control rooms, and only for people my operator has allowed.";
const FIRST_RETRY_MS = 2_000;
const LONGEST_RETRY_MS = 10 * 60_000;
/**
 * A server notes an invitation that it sends only once ours has taken it, of which the bot hears at once. Who answers in that moment is not known there as
 * invited: a join is forbidden, and a refusal stays with our own server, so that the inviter sees the invitation stand for ever (measured: 2 of 200).
 */
const SETTLING_MS = 1_000;
/** The same on a server that is slower still. */
const FORBIDDEN_TRIES = 3;
/** About a day of tries: a server that is away longer can invite again. */
const MAX_ATTEMPTS = 150;

const invitationEventSchema = z.looseObject({
  sender: z.string(),
  content: z.looseObject({ is_direct: z.unknown().optional() }),
});

export interface InvitationOptions {
  userId: string;
  invitations: Invitations;
  client: MatrixClient;
  rooms: Rooms;
  directChats: boolean;
  isPermitted: (userId: string) => boolean;
  now: () => number;
  log: Logger;
}

/** Joins control rooms and direct chats on the invitation of permitted people, and declines all others. */
export class InvitationDesk {
  readonly #options: InvitationOptions;
  readonly #worker: TimedWorker;

  constructor(options: InvitationOptions) {
    this.#options = options;
    this.#worker = new TimedWorker(() => this.#answerDue(), options);
  }

  start(): void {
    this.#worker.start();
  }

  stop(): Promise<void> {
    return this.#worker.stop();
  }

  /** Notes an invitation as a sync tells of it. */
  async receive(roomId: string, event: unknown): Promise<void> {
    const parsed = invitationEventSchema.safeParse(event);
    if (!parsed.success) return;
    const { sender, content } = parsed.data;
    const { invitations, userId, now } = this.#options;
    const isOfOwnServer = isSameServer(serverPartOf(sender), serverPartOf(userId));
    const notBefore = now() + (isOfOwnServer ? 0 : SETTLING_MS);
    await invitations.put({ roomId, inviter: sender, isDirect: content.is_direct === true }, notBefore);
    this.#worker.wake();
  }

  async #answerDue(): Promise<{ nextAt: number | null }> {
    const { invitations, now, log } = this.#options;
    for (const invitation of await invitations.due(now())) {
      try {
        await this.#answer(invitation);
        await invitations.remove(invitation.roomId);
      } catch (error) {
        const mostTries = isForbidden(error) ? FORBIDDEN_TRIES : isFinalRefusal(error) ? 1 : MAX_ATTEMPTS;
        if (invitation.attempts + 1 >= mostTries) {
          log.warn({ err: error, roomId: invitation.roomId }, "an invitation could not be answered");
          await invitations.remove(invitation.roomId);
        } else
          await invitations.postpone(
            invitation.roomId,
            now() + Math.min(LONGEST_RETRY_MS, FIRST_RETRY_MS * 2 ** Math.min(invitation.attempts, 20)),
          );
      }
    }
    return { nextAt: await invitations.nextDueAt() };
  }

  async #answer(invitation: Invitation): Promise<void> {
    const { client, rooms, log } = this.#options;
    const { roomId, inviter } = invitation;
    if (!this.#options.isPermitted(inviter) || !(await this.#isRoomOfOurs(invitation))) {
      await client.leaveRoom(roomId, DECLINE_REASON);
      log.info({ roomId }, "an invitation was declined");
      return;
    }
    await client.joinRoom(roomId, viaServers(roomId, inviter));
    rooms.forgetMembers(roomId);
    // A client may call any room a direct chat; what counts is who is in it, and that is seen only from inside.
    if ((await rooms.kind(roomId)) === "other") {
      await client.leaveRoom(roomId, DECLINE_REASON);
      log.info({ roomId }, "left a room that is no direct chat");
    } else log.info({ roomId }, "an invitation was accepted");
  }

  async #isRoomOfOurs({ roomId, inviter, isDirect }: Invitation): Promise<boolean> {
    const { client, rooms, directChats } = this.#options;
    if (rooms.isControlRoom(roomId)) return true;
    if (!directChats) return false;
    return isDirect || (await isRoomOfOne(client, roomId, viaServers(roomId, inviter)));
  }
}

const summarySchema = z.looseObject({ num_joined_members: z.number() });

/** Whether only the inviter is in the room, by the room's summary (MSC3266); false where the server tells nothing. @param via without which a room elsewhere is not asked for */
async function isRoomOfOne(client: MatrixClient, roomId: string, via: readonly string[]): Promise<boolean> {
  try {
    const path = `/_matrix/client/v1/room_summary/${encodeURIComponent(roomId)}`;
    return summarySchema.parse(await client.doRequest("GET", path, { via })).num_joined_members === 1;
  } catch (error) {
    if (error instanceof z.ZodError || isFinalRefusal(error)) return false;
    throw error;
  }
}

/** The inviter's server is in the room by definition. */
function viaServers(roomId: string, inviter: string): string[] {
  const fromRoomId = roomId.includes(":") ? [roomId.slice(roomId.indexOf(":") + 1)] : [];
  return [...new Set([inviter.slice(inviter.indexOf(":") + 1), ...fromRoomId])];
}

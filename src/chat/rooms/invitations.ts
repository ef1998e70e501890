import type { MatrixClient } from "matrix-bot-sdk";
import type { Logger } from "pino";
import { z } from "zod";
import { TimedWorker } from "../../queue/timed-worker.ts";
import type { Cause } from "../../store/cause.ts";
import type { Invitation, Invitations } from "../../store/invitations.ts";
import { isFinalRefusal, isForbidden, isUnknown } from "../server-refusal.ts";
import type { ControlRooms } from "./control-rooms.ts";
import type { Rooms } from "./rooms.ts";

const DECLINE_REASON =
  "I only join direct chats and my control rooms, and only for people my operator has allowed.";
const FIRST_RETRY_MS = 2_000;
const LONGEST_RETRY_MS = 10 * 60_000;
/**
 * How long to wait before answering an invitation from another server. The inviting server records
 * the invitation after ours has accepted it, but our bot sees it immediately. An answer in between
 * goes wrong (measured: 2 of 200):
 * - A join is forbidden.
 * - A refusal stays on our own server, and the inviter sees the invitation as open for ever.
 */
const SETTLING_MS = 1_000;
/**
 * The same for a refusal. Nobody waits for it, and one that comes too early cannot be repeated. A
 * busy server needs seconds.
 */
const SETTLING_BEFORE_REFUSAL_MS = 5_000;
/** The maximum number of repetitions of an answer that was too early for a slow server. */
const EARLY_TRIES = 3;
/** The number of answers under way at once. Strangers' servers may delay an answer for a minute. */
const MAX_ANSWERS = 8;
const MAX_ANSWERS_TO_OTHERS = 4;
/** About a day. If a server is away longer, the person can invite again. */
const MAX_ATTEMPTS = 150;

const invitationEventSchema = z.looseObject({
  sender: z.string(),
  content: z.looseObject({ is_direct: z.unknown().optional() }),
});

export interface InvitationOptions {
  invitations: Invitations;
  client: Pick<MatrixClient, "joinRoom" | "leaveRoom" | "doRequest">;
  rooms: Rooms;
  controlRooms: Pick<ControlRooms, "areAllKnown">;
  directChats: boolean;
  isPermitted: (userId: string) => boolean;
  isOnOwnServer: (userId: string) => boolean;
  /** Called when the bot has joined a direct chat with this person. */
  onDirectChat: (roomId: string, userId: string, cause: Cause) => Promise<void>;
  now: () => number;
  log: Logger;
}

/**
 * Answers invitations: joins control rooms whoever invites, and direct chats if a permitted person
 * invites. Declines everything else.
 */
export class InvitationHandler {
  readonly #options: InvitationOptions;
  readonly #worker: TimedWorker;
  /** Answers under way, by room. */
  readonly #underWay = new Map<string, Promise<void>>();
  /**
   * By room: how often the inviter's server seemed not to know the invitation yet. It is not
   * stored: a few extra tries after a restart do no harm.
   */
  readonly #earlyTries = new Map<string, number>();

  constructor(options: InvitationOptions) {
    this.#options = options;
    this.#worker = new TimedWorker(() => this.#answerDue(), options);
  }

  start(): void {
    this.#worker.start();
  }

  async stop(): Promise<void> {
    await this.#worker.stop();
    await Promise.all(this.#underWay.values());
  }

  /** Stores an invitation from a sync. */
  async receive(roomId: string, event: unknown): Promise<void> {
    const parsed = invitationEventSchema.safeParse(event);
    if (!parsed.success) return;
    const { sender, content } = parsed.data;
    const { invitations, rooms, isOnOwnServer, isPermitted, now } = this.#options;
    const mayJoin = isPermitted(sender) || rooms.isControlRoom(roomId);
    const settlingMs = mayJoin ? SETTLING_MS : SETTLING_BEFORE_REFUSAL_MS;
    const notBefore = now() + (isOnOwnServer(sender) ? 0 : settlingMs);
    this.#earlyTries.delete(roomId);
    await invitations.put({ roomId, inviter: sender, isDirect: content.is_direct === true }, notBefore);
    this.#worker.wake();
  }

  /**
   * Begins with the invitations of permitted people. A few of the other invitations are answered at
   * once.
   */
  async #answerDue(): Promise<{ nextAt: number | null }> {
    const { invitations, isPermitted, now } = this.#options;
    // One time for both questions: what becomes due between two would be in neither answer.
    const at = now();
    const due = (await invitations.due(at)).filter(({ roomId }) => !this.#underWay.has(roomId));
    const [permitted, others] = [true, false].map((expected) =>
      due.filter(({ inviter }) => isPermitted(inviter) === expected),
    );
    for (const invitation of permitted ?? []) if (this.#underWay.size < MAX_ANSWERS) this.#begin(invitation);
    for (const invitation of others ?? [])
      if (this.#underWay.size < MAX_ANSWERS_TO_OTHERS) this.#begin(invitation);
    // Invitations that are due and not begun are begun when another answer ends.
    return { nextAt: await invitations.nextDueAt(at) };
  }

  #begin(invitation: Invitation): void {
    const { roomId } = invitation;
    const work = this.#process(invitation)
      .catch((error: unknown) =>
        this.#options.log.error({ err: error }, "an invitation is tried again later"),
      )
      .finally(() => {
        this.#underWay.delete(roomId);
        this.#worker.wake();
      });
    this.#underWay.set(roomId, work);
  }

  async #process(invitation: Invitation): Promise<void> {
    const { invitations, now, log } = this.#options;
    const { roomId } = invitation;
    try {
      await this.#answer(invitation);
      await this.#forget(roomId);
    } catch (error) {
      const waitMs = this.#waitMs(invitation, error);
      if (waitMs === null) {
        log.warn({ err: error, roomId }, "an invitation could not be answered");
        await this.#forget(roomId);
      } else await invitations.postpone(roomId, now() + waitMs);
    }
  }

  async #forget(roomId: string): Promise<void> {
    this.#earlyTries.delete(roomId);
    await this.#options.invitations.remove(roomId);
  }

  /**
   * How long to wait before the next try; null for no further try. Early tries are counted
   * separately from failures of an unreachable server.
   */
  #waitMs({ roomId, attempts }: Invitation, error: unknown): number | null {
    const isEarly = error instanceof TooEarlyError || isForbidden(error);
    if (!isEarly && isFinalRefusal(error)) return null;
    const tries = isEarly ? this.#triedEarly(roomId) : attempts;
    if (isEarly) this.#earlyTries.set(roomId, tries + 1);
    if (tries + 1 >= (isEarly ? EARLY_TRIES : MAX_ATTEMPTS)) return null;
    return Math.min(LONGEST_RETRY_MS, FIRST_RETRY_MS * 2 ** Math.min(tries, 20));
  }

  #triedEarly(roomId: string): number {
    return this.#earlyTries.get(roomId) ?? 0;
  }

  async #answer(invitation: Invitation): Promise<void> {
    const { client, rooms, log } = this.#options;
    const { roomId, inviter } = invitation;
    if (!(await this.#isRoomOfOurs(invitation))) {
      // The invitation stays open, because a later try may know all control rooms.
      if (!this.#options.controlRooms.areAllKnown) throw new ControlRoomUnknownError();
      await client.leaveRoom(roomId, DECLINE_REASON);
      log.info({ roomId }, "an invitation was declined");
      return;
    }
    await client.joinRoom(roomId, viaServers(roomId, inviter));
    rooms.forget(roomId);
    // A client can mark any room as a direct chat. Only the members decide, and the bot sees them
    // only once it has joined.
    const kind = await rooms.kind(roomId);
    if (kind === "other") {
      await client.leaveRoom(roomId, DECLINE_REASON);
      log.info({ roomId }, "left a room that is no direct chat");
      return;
    }
    log.info({ roomId }, "an invitation was accepted");
    if (kind === "direct") {
      await this.#options.onDirectChat(roomId, inviter, { kind: "invitation", roomId });
    }
  }

  async #isRoomOfOurs({ roomId, inviter, isDirect }: Invitation): Promise<boolean> {
    const { client, rooms, directChats, isPermitted } = this.#options;
    if (rooms.isControlRoom(roomId)) return true;
    if (!directChats || !isPermitted(inviter)) return false;
    if (isDirect) return true;
    try {
      return await isRoomOfOne(client, roomId, viaServers(roomId, inviter));
    } catch (error) {
      if (!isFinalRefusal(error)) throw error;
      const isLastTry = this.#triedEarly(roomId) + 1 >= EARLY_TRIES;
      if ((isForbidden(error) || isUnknown(error)) && !isLastTry) throw new TooEarlyError(error);
      return false;
    }
  }
}

/**
 * Another server does not show the room to the bot. It may not have recorded the invitation yet.
 */
class TooEarlyError extends Error {
  override readonly name = "TooEarlyError";

  constructor(cause: unknown) {
    super("the room is not shown to the bot, or not yet", { cause });
  }
}

/** The room may be a control room whose alias could not be looked up yet. */
class ControlRoomUnknownError extends Error {
  override readonly name = "ControlRoomUnknownError";
}

const summarySchema = z.looseObject({ num_joined_members: z.number() });

/**
 * Whether the inviter is the only member, from the room's summary (MSC3266). False if the summary
 * does not say.
 * @param via servers to ask; without them our server asks nobody about a room it is not in
 */
async function isRoomOfOne(
  client: Pick<MatrixClient, "doRequest">,
  roomId: string,
  via: readonly string[],
): Promise<boolean> {
  const path = `/_matrix/client/v1/room_summary/${encodeURIComponent(roomId)}`;
  const summary = summarySchema.safeParse(await client.doRequest("GET", path, { via }));
  return summary.success && summary.data.num_joined_members === 1;
}

/** The inviter's server is in the room by definition. */
function viaServers(roomId: string, inviter: string): string[] {
  const fromRoomId = roomId.includes(":") ? [roomId.slice(roomId.indexOf(":") + 1)] : [];
  return [...new Set([inviter.slice(inviter.indexOf(":") + 1), ...fromRoomId])];
}

import type { EventContent, MembershipNotice, SeenMessage } from "./protocol.ts";

/** How many of the newest messages a timeout lists. */
const TOLD_MESSAGES = 12;

const MESSAGE_TIMEOUT_MS = 3 * 60_000;

interface Waiter {
  recheck: () => void;
  giveUp: () => void;
}

/** The messages that `waitForMessage` looks at. */
export interface MessageFilter {
  /** Only messages of this user ID. */
  from?: string;
  /** Only messages that follow this event in the timeline. */
  after?: string;
  /** Default three minutes, which is far more than a busy machine needs. */
  timeoutMs?: number;
}

/**
 * The driver's copy of everything that the person's client has shown so far. It can wait for more.
 */
export interface SeenMessages {
  /** Records a message, new or changed, and returns its previous look. */
  record(message: SeenMessage, before?: string): SeenMessage | undefined;
  recordMembership(notice: MembershipNotice): void;
  /** All timeline events of the room, in the timeline's order. */
  inRoom(roomId: string): SeenMessage[];
  waitForMessage(
    roomId: string,
    predicate: (message: SeenMessage) => boolean,
    filter?: MessageFilter,
  ): Promise<SeenMessage>;
  waitForMembership(
    matches: (notice: MembershipNotice) => boolean,
    description: string,
    timeoutMs?: number,
  ): Promise<MembershipNotice>;
  /** Every waiter fails with this error, now and later. */
  close(error: Error): void;
}

export function createSeenMessages(): SeenMessages {
  const messagesByRoom = new Map<string, SeenMessage[]>();
  const memberships = new Map<string, MembershipNotice>();
  const waiters = new Set<Waiter>();
  let closed: Error | undefined;

  function recheckAll(): void {
    for (const waiter of [...waiters]) waiter.recheck();
  }

  // The errors are made after the `await`, where the stack still names the test's line.
  async function waitFor<Found>(
    find: () => Found | undefined,
    timeoutMs: number,
    timedOut: () => string,
  ): Promise<Found> {
    const found = find() ?? (await nextFound(find, timeoutMs));
    if (found !== undefined) return found;
    throw closed === undefined ? new Error(timedOut()) : new Error(closed.message, { cause: closed });
  }

  /** Checks everything new; undefined when time is up or nothing more can come. */
  function nextFound<Found>(find: () => Found | undefined, timeoutMs: number): Promise<Found | undefined> {
    if (closed !== undefined) return Promise.resolve(undefined);
    return new Promise((resolve, reject) => {
      const timer = setTimeout(giveUp, timeoutMs);
      function recheck(): void {
        try {
          const found = find();
          if (found === undefined) return;
          leave();
          resolve(found);
        } catch (error) {
          leave();
          reject(error instanceof Error ? error : new Error(String(error)));
        }
      }
      function giveUp(): void {
        leave();
        resolve(undefined);
      }
      function leave(): void {
        clearTimeout(timer);
        waiters.delete(waiter);
      }
      const waiter: Waiter = { recheck, giveUp };
      waiters.add(waiter);
    });
  }

  function inRoom(roomId: string): SeenMessage[] {
    return messagesByRoom.get(roomId) ?? [];
  }

  return {
    inRoom: (roomId) => [...inRoom(roomId)],
    record(message, before) {
      const messages = inRoom(message.roomId);
      messagesByRoom.set(message.roomId, messages);
      const known = messages.findIndex(({ eventId }) => eventId === message.eventId);
      const previous = messages[known];
      const next = before === undefined ? -1 : messages.findIndex(({ eventId }) => eventId === before);
      if (known !== -1) messages[known] = message;
      else if (next !== -1) messages.splice(next, 0, message);
      else messages.push(message);
      recheckAll();
      return previous;
    },
    recordMembership(notice) {
      memberships.set(JSON.stringify([notice.roomId, notice.userId]), notice);
      recheckAll();
    },
    waitForMessage(roomId, predicate, { from, after, timeoutMs = MESSAGE_TIMEOUT_MS } = {}) {
      return waitFor(
        () =>
          messagesBehind(inRoom(roomId), after).find(
            (message) => isShown(message, from) && predicate(message),
          ),
        timeoutMs,
        () =>
          `No matching message within ${timeoutMs} ms${from ? ` from ${from}` : ""}. ${tellNewest(inRoom(roomId))}`,
      );
    },
    waitForMembership(matches, description, timeoutMs = MESSAGE_TIMEOUT_MS) {
      return waitFor(
        () => [...memberships.values()].find(matches),
        timeoutMs,
        () => `${description}: not within ${timeoutMs} ms`,
      );
    },
    close(error) {
      closed ??= error;
      for (const waiter of [...waiters]) waiter.giveUp();
    },
  };
}

function messagesBehind(messages: SeenMessage[], eventId: string | undefined): SeenMessage[] {
  if (eventId === undefined) return messages;
  const index = messages.findIndex((message) => message.eventId === eventId);
  return index === -1 ? [] : messages.slice(index + 1);
}

// An edit is shown at the message that it edits
// (https://spec.matrix.org/latest/client-server-api/#event-replacements), so it is not shown
// itself.
function isShown(message: SeenMessage, from: string | undefined): boolean {
  return message.relation?.type !== "m.replace" && (from === undefined || message.sender === from);
}

/** The current content: that of the newest edit, else the first one. */
export function contentOf({ content, latestEditContent }: SeenMessage): EventContent {
  return latestEditContent ?? content;
}

/**
 * The text that a person reads in the message now: the newest edit's plain body, else the first
 * one; empty for events without a body.
 */
export function textOf(message: SeenMessage): string {
  const { body } = contentOf(message);
  return typeof body === "string" ? body : "";
}

/** The newest messages of a room, one indented line each, for a test's error. */
function tellNewest(messages: SeenMessage[]): string {
  if (messages.length === 0) return "Nothing at all was seen in that room.";
  const lines = messages.slice(-TOLD_MESSAGES).map((message) => `  ${describeMessage(message)}`);
  return `The last ${lines.length} of ${messages.length} events seen there:\n${lines.join("\n")}`;
}

function describeMessage(message: SeenMessage): string {
  const notes = [
    message.stateKey !== undefined && "state",
    message.relation && `${message.relation.type} ${message.relation.key ?? ""}`.trim(),
    message.latestEditContent && "edited",
    message.isRedacted && "removed",
    message.decryptionFailure,
    message.shield,
  ].filter((note) => typeof note === "string");
  const text = textOf(message).replaceAll("\n", "\n      ");
  return [message.sender, message.type, notes.length > 0 && `[${notes.join(", ")}]`, text]
    .filter(Boolean)
    .join(" ");
}

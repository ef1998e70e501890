import type { DueItem } from "../store/outbox-item.ts";
import { CRASH_SCORE, outboxPriority } from "../store/outbox-item.ts";

/** The number of messages that are sent side by side. */
const MAX_SENDS = 4;
/** A redaction removes a secret, so it does not wait for slow messages. */
const MAX_SENDS_WITH_REDACTIONS = 8;

/**
 * Decides which items are sent next: by priority, and within a priority for the person who was
 * served longest ago. So a person with many messages does not delay others. One message is sent at
 * a time in a room. Redactions depend on nothing and may be sent beside it.
 *
 * The crypto library may fail at a message in a way that ends the process (overrides/README.md,
 * "Crash safety"). A suspected message is sent alone and after the others, so that no other message
 * is suspected.
 */
export class OutboxSchedule {
  /** The number of the last turn, by person. People for whom nothing waits are left out. */
  #servedAt = new Map<string, number>();
  #turn = 0;
  readonly #underWay = new Map<number, DueItem>();

  /** The items that may be sent now. They count as under way until `done`. */
  take(due: readonly DueItem[]): DueItem[] {
    this.#servedAt = new Map(
      due.flatMap((item) => {
        const at = this.#servedAt.get(personOf(item));
        return at === undefined ? [] : [[personOf(item), at]];
      }),
    );
    const taken: DueItem[] = [];
    const waiting = new Set(due);
    for (let next = this.#next(waiting); next !== null; next = this.#next(waiting)) {
      waiting.delete(next);
      this.#underWay.set(next.id, next);
      this.#servedAt.set(personOf(next), ++this.#turn);
      taken.push(next);
    }
    return taken;
  }

  get underWay(): readonly number[] {
    return [...this.#underWay.keys()];
  }

  /** Call this when an item is no longer under way. */
  done({ id }: DueItem): void {
    this.#underWay.delete(id);
  }

  #next(waiting: ReadonlySet<DueItem>): DueItem | null {
    let best: DueItem | null = null;
    for (const item of waiting)
      if (this.#mayBegin(item) && (best === null || this.#isBefore(item, best))) best = item;
    return best;
  }

  #mayBegin(item: DueItem): boolean {
    if (this.#underWay.has(item.id)) return false;
    if (isSuspected(item)) return this.#underWay.size === 0;
    if ([...this.#underWay.values()].some(isSuspected)) return false;
    if (isRedaction(item)) return this.#underWay.size < MAX_SENDS_WITH_REDACTIONS;
    const messages = [...this.#underWay.values()].filter((other) => !isRedaction(other));
    return messages.length < MAX_SENDS && messages.every(({ roomId }) => roomId !== item.roomId);
  }

  #isBefore(one: DueItem, other: DueItem): boolean {
    if (isSuspected(one) || isSuspected(other))
      if (one.crashScore !== other.crashScore) return one.crashScore < other.crashScore;
    if (one.priority !== other.priority) return one.priority < other.priority;
    const servedAt = (item: DueItem): number => this.#servedAt.get(personOf(item)) ?? 0;
    return servedAt(one) === servedAt(other) ? one.id < other.id : servedAt(one) < servedAt(other);
  }
}

function isSuspected({ crashScore }: DueItem): boolean {
  return crashScore >= CRASH_SCORE.suspected;
}

function isRedaction({ priority }: DueItem): boolean {
  return priority === outboxPriority.redaction;
}

function personOf({ forUser, roomId }: DueItem): string {
  return forUser ?? roomId;
}

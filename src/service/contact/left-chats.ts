import type { ReportRoom } from "../../model/report.ts";
import type { Run } from "../../model/run.ts";
import type { WatchedChat } from "../../platforms/platform.ts";
import type { Contacts } from "../../store/contacts.ts";
import type { Runs } from "../../store/runs.ts";
import type { StoredPlan } from "../plan/stored-plan.ts";
import type { RunListener } from "../run/run-listener.ts";

/** People who have not answered for this long are not expected to. */
const WATCHED_MS = 30 * 24 * 3_600_000;
/** The most chats in one look. */
const MAX_WATCHED = 100;

export interface LeftChatsOptions {
  contacts: Pick<Contacts, "asked" | "chats" | "runOfChat" | "declined">;
  runs: Pick<Runs, "get">;
  planning: { last(owner: string): Promise<Pick<StoredPlan, "report"> | null> };
  listener: Pick<RunListener, "chatLeft">;
  now: () => number;
}

/** Chats that the bot opened, while their partners may still decline or leave them. */
export class LeftChats {
  readonly #options: LeftChatsOptions;

  constructor(options: LeftChatsOptions) {
    this.#options = options;
  }

  /** The chats that a look at the accounts of a run also looks at. */
  async toWatch({ owner, source, target }: Run): Promise<WatchedChat[]> {
    const { contacts, now } = this.#options;
    const chats = await contacts.chats({ owner, source });
    return chats
      .flatMap(({ roomId, partner, by, at, state }): WatchedChat[] => {
        const side = by === source ? "source" : by === target ? "target" : null;
        const isOld = Math.abs(now() - at) > WATCHED_MS;
        return roomId === null || state !== "open" || side === null || isOld
          ? []
          : [{ roomId, partner, side }];
      })
      .slice(0, MAX_WATCHED);
  }

  /**
   * Records chats that their partners have left, and tells the person of each once. It is told
   * first: after a crash in between, a message whose key was used before is not sent again.
   */
  async left(owner: string, source: string, roomIds: readonly string[]): Promise<void> {
    const { contacts, runs, listener } = this.#options;
    const of = { owner, source };
    const chats = (await contacts.chats(of)).filter(({ state }) => state === "open");
    for (const roomId of roomIds) {
      const chat = chats.find((each) => each.roomId === roomId);
      if (chat === undefined) continue;
      const { partner, purpose } = chat;
      const { asked, waiting } = await this.#askedIn(of, roomId);
      // A helper who has let the new account in may leave the chat.
      const isNews = purpose === "direct_chat" || waiting.size > 0;
      const runId = isNews ? await contacts.runOfChat(of, roomId) : null;
      const run = runId === null ? null : await runs.get(runId);
      if (run !== null) await listener.chatLeft(run, { roomId, partner, purpose, rooms: asked });
      await contacts.declined(of, { roomId, userId: partner, askedAbout: waiting });
    }
  }

  /** The rooms about which somebody was asked in a chat, without those that are done. */
  async #askedIn(
    of: { owner: string; source: string },
    chatRoomId: string,
  ): Promise<{ asked: ReportRoom[]; waiting: ReadonlySet<string> }> {
    const { contacts, planning } = this.#options;
    const records = (await contacts.asked(of)).filter((record) => record.chatRoomId === chatRoomId);
    const rows = (await planning.last(of.owner))?.report.rooms ?? [];
    const rowOf = (id: string): ReportRoom | undefined =>
      rows.find(({ roomId, successor }) => roomId === id || successor === id);
    const waiting = new Set(records.map(({ roomId }) => roomId).filter((id) => rowOf(id)?.status !== "done"));
    return { asked: [...waiting].flatMap((id) => rowOf(id) ?? []), waiting };
  }
}

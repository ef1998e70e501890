import type { PairSide } from "../../lab/homeservers/model.ts";
import type { StoredEvent } from "../../lab/homeservers/stored-events.ts";
import { eventsSentBy } from "../../lab/homeservers/stored-events.ts";
import type { FaultyMoveEnvironment } from "../environments/faulty-move-environment.ts";
import type { AccountOnServer } from "../servers/account-on-server.ts";
import { Moderator } from "./moderator.ts";

/** Registers a moderator on one of the servers, by default the old one. */
export async function moderator(
  { pair }: Pick<FaultyMoveEnvironment, "pair">,
  displayName: string,
  side: PairSide = "old",
): Promise<Moderator> {
  const localpart = displayName.toLowerCase();
  const password = `${localpart}'s password`;
  const account = await pair[side].registerUser({ localpart, password, displayName });
  return new Moderator(pair, { ...account, password, displayName, side });
}

/** What an account has sent since then, as others see it: the events, oldest first. */
export function sentSince({ server, userId }: AccountOnServer, since: number): StoredEvent[] {
  return eventsSentBy(server, userId).filter(({ sentAt }) => sentAt >= since);
}

/** A chat that an account opened. */
export interface OpenedChat {
  readonly roomId: string;
  /** User ID and invitation of each person who was invited. */
  readonly invited: ReadonlyMap<string, Readonly<Record<string, unknown>>>;
  /** The texts of the account's messages. */
  readonly texts: readonly string[];
  /** Whether the account has left it again. */
  readonly isLeft: boolean;
}

/** The rooms that an account made, and what it did there, from the events that it sent. */
export function chatsOpened(sent: readonly StoredEvent[]): OpenedChat[] {
  return sent
    .filter(({ type }) => type === "m.room.create")
    .map(({ roomId, sender }) => {
      const here = sent.filter((event) => event.roomId === roomId);
      const memberships = here.filter(({ type }) => type === "m.room.member");
      const own = memberships.filter(({ stateKey }) => stateKey === sender).at(-1);
      return {
        roomId,
        invited: new Map(
          memberships.flatMap(({ stateKey, content }) =>
            stateKey !== undefined && content["membership"] === "invite" ? [[stateKey, content]] : [],
          ),
        ),
        texts: textsIn(here, roomId),
        isLeft: own?.content["membership"] === "leave",
      };
    });
}

/** The texts that were sent in a room. */
export function textsIn(sent: readonly StoredEvent[], roomId: string): string[] {
  return sent
    .filter((event) => event.roomId === roomId && event.type === "m.room.message")
    .map(({ content }) => String(content["body"]));
}

/** What a person reads in a preview, without the marks of quotes and of places to break a line. */
export function withoutMarks(preview: string): string {
  return preview.replaceAll(/^>[ ]?/gmu, "").replaceAll("\u2060", "");
}

import { z } from "zod";
import type { StepKind } from "./step.ts";

/** A person as previews name them. */
export interface Person {
  readonly userId: string;
  readonly displayName: string | null;
}

/**
 * How a helper is asked.
 * - `direct`: in a direct chat that exists.
 * - `room`: in the room itself.
 * - `new_direct`: in a new direct chat.
 */
export const ASK_WAYS = ["direct", "room", "new_direct"] as const;
export type AskWay = (typeof ASK_WAYS)[number];

/**
 * What came of a question to a helper.
 * - `sent`: the helper has it, and has not acted yet.
 * - `refused`: the helper, or their server, does not take invitations to chats.
 * - `declined`: the helper declined the invitation to the chat, or left the chat.
 * - `let_in`: the new account is in the room since.
 */
export const ASK_RESULTS = ["sent", "refused", "declined", "let_in"] as const;
export type AskResult = (typeof ASK_RESULTS)[number];

/** One helper who was asked about a room, as reports show it. */
export const askedSchema = z.object({
  userId: z.string(),
  at: z.iso.datetime(),
  way: z.enum(ASK_WAYS),
  result: z.enum(ASK_RESULTS),
});
export type Asked = z.infer<typeof askedSchema>;

/** A question to a helper about a room, as it is stored. */
export interface AskRecord {
  readonly roomId: string;
  readonly userId: string;
  /** In milliseconds since the epoch. */
  readonly at: number;
  readonly way: AskWay;
  readonly result: Exclude<AskResult, "let_in">;
  /** The room in which the question was sent; `null` if no chat came about. */
  readonly chatRoomId: string | null;
}

/** What became of a chat that the bot opened with one of the two accounts. */
export const CHAT_STATES = ["begun", "open", "refused", "declined"] as const;
export type ChatState = (typeof CHAT_STATES)[number];

/** A direct chat that the bot opened, or tried to open, for a person. */
export interface OpenedChat {
  /** `null` while its creation is not known to have succeeded. */
  readonly roomId: string | null;
  readonly partner: string;
  /** The account that opened it. */
  readonly by: string;
  readonly purpose: "ask" | "direct_chat";
  /** In milliseconds since the epoch. */
  readonly at: number;
  readonly state: ChatState;
}

/** `full`: as many chats as a day allows. `nextAt`: when the next is allowed. */
export type ChatReservation =
  { readonly status: "reserved" } | { readonly status: "full"; readonly nextAt: number };

/** New chats, and how many of them the daily limit admits now. */
export interface NewChats {
  readonly total: number;
  readonly now: number;
  readonly perDay: number;
}

/** The kinds of steps that give the old account a name. */
export const RENAME_STEP_KINDS = ["rename_profile", "rename_room"] as const satisfies readonly StepKind[];

/**
 * A name that the bot gave to the old account, or was about to give, and the one before. It is
 * read from the stored step, so it is known from before the write on.
 */
export interface GivenName {
  /** `null`: the account's own name; otherwise its name in one room. */
  readonly roomId: string | null;
  /** The name that the person had chosen; `null`: none. */
  readonly former: string | null;
  readonly given: string;
  /**
   * The picture that the person had chosen for the room, and the one that the server writes over
   * it with the new name; `null`: the room had none of its own.
   */
  readonly avatar: { readonly own: string; readonly over: string | null } | null;
  /** The step that gives it. */
  readonly runId: number;
  readonly stepKey: string;
}

/** A change of the records, which follows from a step or from what a server shows later. */
export type ContactChange =
  /** People were asked about rooms, or could not be. */
  | {
      readonly kind: "asked";
      readonly roomIds: readonly string[];
      readonly userIds: readonly string[];
      readonly way: AskWay;
      readonly result: AskRecord["result"];
      readonly chatRoomId: string | null;
    }
  /** What became of the chat that the step has reserved or opened. */
  | { readonly kind: "chat"; readonly roomId: string | null; readonly state: ChatState }
  | { readonly kind: "announced"; readonly roomId: string }
  /** Whether the server of a helper answers. */
  | { readonly kind: "server"; readonly serverName: string; readonly isSilent: boolean };

/** Contact that steps of runs are about to make. Decisions about further contact read it. */
export interface PlannedContact {
  /** The rooms about which people are going to be asked. */
  readonly rooms: ReadonlySet<string>;
  /** Everybody who is going to be asked, and who follows if one of them takes no invitation. */
  readonly helpers: ReadonlySet<string>;
  /** Everybody with whom the new account is going to open a direct chat. */
  readonly partners: ReadonlySet<string>;
}

export const NOTHING_PLANNED: PlannedContact = {
  rooms: new Set(),
  helpers: new Set(),
  partners: new Set(),
};

/** The kinds of steps that reach other people in chats. */
export const CHAT_STEP_KINDS = ["send_message", "open_chat"] as const satisfies readonly StepKind[];

/** A move, as far as earlier contact counts for it. */
export interface ContactOf {
  /** The person. */
  readonly owner: string;
  /** The old account. */
  readonly source: string;
  /** The new account. */
  readonly target: string;
  /** Nobody has proven to be the old account. */
  readonly isFromFile: boolean;
}

/**
 * What earlier contact of a move left in the store. Decisions about further contact, plans and
 * reports read it.
 */
export interface ContactRecords {
  /** Newest first, of the old account. */
  readonly asked: readonly AskRecord[];
  readonly chats: readonly OpenedChat[];
  /** How many chats the daily limit counts now. */
  readonly chatsToday: number;
  /** When a room was last told, by room ID, in milliseconds since the epoch. */
  readonly announcedAt: ReadonlyMap<string, number>;
  /** Servers of helpers that did not answer within the last day. */
  readonly silentServers: ReadonlySet<string>;
}

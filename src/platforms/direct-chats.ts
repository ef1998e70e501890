import type { NewChats, Person } from "../model/contact.ts";
import type { ReportRoom } from "../model/report.ts";

export interface DirectChatOrder {
  /** User IDs; empty: everybody is listed, and nothing is opened. */
  readonly partners: readonly string[];
  readonly text: string | null;
}

/** A person whose old direct chat was not moved. */
export interface DirectChatCandidate {
  readonly partner: Person;
  /** `null`: only a file names the person. */
  readonly oldRoom: ReportRoom | null;
  /** The new chat is encrypted, because the old one is, or may be. */
  readonly isEncrypted: boolean;
}

/** Why no chat is opened with a person. The reasons from `gone` on count only for a list. */
export type NoDirectChatReason =
  /** The old account has no direct chat with them, and no file names them. */
  | "unknown"
  | "moved"
  /** The old chat moves with a move. */
  | "will_move"
  /** The new account has a direct chat with them. */
  | "has_chat"
  /** A run is about to open a chat with them. */
  | "chat_waits"
  | "ignored"
  /** Nobody has signed in the old account, and their server is gone, too. */
  | "server_gone"
  /** They left the old chat. */
  | "gone"
  /** Their server did not answer within the last day. */
  | "silent"
  /** They took no invitation to a new direct chat before. */
  | "refused";

export interface DirectChatFacts {
  /** Without named people: everybody with whom a chat can be opened. */
  readonly candidates: readonly DirectChatCandidate[];
  /** The chats that are opened. `text`: `null` in encrypted chats, whose reason tells it. */
  readonly chats: readonly (DirectChatCandidate & {
    readonly text: string | null;
    readonly reason: string;
  })[];
  readonly left: readonly { readonly partner: Person; readonly why: NoDirectChatReason }[];
  readonly newChats: NewChats;
}

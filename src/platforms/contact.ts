import type { Side } from "../model/account.ts";
import type { AskWay, ContactRecords, NewChats, Person, PlannedContact } from "../model/contact.ts";
import type { ReportRoom } from "../model/report.ts";
import type { PowerLevel } from "../model/routes.ts";
import type { RunRoom } from "../model/run-room.ts";
import type { PlannedStep } from "../model/step.ts";
import type { DirectChatFacts, DirectChatOrder } from "./direct-chats.ts";
import type { AnnounceFacts, AnnounceOrder, RenameFacts, RenameOrder } from "./telling.ts";

/**
 * Work that other people see, or that cannot be undone. It is shown first, and begins only after
 * the person has confirmed it.
 * @typeParam Facts what the preview shows
 */
export interface Proposal<Facts> {
  readonly facts: Facts;
  /**
   * Everything that must be the same at the confirmation: recipients, ways, rooms, exact texts and
   * reasons. No times, counts or topics. JSON in a stable order. It does not depend on what typed
   * words of the question add to the order.
   */
  readonly exact: unknown;
  /** The steps of the run; empty if there is nothing to do. */
  readonly steps: readonly PlannedStep[];
  /** The rooms that the run is about, if it has rooms of its own. */
  readonly rooms: readonly RunRoom[];
}

/** Texts that other people read. `view` makes them; a person may give their own. */
export interface ContactTexts {
  /** The question to a helper about all rooms that they can open. */
  ask(facts: AskTextFacts): string;
  /** The reason of the invitation to a new direct chat, at most 500 characters. */
  askReason(facts: AskTextFacts & { encryptedChatExists: boolean }): string;
  /**
   * The reason of a knock, at most 120 characters. The old account's ID is never cut, even if it is
   * longer.
   */
  knockReason(facts: WriterFacts): string;
  directChat(facts: WriterFacts): string;
  directChatReason(facts: WriterFacts): string;
  announcement(facts: TextFacts & { by: Side }): string;
  /** The former name with the new ID, shortened to the limit by shortening the name. */
  newName(facts: TextFacts & { maxLength: number }): string;
  leavingReason(facts: TextFacts): string;
}

export interface TextFacts {
  readonly old: string;
  readonly new: string;
  /** The old account's name, without a suffix that the bot gave it; its ID if it has none. */
  readonly name: string;
  /** The text that the person typed, with placeholders; `null` for the default. */
  readonly typed: string | null;
}

/** For texts of the new account, or of whichever account can write. */
export interface WriterFacts extends TextFacts {
  /**
   * Whether somebody has signed in the old account. If not, the texts say that nothing proves who
   * writes.
   */
  readonly isProven: boolean;
}

export interface AskTextFacts extends WriterFacts {
  /** The rooms about which a helper is asked, each with what they would have to do. */
  readonly rooms: readonly { readonly room: ReportRoom; readonly help: AskHelp }[];
  /** The room in which the text is sent; `null` for a new chat. */
  readonly sentIn: string | null;
  /** In the room itself: the people whom the text mentions. In direct chats nobody. */
  readonly mentions: readonly Person[];
}

/** What a helper is asked to do. */
export type AskHelp = "invite" | "unban" | "change_acl" | "open_space" | "accept_knock";

// --- !ask

export interface AskOrder {
  /** Room IDs; empty: all rooms that wait for a moderator. */
  readonly rooms: readonly string[];
  readonly text: string | null;
  readonly way: Exclude<AskWay, "new_direct"> | null;
}

/** One message to one helper. */
export interface AskMessage {
  readonly helper: Person;
  readonly way: AskWay;
  /** The room in which it is sent; `null` for a new chat. */
  readonly roomId: string | null;
  /** Helpers besides the first who are mentioned and count as asked. */
  readonly alsoMentioned: readonly Person[];
  readonly rooms: readonly {
    readonly room: ReportRoom;
    readonly help: AskHelp;
    readonly topic: string | null;
  }[];
  readonly text: string;
  /** The reason of the invitation to a new chat; otherwise `null`. */
  readonly reason: string | null;
  /** Who is asked instead, in this order, if the helper takes no invitation. At most two. */
  readonly followers: readonly Pick<AskMessage, "helper" | "way" | "roomId" | "rooms" | "text" | "reason">[];
}

export type NotAskedReason =
  /** A run is about to ask somebody. */
  | "question_waits"
  /** Asked within 7 days; nobody refused or left. */
  | "asked_recently"
  /** Every helper was asked within 14 days, has not answered, or is about to be asked. */
  | "helpers_asked"
  | "helpers_unreachable"
  | "no_helper"
  /** A knock there was declined. Only `!knock` with the room named repeats it. */
  | "knock_declined"
  /** The new account knocks there already. A room that is named is asked about. */
  | "knock_pending"
  /** It does not wait for a moderator. */
  | "not_waiting"
  /** The way that the person chose does not work there. */
  | "way_impossible"
  /** In rooms themselves one room is asked about: its helpers are asked about another one. */
  | "helper_taken";

export interface AskFacts {
  /** The account that writes: the new one if nobody has signed in the old one. */
  readonly by: Side;
  readonly messages: readonly AskMessage[];
  readonly knocks: readonly { readonly room: ReportRoom; readonly reason: string }[];
  readonly notAsked: readonly {
    readonly room: ReportRoom;
    readonly why: NotAskedReason;
    readonly until: number | null;
  }[];
  /** New chats among the messages. */
  readonly newChats: NewChats;
}

// --- !knock

export interface KnockOrder {
  readonly rooms: readonly string[];
  readonly reason: string | null;
}

export interface KnockFacts {
  readonly knocks: readonly { readonly room: ReportRoom; readonly reason: string }[];
  readonly left: readonly {
    readonly room: ReportRoom;
    readonly why: NotKnockedReason;
  }[];
}

export type NotKnockedReason =
  /** A person in the room declined a knock. Only a person who names the room repeats it. */
  | "declined"
  /** A knock waits for an answer. */
  | "pending"
  /** The new account can get in without anybody's help. */
  | "open"
  | "joined"
  /** The room does not take knocks, or the new account refuses what would follow from one. */
  | "not_knockable";

// --- !leave-old

export interface LeaveOrder {
  /** Room IDs; empty: all rooms in which the new account is. */
  readonly rooms: readonly string[];
  readonly reason: string | null;
  readonly withoutKeys: boolean;
  /**
   * A room that the person has typed to leave although something would be lost. Then only this one
   * is left. `null`: all rooms in which nothing would be lost.
   */
  readonly anyway: string | null;
}

/** Why the old account stays in a room. */
export type KeptInRoomReason =
  | { readonly code: "not_moved" }
  | {
      readonly code: "less_power";
      readonly source: PowerLevel;
      /** `null`: the room's ACL denies the new server. */
      readonly target: PowerLevel | null;
    }
  | { readonly code: "last_admin" }
  | { readonly code: "alone" }
  /** `null`: not known. */
  | { readonly code: "keys_missing"; readonly missing: number | null }
  | { readonly code: "asked"; readonly at: number }
  | { readonly code: "unreadable" }
  /** No server lets an account leave the room of its notices. */
  | { readonly code: "server_notices" }
  /** The person talks with the bot there. */
  | { readonly code: "bot_chat" };

/** Whether no typed word lets the old account leave in spite of a reason. */
export function isFinal({ code }: Pick<KeptInRoomReason, "code">): boolean {
  return code === "server_notices" || code === "bot_chat";
}

/** A room that the old account leaves. */
export interface RoomLeft {
  readonly room: ReportRoom;
  /** The old account gives its power back first. */
  readonly dropsPower: boolean;
  /** The room's ACL shuts out the old server, so nobody hears of the leaving. */
  readonly isUnheard: boolean;
  /** The new backup may lack keys of the room. Only with the order `withoutKeys`. */
  readonly lacksKeys: boolean;
}

/** A room in which the old account stays. */
export interface RoomKept {
  readonly room: ReportRoom;
  /** At least one. */
  readonly reasons: readonly KeptInRoomReason[];
}

export interface LeaveFacts {
  readonly leaves: readonly RoomLeft[];
  readonly kept: readonly RoomKept[];
  /** Named rooms that the old account has not joined. */
  readonly outside: readonly ReportRoom[];
  /** What the people in the rooms read. */
  readonly reason: string;
}

/** The orders of a person, by kind of contact. */
export interface ContactOrders {
  ask: AskOrder;
  knock: KnockOrder;
  directChats: DirectChatOrder;
  announce: AnnounceOrder;
  rename: RenameOrder;
  leave: LeaveOrder;
}

/** What previews show, by kind of contact. */
export interface ContactFacts {
  ask: AskFacts;
  knock: KnockFacts;
  directChats: DirectChatFacts;
  announce: AnnounceFacts;
  rename: RenameFacts;
  leave: LeaveFacts;
}

export type ContactKind = keyof ContactOrders;

/** What a decision about two accounts says about contact with other people, and about leaving. */
export type ContactDecisions = {
  readonly [Kind in ContactKind]: (
    order: ContactOrders[Kind],
    known: Known,
  ) => Promise<Proposal<ContactFacts[Kind]>>;
};

/** What decisions about contact need besides the accounts. */
export interface Known {
  readonly records: ContactRecords;
  readonly planned: PlannedContact;
  readonly texts: ContactTexts;
  /** How many chats the bot opens for a person within 24 hours. */
  readonly newChatsPerDay: number;
  /** In milliseconds since the epoch. */
  readonly now: number;
}

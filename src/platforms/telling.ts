import type { Side } from "../model/account.ts";
import type { ReportRoom } from "../model/report.ts";

/** What a person announces, and where. */
export interface AnnounceOrder {
  /** Room IDs; empty with `which`. */
  readonly rooms: readonly string[];
  readonly which: "default" | "direct" | "small";
  readonly text: string | null;
  readonly both: boolean;
}

/** Whom an announcement reaches, and with which words. */
export interface AnnounceFacts {
  readonly rooms: readonly {
    readonly room: ReportRoom;
    /** Joined members, both accounts included; `null`: not known. */
    readonly members: number | null;
    /** The accounts that speak there. */
    readonly by: readonly Side[];
  }[];
  /** The text by each account that speaks somewhere. */
  readonly texts: readonly { readonly by: Side; readonly text: string }[];
  /** Rooms that the announcement does not reach, with the reason. */
  readonly left: readonly { readonly room: ReportRoom; readonly why: AnnounceLeftReason }[];
}

/** Why a room is not told. */
export type AnnounceLeftReason =
  /** Nothing is sent into encrypted rooms: the bot could only write there in plain text. */
  | "encrypted"
  | "too_large"
  | "not_moved"
  | "told_recently"
  | "may_not_speak"
  /** Its server does not show the room. */
  | "unreadable"
  /** These are told to nobody, also if they are named. */
  | "space"
  | "replaced"
  | "server_notices"
  | "not_in_room"
  | "excluded";

/** The name that a person wants for the old account. */
export interface RenameOrder {
  readonly name: string | null;
  /** Room IDs; empty: the account's own name. */
  readonly rooms: readonly string[];
  readonly undo: boolean;
}

/** A name before and after; `null`: none. */
export interface NameChange {
  readonly from: string | null;
  readonly to: string | null;
}

/** Which names of the old account change. */
export interface RenameFacts {
  /** The account's own name; `null`: it does not change. */
  readonly account:
    | (NameChange & {
        /** Joined rooms that get an event. */
        readonly rooms: number;
        /** Rooms among them in which a name of their own is overwritten. */
        readonly overwritten: number;
      })
    | null;
  /** Names in single rooms. */
  readonly named: readonly (NameChange & { readonly room: ReportRoom })[];
  /** Named rooms in which nothing is done. */
  readonly leftRooms: readonly { readonly room: ReportRoom; readonly why: RenameLeftReason }[];
  /** Why nothing at all is done; `null` if something is. */
  readonly left: RenameLeftReason | null;
}

/** Why a name does not change. */
export type RenameLeftReason =
  | "has_id"
  /** It is the typed name already. */
  | "same"
  /** Somebody has changed the name since the bot gave it. */
  | "changed_since"
  | "nothing_to_undo"
  /** The old server lets nobody change names. */
  | "not_allowed"
  /** The name is empty, or too long even if `{name}` is left out. */
  | "length"
  | "not_in_room";

import { z } from "zod";
import { powerLevelSchema } from "./routes.ts";

/**
 * The files of `!export rooms` and `!export data`, and what `!import` keeps of files. README,
 * "The files of `!export`", describes every field.
 */

const text = z.string().nullable();

/** A person who could let an account into a room when the file was written. */
const fileHelperSchema = z.object({
  userId: z.string(),
  displayName: text,
  /** `null`: not known. */
  power: powerLevelSchema.nullable(),
});

/** One room of an account. What is unknown is `null`; lists are then empty. */
export const fileRoomSchema = z.object({
  /** Text may name a room only by an alias. Then it is that alias. */
  roomId: z.string(),
  membership: z.enum(["join", "invite", "knock"]).nullable(),
  name: text,
  /** The canonical alias. */
  alias: text,
  /** All aliases, the canonical one first. */
  aliases: z.array(z.string()),
  /** Servers to join through, those of other people first; at most five in a file of the bot. */
  via: z.array(z.string()),
  /** The room version. */
  version: text,
  joinRule: text,
  /** The rooms whose members may join. */
  allow: z.array(z.string()),
  encrypted: z.boolean().nullable(),
  direct: z.boolean().nullable(),
  /** The user ID of the other person of a direct chat. */
  partner: text,
  /** By the name of the tag, as the server has them. */
  tags: z.record(z.string(), z.record(z.string(), z.unknown())),
  /** The power of the account. */
  power: powerLevelSchema.nullable(),
  memberCount: z.int().nullable(),
  /** The surest first. */
  helpers: z.array(fileHelperSchema),
  /** The room that replaced this one. */
  successor: text,
  /** A `matrix.to` link. */
  link: text,
});
export type FileRoom = z.infer<typeof fileRoomSchema>;

/** A person with whom the account shares direct chats, or whom a file names. */
export const fileContactSchema = z.object({
  userId: z.string(),
  displayName: text,
  /** The IDs of the direct chats. */
  rooms: z.array(z.string()),
});
export type FileContact = z.infer<typeof fileContactSchema>;

/** The file of `!export rooms`. */
export const roomsFileSchema = z.object({
  schema: z.literal(1),
  kind: z.literal("rooms"),
  /** A user ID. */
  account: z.string(),
  generatedAt: z.iso.datetime(),
  rooms: z.array(fileRoomSchema),
  contacts: z.array(fileContactSchema),
});
export type RoomsFile = z.infer<typeof roomsFileSchema>;

const contents = z.record(z.string(), z.record(z.string(), z.unknown()));

/** The settings of an account, as its server sent them: only those that a move copies. */
export const accountDataSchema = z.object({
  /** Global account data by type, with `m.direct` and `m.ignored_user_list`. */
  accountData: contents,
  /** As `GET /pushrules/` has it. */
  pushRules: z.record(z.string(), z.unknown()),
  /** By room and tag. */
  tags: z.record(z.string(), contents),
  /** `displayname`, `avatar_url` and further fields. */
  profile: z.record(z.string(), z.unknown()),
  /** By room and type, without tags. */
  roomAccountData: z.record(z.string(), contents),
});
export type FileAccountData = z.infer<typeof accountDataSchema>;

/** The file of `!export data`. */
export const dataFileSchema = z.object({
  schema: z.literal(1),
  kind: z.literal("data"),
  /** A user ID. */
  account: z.string(),
  generatedAt: z.iso.datetime(),
  ...accountDataSchema.shape,
});
export type DataFile = z.infer<typeof dataFileSchema>;

/** What a received file says, whatever its format. */
export interface FileFindings {
  /** The format that was recognised. */
  readonly format: "rooms" | "rooms_csv" | "data" | "report" | "yaml" | "text";
  /** The user ID of the account that the file is about; `null`: it does not say. */
  readonly account: string | null;
  /** In milliseconds since the epoch; `null`: the file does not say. */
  readonly writtenAt: number | null;
  readonly rooms: readonly FileRoom[];
  readonly contacts: readonly FileContact[];
  readonly data: FileAccountData | null;
  /** Lines or rows that have something like an ID that is none: the first ten, and how many. */
  readonly notUnderstood: { readonly first: readonly UnreadLine[]; readonly total: number };
}

/** A line or row that was not understood. */
export interface UnreadLine {
  /** From 1. */
  readonly line: number;
  /** Untrusted, cut. */
  readonly text: string;
}

/** All files of one account that a person imported, merged by room. */
export interface ImportedAccount {
  /** The user ID of the old account. */
  readonly userId: string;
  /** When the last file was imported, in milliseconds since the epoch. */
  readonly importedAt: number;
  /** When the newest file was written, or imported if it does not say. */
  readonly writtenAt: number;
  readonly rooms: readonly FileRoom[];
  readonly contacts: readonly FileContact[];
  readonly data: FileAccountData | null;
}

/** What a person's files say about an old account, in numbers. */
export interface FilesOverview {
  /** The user ID of the old account. */
  readonly userId: string;
  /** As in `ImportedAccount`. */
  readonly writtenAt: number;
  readonly rooms: number;
  readonly people: number;
  /** Whether there is a file of settings. */
  readonly hasData: boolean;
}

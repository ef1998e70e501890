import { mergedContact, mergedRoom } from "../../../model/merged-files.ts";
import type {
  FileAccountData,
  FileContact,
  FileFindings,
  FileRoom,
  UnreadLine,
} from "../../../model/room-file.ts";
import { parseRoomAlias, parseRoomId, parseUserId } from "../ids/identifiers.ts";
import { boundedContact, boundedRoom } from "./bounded-findings.ts";

/** Limits of what one file can bring. They are far above every real account. */
const MAX_ROOMS = 20_000;
const MAX_CONTACTS = 20_000;
/** Further entries of a list are not looked at, because each takes time. */
export const MAX_ENTRIES = 50_000;
const MAX_LINES_SHOWN = 10;
const MAX_LINE_LENGTH = 120;

/** Matrix began in this year. A file that states an earlier one does not know. */
const FIRST_YEAR = Date.UTC(2014);

const NOTHING_KNOWN: Omit<FileRoom, "roomId"> = {
  ...{ membership: null, name: null, alias: null, aliases: [], via: [], version: null, joinRule: null },
  ...{ allow: [], encrypted: null, direct: null, partner: null, tags: {}, power: null },
  ...{ memberCount: null, helpers: [], successor: null, link: null },
};

/** A room of which only some fields are known. */
export type SketchedRoom = Pick<FileRoom, "roomId"> & Partial<FileRoom>;

/** Collects what a file says. Each room and each person is kept once. */
export class FoundInFile {
  readonly #rooms = new Map<string, FileRoom>();
  readonly #contacts = new Map<string, FileContact>();
  readonly #unread: UnreadLine[] = [];
  #unreadTotal = 0;
  #account: string | null = null;
  #writtenAt: number | null = null;
  #data: FileAccountData | null = null;

  /** The account and the time that the file states. What is none is ignored. */
  about(account: unknown, generatedAt: unknown): void {
    if (typeof account === "string" && parseUserId(account) !== null) this.#account = account;
    const at = typeof generatedAt === "string" ? Date.parse(generatedAt) : Number.NaN;
    if (!Number.isNaN(at)) this.#writtenAt = at;
  }

  data(data: FileAccountData): void {
    this.#data = data;
  }

  /** @returns false if its ID is neither a room ID nor an alias */
  room(sketch: SketchedRoom): boolean {
    const { roomId } = sketch;
    const isAlias = parseRoomAlias(roomId) !== null;
    if (!isAlias && parseRoomId(roomId) === null) return false;
    const known = this.#rooms.get(roomId);
    if (known === undefined && this.#rooms.size >= MAX_ROOMS) return true;
    const ownAlias = isAlias ? { alias: roomId, aliases: [roomId] } : {};
    const room = boundedRoom({ ...NOTHING_KNOWN, ...ownAlias, ...sketch });
    this.#rooms.set(roomId, known === undefined ? room : mergedRoom(known, room));
    return true;
  }

  /** @returns false if it is no user ID */
  contact(named: FileContact): boolean {
    const { userId } = named;
    if (parseUserId(userId) === null) return false;
    const known = this.#contacts.get(userId);
    if (known === undefined && this.#contacts.size >= MAX_CONTACTS) return true;
    const contact = boundedContact(named);
    this.#contacts.set(userId, known === undefined ? contact : mergedContact(known, contact));
    return true;
  }

  /** Something like an ID that is none. @param line from 1 */
  unread(line: number, text: string): void {
    this.#unreadTotal += 1;
    if (this.#unread.length < MAX_LINES_SHOWN)
      this.#unread.push({ line, text: text.trim().slice(0, MAX_LINE_LENGTH).toWellFormed() });
  }

  /**
   * Takes what another file says too.
   * @returns false if that file is about another account
   */
  add(other: FoundInFile): boolean {
    const isOther = this.#account !== null && other.#account !== null && this.#account !== other.#account;
    if (isOther) return false;
    this.#account ??= other.#account;
    this.#writtenAt = Math.max(this.#writtenAt ?? 0, other.#writtenAt ?? 0) || null;
    this.#data ??= other.#data;
    for (const room of other.#rooms.values()) this.room(room);
    for (const contact of other.#contacts.values()) this.contact(contact);
    for (const { line, text } of other.#unread) this.unread(line, text);
    this.#unreadTotal += other.#unreadTotal - other.#unread.length;
    return true;
  }

  /** Whether something like an ID was found that is none. */
  get hasUnread(): boolean {
    return this.#unreadTotal > 0;
  }

  /** Whether nothing at all was found. */
  get isEmpty(): boolean {
    return this.#rooms.size === 0 && this.#contacts.size === 0 && this.#data === null;
  }

  /** @param readAt in milliseconds since the epoch. Nothing was written later. */
  findings(format: FileFindings["format"], readAt: number): FileFindings {
    const account = this.#account;
    return {
      format,
      account,
      writtenAt: timeOf(this.#writtenAt, readAt),
      rooms: [...this.#rooms.values()],
      contacts: [...this.#contacts.values()].filter(({ userId }) => userId !== account),
      data: this.#data,
      notUnderstood: { first: this.#unread, total: this.#unreadTotal },
    };
  }
}

/** A file from the future would count more than every later one. */
function timeOf(writtenAt: number | null, readAt: number): number | null {
  return writtenAt === null || writtenAt < FIRST_YEAR ? null : Math.min(writtenAt, readAt);
}

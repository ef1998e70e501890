import type { GivenName } from "../../../model/contact.ts";
import type { FileContact } from "../../../model/room-file.ts";
import type { TextFacts, WriterFacts } from "../../contact.ts";
import type { KeyFacts, UnusableByRoom } from "../categories/room-keys/plan.ts";
import type { ReadableAccount } from "../decide-rooms.ts";
import type { Parties } from "../planning/people.ts";
import type { RoomPlan } from "../planning/plan-rooms.ts";
import type { AccountReading } from "../reading/account-reading.ts";

/** What decisions about contact start from: both accounts as they were read, and their plan. */
export interface ContactInput {
  /**
   * The account that writes to people who can help: the source, or the target if nobody has signed
   * in the source.
   */
  readonly asking: ReadableAccount;
  /** The source has the names that the person chose, in place of those that the bot gave. */
  readonly readings: { readonly source: AccountReading; readonly target: AccountReading };
  /** The source as it shows itself. */
  readonly shown: AccountReading;
  /** Newest first. */
  readonly givenNames: readonly GivenName[];
  readonly decided: RoomPlan;
  /** The people whom files name, if nobody has signed in the source; otherwise empty. */
  readonly fileContacts: readonly FileContact[];
  readonly keys: KeyFacts;
  readonly unusableKeys: UnusableByRoom;
  readonly parties: Parties;
  /**
   * Does further reads of the source.
   * @throws UnreadableAccountError instead of a server's refusal or a missing answer
   */
  readonly guarded: <Result>(work: () => Promise<Result>) => Promise<Result>;
}

/**
 * What texts for other people are made from. The name is the one before a suffix that the bot gave.
 */
export function textFacts(
  {
    readings,
    parties,
  }: Pick<ContactInput, "parties"> & {
    readonly readings: { readonly source: Pick<AccountReading, "profile"> };
  },
  typed: string | null,
): TextFacts {
  const name = readings.source.profile.displayName;
  const { sourceUserId, targetUserId } = parties;
  const isNamed = name !== null && name.trim() !== "";
  return { old: sourceUserId, new: targetUserId, name: isNamed ? name : sourceUserId, typed };
}

/** The same for texts of an account that may have to say that nothing proves who writes. */
export function writerFacts(
  input: Pick<ContactInput, "parties"> & {
    readonly readings: { readonly source: Pick<AccountReading, "profile" | "method"> };
  },
  typed: string | null,
): WriterFacts {
  return { ...textFacts(input, typed), isProven: input.readings.source.method !== "file" };
}

/**
 * A plan whose rooms have an order that depends on them alone. Their server's order changes from
 * reading to reading, and would change texts and lists between a preview and its confirmation.
 */
export function inOrderOfNames<Plan extends { readonly rooms: RoomPlan["rooms"] }>(plan: Plan): Plan {
  const keyed = plan.rooms.map((room) => ({ room, key: `${room.name ?? ""}\n${room.roomId}` }));
  keyed.sort((one, other) => (one.key < other.key ? -1 : 1));
  return { ...plan, rooms: keyed.map(({ room }) => room) };
}

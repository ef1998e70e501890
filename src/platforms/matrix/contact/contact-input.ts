import type { Known, TextFacts } from "../../contact.ts";
import type { KeyFacts, UnusableByRoom } from "../categories/room-keys/plan.ts";
import type { ReadableAccounts } from "../decide-rooms.ts";
import type { Parties } from "../planning/people.ts";
import type { RoomPlan } from "../planning/plan-rooms.ts";
import type { AccountReading } from "../reading/account-reading.ts";

/** What decisions about contact start from: both accounts as they were read, and their plan. */
export interface ContactInput {
  /** For further reads. */
  readonly accounts: ReadableAccounts;
  readonly readings: { readonly source: AccountReading; readonly target: AccountReading };
  readonly decided: RoomPlan;
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
  { readings, parties }: Pick<ContactInput, "readings" | "parties">,
  { records }: Pick<Known, "records">,
  typed: string | null,
): TextFacts {
  const { displayName } = readings.source.profile;
  const given = records.givenNames.find(({ roomId, given: name }) => roomId === null && name === displayName);
  const name = given === undefined ? displayName : given.former;
  const { sourceUserId, targetUserId } = parties;
  const isNamed = name !== null && name.trim() !== "";
  return { old: sourceUserId, new: targetUserId, name: isNamed ? name : sourceUserId, typed };
}

import type { Conversation } from "../../dialogue/conversation.ts";
import { withProgressNote } from "../../dialogue/progress-note.ts";
import type { CommandValues } from "../../grammar/specification.ts";
import type { RunPurpose } from "../../model/run.ts";
import type { PeoplesAccounts } from "../../service/accounts/peoples-accounts.ts";
import type { PartRequest } from "../../service/run/requests.ts";
import type { StartResult } from "../../service/run/results.ts";
import type { Plans } from "../../store/plans.ts";
import { startAnswer } from "../../view/migrate/start.ts";
import { readFilters, roomOfWord } from "../filters.ts";
import { readingNote } from "../reading-note.ts";

export interface PartOptions {
  begin: (request: PartRequest) => Promise<StartResult>;
  purpose: RunPurpose;
  accounts: Pick<PeoplesAccounts, "of">;
  plans: Pick<Plans, "numberedRoomIds">;
  now: () => number;
  prefix: string;
}

/** Starts a run for a part of a move: for the named rooms or those that match the filters. */
export async function runPart(
  values: CommandValues,
  conversation: Conversation,
  { begin, purpose, accounts, plans, now, prefix }: PartOptions,
): Promise<void> {
  const { sender: owner, address, botRoomIds } = conversation;
  const shownRooms = await plans.numberedRoomIds(owner);
  const filters = readFilters(values, { shownRooms, now: now() });
  const rooms = (values.positionals["rooms"] ?? []).map((word) => roomOfWord(word, shownRooms));
  const result = await withProgressNote(conversation, await readingNote(owner, accounts), (onProgress) =>
    begin({ owner, address, botRoomIds, filters, rooms, onProgress }),
  );
  await conversation.say(startAnswer(result, purpose, prefix), { key: "answer" });
}

import type { Conversation } from "../../dialogue/conversation.ts";
import { withProgressNote } from "../../dialogue/progress-note.ts";
import type { CommandValues } from "../../grammar/specification.ts";
import type { RunPurpose } from "../../model/run.ts";
import type { PartRequest } from "../../service/run/requests.ts";
import type { StartResult } from "../../service/run/results.ts";
import type { Plans } from "../../store/plans.ts";
import { readingAccounts } from "../../view/account/reading.ts";
import { startAnswer } from "../../view/migrate/start.ts";
import { readFilters, roomOfWord } from "../filters.ts";

export interface PartOptions {
  begin: (request: PartRequest) => Promise<StartResult>;
  purpose: RunPurpose;
  plans: Pick<Plans, "numberedRoomIds">;
  now: () => number;
  prefix: string;
}

/** Starts a run for a part of a move: for the named rooms or those that match the filters. */
export async function runPart(
  values: CommandValues,
  conversation: Conversation,
  { begin, purpose, plans, now, prefix }: PartOptions,
): Promise<void> {
  const { sender: owner, address, botRoomIds } = conversation;
  const shownRooms = await plans.numberedRoomIds(owner);
  const filters = readFilters(values, { shownRooms, now: now() });
  const rooms = (values.positionals["rooms"] ?? []).map((word) => roomOfWord(word, shownRooms));
  const result = await withProgressNote(conversation, readingAccounts(), (onProgress) =>
    begin({ owner, address, botRoomIds, filters, rooms, onProgress }),
  );
  await conversation.say(startAnswer(result, purpose, prefix), { key: "answer" });
}

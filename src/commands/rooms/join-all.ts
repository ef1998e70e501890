import type { Command } from "../../dialogue/conversation.ts";
import type { CommandSpecification } from "../../grammar/specification.ts";
import type { PeoplesAccounts } from "../../service/accounts/peoples-accounts.ts";
import type { RunStarter } from "../../service/run/start.ts";
import type { Plans } from "../../store/plans.ts";
import { filterDetails, filterFlags, filterUsage } from "../filters.ts";
import { runPart } from "./part-of-move.ts";

export const joinAllSpecification: CommandSpecification = {
  words: ["join-all"],
  summary: "only joins rooms with your new account: open rooms, and rooms that invited it",
  usage: `[ROOM]… ${filterUsage}`,
  details: [
    "These are public rooms, rooms that are open to members of another room, and rooms that have already invited your new account. I send no invitation.",
    ...filterDetails,
  ],
  example: "join-all --server old.example",
  positionals: [{ name: "rooms", kind: "word", isOptional: true, isRepeatable: true }],
  flags: filterFlags,
};

export function joinAllCommand(services: {
  accounts: Pick<PeoplesAccounts, "of">;
  runs: { starter: Pick<RunStarter, "joinAll"> };
  plans: Pick<Plans, "numberedRoomIds">;
  now: () => number;
  prefix: string;
}): Command {
  const { starter } = services.runs;
  return {
    specification: joinAllSpecification,
    run: (values, conversation) =>
      runPart(values, conversation, {
        ...services,
        purpose: "joins",
        begin: (request) => starter.joinAll(request),
      }),
  };
}

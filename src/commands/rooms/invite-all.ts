import type { Command } from "../../dialogue/conversation.ts";
import type { CommandSpecification } from "../../grammar/specification.ts";
import type { PeoplesAccounts } from "../../service/accounts/peoples-accounts.ts";
import type { RunStarter } from "../../service/run/start.ts";
import type { Plans } from "../../store/plans.ts";
import { filterDetails, filterFlags, filterUsage } from "../filters.ts";
import { runPart } from "./part-of-move.ts";

export const inviteAllSpecification: CommandSpecification = {
  words: ["invite-all"],
  summary: "only invites your new account to the rooms that need an invitation",
  usage: `[ROOM]… ${filterUsage}`,
  details: [
    "If you name no room, I invite to the rooms for which the plan uses an invitation from your old account. If you name rooms, I invite to those, whatever the plan says about them.",
    "This needs a session of your old account.",
    ...filterDetails,
  ],
  example: "invite-all #3 --no-direct",
  positionals: [{ name: "rooms", kind: "word", isOptional: true, isRepeatable: true }],
  flags: filterFlags,
};

export function inviteAllCommand(services: {
  accounts: Pick<PeoplesAccounts, "of">;
  runs: { starter: Pick<RunStarter, "inviteAll"> };
  plans: Pick<Plans, "numberedRoomIds">;
  now: () => number;
  prefix: string;
}): Command {
  const { starter } = services.runs;
  return {
    specification: inviteAllSpecification,
    run: (values, conversation) =>
      runPart(values, conversation, {
        ...services,
        purpose: "invitations",
        begin: (request) => starter.inviteAll(request),
      }),
  };
}

import type { ContactOf } from "../../model/contact.ts";
import type { ContactTexts } from "../../platforms/contact.ts";
import type { Platform } from "../../platforms/platform.ts";
import type { Store } from "../../store/store.ts";
import type { PeoplesAccounts } from "../accounts/peoples-accounts.ts";
import type { SignIn } from "../accounts/sign-in.ts";
import type { Planning } from "../plan/planning.ts";
import type { RunServices } from "../run/create-runs.ts";
import { FinishChecklist } from "./checklist.ts";
import { FinishStates } from "./finish-states.ts";
import { MentionRules } from "./mentions.ts";
import { MoveEnding } from "./move-ending.ts";

export interface CreateFinishOptions {
  store: Pick<Store, "accounts" | "imports" | "runs" | "steps" | "contacts">;
  moved: Pick<PeoplesAccounts, "of" | "filesInstead">;
  platform: Pick<Platform, "name" | "finish">;
  planning: Planning;
  runs: Pick<RunServices, "control" | "begin" | "preparations">;
  signIn: Pick<SignIn, "signOutBoth" | "signOutEverywhere">;
  texts: ContactTexts;
  newChatsPerDay: number;
  now: () => number;
}

/** The use cases of the end of a move. */
export interface FinishServices {
  checklist: FinishChecklist;
  mentions: MentionRules;
  ending: MoveEnding;
}

export function createFinish(options: CreateFinishOptions): FinishServices {
  const { store, moved, platform, planning, signIn, texts, newChatsPerDay, now } = options;
  const { control, begin, preparations } = options.runs;
  const { accounts, imports, runs, steps, contacts } = store;
  const { finish } = platform;
  const states = new FinishStates(contacts);
  const records = (move: ContactOf) => contacts.of(move, now());
  const checklist = new FinishChecklist({
    ...{ accounts: moved, planning, runs, steps, records, texts, newChatsPerDay, states, finish, now },
  });
  return {
    checklist,
    mentions: new MentionRules({ platform, accounts: moved, control, begin, preparations }),
    ending: new MoveEnding({ accounts, moved, imports, checklist, states, finish, control, signIn, now }),
  };
}

import { isFromFile } from "../../model/account.ts";
import { NO_FILTERS } from "../../model/filters.ts";
import type { Platform } from "../../platforms/platform.ts";
import type { PeoplesAccounts } from "../accounts/peoples-accounts.ts";
import { missingSides } from "../accounts/peoples-accounts.ts";
import type { PlanRequestData } from "../plan/request.ts";
import type { CannotDecide } from "../plan/results.ts";
import type { BeginResult, BeginRun } from "../run/begin.ts";
import type { RunControl } from "../run/control.ts";
import type { Preparations } from "../run/preparations.ts";
import type { StartRequest } from "../run/requests.ts";

export interface MentionRulesOptions {
  platform: Pick<Platform, "name" | "finish">;
  accounts: Pick<PeoplesAccounts, "of" | "filesInstead">;
  control: Pick<RunControl, "refuseIfActive">;
  begin: BeginRun;
  preparations: Pick<Preparations, "run">;
}

export type MentionsResult = BeginResult | Extract<CannotDecide, { status: "not_signed_in" }>;

/** Makes mentions of old accounts reach the new ones, or no longer. Nobody else sees it. */
export class MentionRules {
  readonly #options: MentionRulesOptions;

  constructor(options: MentionRulesOptions) {
    this.#options = options;
  }

  /** Begins a run of one step. After a crash the same message gets the run that it began. */
  set(
    { owner, address, botRoomIds }: Pick<StartRequest, "owner" | "address" | "botRoomIds">,
    { isOff }: { isOff: boolean },
  ): Promise<MentionsResult> {
    const { platform, accounts, control, begin, preparations } = this.#options;
    const work = async (): Promise<MentionsResult> => {
      const refused = await control.refuseIfActive({ owner, address }, "mentions");
      if (refused !== null) return refused;
      const found = await accounts.of(owner);
      const { source, target } = found;
      if (source === null || target === null)
        return {
          status: "not_signed_in",
          missing: missingSides(found),
          ...(source === null && (await accounts.filesInstead(owner))),
        };
      const request: PlanRequestData = {
        filters: { ...NO_FILTERS, only: [], exclude: [], spaces: [], servers: [], categories: null },
        botRoomIds: [...botRoomIds],
      };
      const run = {
        ...{ owner, address, request, planNumber: 0, purpose: "mentions" as const },
        ...{ platform: platform.name, source: source.userId, target: target.userId },
        isFromFile: isFromFile(source),
      };
      const steps = [platform.finish.mentionStep(source.userId, { isOff })];
      return begin(run, { rooms: [], steps });
    };
    return preparations.run(owner, work, { isRetry: false });
  }
}

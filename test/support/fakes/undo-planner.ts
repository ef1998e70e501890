import type { Account, Side } from "../../../src/model/account.ts";
import type { RoomsOfUndo, StayReasons } from "../../../src/model/stay-reason.ts";
import { matrixRuns } from "../../../src/platforms/matrix/runs/runs.ts";
import type { UndoPlan } from "../../../src/service/run/undo.ts";
import { UndoPlanner } from "../../../src/service/run/undo.ts";
import type { Store } from "../../../src/store/store.ts";
import { onlySignedIn } from "../store/accounts-in.ts";
import { notScripted } from "./command-services.ts";

/** Plans undos as if both accounts of the last run were signed in. */
export function undoPlanner(
  store: Pick<Store, "runs" | "steps">,
  stayReasons: () => StayReasons = () => new Map(),
): UndoPlanner {
  const get = async (owner: string, side: Side): Promise<Account | null> => {
    const run = await store.runs.last(owner);
    if (run === null) return null;
    const baseUrl = "https://home.example";
    return { owner, side, userId: run[side], baseUrl, method: "password", deviceId: null, signedInAt: 0 };
  };
  const pair = () => ({
    decide: notScripted,
    runStep: notScripted,
    watch: notScripted,
    stayReasons: async ({ left, declined }: RoomsOfUndo) =>
      new Map([...stayReasons()].filter(([roomId]) => [...left, ...declined].includes(roomId))),
  });
  return new UndoPlanner({
    ...store,
    accounts: onlySignedIn(get),
    platforms: { matrix: { runs: matrixRuns, pair } },
  });
}

/** The undo that a person confirms who has just seen it; `null` if there is nothing to undo. */
export async function confirmedUndo(
  planner: UndoPlanner,
  owner: string,
  leavesAnyway = false,
): Promise<UndoPlan | null> {
  const preview = await planner.preview(owner);
  if (preview.status !== "possible") return null;
  const found = await planner.plan(owner, { shown: preview.shown, leavesAnyway });
  return found.status === "planned" ? found.undo : null;
}

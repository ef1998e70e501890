import { z } from "zod";
import type { Report } from "../../model/report.ts";
import { storedReportSchema } from "../../model/report.ts";
import { storedFormat } from "../../model/stored.ts";
import type { PlanRow } from "../../store/plans.ts";
import type { PlanRequestData } from "./request.ts";
import { planRequestSchema } from "./request.ts";

const planSchema = z.object({
  report: storedReportSchema,
  /** Helpers beyond the ten of the report, by room; rooms without more helpers are left out. */
  moreHelpers: z.record(z.string(), z.number()),
  /** Servers to join each room through. */
  via: z.record(z.string(), z.array(z.string())),
  request: planRequestSchema,
});

/** Version 1 has sentences instead of the data of reasons and warnings. The schema reads both. */
const planFormat = storedFormat({ version: 2, schema: planSchema });

/** The last plan, as it is stored. */
export interface StoredPlan {
  number: number;
  report: Report;
  /** Helpers beyond those in the report, by room. */
  moreHelpers: ReadonlyMap<string, number>;
  via: ReadonlyMap<string, readonly string[]>;
  request: PlanRequestData;
}

/** @returns `null` for a plan that no version of the bot wrote */
export function readPlan({ number, payload }: Pick<PlanRow, "number" | "payload">): StoredPlan | null {
  const stored = planFormat.fromStored(payload);
  if (stored === null) return null;
  return {
    number,
    report: stored.report,
    moreHelpers: new Map(Object.entries(stored.moreHelpers)),
    via: new Map(Object.entries(stored.via)),
    request: stored.request,
  };
}

export function storedPlan(
  { report, moreHelpers, via }: Pick<StoredPlan, "report" | "moreHelpers" | "via">,
  request: PlanRequestData,
): object {
  return planFormat.toStored({
    report,
    moreHelpers: Object.fromEntries(moreHelpers),
    via: Object.fromEntries([...via].map(([roomId, servers]) => [roomId, [...servers]])),
    request,
  });
}

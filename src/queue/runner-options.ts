import type { Logger } from "pino";
import type { RunLeases } from "../store/run-leases.ts";
import type { Runs } from "../store/runs.ts";
import type { Steps } from "../store/steps.ts";
import type { Limits } from "./rate-limits.ts";
import type { RunnerWork } from "./runner-work.ts";

/** The dependencies of a runner. */
export interface RunnerOptions {
  runs: Runs;
  steps: Steps;
  leases: RunLeases;
  limits: Limits;
  work: RunnerWork;
  now: () => number;
  /** Milliseconds of a clock that never jumps, for what lasts in this process only. */
  monotonicNow: () => number;
  log: Logger;
}

import type { PlatformRuns } from "../../runs.ts";
import { plannedContactOf } from "../contact/planned-contact.ts";
import { givenNamesOf } from "../contact/rename/given-names.ts";
import { followUp } from "./follow-up.ts";
import { stepsInto } from "./steps-of-run.ts";
import { failuresOf, summaryOf } from "./summary-of-run.ts";
import { roomsOfUndo, undoOfRuns } from "./undo-of-run.ts";

export const matrixRuns: PlatformRuns = {
  stepsInto,
  followUp,
  summary: summaryOf,
  failures: failuresOf,
  undo: undoOfRuns,
  roomsOfUndo,
  givenNames: givenNamesOf,
  plannedContact: plannedContactOf,
};

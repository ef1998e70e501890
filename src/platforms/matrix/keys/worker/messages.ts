import type { BackupJob, JobKeys } from "./backup-job.ts";
import type { ShapeFault } from "./backup-scanner.ts";

/** The method of a job that a message calls. */
export type JobMethod = Exclude<keyof BackupJob, "constructor">;

/** A message to the thread. Jobs have numbers. */
export type WorkerRequest =
  | { readonly kind: "open"; readonly job: number; readonly keys: JobKeys }
  | {
      readonly kind: "call";
      readonly job: number;
      readonly call: number;
      readonly method: JobMethod;
      readonly arguments: readonly unknown[];
    }
  | { readonly kind: "close"; readonly job: number };

/** How a call failed. Never holds anything of a key. */
export type CallFault =
  | { readonly kind: "shape"; readonly fault: ShapeFault; readonly detail: string }
  | { readonly kind: "bug"; readonly name: string; readonly stack: string };

/**
 * The answer to a call. `result` has the type that the called method returns. `memory`: that of the
 * slices of the call, handed back.
 */
export type WorkerAnswer = { readonly call: number; readonly memory: readonly ArrayBuffer[] } & (
  { readonly fault: null; readonly result: never } | { readonly fault: CallFault }
);

/** The memory of the slices among the arguments of a call. It is handed over without a copy. */
export function memoryIn(values: readonly unknown[]): ArrayBuffer[] {
  return values
    .filter((value) => value instanceof Uint8Array)
    .map(({ buffer }) => buffer)
    .filter((buffer) => buffer instanceof ArrayBuffer);
}

import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { VerifiedSession } from "./verified-session.ts";

/** Keeps the ID of the pending request beside the crypto account of its session. */
export function pendingRequestIn(folder: string): VerifiedSession["pendingRequest"] {
  const path = join(folder, "pending-request");
  return {
    get: () => (existsSync(path) ? readFileSync(path, "utf8") : null),
    set: (flowId) => {
      if (flowId === null) rmSync(path, { force: true });
      else writeFileSync(path, flowId, { flush: true });
    },
  };
}

import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { VerifiedSession } from "./verified-session.ts";

/** Keeps the ID of the open request beside the crypto account of its session. */
export function openRequestIn(folder: string): VerifiedSession["openRequest"] {
  const path = join(folder, "open-request");
  return {
    get: () => (existsSync(path) ? readFileSync(path, "utf8") : null),
    set: (flowId) => {
      if (flowId === null) rmSync(path, { force: true });
      else writeFileSync(path, flowId, { flush: true });
    },
  };
}

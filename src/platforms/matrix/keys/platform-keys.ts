import type { PlatformKeys } from "../../keys.ts";
import type { OpenAccountOptions } from "../open-account.ts";

/** What the keys of encrypted history need. */
export type MatrixKeysOptions = OpenAccountOptions;

/** The keys of encrypted history on Matrix homeservers. */
export function createMatrixKeys({ log }: MatrixKeysOptions): Pick<PlatformKeys, "stop"> {
  return {
    stop: () => {
      log.debug("the work on room keys has ended");
      return Promise.resolve();
    },
  };
}

import type { CannotDecide } from "../../service/plan/results.ts";
import { cannotDecide } from "../account/reading.ts";
import type { Inline } from "../document/document.ts";
import { code, paragraph } from "../document/document.ts";
import type { Message } from "../document/message.ts";

/**
 * Why a command cannot open the key backup of the old account.
 * @param what as in `cannotDecide`
 */
export function withoutOldAccount(result: CannotDecide, prefix: string, what: string): Message {
  const refusal = cannotDecide(result, prefix, what);
  if (result.files?.kind !== "imported") return refusal;
  return { ...refusal, document: [...refusal.document, paragraph(...keyFileInstead(prefix))] };
}

/** Keys reach the new account without the old one too. */
export function keyFileInstead(prefix: string): Inline[] {
  return [
    "If Element Web or Desktop is still signed in to your old account, try Settings → Encryption → Export keys. ",
    code(`${prefix}keys import`),
    " takes that file.",
  ];
}

import type { SignOutResult } from "../../service/accounts/results.ts";
import { endings } from "../account/accounts.ts";
import { code, paragraph, strong } from "../document/document.ts";
import type { Message } from "../document/message.ts";
import { alert } from "../document/message.ts";
import { untrustedCode } from "../document/untrusted-text.ts";
import type { MaybeFromFile } from "../words/from-file.ts";

/** The bot signs out of two accounts long after their move, and forgets files about one. */
export function moveRetired(
  signedOut: readonly SignOutResult[],
  { days, isFromFile, prefix }: MaybeFromFile & { days: number; prefix: string },
): Message {
  const erased =
    isFromFile === true
      ? "signed out of your new account, and erased its session and what your files said"
      : "signed out of your two accounts and erased their sessions";
  return alert(
    paragraph(strong("Your move is finished. "), `Nothing was left to do for ${days} days, so I ${erased}.`),
    ...endings(signedOut, ({ userId }) => [code(untrustedCode(userId))]),
    paragraph("Sign in again with ", code(`${prefix}login`), " if you need me."),
  );
}

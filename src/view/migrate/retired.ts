import type { SignOutResult } from "../../service/accounts/results.ts";
import { endings } from "../account/accounts.ts";
import { code, paragraph, strong } from "../document/document.ts";
import type { Message } from "../document/message.ts";
import { alert } from "../document/message.ts";
import { untrustedCode } from "../document/untrusted-text.ts";

/** The bot signs out of two accounts long after their move. */
export function moveRetired(signedOut: readonly SignOutResult[], days: number, prefix: string): Message {
  return alert(
    paragraph(
      strong("Your move is finished. "),
      `Nothing was left to do for ${days} days, so I signed out of your two accounts and erased their sessions.`,
    ),
    ...endings(signedOut, ({ userId }) => [code(untrustedCode(userId))]),
    paragraph("Sign in again with ", code(`${prefix}login`), " if you need me."),
  );
}

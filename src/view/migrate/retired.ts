import type { Retired } from "../../service/run/retire.ts";
import { endings } from "../account/accounts.ts";
import { sideName } from "../account/sign-in.ts";
import { code, paragraph, strong } from "../document/document.ts";
import type { Message } from "../document/message.ts";
import { alert } from "../document/message.ts";
import { untrustedCode } from "../document/untrusted-text.ts";

/** The bot signs out of two accounts long after their move, and forgets files about one. */
export function moveRetired({ signedOut, hadFiles, keptDays }: Retired, prefix: string): Message {
  return alert(
    paragraph(
      strong("Your move is finished. "),
      `Nothing was left to do for ${keptDays} days, so I ${erased(signedOut, hadFiles)}.`,
    ),
    ...endings(signedOut, ({ userId }) => [code(untrustedCode(userId))]),
    paragraph("Sign in again with ", code(`${prefix}login`), " if you need me."),
  );
}

function erased(signedOut: Retired["signedOut"], hadFiles: boolean): string {
  const [only, other] = signedOut;
  const files = "what your files said";
  if (only === undefined) return `erased ${files}`;
  const [accounts, sessions] =
    other === undefined
      ? [`your ${sideName(only.account.side)}`, "its session"]
      : ["your two accounts", "their sessions"];
  return hadFiles
    ? `signed out of ${accounts}, and erased ${sessions} and ${files}`
    : `signed out of ${accounts} and erased ${sessions}`;
}

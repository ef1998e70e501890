import type { AccountRefusal } from "../../platforms/sign-in.ts";
import type { FilesInstead } from "../../service/plan/results.ts";
import type { Block } from "../document/document.ts";
import { code, paragraph } from "../document/document.ts";
import { formatDate } from "../document/time.ts";
import { untrustedCode } from "../document/untrusted-text.ts";

/**
 * What a person can do whose old server is gone.
 * @param isSignedIn the bot still has a session of the old account, which counts more than files
 */
export function filesInstead(
  files: FilesInstead,
  { isSignedIn, prefix }: { isSignedIn: boolean; prefix: string },
): Block {
  if (files.kind === "imported")
    return paragraph(
      "If your old server is gone for good: ",
      ...(isSignedIn ? [code(`${prefix}logout old`), ", and then "] : []),
      code(`${prefix}migrate plan`),
      ` uses your files of ${formatDate(files.writtenAt)} about `,
      code(untrustedCode(files.userId)),
      ".",
    );
  return paragraph(
    "If your old server is gone for good, send me a file or notes about your rooms and reply to it with ",
    code(`${prefix}import`),
    ". ",
    code(`${prefix}help import`),
    " says what I can read.",
  );
}

/** Whether nothing of a homeserver answers. It may be gone for good. */
export function isServerAway({ code: refusal }: AccountRefusal): boolean {
  return refusal === "unreachable" || refusal === "server_trouble" || refusal === "no_homeserver";
}

import type { Reason } from "../../model/routes.ts";
import type { RunStatus } from "../../service/run/results.ts";
import type { Block } from "../document/document.ts";
import { code, paragraph } from "../document/document.ts";
import { untrustedCode } from "../document/untrusted-text.ts";

/**
 * Words for a move whose old account nobody has signed in. Files say what that account had, and
 * nobody can act for it.
 */

/** A fact about two accounts that says whether files describe the old one. */
export interface MaybeFromFile {
  readonly isFromFile?: boolean | undefined;
}

/** What `!migrate verify` does, after the command. */
export function comparesWords({ isFromFile }: MaybeFromFile): string {
  return isFromFile === true ? " compares your new account with your files." : " compares both accounts.";
}

/**
 * Why the bot alone cannot bring the new account into a room. `null`: the general sentence says
 * nothing about what the old account can do. Plain text, as in `reasonText`.
 */
export function reasonFromFile(reason: Reason): string | null {
  switch (reason.code) {
    case "no_invite_power":
      return "Nobody can act for the old account, so somebody in the room must let the new one in.";
    case "no_helper":
      return reason.isEmpty === true
        ? null
        : `Nobody on a living server is known who could ${helpVerbs[reason.help]}.`;
    case "unreachable_server":
      return "No server that is known to have this room answers. Somebody inside can still invite the new account.";
    case "source_not_joined":
      return reason.membership === "invite" && reason.inviter === null
        ? "The old account was invited but had not joined. Somebody in the room must invite the new one."
        : null;
    case "source_server_acl":
      return "Somebody in the room must invite the new account.";
    default:
      return null;
  }
}

const helpVerbs: Readonly<Record<Extract<Reason, { code: "no_helper" }>["help"], string>> = {
  invite: "invite the new account",
  unban: "lift the ban",
  change_acl: "change which servers may take part",
};

/** The old server answers again, so the person can sign in there; nothing otherwise. */
export function oldServerBack(
  { isOldServerBack, source }: Pick<RunStatus, "isOldServerBack" | "source">,
  prefix: string,
): Block[] {
  if (isOldServerBack !== true) return [];
  return [
    paragraph(
      "The server of your old account answers again. ",
      code(`${prefix}login old ${untrustedCode(source)}`),
      " and then ",
      code(`${prefix}migrate plan`),
      " bring more: closed rooms, power in rooms, and the keys of encrypted history.",
    ),
  ];
}

import type { Kept, KeptCause, KeptKind } from "../../service/run/kept-request.ts";
import { sideName } from "../account/sign-in.ts";
import type { Inline } from "../document/document.ts";
import { code } from "../document/document.ts";
import { formatMoment } from "../document/time.ts";
import { untrustedCode } from "../document/untrusted-text.ts";

const commands: Readonly<Record<KeptKind, string>> = {
  move: "migrate start",
  invitations: "invite-all",
  joins: "join-all",
  profile: "profile",
  undo: "migrate undo",
  undo_question: "migrate undo",
  verify: "migrate verify",
};

/** The command that was kept, as it is typed. */
export function keptCommand(kind: KeptKind, prefix: string): Inline {
  return code(`${prefix}${commands[kind]}`);
}

const causes: Readonly<Record<KeptCause["code"], string>> = {
  unreachable: "does not answer just now",
  server_trouble: "is in trouble just now",
  limited: "asks me to wait",
};

/** Why a request waits. */
export function keptCause({ side, userId, code: cause }: KeptCause): Inline[] {
  return [`The server of your ${sideName(side)} `, code(untrustedCode(userId)), ` ${causes[cause]}.`];
}

/** A request that is tried again, in the answer to `!migrate status`. */
export function keptLine({ request, cause, notBefore }: Kept, now: number, prefix: string): Inline[] {
  return [
    ...keptCause(cause),
    " I keep your ",
    keptCommand(request.kind, prefix),
    " and try it again by myself, next at ",
    formatMoment(Math.max(now, notBefore), now),
    ". ",
    code(`${prefix}migrate cancel`),
    " ends that.",
  ];
}

/** A kept request that is not tried again. */
export function keptNoMore(kind: KeptKind, prefix: string): Inline[] {
  return ["I had kept your ", keptCommand(kind, prefix), ", and do not try it again."];
}

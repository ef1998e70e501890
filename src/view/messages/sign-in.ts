import type { LoginOptions } from "../../platforms/matrix/login-options.ts";
import type { RoomKind } from "../../commands/conversation.ts";
import type { Refusal, SignOutResult } from "../../service/sign-in-results.ts";
import type { Account, Side } from "../../migration/account.ts";
import type { Block, Inline } from "../document.ts";
import type { Message } from "../message.ts";
import { code, paragraph, quote, strong } from "../document.ts";
import { alert, notice } from "../message.ts";
import { formatDuration } from "../time.ts";
import { untrustedCode, untrustedText } from "../untrusted-text.ts";
import { discoverySentence, unreachableSentence } from "./server-problems.ts";

export function sideName(side: Side): string {
  return side === "source" ? "old account" : "new account";
}

export function sideWord(side: Side): string {
  return side === "source" ? "old" : "new";
}

export function askingServer(serverName: string): Message {
  return notice(paragraph("Asking ", code(untrustedCode(serverName)), " …"));
}

export interface OfferView {
  side: Side;
  userId: string;
  options: LoginOptions;
  roomKind: RoomKind;
  prefix: string;
}

/** How to go on after `!login old @user:server`. */
export function signInOffer({ side, userId, options, roomKind, prefix }: OfferView): Message {
  const start = `${prefix}login ${sideWord(side)} ${untrustedCode(userId)}`;
  const ways: Block[] = [
    ...(options.password ? [paragraph("With its password: ", code(`${start} --password …`))] : []),
    paragraph("With an access token of a session you have: ", code(`${start} --token …`)),
  ];
  const offers = options.password ? "takes a password or an access token" : "takes no password from me, but an access token";
  const place: Inline =
    roomKind === "direct"
      ? "I remove your message from this chat before I use what is in it."
      : "Do that in a direct chat with me, not here, where others read along.";
  return notice(
    paragraph("The server of your ", strong(sideName(side)), " ", code(untrustedCode(userId)), ` ${offers}.`),
    ...ways,
    paragraph(place),
  );
}

export interface SignedInView {
  account: Account;
  other: Account | null;
  /** What became of the session that stood in this one's place. */
  replaced: SignOutResult | null;
  isEncrypted: boolean;
  prefix: string;
}

/** An account is signed in. @param isEncrypted whether the chat in which the secret stood is. */
export function signedIn({ account, other, replaced, isEncrypted, prefix }: SignedInView): Message {
  const session =
    account.method === "password"
      ? [
          "I made a session of my own",
          ...(account.deviceId === null ? [] : [" (", code(untrustedCode(account.deviceId)), ")"]),
          ".",
        ]
      : ["I use the session of your token and never log it out."];
  const removal = isEncrypted
    ? "Your message with the secret is removed; servers are asked to delete it, but can't be made to."
    : "Your message with the secret is removed; servers are asked to delete it, but can't be made to, and this chat is not encrypted: change that password or token when the move is over.";
  return notice(
    paragraph(
      "✅ Your ",
      strong(sideName(account.side)),
      " ",
      code(untrustedCode(account.userId)),
      " is signed in. ",
      ...session,
    ),
    paragraph(removal),
    ...(replaced?.ending === "not_reached" ? [leftSession(replaced.account)] : []),
    paragraph(...nextStep(account, other, prefix)),
  );
}

function leftSession({ userId, deviceId }: Account): Block {
  return paragraph(
    "My earlier session",
    ...(deviceId === null ? [] : [" (", code(untrustedCode(deviceId)), ")"]),
    " of ",
    code(untrustedCode(userId)),
    " could not be logged out: please remove it in your app.",
  );
}

function nextStep(account: Account, other: Account | null, prefix: string): Inline[] {
  if (other) return ["Both accounts are signed in. Next: ", code(`${prefix}migrate plan`), ", which changes nothing."];
  const side = account.side === "source" ? "target" : "source";
  return ["Next, sign in your ", sideName(side), ": ", code(`${prefix}login ${sideWord(side)} @you:server`), "."];
}

export interface RefusedView {
  side: Side;
  userId: string;
  refusal: Refusal;
  leftoverDeviceId: string | null;
  prefix: string;
}

/** The sign-in did not work: why, and what to do. */
export function signInRefused({ side, userId, refusal, leftoverDeviceId, prefix }: RefusedView): Message {
  const leftover =
    leftoverDeviceId === null
      ? []
      : [
          paragraph(
            "A session of mine, ",
            code(untrustedCode(leftoverDeviceId)),
            ", may be left in the account's list of devices: please remove it there.",
          ),
        ];
  return alert(
    paragraph(
      "Your ",
      strong(sideName(side)),
      " ",
      code(untrustedCode(userId)),
      " is not signed in. ",
      ...refusalSentence(refusal, { side, userId, prefix }),
    ),
    ...ownWords(refusal),
    ...leftover,
  );
}

/** What stands between a person and an account, and what to do about it. */
export function refusalSentence(
  refusal: Refusal,
  { side, userId, prefix }: { side: Side; userId: string; prefix: string },
): Inline[] {
  const again = `${prefix}login ${sideWord(side)} ${untrustedCode(userId)}`;
  switch (refusal.code) {
    case "wrong_password":
      return ["The server says that the password is wrong. Please try again: ", code(`${again} --password …`), "."];
    case "password_not_offered":
      return ["Its server takes no passwords. Please use an access token: ", code(`${again} --token …`), "."];
    case "expired_token":
      return [
        "The server does not know this token: it has expired, or its session was signed out. Copy a fresh one from your app, then ",
        code(`${again} --token …`),
        ".",
      ];
    case "guest":
      return ["It is a guest account, and guests can't be moved. Please use a registered account."];
    case "locked":
      return ["The server has locked this account. Please ask its administrator to unlock it."];
    case "deactivated":
      return ["This account is deactivated, and nobody can sign in to it any more."];
    case "suspended":
      return ["The server has suspended this account. Please ask its administrator."];
    case "wrong_account":
      return [
        "The secret belongs to ",
        code(untrustedCode(refusal.actual)),
        ", another account. I used nothing of it. Name the account it belongs to, or take the right secret.",
      ];
    case "same_account":
      return [
        "It is signed in as the other of your two accounts already, and old and new must differ. See ",
        code(`${prefix}whoami`),
        ".",
      ];
    case "limited":
      return ["The server asks me to wait ", waiting(refusal.retryAfterMs), " before the next sign-in. Please try again then."];
    case "consent_needed":
      return ["Its server wants you to agree to its terms first. Open the account in your app, agree, and try again."];
    case "unreachable":
      return unreachableSentence(refusal.host, refusal.reason);
    case "server_trouble":
      return [
        `Its server is in trouble just now (status ${refusal.status}). Please try again `,
        refusal.retryAfterMs === null ? "later" : `in ${formatDuration(refusal.retryAfterMs)}`,
        ".",
      ];
    case "server_refused":
      return [
        refusal.text === "" ? `Its server refused (${untrustedText(refusal.errcode)}).` : "Its server refused, with these words:",
      ];
    case "no_homeserver":
      return discoverySentence(refusal.error);
  }
}

function ownWords(refusal: Refusal): Block[] {
  return refusal.code === "server_refused" && refusal.text !== "" ? [quote(untrustedText(refusal.text, 300))] : [];
}

function waiting(retryAfterMs: number | null): string {
  return retryAfterMs === null ? "a while" : formatDuration(retryAfterMs);
}

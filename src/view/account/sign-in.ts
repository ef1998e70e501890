import type { Account, Side } from "../../model/account.ts";
import type { RoomKind } from "../../model/conversation-address.ts";
import type { LoginOptions } from "../../platforms/sign-in.ts";
import type { AccountRefusal } from "../../platforms/sign-in.ts";
import type { SignedIn, SignOutResult } from "../../service/accounts/results.ts";
import type { FilesInstead } from "../../service/plan/results.ts";
import type { Block, Inline } from "../document/document.ts";
import { code, link, paragraph, quote, strong } from "../document/document.ts";
import type { Message } from "../document/message.ts";
import { alert, notice } from "../document/message.ts";
import { formatDate, formatDuration } from "../document/time.ts";
import { untrustedCode, untrustedText } from "../document/untrusted-text.ts";
import { accountProblemSentence } from "../words/account-problem-words.ts";
import { filesInstead, isServerAway } from "./files-instead.ts";
import { discoverySentence, unreachableSentence } from "./server-problems.ts";

/** The name of an account in sentences. */
export function sideName(side: Side): string {
  return side === "source" ? "old account" : "new account";
}

/** The word for an account in commands. */
export function sideWord(side: Side): string {
  return side === "source" ? "old" : "new";
}

/** Shown while the server of one account is asked. */
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

/**
 * The methods that are left after `!login old @user:server` if the server has no sign-in by link.
 */
export function signInOffer({ side, userId, options, roomKind, prefix }: OfferView): Message {
  const start = `${prefix}login ${sideWord(side)} ${untrustedCode(userId)}`;
  const methods: Block[] = [
    ...(options.password ? [paragraph("With its password: ", code(`${start} --password …`))] : []),
    paragraph("With an access token of a session you have: ", code(`${start} --token …`)),
  ];
  const offers = options.password
    ? "takes a password or an access token"
    : "takes no password from me, but an access token";
  const place: Inline =
    roomKind === "direct"
      ? "I remove your message from this chat before I use what is in it."
      : "Do that in a direct chat with me, not here, where other people can read it.";
  return notice(
    paragraph(
      "The server of your ",
      strong(sideName(side)),
      " ",
      code(untrustedCode(userId)),
      ` has no sign-in by link. It ${offers}.`,
    ),
    ...methods,
    paragraph(place),
  );
}

export interface SignedInView extends SignedIn {
  /** The pasted token expires within minutes. */
  isShortLived: boolean;
  isEncrypted: boolean;
  prefix: string;
}

/**
 * An account is signed in with a secret.
 * @param isEncrypted whether the message that held the secret was encrypted
 */
export function signedIn({ isShortLived, isEncrypted, prefix, ...result }: SignedInView): Message {
  const { account, replaced } = result;
  const removal = isEncrypted
    ? "Your message with the secret is removed; servers are asked to delete it, but can't be made to."
    : "Your message with the secret is removed; servers are asked to delete it, but can't be made to, and it was not encrypted: change that password or token when the move is over.";
  return notice(
    success(account),
    paragraph(removal),
    ...(isShortLived ? [shortLived(account, prefix)] : []),
    ...leftSession(replaced),
    paragraph(...nextStep(result, prefix)),
  );
}

/** The account that `!login` signed in, and its session. */
export function success(account: Account): Block {
  const own = ["I made a session of my own", ...deviceOf(account), "."];
  const session =
    account.method === "token" ? ["I use the session of your token and never log it out."] : own;
  return paragraph(
    "✅ Your ",
    strong(sideName(account.side)),
    " ",
    code(untrustedCode(account.userId)),
    " is signed in. ",
    ...session,
  );
}

function shortLived({ side, userId }: Account, prefix: string): Block {
  return paragraph(
    "⚠️ Tokens of this server expire within minutes, and only your app can renew yours. A move takes longer. Better sign in by link, which needs no secret: ",
    code(`${prefix}login ${sideWord(side)} ${untrustedCode(userId)}`),
  );
}

function deviceOf({ deviceId }: Account): Inline[] {
  return deviceId === null ? [] : [" (", code(untrustedCode(deviceId)), ")"];
}

/** The replaced session of the bot, if it may still exist. */
export function leftSession(replaced: SignOutResult | null): Block[] {
  if (replaced?.ending !== "not_reached" && replaced?.ending !== "not_checked") return [];
  const { account, page } = replaced;
  return [
    paragraph(
      "My earlier session",
      ...deviceOf(account),
      " of ",
      code(untrustedCode(account.userId)),
      " could not be logged out: please remove it ",
      ...(page === null ? ["in your app."] : ["at ", link(page, page)]),
    ),
  ];
}

/** What to do after a sign-in: sign in the other account, or make a plan. */
export function nextStep({ account, other, continues, filesOf }: SignedIn, prefix: string): Inline[] {
  if (continues)
    return [
      `${filesOf === undefined ? "Both accounts are signed in. " : ""}I continue by myself. `,
      code(`${prefix}migrate status`),
      " shows where it stands.",
    ];
  if (other)
    return ["Both accounts are signed in. Next: ", code(`${prefix}migrate plan`), ", which changes nothing."];
  if (filesOf !== undefined)
    return [
      "Next: ",
      code(`${prefix}migrate plan`),
      `, which uses your files of ${formatDate(filesOf)} in place of your old account, and changes nothing.`,
    ];
  const side = account.side === "source" ? "target" : "source";
  return [
    "Next, sign in your ",
    sideName(side),
    ": ",
    code(`${prefix}login ${sideWord(side)} @you:server`),
    ".",
  ];
}

export interface RefusedView {
  side: Side;
  userId: string;
  refusal: AccountRefusal;
  leftoverDeviceId: string | null;
  /** As in `CannotDecide`. */
  files?: FilesInstead;
  prefix: string;
}

/** The sign-in did not work: why, and what the person can do. */
export function signInRefused(view: RefusedView): Message {
  return alert(...refusalBlocks(view));
}

/** The same as blocks, for an edit of an earlier message. */
export function refusalBlocks({
  side,
  userId,
  refusal,
  leftoverDeviceId,
  files,
  prefix,
}: RefusedView): Block[] {
  return [
    paragraph(
      "Your ",
      strong(sideName(side)),
      " ",
      code(untrustedCode(userId)),
      " is not signed in. ",
      ...refusalSentence(refusal, { side, userId, prefix }),
    ),
    ...ownWords(refusal),
    ...(leftoverDeviceId === null ? [] : [leftover(leftoverDeviceId)]),
    ...(side === "target" || files === undefined || !isServerAway(refusal)
      ? []
      : [filesInstead(files, { isSignedIn: false, prefix })]),
  ];
}

/** A useless session that may still be in the account's list of devices. */
export function leftover(deviceId: string): Block {
  return paragraph(
    "A session of mine, ",
    code(untrustedCode(deviceId)),
    ", may be left in the account's list of devices: please remove it there.",
  );
}

/** Why an account is not signed in, and what the person can do. */
export function refusalSentence(
  refusal: AccountRefusal,
  { side, userId, prefix }: { side: Side; userId: string; prefix: string },
): Inline[] {
  const again = `${prefix}login ${sideWord(side)} ${untrustedCode(userId)}`;
  switch (refusal.code) {
    case "wrong_password":
      return [
        "The server says that the password is wrong. Please try again: ",
        code(`${again} --password …`),
        ".",
      ];
    case "password_not_offered":
      return ["Its server takes no passwords. Please use an access token: ", code(`${again} --token …`), "."];
    case "session_ended":
      return [
        "The server does not know this token: it has expired, or its session was signed out. ",
        code(again),
        " uses the safest method of the server. Or copy a fresh token from your app, then ",
        code(`${again} --token …`),
        ".",
      ];
    case "guest":
      return ["It is a guest account, and guests can't be moved. Please use a registered account."];
    case "account_locked":
    case "account_suspended":
    case "account_deactivated":
      return [accountProblemSentence(refusal.code)];
    case "consent_needed":
      return [`${accountProblemSentence(refusal.code)} Then try again.`];
    case "wrong_account":
      return [
        "The secret belongs to ",
        code(untrustedCode(refusal.actual)),
        ", another account. I did not use it. Name the account it belongs to, or use the right secret.",
      ];
    case "same_account":
      return [
        "It is the other of your two accounts already, and old and new must differ. See ",
        code(`${prefix}whoami`),
        ".",
      ];
    case "page_of_other_server":
      return [
        "Its server sends people to the sign-in page ",
        code(untrustedCode(refusal.page)),
        ", which belongs to another homeserver, ",
        code(untrustedCode(refusal.other)),
        ". I do not give a session of one server to another. If both names mean the same server, sign in to the other one, or use ",
        code(`${prefix}login … --password …`),
        " in a direct chat.",
      ];
    case "limited":
      return [
        "The server asks me to wait ",
        waiting(refusal.retryAfterMs),
        " before the next sign-in. Please try again then.",
      ];
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
        refusal.text === ""
          ? `Its server refused (${untrustedText(refusal.errcode)}).`
          : "Its server refused, with these words:",
      ];
    case "no_homeserver":
      return discoverySentence(refusal.error);
  }
}

function ownWords(refusal: AccountRefusal): Block[] {
  return refusal.code === "server_refused" && refusal.text !== ""
    ? [quote(untrustedText(refusal.text, 300))]
    : [];
}

function waiting(retryAfterMs: number | null): string {
  return retryAfterMs === null ? "a while" : formatDuration(retryAfterMs);
}

import type { KeyCopy, KeyCopyReason } from "../../model/key-copy.ts";
import { sideName, sideWord } from "../account/sign-in.ts";
import type { Block, Inline } from "../document/document.ts";
import { code, link, paragraph, quote, strong } from "../document/document.ts";
import type { Message } from "../document/message.ts";
import { alert, notice } from "../document/message.ts";
import { formatMoment } from "../document/time.ts";
import { untrustedCode, untrustedText } from "../document/untrusted-text.ts";
import { accountProblemWords } from "../words/account-problem-words.ts";
import { progressBar } from "../words/progress-bar.ts";
import { backupNeeded } from "./backup-words.ts";
import { emojiFailure } from "./emoji-failures.ts";
import { keysDone, underWayWords, workCommand, workNames } from "./work-words.ts";

/** The progress of work with keys: one message that is edited. */
export function workProgress(copy: KeyCopy, now: number, prefix: string): Message {
  const { done, total } = copy;
  const bar = total === 0 ? [] : [paragraph(code(progressBar(done, total)), ` ${keysDone(copy)}`)];
  return notice(
    paragraph(...workLine(copy, now, prefix)),
    ...bar,
    ...(copy.wasInterrupted ? [paragraph("I was restarted in between and went on by myself.")] : []),
    ...(copy.hasStartedOver
      ? [
          paragraph(
            "The key backup of your new account was replaced in between, so I started over with the new one.",
          ),
        ]
      : []),
  );
}

/** Where work with keys stands, with the next step. */
export function workLine(copy: KeyCopy, now: number, prefix: string): Inline[] {
  const { purpose, state, reason, notBefore } = copy;
  const name = workNames[purpose];
  const ends: Inline[] = [" ", code(`${prefix}cancel keys`), " ends it."];
  switch (state) {
    case "verifying":
      return [name, " waits for you to compare emoji with your other device.", ...ends];
    case "running":
      return [...underWayWords(copy), ...ends];
    case "waiting_for_backup":
      return [
        name,
        " ",
        strong("waits"),
        " for the key backup of your new account. ",
        ...backupNeeded(reason),
        " I look again by myself.",
        ...ends,
      ];
    case "waiting_for_server":
      return [
        name,
        " ",
        strong("waits"),
        `. ${serverWords(reason)} I go on at `,
        formatMoment(Math.max(now, notBefore ?? now), now),
        ".",
        ...ends,
      ];
    case "needs_you":
      return [name, " ", strong("waits for you"), ". ", ...accountWords(copy, prefix)];
    case "needs_key":
      return [name, " ", strong("waits for you"), ". ", ...keyNeeded(copy, prefix)];
    case "done":
      return [name, " is done."];
    case "stopped":
      return [name, " has stopped. ", ...stopWords(copy, prefix)];
    case "cancelled":
      return [name, " is ended. ", code(workCommand(purpose, prefix)), " begins again."];
  }
}

/**
 * The message to the person about a state that they must know of; `null` if there is nothing to
 * say.
 */
export function workNews(copy: KeyCopy, prefix: string): Message | null {
  const { purpose, state, reason } = copy;
  const name = workNames[purpose];
  switch (state) {
    case "running":
      return notice(
        paragraph(
          "✅ Your other device has verified my session and gave me the key of the backup. I go on now, and write to you when I am done.",
        ),
      );
    case "waiting_for_backup":
      return alert(
        paragraph(
          purpose === "import" ? "Your key file is open. " : "Your old account's key backup is open. ",
          ...backupNeeded(reason),
        ),
        paragraph(
          "I look for that by myself for up to 24 hours, and then go on. ",
          code(`${prefix}cancel keys`),
          " ends the wait.",
        ),
      );
    case "needs_you":
      return alert(paragraph(`${name} has stopped; nothing is lost. `, ...accountWords(copy, prefix)));
    case "needs_key":
      return alert(paragraph(`${name} is not complete yet. `, ...keyNeeded(copy, prefix)));
    case "stopped":
      return alert(
        paragraph(`${name} has stopped. `, ...stopWords(copy, prefix)),
        ...stopDetails(reason, prefix),
      );
    case "cancelled":
      return reason?.code === "abandoned"
        ? notice(
            paragraph(
              `${name} is ended, because one of its accounts is not signed in any more. I have erased what opened the keys. Keys that are copied stay copied.`,
            ),
          )
        : null;
    case "verifying":
    case "waiting_for_server":
    case "done":
      return null;
  }
}

function serverWords(reason: KeyCopyReason | null): string {
  if (reason?.code === "limit") return `The server of your ${sideName(reason.side)} asks me to wait.`;
  if (reason?.code === "server")
    return `The server of your ${sideName(reason.side)} does not answer just now.`;
  return "A server does not answer just now.";
}

function accountWords({ reason, source, target }: KeyCopy, prefix: string): Inline[] {
  if (reason?.code !== "account") return [code(`${prefix}whoami`), " shows how your accounts are signed in."];
  const { side, problem, page } = reason;
  const userId = code(untrustedCode((side === "source" ? source : target) ?? ""));
  const { subject, predicate, remedy } = accountProblemWords[problem];
  const owner = { session: "My session of your ", account: "Your ", server: "The server of your " }[subject];
  const signIn: Inline[] = [code(`${prefix}login ${sideWord(side)}`), ". Then I go on by myself."];
  const what: Inline[] = [owner, `${sideName(side)} `, userId, ` ${predicate}. `];
  if (problem === "account_deactivated")
    return [...what, `${remedy ?? ""} `, code(`${prefix}cancel keys`), " ends this."];
  return [
    ...what,
    ...(remedy === null ? ["Please sign in again: "] : [`${remedy} Then sign in again: `]),
    ...signIn,
    ...(page === null ? [] : [" Its server names this page: ", link(page, page)]),
  ];
}

function keyNeeded({ purpose, reason }: KeyCopy, prefix: string): Inline[] {
  const command = code(workCommand(purpose, prefix));
  if (purpose === "import")
    return [
      "I keep the passphrase of a key file for at most 24 hours, and have erased it. Keys that are copied stay copied. To go on, send me the file again and type ",
      command,
      ".",
    ];
  const why =
    reason?.code === "signed_in_again"
      ? "You signed in your old account again, so I have erased what opened its key backup."
      : "I keep what opens a key backup for at most 24 hours, and have erased it.";
  return [
    `${why}${purpose === "copy" ? " Keys that are copied stay copied." : ""} To go on, open it once more: `,
    command,
    purpose === "copy" ? " says how." : " begins again.",
  ];
}

/** Why work stopped, and the next step. */
function stopWords({ purpose, reason }: KeyCopy, prefix: string): Inline[] {
  const command = workCommand(purpose, prefix);
  const again: Inline[] = [code(command), " begins again."];
  switch (reason?.code) {
    case "changed_again":
      return [
        "The key backup of your new account was replaced twice while I worked. Keys that are copied to the last one stay there. Please wait until Element has set up its key storage. ",
        ...again,
      ];
    case "batch_refused":
      return [
        "The server of your new account refuses to store keys. Keys that are copied stay copied. Please reset the key storage in Element (Settings → Encryption), or ask the server's administrator. ",
        ...again,
      ];
    case "refused":
      return [
        `The server of your ${sideName(reason.side)} refused. Nothing more was changed. `,
        code(`${prefix}whoami`),
        " shows whether your accounts work. ",
        ...again,
      ];
    case "source_changed":
      return [
        `The key backup of your old account was replaced after I had opened it.${purpose === "copy" ? " Keys that are copied stay copied." : ""} Please open the new one: `,
        ...again,
      ];
    case "file_gone":
      return [
        "The key file is no longer on my server, or it has changed. Keys that are copied stay copied. Please send it again. Then ",
        ...again,
      ];
    case "file_not_sent":
      return [
        "I could not send a file to this chat: its server refuses it, or the chat is not encrypted any more. Files that you have stay complete in themselves. ",
        ...again,
      ];
    case "bot_failed":
      return [
        "Something went wrong on my side several times. Keys that are copied stay copied. ",
        ...again,
        " If it happens again, ask the people who run me.",
      ];
    case "waited_enough":
      return [
        `Your new account still has no key backup that I may write to, so I stop waiting and have erased what opened ${purpose === "import" ? "your key file" : "the old one"}. Sign in once with Element on your new account and let it set up its key storage. Then `,
        ...again,
      ];
    case "interrupted":
      return [
        "I was restarted during the verification, so it is over. Nothing was changed. Please try again: ",
        code(`${command} --emoji`),
        ".",
      ];
    case "not_opened":
      return emojiFailure(reason.failure, command, prefix);
    default:
      return again;
  }
}

/** More about why work stopped, in paragraphs of its own. */
function stopDetails(reason: KeyCopyReason | null, prefix: string): Block[] {
  if (reason === null) return [];
  const text = "text" in reason ? reason.text : "";
  return [
    ...(text === "" ? [] : [paragraph("The server's words:"), quote(untrustedText(text, 300))]),
    ...(reason.code === "not_opened"
      ? [paragraph("Other ways: ", code(`${prefix}keys copy`), " names them.")]
      : []),
  ];
}

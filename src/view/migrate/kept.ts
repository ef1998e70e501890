import type { KeptKind } from "../../service/run/kept-request.ts";
import type { GivenUp, KeptEnded, KeptResult } from "../../service/run/results.ts";
import { filesInstead } from "../account/files-instead.ts";
import type { Block } from "../document/document.ts";
import { code, paragraph } from "../document/document.ts";
import type { Message } from "../document/message.ts";
import { alert, notice } from "../document/message.ts";
import { keptCause, keptCommand, keptNoMore } from "../words/kept-words.ts";

/** The answer to a command whose servers do not answer, and which is tried again by itself. */
export function keptAnswer({ kind, cause, replaced, files }: KeptResult, prefix: string): Message {
  return notice(
    paragraph(
      ...keptCause(cause),
      " I keep your ",
      keptCommand(kind, prefix),
      " and try again by myself; there is nothing to do. ",
      code(`${prefix}migrate status`),
      " shows when, ",
      code(`${prefix}migrate cancel`),
      " ends it.",
    ),
    ...replacedNote(replaced, prefix),
    ...(files === undefined ? [] : [filesInstead(files, { isSignedIn: true, prefix })]),
  );
}

/** A newer request has taken the place of a kept one. */
export function replacedNote(replaced: KeptKind | undefined, prefix: string): Block[] {
  return replaced === undefined ? [] : [paragraph(...keptNoMore(replaced, prefix))];
}

/** The answer to a kept request that was tried for days and is given up. */
export function givenUp({ cause, files }: GivenUp, prefix: string): Message {
  return alert(
    paragraph(
      "I have tried for three days, and do not try again. ",
      ...keptCause(cause),
      " Nothing was changed. Please write the command again when the server answers.",
    ),
    ...(files === undefined ? [] : [filesInstead(files, { isSignedIn: true, prefix })]),
  );
}

/** The answer to `!migrate cancel` and `!migrate pause` while only a kept request waits. */
export function keptEnded({ kind }: KeptEnded, prefix: string): Message {
  return notice(
    paragraph("I do not try your ", keptCommand(kind, prefix), " again. Nothing was changed by it."),
  );
}

/** The answer to `!migrate resume` while only a kept request waits. */
export function keptTried(kind: KeptKind, prefix: string): Message {
  return notice(paragraph("I try your ", keptCommand(kind, prefix), " again now."));
}

/** Begins the answer to a request that was kept. */
export function afterKeeping(kind: KeptKind, answer: Message, prefix: string): Message {
  return {
    ...answer,
    document: [paragraph("I have tried your ", keptCommand(kind, prefix), " again."), ...answer.document],
  };
}

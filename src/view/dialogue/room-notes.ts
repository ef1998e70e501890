import type { Block } from "../document/document.ts";
import { code, join, paragraph } from "../document/document.ts";
import type { Message } from "../document/message.ts";
import { alert, notice } from "../document/message.ts";
import { removedToBeSafe } from "./mistakes.ts";

/** The answer to the first message of a day that is not a command. */
export function helpHint(prefix: string): Message {
  return notice(
    paragraph("I move Matrix accounts to a new homeserver. ", code(`${prefix}help`), " shows what I can do."),
  );
}

/** Said once to a person who may not use the bot. */
export function notPermitted(): Message {
  return notice(
    paragraph(
      "Sorry, I can only work for people my operator has allowed, and you are not among them. Please ask the people who run me.",
    ),
  );
}

/**
 * Said once to a person who may no longer use the bot while the bot still stores something about
 * them.
 * @param commands that they can still give
 */
export function noLongerPermitted(commands: readonly string[], prefix: string): Message {
  return notice(
    paragraph(
      "Sorry, my operator no longer allows me to work for you. I still store things about you, so these commands go on working: ",
      ...commands.flatMap((words, index) => [index === 0 ? "" : ", ", code(`${prefix}${words}`)]),
      ".",
    ),
  );
}

/** Said once to a person in a room where the bot does not work. */
export function notListeningHere(prefix: string): Message {
  return notice(
    paragraph(
      "I only work in direct chats and in my control rooms. A direct chat is a room with the two of us alone that nobody else can read, or join without an invitation. Start one with me and write ",
      code(`${prefix}help`),
      " there.",
    ),
  );
}

/** A message with a secret was written in a room that other people can read. */
export function secretInSharedRoom(isRemoved: boolean): Message {
  return alert(
    paragraph(
      isRemoved
        ? "I removed your message: other people can read this room, so never write a password, a token or a recovery key here. I did not use it."
        : "Other people can read this room, so never write a password, a token or a recovery key here. I did not use it, but I am not allowed to remove your message. Please delete it yourself, now.",
    ),
    paragraph(
      "Change that password, sign that session out, or make a new recovery key. Then start a direct chat with me and give the command there.",
    ),
  );
}

/** The message with the secret could not be removed, so the secret is not used. */
export function secretNotRemovable(): Message {
  return alert(
    paragraph("I could not remove your message, so I did not use the secret in it."),
    paragraph(
      "Please delete it yourself. I need the right to remove messages in this chat (power level 50): give it to me, or start a new direct chat with me. Then give the command again, preferably with a new secret.",
    ),
  );
}

/** A message that is no command seems to hold a secret. */
export function secretWithoutCommand(prefix: string): Message {
  return alert(removedToBeSafe(), whereSecretsBelong(prefix));
}

function whereSecretsBelong(prefix: string): Block {
  return paragraph(
    "A sign-in starts with ",
    code(`${prefix}login`),
    ", and copying the keys of encrypted rooms with ",
    code(`${prefix}keys`),
    ". See ",
    code(`${prefix}help`),
    ".",
  );
}

/** An edited message held a secret. */
export function secretInEdit(prefix: string): Message {
  return alert(
    removedToBeSafe(),
    paragraph("Edited messages are never commands. Please write a new message."),
    whereSecretsBelong(prefix),
  );
}

/** A question was answered too late, or a second time. */
export function questionNotOpen(): Message {
  return notice(
    paragraph(
      "That question is no longer open, so I did nothing now. Give the command again if you still want it.",
    ),
  );
}

/** A tap was the answer to a question that only typed words answer. Nothing was done. */
export function onlyTyped(words: readonly string[]): Message {
  const typed = words.map((word) => code(word));
  return notice(
    paragraph(
      "A tap is not enough for this, so I did nothing. To confirm, write ",
      ...join(typed, " or "),
      ".",
    ),
  );
}

/** An unexpected error. @param reference also in the log */
export function unexpectedError(reference: string): Message {
  return alert(
    paragraph("Something went wrong on my side. Nothing of yours is lost. Please try again in a minute."),
    paragraph("If it happens again, give my operator this reference: ", code(reference)),
  );
}

/** Messages whose keys did not arrive. */
export function cannotDecrypt(count: number): Message {
  return notice(
    paragraph(
      count === 1
        ? "I can't decrypt your last message: your app did not share its key with me."
        : "I can't decrypt your last messages: your app did not share their keys with me.",
      " Please send it again. If that does not help, start a new chat with me.",
    ),
  );
}

import { randomBytes } from "node:crypto";
import type { Logger } from "pino";
import type { Command, Conversation } from "../dialogue/conversation.ts";
import type { BotNames, MessageText } from "../grammar/address.ts";
import { holdsKnownSecret, parseMessage } from "../grammar/parse.ts";
import type { ParsedMessage } from "../grammar/specification.ts";
import { mistakeMessage, removedToBeSafe } from "../view/dialogue/mistakes.ts";
import {
  helpHint,
  secretInEdit,
  notListeningHere,
  noLongerPermitted,
  notPermitted,
  secretInSharedRoom,
  secretNotRemovable,
  secretWithoutCommand,
  unexpectedError,
} from "../view/dialogue/room-notes.ts";
import type { Message } from "../view/document/message.ts";

/** The part of a text message that commands need. */
export interface IncomingText extends MessageText {
  /** Only a `text` can be a command. `other`: for instance an emote, a notice or a file. */
  kind: "text" | "edit" | "other";
}

export interface DispatchOptions {
  names: BotNames;
  commands: readonly Command[];
  isPermitted: (userId: string) => boolean;
  /** Whether the bot stores accounts, a plan or a run of a person. */
  isKnown: (userId: string) => Promise<boolean>;
  /**
   * True on the first call ever for a subject. `message` is the one that is answered: `!forget` of
   * its sender ends the subject.
   */
  once: (subject: string, message: Pick<Conversation, "sender" | "eventId">) => Promise<boolean>;
  now: () => number;
  log: Logger;
}

/** The reason given in the redaction of a message that holds a secret. */
const REDACTION_REASON = "It held a secret";

/**
 * Handles one message. In this order:
 * 1. Is the sender permitted? Formerly permitted people may give a few commands.
 * 2. Does the bot take commands in this room?
 * 3. If the message holds a secret, redact it first.
 * 4. Run one command.
 * The order matters: a secret is not used, parsed into an answer or passed on before its message is
 * redacted.
 */
export function createDispatch(options: DispatchOptions) {
  const { names, commands, isPermitted, isKnown, once, now, log } = options;
  const specifications = commands.map((command) => command.specification);

  return async function dispatch(text: IncomingText, conversation: Conversation): Promise<void> {
    const parsed = text.kind === "edit" ? parseEdit(text) : parseMessage(text, names, specifications);
    // Only a text is a command, but a secret in anything else must be redacted as well.
    if (text.kind !== "text" && !parsed.hasSecret) return;
    const isAddressed = parsed.kind !== "not_addressed";
    if (!isAddressed && !isForUs(text, conversation)) return;
    if (!isPermitted(conversation.sender)) {
      if (isAddressed) await answerFormer(parsed, conversation, text.kind);
      return;
    }
    if (conversation.roomKind === "other") {
      await refuse(parsed, conversation, "not-here", notListeningHere(names.prefix));
      return;
    }
    if (parsed.hasSecret && !(await removeSecret(parsed, conversation))) return;
    if (text.kind === "text") await answer(parsed, conversation);
    else
      await conversation.say(
        text.kind === "edit" ? secretInEdit(names.prefix) : secretWithoutCommand(names.prefix),
      );
  };

  /** Whether a message counts that is not addressed to the bot. */
  function isForUs(text: IncomingText, { roomKind }: Conversation): boolean {
    return roomKind === "direct" || (roomKind === "control" && holdsKnownSecret(text));
  }

  /**
   * A person who may no longer use the bot can still end their move, sign out and have their data
   * erased.
   */
  async function answerFormer(
    parsed: ParsedMessage,
    conversation: Conversation,
    kind: IncomingText["kind"],
  ): Promise<void> {
    const isFormer = conversation.roomKind !== "other" && (await isKnown(conversation.sender));
    if (!isFormer) return refuse(parsed, conversation, "not-permitted", notPermitted());
    const command = parsed.kind === "command" && !parsed.hasSecret && kind === "text" && commandOf(parsed);
    if (command && command.isOpenToFormer === true) return answer(parsed, conversation);
    const open = commands.filter(({ isOpenToFormer }) => isOpenToFormer);
    const words = open.map(({ specification }) => specification.words.join(" "));
    return refuse(parsed, conversation, "no-longer-permitted", noLongerPermitted(words, names.prefix));
  }

  function commandOf({ specification }: Extract<ParsedMessage, { kind: "command" }>): Command | undefined {
    return commands.find((command) => command.specification === specification);
  }

  /** The body of an edit is the new text after an asterisk (CS API §Event replacements). */
  function parseEdit(text: IncomingText): ParsedMessage {
    return parseMessage({ ...text, body: text.body.replace(/^\s*\*\s/u, "") }, names, specifications);
  }

  /**
   * Answers once for each person and room, then never again. A secret is redacted every time, and
   * mentioned once a day.
   */
  async function refuse(
    parsed: ParsedMessage,
    conversation: Conversation,
    topic: string,
    message: Message,
  ): Promise<void> {
    if (parsed.hasSecret) {
      const isRemoved = await conversation.redact(REDACTION_REASON);
      const subject = `secret ${day(now())} ${conversation.roomId} ${conversation.sender}`;
      if (conversation.roomKind !== "direct" && (await once(subject, conversation)))
        await conversation.say(secretInSharedRoom(isRemoved));
    }
    if (await once(`${topic} ${conversation.roomId} ${conversation.sender}`, conversation))
      await conversation.say(message);
  }

  /** Redacts the message. Returns whether the secret may now be used. */
  async function removeSecret(parsed: ParsedMessage, conversation: Conversation): Promise<boolean> {
    const isRemoved = await conversation.redact(REDACTION_REASON);
    if (conversation.roomKind === "direct" && isRemoved) return true;
    await conversation.say(
      conversation.roomKind === "direct" ? secretNotRemovable() : secretInSharedRoom(isRemoved),
    );
    log.info({ isRemoved, roomKind: conversation.roomKind, parsed: parsed.kind }, "a secret was not used");
    return false;
  }

  async function answer(parsed: ParsedMessage, conversation: Conversation): Promise<void> {
    switch (parsed.kind) {
      case "not_addressed":
        if (parsed.hasSecret) await conversation.say(secretWithoutCommand(names.prefix));
        else if (await once(`hint ${day(now())} ${conversation.roomId}`, conversation))
          await conversation.say(helpHint(names.prefix));
        return;
      case "mistake": {
        const message = mistakeMessage(parsed.mistake, names.prefix);
        await conversation.say(
          parsed.hasSecret ? { ...message, document: [...message.document, removedToBeSafe()] } : message,
        );
        return;
      }
      case "command": {
        if (parsed.hasSecret && Object.keys(parsed.values.secrets).length === 0) {
          await conversation.say(secretWithoutCommand(names.prefix));
          return;
        }
        await commandOf(parsed)?.run(parsed.values, conversation);
      }
    }
  }
}

/** Reports an unexpected error to the person and to the log, with the same short reference. */
export async function reportUnexpected(
  error: unknown,
  conversation: Conversation,
  log: Logger,
): Promise<void> {
  const reference = randomBytes(4).toString("hex");
  log.error({ err: error, reference, eventId: conversation.eventId }, "a command failed unexpectedly");
  await conversation.say(unexpectedError(reference), { key: "unexpected" });
}

function day(at: number): string {
  return new Date(at).toISOString().slice(0, 10);
}

import { randomBytes } from "node:crypto";
import type { Logger } from "pino";
import type { Message } from "../view/document/message.ts";
import { mistakeMessage, removedToBeSafe } from "../view/dialogue/mistakes.ts";
import {
  helpHint,
  secretInEdit,
  notListeningHere,
  notPermitted,
  secretInSharedRoom,
  secretNotRemovable,
  secretWithoutCommand,
  unexpectedError,
} from "../view/dialogue/room-notes.ts";
import type { BotNames, MessageText } from "../grammar/address.ts";
import type { Command, Conversation } from "../dialogue/conversation.ts";
import { parseMessage } from "../grammar/parse.ts";
import type { ParsedMessage } from "../grammar/specification.ts";

/** A text message as far as commands are concerned. */
export interface IncomingText extends MessageText {
  isEdit: boolean;
}

export interface DispatchOptions {
  names: BotNames;
  commands: readonly Command[];
  isPermitted: (userId: string) => boolean;
  /** True the first time it is called for a subject, ever; the person is whose doing it is. */
  once: (subject: string, person: string) => Promise<boolean>;
  now: () => number;
  log: Logger;
}

/** Why a secret that stands in a room is redacted, in the redaction itself. */
const REDACTION_REASON = "It held a secret";

/**
 * From a message to its answer: who may, where, is there a secret to remove first, then one
 * command. The order matters: nothing of a secret is used, parsed into an answer or passed on
 * before its message is redacted.
 */
export function createDispatch({ names, commands, isPermitted, once, now, log }: DispatchOptions) {
  const specifications = commands.map((command) => command.specification);

  return async function dispatch(text: IncomingText, conversation: Conversation): Promise<void> {
    const parsed = text.isEdit ? parseEdit(text) : parseMessage(text, names, specifications);
    // An edit is never a command, but a secret in one has to go as well.
    if (text.isEdit && !parsed.hasSecret) return;
    const isAddressed = parsed.kind !== "not_addressed";
    if (!isAddressed && conversation.roomKind !== "direct") return;
    if (!isPermitted(conversation.sender)) {
      if (isAddressed) await refuse(parsed, conversation, "not-permitted", notPermitted());
      return;
    }
    if (conversation.roomKind === "other") {
      await refuse(parsed, conversation, "not-here", notListeningHere(names.prefix));
      return;
    }
    if (parsed.hasSecret && !(await removeSecret(parsed, conversation))) return;
    if (text.isEdit) await conversation.say(secretInEdit(names.prefix));
    else await answer(parsed, conversation);
  };

  /** The body of an edit is the new text behind an asterisk (CS API §Event replacements). */
  function parseEdit(text: IncomingText): ParsedMessage {
    return parseMessage({ ...text, body: text.body.replace(/^\s*\*\s/u, "") }, names, specifications);
  }

  /** One polite answer a person and room, then silence; a secret is removed all the same. */
  async function refuse(
    parsed: ParsedMessage,
    conversation: Conversation,
    topic: string,
    message: Message,
  ): Promise<void> {
    if (parsed.hasSecret) {
      const isRemoved = await conversation.redact(REDACTION_REASON);
      if (conversation.roomKind !== "direct") await conversation.say(secretInSharedRoom(isRemoved));
    }
    if (await once(`${topic} ${conversation.roomId} ${conversation.sender}`, conversation.sender))
      await conversation.say(message);
  }

  /** Whether the secret may now be used. */
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
        else if (await once(`hint ${day(now())} ${conversation.roomId}`, conversation.sender))
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
        if (parsed.hasSecret && parsed.values.secret === null) {
          await conversation.say(secretWithoutCommand(names.prefix));
          return;
        }
        const command = commands.find(({ specification }) => specification === parsed.specification);
        await command?.run(parsed.values, conversation);
      }
    }
  }
}

/** Tells the person and the log of an error that nobody expected, by the same short reference. */
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

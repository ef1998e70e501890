import { specifications } from "../../../src/commands/registry.ts";
import type { Command } from "../../../src/dialogue/conversation.ts";
import { parseMessage } from "../../../src/grammar/parse.ts";
import { FakeConversation } from "./fake-conversation.ts";

const names = { prefix: "!", userId: "@mover:example.org", displayName: null };

/** What a bot with the prefix `!` reads in a message. */
export function parseLine(line: string, formattedBody: string | null = null) {
  return parseMessage({ body: line, formattedBody }, names, specifications);
}

/** Runs the command of a message. @returns the conversation in which it was typed */
export async function typeCommand(
  commands: readonly Command[],
  line: string,
  {
    conversation = new FakeConversation(),
    formattedBody = null,
  }: { conversation?: FakeConversation; formattedBody?: string | null } = {},
): Promise<FakeConversation> {
  const parsed = parseLine(line, formattedBody);
  if (parsed.kind !== "command") throw new Error(`no command: ${JSON.stringify(parsed)}`);
  await commands
    .find(({ specification }) => specification === parsed.specification)
    ?.run(parsed.values, conversation);
  return conversation;
}

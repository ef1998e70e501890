import { createCommands, createConfirmableActions } from "../../../src/commands/registry.ts";
import type { Proposals } from "../../../src/service/contact/proposals.ts";
import { commandServices } from "../../support/fakes/command-services.ts";
import { runStatus } from "../../support/fakes/scripted-moves.ts";
import { FakeConversation } from "./fake-conversation.ts";
import { typeCommand } from "./type-command.ts";

type ScriptedProposals = Pick<Proposals, "preview" | "confirm">;

/** The rooms of the list that was shown last: `#1` is the first. */
export const LISTED = ["!first:old.example", "!second:old.example", "!third:old.example"] as const;

/**
 * Commands that reach other people. Each preview has the given facts, and what is confirmed begins.
 * @param facts of the kind of proposal that the test asks for
 */
export function contactScene(facts: object, { canBegin = true }: { canBegin?: boolean } = {}) {
  const orders: unknown[] = [];
  const confirmed: unknown[] = [];
  // The test asks for the kind of the facts alone.
  const shown = { facts: facts as never, canBegin, durationMs: 5_000, shown: "digest" };
  const preview: ScriptedProposals["preview"] = async ({ kind, purpose, order }) => {
    orders.push({ kind, purpose, order });
    return { status: "possible", order, ...shown };
  };
  const confirm: ScriptedProposals["confirm"] = async ({ kind, purpose, order }, digest) => {
    confirmed.push({ kind, order, shown: digest });
    return {
      ...{ status: "started", run: runStatus({ purpose }), changes: [], gone: [], isOnlyWatch: false },
      preview: { status: "possible", order, ...shown },
    };
  };
  const services = commandServices({
    plans: { numberedRoomIds: async () => [...LISTED] },
    proposals: { preview, confirm },
  });
  const commands = createCommands(services);
  const actions = createConfirmableActions(services);
  return {
    orders,
    confirmed,
    type: (line: string, conversation = new FakeConversation()) =>
      typeCommand(commands, line, { conversation }),
    /** Confirms a question about an order. */
    answer: async (word: string, order: object): Promise<FakeConversation> => {
      const conversation = new FakeConversation();
      const payload = { order, numberedRooms: [] };
      await actions[word]?.({ word, payload, shown: "digest" }, conversation);
      return conversation;
    },
  };
}

/** What was said, without the marks that keep names from being links. */
export function shownText({ text }: FakeConversation): string {
  return text.replaceAll("\u2060", "");
}

import { z } from "zod";
import { askWithPreview } from "../../dialogue/contact-question.ts";
import type { Answer, ConfirmableActions, Conversation } from "../../dialogue/conversation.ts";
import { withProgressNote } from "../../dialogue/progress-note.ts";
import type { RunPurpose } from "../../model/run.ts";
import type { ContactKind, ContactOrders } from "../../platforms/contact.ts";
import type { PeoplesAccounts } from "../../service/accounts/peoples-accounts.ts";
import { contactOrderSchemas } from "../../service/contact/orders.ts";
import type {
  ConfirmResult,
  ContactPreview,
  ProposalRequest,
  Proposals,
} from "../../service/contact/proposals.ts";
import type { Question } from "../../view/contact/question.ts";
import { questionNotOpen } from "../../view/dialogue/room-notes.ts";
import type { Message } from "../../view/document/message.ts";
import { startAnswer } from "../../view/migrate/start.ts";
import { readingNote } from "../reading-note.ts";

/** One command whose effects other people see, or that cannot be undone. */
export interface ContactCommand<Kind extends ContactKind> {
  kind: Kind;
  purpose: RunPurpose;
  /** The name of the action in `ConfirmableActions`. */
  action: string;
  /** What is shown, and the words that answer. A message: there is nothing to ask. */
  question(
    preview: ContactPreview<Kind>,
    prefix: string,
  ): Question | (Message & { numberedRooms?: readonly string[] });
  /** What is said when it has begun, instead of the general answer. */
  begun?(preview: ContactPreview<Kind>, prefix: string): Message;
  /** For words that confirm a part of what was shown: the part, and what stays open. */
  answered?(
    asked: AskedOrder<ContactOrders[Kind]>,
    word: string,
  ): { order: ContactOrders[Kind]; rest: ContactOrders[Kind] | null };
  /**
   * What is said and asked when a part has begun. The numbers are those of the first question.
   * `null`: nothing is left to ask.
   */
  restQuestion?(
    begun: ContactPreview<Kind>,
    rest: ContactPreview<Kind>,
    numberedRooms: readonly string[],
  ): Question | null;
}

/** An order as a question showed it. */
export interface AskedOrder<Order> {
  order: Order;
  /** The rooms of the question's list. */
  numberedRooms: readonly string[];
}

export interface ContactServices {
  accounts: Pick<PeoplesAccounts, "of">;
  proposals: Pick<Proposals, "preview" | "confirm">;
  prefix: string;
}

const payloadSchema = z.object({
  order: z.unknown(),
  numberedRooms: z.array(z.string()),
});

/** Shows what an order would do, and asks. */
export async function proposeContact<Kind extends ContactKind>(
  command: ContactCommand<Kind>,
  order: ContactOrders[Kind],
  conversation: Conversation,
  { accounts, proposals, prefix }: ContactServices,
): Promise<void> {
  const result = await withProgressNote(
    conversation,
    await readingNote(conversation.sender, accounts),
    (onProgress) => proposals.preview({ ...requestOf(command, order, conversation), onProgress }),
  );
  if (result.status === "possible") await askOf(command, result, conversation, { prefix, isChanged: false });
  else await conversation.say(startAnswer(result, command.purpose, prefix), { key: "answer" });
}

/** The action that begins what the person has confirmed. */
export function contactAction<Kind extends ContactKind>(
  command: ContactCommand<Kind>,
  { accounts, proposals, prefix }: ContactServices,
): ConfirmableActions[string] {
  const orderSchema: z.ZodType<ContactOrders[Kind]> = contactOrderSchemas[command.kind];
  return async ({ word, payload, shown }: Answer, conversation: Conversation): Promise<void> => {
    const { data: asked } = payloadSchema.safeParse(payload);
    const { data: shownOrder } = orderSchema.safeParse(asked?.order);
    // Another version of the bot asked.
    if (asked === undefined || shownOrder === undefined)
      return conversation.say(questionNotOpen(), { key: "answer" });
    const { numberedRooms } = asked;
    const { order, rest } = command.answered?.({ order: shownOrder, numberedRooms }, word) ?? {
      order: shownOrder,
      rest: null,
    };
    const result = await withProgressNote(
      conversation,
      await readingNote(conversation.sender, accounts),
      (onProgress) =>
        proposals.confirm({ ...requestOf(command, order, conversation), rest, onProgress }, shown),
    );
    if (result.status === "changed") {
      // All that was shown is asked again.
      const preview = { ...result.preview, order: { ...shownOrder } };
      await askOf(command, preview, conversation, { prefix, isChanged: true });
      return;
    }
    const next = restOf(command, result, numberedRooms);
    if (next !== null) await askNext(command, next.question, next.rest, conversation);
    else if (result.status === "started" && result.preview !== undefined && command.begun !== undefined)
      await conversation.say(command.begun(result.preview, prefix), { key: "answer" });
    else await conversation.say(startAnswer(result, command.purpose, prefix), { key: "answer" });
  };
}

/** What is left to ask after a part has begun. */
function restOf<Kind extends ContactKind>(
  command: ContactCommand<Kind>,
  result: ConfirmResult<Kind>,
  numberedRooms: readonly string[],
): { question: Question; rest: ContactPreview<Kind> } | null {
  if (result.status !== "started" || result.preview === undefined || result.rest === undefined) return null;
  const question = command.restQuestion?.(result.preview, result.rest, numberedRooms) ?? null;
  return question === null ? null : { question, rest: result.rest };
}

async function askOf<Kind extends ContactKind>(
  command: ContactCommand<Kind>,
  preview: ContactPreview<Kind>,
  conversation: Conversation,
  { prefix, isChanged }: { prefix: string; isChanged: boolean },
): Promise<void> {
  const question = command.question(preview, prefix);
  if ("document" in question) {
    const { numberedRooms = [], ...message } = question;
    return conversation.say(message, { key: "answer", numberedRooms });
  }
  await askNext(command, question, { ...preview, isChanged }, conversation);
}

async function askNext<Kind extends ContactKind>(
  { action }: ContactCommand<Kind>,
  question: Question,
  { order, shown, isChanged = false }: { order: ContactOrders[Kind]; shown: string; isChanged?: boolean },
  conversation: Conversation,
): Promise<void> {
  const payload = { order, numberedRooms: question.numberedRooms };
  await askWithPreview({ ...question, action, payload, shown, isChanged }, conversation);
}

function requestOf<Kind extends ContactKind>(
  { kind, purpose }: ContactCommand<Kind>,
  order: ContactOrders[Kind],
  { sender: owner, address, botRoomIds }: Conversation,
): Omit<ProposalRequest<Kind>, "onProgress"> {
  return { kind, purpose, order, owner, address, botRoomIds };
}

import { z } from "zod";
import type { ContactQuestion } from "../../dialogue/contact-question.ts";
import { askWithPreview } from "../../dialogue/contact-question.ts";
import type { Answer, ConfirmableActions, Conversation } from "../../dialogue/conversation.ts";
import { withProgressNote } from "../../dialogue/progress-note.ts";
import type { RunPurpose } from "../../model/run.ts";
import type { ContactKind, ContactOrders } from "../../platforms/contact.ts";
import { contactOrderSchemas } from "../../service/contact/orders.ts";
import type { ContactPreview, ProposalRequest, Proposals } from "../../service/contact/proposals.ts";
import { readingAccounts } from "../../view/account/reading.ts";
import { questionNotOpen } from "../../view/dialogue/room-notes.ts";
import type { Message } from "../../view/document/message.ts";
import { startAnswer } from "../../view/migrate/start.ts";

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
  ): ShownQuestion<ContactOrders[Kind]> | (Message & { numberedRooms?: readonly string[] });
  /** What is said when it has begun, instead of the general answer. */
  begun?(preview: ContactPreview<Kind>, prefix: string): Message;
  /**
   * What an answer means, for words that do more than confirm the order as it was shown. With
   * `next` nothing begins yet: the person is asked that first. Nothing is read again for it.
   */
  answered?(
    asked: AskedOrder<ContactOrders[Kind]>,
    word: string,
  ): { order: ContactOrders[Kind]; next: ShownQuestion<ContactOrders[Kind]> | null };
}

/** A question. */
export interface ShownQuestion<Order> extends Pick<ContactQuestion, "preview" | "answers" | "numberedRooms"> {
  /** The order that it shows, if that is not the order of the preview. */
  order?: Order;
  /** What an answer needs besides the order, as JSON. */
  notes?: unknown;
}

/** An order as a question showed it. */
export interface AskedOrder<Order> {
  order: Order;
  /** The rooms of the question's list. */
  numberedRooms: readonly string[];
  /** As in `ShownQuestion`. */
  notes: unknown;
}

export interface ContactServices {
  proposals: Pick<Proposals, "preview" | "confirm">;
  prefix: string;
}

const payloadSchema = z.object({
  order: z.unknown(),
  numberedRooms: z.array(z.string()),
  notes: z.unknown().optional(),
});

/** Shows what an order would do, and asks. */
export async function proposeContact<Kind extends ContactKind>(
  command: ContactCommand<Kind>,
  order: ContactOrders[Kind],
  conversation: Conversation,
  { proposals, prefix }: ContactServices,
): Promise<void> {
  const result = await withProgressNote(conversation, readingAccounts(), (onProgress) =>
    proposals.preview({ ...requestOf(command, order, conversation), onProgress }),
  );
  if (result.status === "possible") await askOf(command, result, conversation, { prefix, isChanged: false });
  else await conversation.say(startAnswer(result, command.purpose, prefix), { key: "answer" });
}

/** The action that begins what the person has confirmed. */
export function contactAction<Kind extends ContactKind>(
  command: ContactCommand<Kind>,
  { proposals, prefix }: ContactServices,
): ConfirmableActions[string] {
  const orderSchema: z.ZodType<ContactOrders[Kind]> = contactOrderSchemas[command.kind];
  return async ({ word, payload, shown }: Answer, conversation: Conversation): Promise<void> => {
    const { data: asked } = payloadSchema.safeParse(payload);
    const { data: shownOrder } = orderSchema.safeParse(asked?.order);
    // Another version of the bot asked.
    if (asked === undefined || shownOrder === undefined)
      return conversation.say(questionNotOpen(), { key: "answer" });
    const { numberedRooms, notes } = asked;
    const answered = command.answered?.({ order: shownOrder, numberedRooms, notes }, word);
    const { order, next } = answered ?? { order: shownOrder, next: null };
    if (next !== null) return askNext(command, next, { order, shown }, conversation);
    const result = await withProgressNote(conversation, readingAccounts(), (onProgress) =>
      proposals.confirm({ ...requestOf(command, order, conversation), onProgress }, shown),
    );
    if (result.status === "changed")
      await askOf(command, result.preview, conversation, { prefix, isChanged: true });
    else if (result.status === "started" && result.preview !== undefined && command.begun !== undefined)
      await conversation.say(command.begun(result.preview, prefix), { key: "answer" });
    else await conversation.say(startAnswer(result, command.purpose, prefix), { key: "answer" });
  };
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
  { notes, order: ownOrder, ...question }: ShownQuestion<ContactOrders[Kind]>,
  { order, shown, isChanged = false }: { order: ContactOrders[Kind]; shown: string; isChanged?: boolean },
  conversation: Conversation,
): Promise<void> {
  const payload = { order: ownOrder ?? order, numberedRooms: question.numberedRooms, notes };
  await askWithPreview({ ...question, action, payload, shown, isChanged }, conversation);
}

function requestOf<Kind extends ContactKind>(
  { kind, purpose }: ContactCommand<Kind>,
  order: ContactOrders[Kind],
  { sender: owner, address, botRoomIds }: Conversation,
): Omit<ProposalRequest<Kind>, "onProgress"> {
  return { kind, purpose, order, owner, address, botRoomIds };
}

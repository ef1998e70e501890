import type { Person } from "../../../../model/contact.ts";
import type { PlannedStep } from "../../../../model/step.ts";
import type { Known, Proposal, WriterFacts } from "../../../contact.ts";
import type { DirectChatCandidate, DirectChatFacts, DirectChatOrder } from "../../../direct-chats.ts";
import { reportRoom } from "../../report/report.ts";
import type { OpenChatPayload } from "../payloads.ts";
import { admittedChats, chatStep } from "./new-chats.ts";
import type { DirectPartner, PartnerFacts } from "./partners.ts";
import { directPartners, whyNoChat } from "./partners.ts";

type NewChat = DirectChatFacts["chats"][number];

/**
 * New direct chats of the target with people whose old ones were not moved. Without named people
 * they are listed, and nothing is opened.
 */
export function planDirectChats(
  facts: PartnerFacts,
  order: DirectChatOrder,
  known: Known,
  told: WriterFacts,
): Proposal<DirectChatFacts> {
  const isListed = order.partners.length === 0;
  const partners = new Map(directPartners(facts).map((partner) => [partner.userId, partner]));
  const candidates: DirectChatCandidate[] = [];
  const left: DirectChatFacts["left"][number][] = [];
  for (const userId of isListed ? partners.keys() : new Set(order.partners)) {
    const partner = partners.get(userId);
    const why = partner === undefined ? "unknown" : whyNoChat(partner, !isListed, facts);
    if (partner !== undefined && why === null) candidates.push(candidate(partner));
    else if (why !== null && !(isListed && (why === "moved" || why === "will_move")))
      left.push({ partner: partner === undefined ? { userId, displayName: null } : personOf(partner), why });
  }
  const chats = isListed ? [] : candidates.map((one) => newChat(one, known.texts, told));
  return {
    facts: {
      candidates: isListed ? candidates : [],
      chats,
      left,
      newChats: admittedChats(chats.length, known),
    },
    exact: chats.map(({ partner, isEncrypted, text, reason }) => ({
      partner: partner.userId,
      isEncrypted,
      text,
      reason,
    })),
    steps: chats.map(stepOf),
    rooms: [],
  };
}

/**
 * If any of the old chats is encrypted, or may be, the new one is. So it is if no old one is known.
 */
function candidate(partner: DirectPartner): DirectChatCandidate {
  const { chats } = partner;
  const encrypted = chats.find(({ room }) => room.encryption.kind !== "absent");
  const shown = encrypted ?? chats[0];
  return {
    partner: personOf(partner),
    oldRoom: shown === undefined ? null : reportRoom(shown.row),
    isEncrypted: shown === undefined || encrypted !== undefined,
  };
}

function personOf({ userId, chats, nameInFile }: DirectPartner): Person {
  const names = chats.map(
    ({ room }) =>
      room.members.get(userId)?.displayName ??
      room.heroes.find((hero) => hero.userId === userId)?.displayName ??
      null,
  );
  return { userId, displayName: names.find((name) => name !== null) ?? nameInFile };
}

/** In an encrypted chat only the reason of the invitation tells the text. */
function newChat(one: DirectChatCandidate, texts: Known["texts"], told: WriterFacts): NewChat {
  const reason = texts.directChatReason(told);
  return { ...one, text: one.isEncrypted ? null : texts.directChat(told), reason };
}

function stepOf({ partner, isEncrypted, text, reason }: NewChat): PlannedStep {
  const { userId } = partner;
  const payload: OpenChatPayload = {
    partner: userId,
    isEncrypted,
    text: text ?? reason,
    reason,
    purpose: { kind: "direct_chat", partner: userId },
  };
  return chatStep("target", payload);
}

import type { Known, Proposal } from "../../../contact.ts";
import type { DirectChatFacts, DirectChatOrder } from "../../../direct-chats.ts";
import { withNeededMembers } from "../../reading/members.ts";
import type { ContactInput } from "../contact-input.ts";
import { writerFacts } from "../contact-input.ts";
import type { PartnerFacts } from "./partners.ts";
import { directPartners, partnersToLookAt, whyNoChat } from "./partners.ts";
import { planDirectChats } from "./plan.ts";

/**
 * New direct chats, or the list of people with whom they are possible. For the list it is read who
 * has left the old chats.
 * @throws UnreadableAccountError
 */
export async function decideDirectChats(
  input: ContactInput,
  order: DirectChatOrder,
  known: Known,
): Promise<Proposal<DirectChatFacts>> {
  const { asking, readings, decided, fileContacts, parties } = input;
  const isFromFile = asking.userId !== parties.sourceUserId;
  const facts: PartnerFacts = {
    source: readings.source.snapshot,
    target: readings.target.snapshot,
    rows: decided.rooms,
    contacts: fileContacts,
    deadServers: readings.source.deadServers ?? new Set(),
    parties,
    records: known.records,
    planned: known.planned,
  };
  const told = writerFacts(input, order.text);
  // Who has left the old chats is known to the source only.
  const listed = order.partners.length > 0 || isFromFile ? [] : directPartners(facts);
  const needs = partnersToLookAt(listed.filter((partner) => whyNoChat(partner, false, facts) === null));
  if (needs.length === 0) return planDirectChats(facts, order, known, told);
  const { reader, features } = asking;
  const source = await input.guarded(() =>
    withNeededMembers(reader, { snapshot: facts.source, needs, features }),
  );
  return planDirectChats({ ...facts, source }, order, known, told);
}

import type { ContactDecisions } from "../../contact.ts";
import { decideLeaving } from "../leave/decide.ts";
import { decideAnnouncement } from "./announce/decide.ts";
import { decideAsk } from "./ask/decide.ts";
import { decideDirectChats } from "./chats/decide.ts";
import type { ContactInput } from "./contact-input.ts";
import { inOrderOfNames, writerFacts } from "./contact-input.ts";
import { proposeKnocks } from "./knock.ts";
import { planRenaming } from "./rename/plan.ts";

/** What a decision about two accounts says about contact with other people. */
export function contactDecisions(read: ContactInput): ContactDecisions {
  const input = { ...read, decided: inOrderOfNames(read.decided) };
  const { decided, readings } = input;
  return {
    ask: (order, known) => decideAsk(input, order, known),
    knock: (order, known) => {
      const reason = known.texts.knockReason(writerFacts(input, order.reason));
      return Promise.resolve(proposeKnocks({ decided, source: readings.source.snapshot }, order, reason));
    },
    leave: (order, known) => input.guarded(() => decideLeaving(order, known, input)),
    announce: (order, known) => decideAnnouncement(input, order, known),
    directChats: (order, known) => decideDirectChats(input, order, known),
    rename: (order, known) => Promise.resolve(planRenaming(input, order, known)),
  };
}

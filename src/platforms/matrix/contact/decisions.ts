import type { ContactDecisions } from "../../contact.ts";
import type { ContactInput } from "./contact-input.ts";

/** What a decision about two accounts says about contact with other people. */
export function contactDecisions(_input: ContactInput): Partial<ContactDecisions> {
  return {};
}

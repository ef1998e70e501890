import type { Command } from "../../dialogue/conversation.ts";
import { ACCOUNT_PLACEHOLDERS } from "../../grammar/placeholders.ts";
import type { CommandSpecification } from "../../grammar/specification.ts";
import { directChatsBegun, directChatsQuestion } from "../../view/contact/direct-chats.ts";
import type { ContactCommand, ContactServices } from "./contact-command.ts";
import { proposeContact } from "./contact-command.ts";
import { ownText } from "./own-text.ts";

export const dmSpecification: CommandSpecification = {
  words: ["dm"],
  summary: "opens direct chats of your new account with people whose old chat could not be moved; asks first",
  usage: '[CONTACT]… [--text "…"]',
  details: [
    "Without names I list the people whose direct chat with your old account did not come along.",
    "If I know your old account only from your files, I list the people whom these name as well. The words then say that they prove nothing.",
    "With names I show the invitation and the words first, and open nothing before you confirm. I open only a few new chats a day: the question says how many.",
    "A new chat is encrypted if the old one was. There the words of the invitation are all that I can say.",
    "Your own text may have `{name}`, `{old}` and `{new}` in it, which I fill in.",
  ],
  example: 'dm @bo:example.org --text "Hi Bo, {name} here, now as {new}."',
  positionals: [{ name: "partners", kind: "userId", isOptional: true, isRepeatable: true }],
  flags: { text: { kind: "text" } },
};

/** How new direct chats are proposed and confirmed. */
export const dmContact: ContactCommand<"directChats"> = {
  kind: "directChats",
  purpose: "direct_chats",
  action: "dm",
  question: directChatsQuestion,
  begun: directChatsBegun,
};

export function dmCommand(services: ContactServices): Command {
  return {
    specification: dmSpecification,
    async run({ positionals, flags }, conversation) {
      const { text, mistaken } = ownText(flags["text"], ACCOUNT_PLACEHOLDERS);
      if (mistaken !== null) return conversation.say(mistaken, { key: "answer" });
      const partners = [...(positionals["partners"] ?? [])];
      return proposeContact(dmContact, { partners, text }, conversation, services);
    },
  };
}

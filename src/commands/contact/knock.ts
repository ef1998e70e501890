import type { Command } from "../../dialogue/conversation.ts";
import { ACCOUNT_PLACEHOLDERS } from "../../grammar/placeholders.ts";
import type { CommandSpecification } from "../../grammar/specification.ts";
import type { Plans } from "../../store/plans.ts";
import { knockQuestion } from "../../view/contact/knock.ts";
import { roomOfWord } from "../filters.ts";
import type { ContactCommand, ContactServices } from "./contact-command.ts";
import { proposeContact } from "./contact-command.ts";
import { ownText } from "./own-text.ts";

export const knockSpecification: CommandSpecification = {
  words: ["knock"],
  summary: "knocks with your new account at rooms that take knocks; asks first",
  usage: '[ROOM]… [--reason "…"]',
  details: [
    "Without rooms I knock wherever the plan says so and nobody has declined yet. `!migrate start` knocks there too.",
    "I show the rooms and the reason first, and do nothing before you confirm. The people in a room read the reason: it has the ID of your old account, and your words follow as far as 120 characters reach.",
    "Somebody in the room accepts or declines. When they accept, I join by myself. When they decline, I tell you who it was, and knock again only if you name the room here.",
  ],
  example: 'knock #3 --reason "It is Ann from the choir"',
  positionals: [{ name: "rooms", kind: "word", isOptional: true, isRepeatable: true }],
  flags: { reason: { kind: "text" } },
};

/** How knocks are proposed and confirmed. */
export const knockContact: ContactCommand<"knock"> = {
  kind: "knock",
  purpose: "knock",
  action: "knock",
  question: knockQuestion,
};

export function knockCommand(services: ContactServices & { plans: Pick<Plans, "numberedRoomIds"> }): Command {
  return {
    specification: knockSpecification,
    async run({ positionals, flags }, conversation) {
      const { text: reason, mistaken } = ownText(flags["reason"], ACCOUNT_PLACEHOLDERS);
      if (mistaken !== null) return conversation.say(mistaken, { key: "answer" });
      const shownRooms = await services.plans.numberedRoomIds(conversation.sender);
      const rooms = (positionals["rooms"] ?? []).map((word) => roomOfWord(word, shownRooms));
      return proposeContact(knockContact, { rooms, reason }, conversation, services);
    },
  };
}

import type { Command } from "../../dialogue/conversation.ts";
import { PLACEHOLDERS } from "../../grammar/placeholders.ts";
import type { CommandSpecification } from "../../grammar/specification.ts";
import type { Plans } from "../../store/plans.ts";
import { askBegun, askQuestion } from "../../view/contact/ask-question.ts";
import { roomOfWord } from "../filters.ts";
import type { ContactCommand, ContactServices } from "./contact-command.ts";
import { proposeContact } from "./contact-command.ts";
import { ownText } from "./own-text.ts";

const WAYS = ["room", "direct"] as const;

export const askSpecification: CommandSpecification = {
  words: ["ask"],
  summary: "asks the people who can let your new account into rooms; shows you everything first",
  usage: '[ROOM]… [--text "…"] [--way room|direct]',
  details: [
    "Without rooms I ask about all rooms of your plan that wait for a moderator, and knock where that is possible.",
    "Each helper gets one message of your old account about all the rooms that they can open: in your direct chat, in the room itself if it is small and not encrypted, or in a new chat. `--way` chooses.",
    "If I know your old account only from your files, your new account writes. Its texts then say that this proves nothing.",
    "I show who gets which text, and send nothing before you confirm. Nobody is asked twice within 14 days, and I open only a few new chats a day: the question says how many. If somebody takes no invitation, I ask the next one.",
    "Your own text may have `{old}`, `{new}`, `{name}` and `{rooms}` in it, which I fill in.",
  ],
  example: 'ask #3 --text "Hi, {name} from the choir. Please invite {new} to {rooms}."',
  positionals: [{ name: "rooms", kind: "word", isOptional: true, isRepeatable: true }],
  flags: { text: { kind: "text" }, way: { kind: "choice", choices: WAYS } },
};

/** How questions to helpers are proposed and confirmed. */
export const askContact: ContactCommand<"ask"> = {
  kind: "ask",
  purpose: "ask",
  action: "ask",
  question: askQuestion,
  begun: askBegun,
};

export function askCommand(services: ContactServices & { plans: Pick<Plans, "numberedRoomIds"> }): Command {
  return {
    specification: askSpecification,
    async run({ positionals, flags }, conversation) {
      const { text, mistaken } = ownText(flags["text"], PLACEHOLDERS);
      if (mistaken !== null) return conversation.say(mistaken, { key: "answer" });
      const shownRooms = await services.plans.numberedRoomIds(conversation.sender);
      const rooms = (positionals["rooms"] ?? []).map((word) => roomOfWord(word, shownRooms));
      const way = WAYS.find((each) => each === flags["way"]) ?? null;
      return proposeContact(askContact, { rooms, text, way }, conversation, services);
    },
  };
}

import type { Command } from "../../dialogue/conversation.ts";
import { bareWord } from "../../grammar/characters.ts";
import { ACCOUNT_PLACEHOLDERS } from "../../grammar/placeholders.ts";
import type { CommandSpecification } from "../../grammar/specification.ts";
import type { Plans } from "../../store/plans.ts";
import { announceQuestion, textNeedsQuotes } from "../../view/contact/announce.ts";
import { roomOfWord } from "../filters.ts";
import type { ContactCommand, ContactServices } from "./contact-command.ts";
import { proposeContact } from "./contact-command.ts";
import { ownText } from "./own-text.ts";

const CHOICES = ["direct", "small"] as const;

export const announceSpecification: CommandSpecification = {
  words: ["announce"],
  summary: "tells direct chats and small rooms about your new account; asks first",
  usage: '[direct|small|ROOM…] ["TEXT"] [--both]',
  details: [
    "Without rooms I tell the direct chats and the rooms of at most 20 members that your new account is in. `direct` is only the former, `small` only the latter. A room is told once in 14 days, unless you name it.",
    "I show the rooms and the exact text, and send nothing before you confirm. Nobody is mentioned. I never write into encrypted rooms: `!rename-old` reaches them.",
    "Your old account writes. With `--both` your new one writes too, so that people can believe it. Your own text is in quotes and may have `{name}`, `{old}` and `{new}` in it. If it lacks the ID of the other account, I add it in brackets.",
  ],
  example: 'announce direct "Hi, I am {new} from now on."',
  positionals: [
    { name: "rooms", kind: "word", isOptional: true, isRepeatable: true },
    { name: "text", kind: "text", isOptional: true },
  ],
  flags: { both: { kind: "boolean" } },
};

/** How announcements are proposed and confirmed. */
export const announceContact: ContactCommand<"announce"> = {
  kind: "announce",
  purpose: "announce",
  action: "announce",
  question: announceQuestion,
};

export function announceCommand(
  services: ContactServices & { plans: Pick<Plans, "numberedRoomIds"> },
): Command {
  return {
    specification: announceSpecification,
    async run({ positionals, flags }, conversation) {
      const { text, mistaken } = ownText(positionals["text"]?.[0], ACCOUNT_PLACEHOLDERS);
      if (mistaken !== null) return conversation.say(mistaken, { key: "answer" });
      const shownRooms = await services.plans.numberedRoomIds(conversation.sender);
      const [first = "", ...others] = positionals["rooms"] ?? [];
      const choice =
        others.length > 0 ? undefined : CHOICES.find((each) => each === bareWord(first).toLowerCase());
      const named = choice === undefined && first !== "" ? [first, ...others] : [];
      const rooms = named.map((word) => roomOfWord(word, shownRooms));
      const stray = rooms.find((room) => !/^[!#]/u.test(room));
      if (stray !== undefined)
        return conversation.say(textNeedsQuotes(stray, services.prefix), { key: "answer" });
      const order = { rooms, which: choice ?? ("default" as const), text, both: flags["both"] === true };
      return proposeContact(announceContact, order, conversation, services);
    },
  };
}

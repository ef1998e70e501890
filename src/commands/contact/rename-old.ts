import type { Command } from "../../dialogue/conversation.ts";
import { ACCOUNT_PLACEHOLDERS, textMistake } from "../../grammar/placeholders.ts";
import type { CommandSpecification } from "../../grammar/specification.ts";
import type { Plans } from "../../store/plans.ts";
import { renameQuestion } from "../../view/contact/rename.ts";
import { textMistaken } from "../../view/contact/text-mistake.ts";
import { roomOfWord } from "../filters.ts";
import type { ContactCommand, ContactServices } from "./contact-command.ts";
import { proposeContact } from "./contact-command.ts";

export const renameOldSpecification: CommandSpecification = {
  words: ["rename-old"],
  summary: "puts your new account's ID into the name of your old one; asks first",
  usage: '["NAME"] [--rooms ROOM…] [--undo]',
  details: [
    "Without a name it is your present one and “now” with the ID of your new account. Your own may have `{name}`, `{old}` and `{new}` in it, which I fill in.",
    "I show the name and how many rooms see the change, and do nothing before you confirm. Encrypted rooms see it too.",
    "`--rooms` changes the name only in these rooms. `--undo` brings the former name back, where nobody has changed it since.",
    "I remember the names that you had chosen. Your move uses those, so your new account never gets the one that I made.",
  ],
  example: 'rename-old "{name} (moved to {new})"',
  positionals: [{ name: "name", kind: "text", isOptional: true }],
  flags: { rooms: { kind: "words" }, undo: { kind: "boolean" } },
};

/** How names of the old account are proposed and confirmed. */
export const renameContact: ContactCommand<"rename"> = {
  kind: "rename",
  purpose: "rename",
  action: "rename",
  question: renameQuestion,
};

export function renameOldCommand(
  services: ContactServices & { plans: Pick<Plans, "numberedRoomIds"> },
): Command {
  return {
    specification: renameOldSpecification,
    async run({ positionals, flags, lists }, conversation) {
      const name = positionals["name"]?.[0] ?? null;
      const mistake = name === null ? null : textMistake(name, ACCOUNT_PLACEHOLDERS);
      if (mistake !== null)
        return conversation.say(textMistaken(mistake, ACCOUNT_PLACEHOLDERS), { key: "answer" });
      const shownRooms = await services.plans.numberedRoomIds(conversation.sender);
      const rooms = (lists["rooms"] ?? []).map((word) => roomOfWord(word, shownRooms));
      const order = { name, rooms, undo: flags["undo"] === true };
      return proposeContact(renameContact, order, conversation, services);
    },
  };
}

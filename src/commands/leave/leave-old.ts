import { z } from "zod";
import type { Command } from "../../dialogue/conversation.ts";
import type { Placeholder } from "../../grammar/placeholders.ts";
import { textMistake } from "../../grammar/placeholders.ts";
import type { CommandSpecification } from "../../grammar/specification.ts";
import type { LeaveOrder } from "../../platforms/contact.ts";
import { keptInRoomReasonSchema } from "../../platforms/contact.ts";
import type { Plans } from "../../store/plans.ts";
import { textMistaken } from "../../view/contact/text-mistake.ts";
import type { Listed } from "../../view/leave/question.ts";
import { canBeChosen, leaveQuestion, leaveWord, nextLeaveQuestion } from "../../view/leave/question.ts";
import type { ContactCommand, ContactServices } from "../contact/contact-command.ts";
import { proposeContact } from "../contact/contact-command.ts";
import { roomOfWord } from "../filters.ts";

const PLACEHOLDERS: readonly Placeholder[] = ["old", "new", "name"];
/** All rooms in which the new account is. */
const MOVED = "moved";

export const leaveOldSpecification: CommandSpecification = {
  words: ["leave-old"],
  summary: "your old account leaves rooms; checks each first and asks",
  usage: '<ROOM…|moved> [--reason "…"] [--without-keys]',
  details: [
    "`moved` means all rooms in which your new account is. Otherwise name the rooms.",
    "Your old account stays where something would be lost: your new account is not in the room or has less power, keys of its messages are missing, or somebody was asked there in the last two weeks. I look at each room once more, on both servers, in the moment of leaving.",
    "I show everything first, and do nothing before you confirm. To leave a room that you have named although something would be lost, write `leave #1` with its number in my question. With `--without-keys` your old account also leaves rooms whose keys are missing.",
    'The people in the rooms read the reason: "moved to" and your new account, or your own words. `{old}`, `{new}` and `{name}` are filled in. Leaving can\'t be taken back.',
  ],
  example: "leave-old moved",
  positionals: [{ name: "rooms", kind: "word", isRepeatable: true }],
  flags: { reason: { kind: "text" }, "without-keys": { kind: "boolean" } },
};

/** How leaving is proposed and confirmed. */
export const leaveContact: ContactCommand<"leave"> = {
  kind: "leave",
  purpose: "leave",
  action: "leave",
  question(preview, prefix) {
    const question = leaveQuestion(preview, prefix);
    if ("document" in question) return question;
    // Rooms that the person has added are asked about again, because the facts have changed.
    return { ...question, order: { ...preview.order, anyway: [] }, notes: question.listed };
  },
  answered({ order, numberedRooms, notes }, word) {
    const { data: listed } = listedSchema.safeParse(notes);
    const number = numberedRooms.findIndex((_, index) => leaveWord(index + 1) === word) + 1;
    const roomId = numberedRooms[number - 1];
    if (listed === undefined || roomId === undefined) return { order, next: null };
    const anyway = [...order.anyway.filter((each) => each !== roomId), roomId];
    return { order: { ...order, anyway }, next: nextAfter(listed, numberedRooms, anyway) };
  },
};

/** `null`: every room of the order has its word, so nothing is left to ask. */
function nextAfter(listed: Listed, numberedRooms: readonly string[], anyway: readonly string[]) {
  const chosen = numberedRooms.flatMap((roomId, index) => (anyway.includes(roomId) ? [index + 1] : []));
  const isComplete = listed.kept.every((room, index) => !canBeChosen(room) || chosen.includes(index + 1));
  if (isComplete && listed.leaves === 0) return null;
  const question = nextLeaveQuestion(listed, chosen);
  return { ...question, notes: question.listed };
}

const listedSchema: z.ZodType<Listed> = z.object({
  leaves: z.int(),
  lacking: z.int(),
  kept: z.array(
    z.object({
      roomId: z.string(),
      name: z.string().nullable(),
      alias: z.string().nullable(),
      reasons: z.array(keptInRoomReasonSchema),
    }),
  ),
});

export function leaveOldCommand(
  services: ContactServices & { plans: Pick<Plans, "numberedRoomIds"> },
): Command {
  return {
    specification: leaveOldSpecification,
    async run({ positionals, flags }, conversation) {
      const typed = flags["reason"];
      const reason = typeof typed === "string" ? typed : null;
      const mistake = reason === null ? null : textMistake(reason, PLACEHOLDERS);
      if (mistake !== null) return conversation.say(textMistaken(mistake, PLACEHOLDERS), { key: "answer" });
      const words = positionals["rooms"] ?? [];
      const shownRooms = await services.plans.numberedRoomIds(conversation.sender);
      const isMoved = words.length === 1 && words[0]?.toLowerCase() === MOVED;
      const order: LeaveOrder = {
        rooms: isMoved ? [] : words.map((word) => roomOfWord(word, shownRooms)),
        reason,
        withoutKeys: flags["without-keys"] === true,
        anyway: [],
      };
      return proposeContact(leaveContact, order, conversation, services);
    },
  };
}

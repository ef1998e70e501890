import type { Command } from "../../dialogue/conversation.ts";
import { ACCOUNT_PLACEHOLDERS } from "../../grammar/placeholders.ts";
import type { CommandSpecification } from "../../grammar/specification.ts";
import type { LeaveOrder } from "../../platforms/contact.ts";
import type { Plans } from "../../store/plans.ts";
import { leaveQuestion, leaveWord, restOfLeaving } from "../../view/leave/question.ts";
import type { ContactCommand, ContactServices } from "../contact/contact-command.ts";
import { proposeContact } from "../contact/contact-command.ts";
import { ownText } from "../contact/own-text.ts";
import { roomOfWord } from "../filters.ts";

/** All rooms in which the new account is. */
const MOVED = "moved";

export const leaveOldSpecification: CommandSpecification = {
  words: ["leave-old"],
  summary: "lets your old account leave rooms; checks each of them first, and asks",
  usage: '<ROOM…|moved> [--reason "…"] [--without-keys]',
  details: [
    "`moved` means all rooms in which your new account is. Otherwise name the rooms.",
    "Your old account stays where something would be lost: your new account is not in the room or has less power, keys of its messages are missing, or somebody was asked there in the last two weeks. I look at each room once more, on both servers, in the moment of leaving.",
    "I show everything first, and do nothing before you confirm. To leave a room that you have named although something would be lost, write `leave #1` with its number in my question; it begins at once, and you can still answer for the others. With `--without-keys` your old account also leaves rooms whose keys are missing.",
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
  question: leaveQuestion,
  restQuestion: restOfLeaving,
  answered({ order, numberedRooms }, word) {
    const roomId = numberedRooms.find((_, index) => leaveWord(index + 1) === word) ?? null;
    const isOpen = (room: string): boolean =>
      roomId === null ? numberedRooms.includes(room) : room !== roomId;
    const rooms = order.rooms.filter(isOpen);
    // Without rooms an order is about all that have moved.
    return { order: { ...order, anyway: roomId }, rest: rooms.length === 0 ? null : { ...order, rooms } };
  },
};

export function leaveOldCommand(
  services: ContactServices & { plans: Pick<Plans, "numberedRoomIds"> },
): Command {
  return {
    specification: leaveOldSpecification,
    async run({ positionals, flags }, conversation) {
      const { text: reason, mistaken } = ownText(flags["reason"], ACCOUNT_PLACEHOLDERS);
      if (mistaken !== null) return conversation.say(mistaken, { key: "answer" });
      const words = positionals["rooms"] ?? [];
      const shownRooms = await services.plans.numberedRoomIds(conversation.sender);
      const isMoved = words.length === 1 && words[0]?.toLowerCase() === MOVED;
      const order: LeaveOrder = {
        rooms: isMoved ? [] : words.map((word) => roomOfWord(word, shownRooms)),
        reason,
        withoutKeys: flags["without-keys"] === true,
        anyway: null,
      };
      return proposeContact(leaveContact, order, conversation, services);
    },
  };
}

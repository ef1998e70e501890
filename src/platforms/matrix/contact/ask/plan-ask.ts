import type { Helper } from "../../../../model/routes.ts";
import type { AskOrder } from "../../../contact.ts";
import type { Parties } from "../../planning/people.ts";
import { MAX_READ_MEMBERS, peopleWhoMay } from "../../planning/people.ts";
import type { PlannedRoom } from "../../planning/planned-room.ts";
import { roomPowerOf } from "../../rooms/power-levels/room-power.ts";
import type { PlannedQuestion } from "./questions.ts";
import { planQuestions } from "./questions.ts";
import type { HelperFacts } from "./reachable-people.ts";
import { ReachableHelpers } from "./reachable-people.ts";
import type { RoomInQuestion, RoomNotAsked } from "./rooms.ts";
import { chooseRooms, taskOf } from "./rooms.ts";
import type { ChatsOfTwo } from "./ways.ts";
import { chatsOfTwo } from "./ways.ts";

export interface AskInput extends Pick<HelperFacts, "asking" | "ignored" | "records" | "planned" | "now"> {
  readonly parties: Parties;
}

export interface PlannedAsk {
  readonly questions: readonly PlannedQuestion[];
  readonly knocks: readonly PlannedRoom[];
  readonly notAsked: readonly RoomNotAsked[];
  readonly chats: ChatsOfTwo;
}

/**
 * Whom to ask about the rooms of an order, and how. Pure.
 * @param rows all rooms of a plan, and the replacements without a row of their own
 * @param input the asking account with the members that `membersToLookAt` (look.ts) names
 */
export function planAsk(
  rows: readonly PlannedRoom[],
  order: Pick<AskOrder, "rooms" | "way">,
  input: AskInput,
): PlannedAsk {
  const { asking } = input;
  const chosen = chooseRooms(rows, order, asking);
  const helpers = new ReachableHelpers(helperFacts(chosen.questions, input));
  const chats = chatsOfTwo(asking);
  const { questions, notAsked } = planQuestions(chosen.questions, {
    ...{ order, asking, chats },
    helpersOf: (room) => helpers.of(room),
  });
  return { questions, knocks: chosen.knocks, notAsked: [...notAsked, ...chosen.notAsked], chats };
}

function helperFacts(rooms: readonly RoomInQuestion[], input: AskInput): HelperFacts {
  const { asking, ignored, records, planned, now, parties } = input;
  const further = new Map<string, readonly Helper[]>();
  for (const { row, room, help } of rooms) {
    if (room === null || row.moreHelpers === 0) continue;
    const known = new Set(row.helpers.map(({ userId }) => userId));
    const found = peopleWhoMay(room, roomPowerOf(room), taskOf({ help }), parties, MAX_READ_MEMBERS);
    further.set(
      row.roomId,
      found.helpers.filter(({ userId }) => !known.has(userId)),
    );
  }
  const isGone = (roomId: string, userId: string): boolean => {
    const membership = asking.rooms.get(roomId)?.members.get(userId)?.membership;
    return membership !== undefined && membership !== "join";
  };
  return { asking, ignored, records, planned, now, further, isGone };
}

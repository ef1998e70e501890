import type { Helper } from "../../../../model/routes.ts";
import type { AskOrder } from "../../../contact.ts";
import type { AccountSnapshot } from "../../rooms/types.ts";
import type { RoomHelpers } from "./reachable-people.ts";
import type { RoomInQuestion, RoomNotAsked } from "./rooms.ts";
import type { ChatsOfTwo, ChosenWay } from "./ways.ts";
import { canAskInside, wayTo } from "./ways.ts";

/** One helper, the rooms about which they are asked, and how. */
export interface HelperQuestion extends ChosenWay {
  readonly helper: Helper;
  readonly rooms: readonly RoomInQuestion[];
}

/** One message, with the people besides the helper who count as asked, and who follows. */
export interface PlannedQuestion extends HelperQuestion {
  readonly alsoMentioned: readonly Helper[];
  readonly followers: readonly HelperQuestion[];
}

export interface QuestionInput {
  readonly order: Pick<AskOrder, "way">;
  /** The account that asks. */
  readonly asking: AccountSnapshot;
  readonly chats: ChatsOfTwo;
  readonly helpersOf: (room: RoomInQuestion) => RoomHelpers;
}

/** Moderation bots delete messages with more (platforms/matrix/README.md, "Whom to ask"). */
const MAX_ALSO_MENTIONED = 2;
const MAX_FOLLOWERS = 2;

/**
 * One message for each helper, about all rooms that they are the first to ask for. Nobody is in two
 * messages, as a helper, a mention or a follower.
 */
export function planQuestions(
  rooms: readonly RoomInQuestion[],
  input: QuestionInput,
): { questions: PlannedQuestion[]; notAsked: RoomNotAsked[] } {
  const helpers = new Map(rooms.map((room) => [room, input.helpersOf(room)]));
  const notAsked: RoomNotAsked[] = [];
  const groups = new Map<string, { helper: Helper; rooms: RoomInQuestion[] }>();
  for (const [room, found] of helpers) {
    if ("why" in found) {
      notAsked.push({ row: room.row, why: found.why, until: found.until });
      continue;
    }
    if (input.order.way === "room" && !canAskInside(room, input.asking.userId)) {
      notAsked.push({ row: room.row, why: "way_impossible", until: null });
      continue;
    }
    const [first] = found.reachable;
    // The people of one room do not read about others, so inside a room nothing else is asked.
    const helper =
      input.order.way === "room" ? found.reachable.find(({ userId }) => !groups.has(userId)) : first;
    if (helper === undefined) {
      notAsked.push({ row: room.row, why: "helper_taken", until: null });
      continue;
    }
    const group = groups.get(helper.userId);
    if (group === undefined) groups.set(helper.userId, { helper, rooms: [room] });
    else group.rooms.push(room);
  }
  const taken = new Set(groups.keys());
  const reachable = (room: RoomInQuestion): readonly Helper[] =>
    (helpers.get(room)?.reachable ?? []).filter(({ userId }) => !taken.has(userId));
  const questions = [...groups.values()].flatMap((group): PlannedQuestion[] => {
    const way = wayTo(group.helper.userId, group.rooms, input);
    if (way === null) return [];
    const alsoMentioned =
      way.way === "room" ? group.rooms.flatMap(reachable).slice(0, MAX_ALSO_MENTIONED) : [];
    for (const { userId } of alsoMentioned) taken.add(userId);
    return [{ ...group, ...way, alsoMentioned, followers: [] }];
  });
  return { questions: withFollowers(questions, { ...input, reachable, taken }), notAsked };
}

/**
 * The questions with those who are asked if the helper takes no invitation. Every question gets its
 * first one before another gets its second.
 */
function withFollowers(
  questions: readonly PlannedQuestion[],
  {
    reachable,
    taken,
    ...input
  }: QuestionInput & {
    reachable: (room: RoomInQuestion) => readonly Helper[];
    taken: Set<string>;
  },
): PlannedQuestion[] {
  let result = [...questions];
  for (let round = 0; round < MAX_FOLLOWERS; round += 1) {
    result = result.map((question) => {
      if (question.way !== "new_direct") return question;
      const next = bestFollower(question.rooms, reachable);
      const way = next === null ? null : wayTo(next.helper.userId, next.rooms, input);
      if (next === null || way === null) return question;
      taken.add(next.helper.userId);
      return { ...question, followers: [...question.followers, { ...next, ...way }] };
    });
  }
  return result;
}

/** The helper who can do most of the rooms; among equals the one who comes first. */
function bestFollower(
  rooms: readonly RoomInQuestion[],
  reachable: (room: RoomInQuestion) => readonly Helper[],
): { helper: Helper; rooms: readonly RoomInQuestion[] } | null {
  const found = new Map<string, { helper: Helper; rooms: RoomInQuestion[] }>();
  for (const room of rooms) {
    for (const helper of reachable(room)) {
      const known = found.get(helper.userId);
      if (known === undefined) found.set(helper.userId, { helper, rooms: [room] });
      else known.rooms.push(room);
    }
  }
  let best: { helper: Helper; rooms: readonly RoomInQuestion[] } | null = null;
  for (const candidate of found.values())
    if (best === null || candidate.rooms.length > best.rooms.length) best = candidate;
  return best;
}

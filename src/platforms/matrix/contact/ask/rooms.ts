import { isNamed } from "../../../../model/filters.ts";
import type { AskHelp, AskOrder, NotAskedReason } from "../../../contact.ts";
import type { PlannedRoom } from "../../planning/planned-room.ts";
import type { AccountSnapshot, RoomSnapshot } from "../../rooms/types.ts";

/** A room about which a helper is asked. */
export interface RoomInQuestion {
  readonly row: PlannedRoom;
  readonly help: AskHelp;
  /** The room as the account that asks sees it; `null` if that account has not joined it. */
  readonly room: RoomSnapshot | null;
}

/** A room about which nobody is asked. */
export interface RoomNotAsked {
  readonly row: PlannedRoom;
  readonly why: NotAskedReason;
  /** From when on somebody can be asked, in milliseconds since the epoch; `null`: not known. */
  readonly until: number | null;
}

export interface ChosenRooms {
  readonly questions: readonly RoomInQuestion[];
  readonly knocks: readonly PlannedRoom[];
  readonly notAsked: readonly RoomNotAsked[];
}

/**
 * The rooms of an order, by what is done about them.
 * @param rows all rooms of a plan, and the replacements without a row of their own
 * @param asking the account that asks
 */
export function chooseRooms(
  rows: readonly PlannedRoom[],
  order: Pick<AskOrder, "rooms">,
  asking: AccountSnapshot,
): ChosenRooms {
  const questions: RoomInQuestion[] = [];
  const knocks: PlannedRoom[] = [];
  const notAsked: RoomNotAsked[] = [];
  const areNamed = order.rooms.length > 0;
  for (const row of areNamed ? namedRows(rows, order.rooms) : rows) {
    const todo = whatToDo(row, areNamed);
    if (todo === "ask") {
      const seen = asking.rooms.get(row.roomId);
      questions.push({ row, help: helpFor(row), room: seen?.membership === "join" ? seen : null });
    } else if (todo === "knock") knocks.push(row);
    else if (areNamed || todo !== "not_waiting") notAsked.push({ row, why: todo, until: null });
  }
  return { questions, knocks, notAsked };
}

/** The named rooms. An upgraded room stands for its replacement. */
export function namedRows(rows: readonly PlannedRoom[], words: readonly string[]): Set<PlannedRoom> {
  const byId = new Map(rows.map((row) => [row.roomId, row]));
  const named = rows.filter((row) => words.some((word) => isNamed(row, word)));
  return new Set(named.map((row) => byId.get(row.successor ?? "") ?? row));
}

function whatToDo(
  { route, status, reason }: PlannedRoom,
  isNamedRoom: boolean,
): "ask" | "knock" | "knock_declined" | "knock_pending" | "not_waiting" {
  if (route === "ask_moderator" && status === "needs_moderator") return "ask";
  if (route !== "knock") return "not_waiting";
  if (status === "planned") return "knock";
  if (reason?.code === "refused") return "knock_declined";
  return isNamedRoom ? "ask" : "knock_pending";
}

/** What a helper needs the power for: to approve a knock is to invite. */
export function taskOf({ help }: Pick<RoomInQuestion, "help">): { kind: "invite" | "unban" | "change_acl" } {
  return { kind: help === "unban" || help === "change_acl" ? help : "invite" };
}

function helpFor({ route, reason }: PlannedRoom): AskHelp {
  if (route === "knock") return "accept_knock";
  switch (reason?.code) {
    case "target_banned":
      return "unban";
    case "server_acl":
      return "change_acl";
    case "space_unreachable":
      return "open_space";
    default:
      return "invite";
  }
}

import type { Command } from "../../dialogue/conversation.ts";
import { withProgressNote } from "../../dialogue/progress-note.ts";
import { parseDuration } from "../../grammar/duration.ts";
import type { CommandSpecification } from "../../grammar/specification.ts";
import type { RoomListRequest, RoomListResult } from "../../service/plan/room-listing.ts";
import type { Plans } from "../../store/plans.ts";
import { aliasUnanswered, cannotDecide } from "../../view/account/reading.ts";
import { readingRooms, roomList } from "../../view/rooms/rooms.ts";
import { filterFlags, filterUsage, readFilters } from "../filters.ts";

export const roomsSpecification: CommandSpecification = {
  words: ["rooms"],
  summary: "lists the rooms of your old account, numbered, so that you can see which to leave behind",
  usage: `[--inactive 1y] [--alone] ${filterUsage}`,
  details: [
    "`--inactive 1y` lists rooms without a message for a year, `--alone` rooms in which you are the only member. Rooms with the oldest last message come first. The other filters work as in `!migrate plan`.",
    "The numbers work wherever a command takes a room, as in `!migrate plan --exclude #3`.",
    "This needs a session of your old account.",
  ],
  example: "rooms --inactive 2y",
  positionals: [],
  flags: { inactive: { kind: "duration" }, alone: { kind: "boolean" }, ...filterFlags },
};

export function roomsCommand({
  listRooms,
  plans,
  now,
  prefix,
}: {
  listRooms: (owner: string, request: RoomListRequest) => Promise<RoomListResult>;
  plans: Pick<Plans, "numberedRoomIds">;
  now: () => number;
  prefix: string;
}): Command {
  return {
    specification: roomsSpecification,
    async run(values, conversation) {
      const { flags } = values;
      const owner = conversation.sender;
      const inactive = flags["inactive"];
      const filters = {
        rooms: readFilters(values, { shownRooms: await plans.numberedRoomIds(owner), now: now() }),
        inactiveSince: typeof inactive === "string" ? now() - (parseDuration(inactive) ?? 0) : null,
        isAlone: flags["alone"] === true,
      };
      const result = await withProgressNote(conversation, readingRooms(), (onProgress) =>
        listRooms(owner, { filters, onProgress }),
      );
      switch (result.status) {
        case "not_signed_in":
        case "not_read":
          return conversation.say(cannotDecide(result, prefix, "A list of rooms"), { key: "answer" });
        case "unanswered_alias":
          return conversation.say(aliasUnanswered(result.alias), { key: "answer" });
        case "listed":
          return conversation.say(roomList(result.list, now(), prefix), {
            key: "answer",
            numberedRooms: result.list.rooms.map((room) => room.roomId),
          });
      }
    },
  };
}

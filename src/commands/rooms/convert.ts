import type { Command } from "../../dialogue/conversation.ts";
import { answerInTime } from "../../dialogue/slow-answer.ts";
import type { CommandSpecification } from "../../grammar/specification.ts";
import type { ConvertRequest } from "../../service/run/requests.ts";
import type { ConvertResult } from "../../service/run/results.ts";
import type { Plans } from "../../store/plans.ts";
import { askingServers } from "../../view/account/accounts.ts";
import { convertAnswer } from "../../view/rooms/convert.ts";
import { roomOfWord } from "../filters.ts";

const room = { name: "room", kind: "word" } as const;

export const convertToDirectSpecification: CommandSpecification = {
  words: ["converttodm"],
  summary: "marks a room of your new account as a direct chat, so that it is listed under people",
  usage: "ROOM [@partner]",
  details: [
    "It does the same as the command of this name in Element. Only your own list changes; nobody else sees it.",
    "Without a partner I use the only other person in the room.",
  ],
  example: "converttodm #3 @friend:old.example",
  positionals: [room, { name: "partner", kind: "userId", isOptional: true }],
  flags: {},
};

export const convertToRoomSpecification: CommandSpecification = {
  words: ["converttoroom"],
  summary: "marks a direct chat of your new account as a room, so that it is listed under rooms",
  usage: "ROOM",
  details: [
    "It does the same as the command of this name in Element. Only your own list changes; nobody else sees it.",
  ],
  example: "converttoroom #3",
  positionals: [room],
  flags: {},
};

export function convertCommand(
  toDirect: boolean,
  {
    convert,
    plans,
    prefix,
  }: {
    convert: (owner: string, request: ConvertRequest) => Promise<ConvertResult>;
    plans: Pick<Plans, "numberedRoomIds">;
    prefix: string;
  },
): Command {
  return {
    specification: toDirect ? convertToDirectSpecification : convertToRoomSpecification,
    async run({ positionals }, conversation) {
      const owner = conversation.sender;
      const request = {
        room: roomOfWord(positionals["room"]?.[0] ?? "", await plans.numberedRoomIds(owner)),
        partner: positionals["partner"]?.[0] ?? null,
        toDirect,
      };
      await answerInTime(conversation, askingServers(), async () =>
        convertAnswer(await convert(owner, request), { toDirect, prefix }),
      );
    },
  };
}

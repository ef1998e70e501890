import type { LeftChat } from "../../service/run/results.ts";
import type { Inline } from "../document/document.ts";
import { code, join, paragraph, person } from "../document/document.ts";
import type { Message } from "../document/message.ts";
import { notice } from "../document/message.ts";
import { roomNames } from "../words/room-line.ts";

const MAX_ROOMS = 5;

/** Somebody declined a chat that the bot opened, or left it. */
export function chatLeft({ partner, purpose, rooms }: LeftChat, prefix: string): Message {
  if (purpose === "direct_chat")
    return notice(
      paragraph(
        person(partner),
        " declined the direct chat with your new account, or left it. I do not invite them again by myself.",
      ),
    );
  return notice(
    paragraph(
      person(partner),
      " declined the chat in which I asked for your new account, or left it.",
      ...waiting(rooms),
      " ",
      code(`${prefix}ask`),
      " asks the next helper.",
    ),
  );
}

function waiting(rooms: LeftChat["rooms"]): Inline[] {
  if (rooms.length === 0) return [];
  const named = rooms
    .slice(0, MAX_ROOMS)
    .map((room): Inline => ({ kind: "group", children: roomNames(rooms)(room) }));
  const more = rooms.length - named.length;
  return [
    rooms.length === 1 ? " This room still waits: " : " These rooms still wait: ",
    ...join(named, ", "),
    more > 0 ? ` and ${more} more.` : ".",
  ];
}

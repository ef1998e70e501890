import type { Person } from "../../model/contact.ts";
import type { AskFacts, AskMessage } from "../../platforms/contact.ts";
import type { Attachment } from "../document/message.ts";
import { textFile } from "../document/message.ts";
import { untrustedCode } from "../document/untrusted-text.ts";
import { askWayWords } from "../words/ask-ways.ts";
import { plainRoomName } from "../words/room-line.ts";

type MessageToOne = AskMessage["followers"][number];

/** A file with every message, with those who follow and with the topics. */
export function askFile({ messages, knocks }: AskFacts): Attachment {
  const parts = [
    ...messages.map((message, index) => wholeMessage(message, `${index + 1}`)),
    ...(knocks.length === 0 ? [] : [knocksPart(knocks)]),
  ];
  return textFile("ask.txt", [parts.join("\n\n")]);
}

function wholeMessage(message: AskMessage, title: string): string {
  return [
    one(message, title, message.alsoMentioned),
    ...message.followers.map((next, index) =>
      one(next, `${title}, if the one before takes no invitation (${index + 1})`, []),
    ),
  ].join("\n\n");
}

function one(
  { helper, way, rooms, text, reason }: MessageToOne,
  title: string,
  also: readonly Person[],
): string {
  return [
    `# ${title}: ${[helper, ...also].map(personLine).join(", ")}`,
    `Asked ${askWayWords[way]}`,
    ...rooms.map(({ room, topic }) =>
      topic === null
        ? `- ${plainRoomName(room)}`
        : `- ${plainRoomName(room)}. Topic: ${untrustedCode(topic, 1_000)}`,
    ),
    ...(reason === null ? [] : ["", "Reason of the invitation:", reason]),
    "",
    "Text:",
    text,
  ].join("\n");
}

function knocksPart(knocks: AskFacts["knocks"]): string {
  return [
    "# Knocks of your new account",
    ...knocks.map(({ room, reason }) => `- ${plainRoomName(room)}: ${reason}`),
  ].join("\n");
}

function personLine({ userId, displayName }: Person): string {
  return displayName === null ? userId : `${untrustedCode(displayName, 60)} (${userId})`;
}

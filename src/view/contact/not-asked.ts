import type { Side } from "../../model/account.ts";
import type { AskFacts, NotAskedReason } from "../../platforms/contact.ts";
import type { Block, Inline } from "../document/document.ts";
import { code, cutList, paragraph, strong } from "../document/document.ts";
import { formatDay } from "../document/time.ts";
import { roomNames } from "../words/room-line.ts";

const MAX_ROOMS = 3;

const titles: Readonly<Record<NotAskedReason, string>> = {
  question_waits: "A question about these is about to be sent already",
  asked_recently: "Somebody was asked about these less than a week ago",
  helpers_asked:
    "Everybody who can help there was asked in the last two weeks, has not answered, or is about to be asked",
  helpers_unreachable:
    "Nobody who can help there can be reached: they refused a chat, you ignore them, or their server is silent",
  no_helper: "Nobody is known who can help there",
  knock_declined: "Somebody declined the knock",
  knock_pending: "Your new account knocks there already",
  not_waiting: "These don't wait for a moderator",
  way_impossible:
    "A message in the room itself is not possible: it is encrypted or large, or your account may not write there",
  helper_taken: "Whoever can help there is asked about another room",
};

const IN_ORDER: readonly NotAskedReason[] = [
  "question_waits",
  "asked_recently",
  "helpers_asked",
  "helper_taken",
  "way_impossible",
  "helpers_unreachable",
  "no_helper",
  "knock_pending",
  "knock_declined",
  "not_waiting",
];

/** The rooms about which nobody is asked, by reason, and when somebody can be asked. */
export function notAskedBlocks({ by, notAsked }: Pick<AskFacts, "by" | "notAsked">, prefix: string): Block[] {
  const nameOf = roomNames(notAsked.map(({ room }) => room));
  return IN_ORDER.flatMap((why): Block[] => {
    const rooms = notAsked.filter((each) => each.why === why);
    if (rooms.length === 0) return [];
    const lines = rooms.map(({ room, until }): Inline[] => [
      ...nameOf(room),
      ...(until === null ? [] : [`: again from ${formatDay(until)}`]),
    ]);
    return [
      paragraph(strong(`${titleOf(why, by)} (${rooms.length})`)),
      cutList(lines, MAX_ROOMS),
      ...whatHelps(why, prefix),
    ];
  });
}

/** Only an account that is in a room writes there. */
function titleOf(why: NotAskedReason, by: Side): string {
  return why === "way_impossible" && by === "target"
    ? "A message in the room itself is not possible: your new account is not in it"
    : titles[why];
}

function whatHelps(why: NotAskedReason, prefix: string): Block[] {
  switch (why) {
    case "way_impossible":
    case "helper_taken":
      return [paragraph("In direct chats it works: ", code(`${prefix}ask ROOM --way direct`), ".")];
    case "knock_pending":
      return [paragraph("To ask somebody to answer, name the room: ", code(`${prefix}ask ROOM`), ".")];
    case "knock_declined":
      return [paragraph("To knock there once more: ", code(`${prefix}knock ROOM`), ".")];
    case "helpers_unreachable":
    case "no_helper":
      return [
        paragraph("Perhaps you know somebody there: ", code(`${prefix}report`), " shows who has power."),
      ];
    case "not_waiting":
      return [paragraph(code(`${prefix}report`), " says how each of them is moved.")];
    case "question_waits":
      return [paragraph(code(`${prefix}migrate status`), " says when it is sent.")];
    case "asked_recently":
    case "helpers_asked":
      return [];
  }
}

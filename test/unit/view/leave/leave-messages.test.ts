import { describe, expect, it } from "vitest";
import { STEP_PROBLEM_CODES } from "../../../../src/model/step-outcome.ts";
import type { KeptInRoomReason, LeaveFacts, LeaveOrder } from "../../../../src/platforms/contact.ts";
import { shortQuestion, wholeQuestion } from "../../../../src/view/contact/question.ts";
import type { Message } from "../../../../src/view/document/message.ts";
import { messageContent } from "../../../../src/view/document/message.ts";
import { leaveQuestion, restOfLeaving } from "../../../../src/view/leave/question.ts";
import { runEnded } from "../../../../src/view/migrate/end.ts";
import { NOW, end, evilRun, noDeeds, rooms } from "../../../support/fakes/move-samples.ts";
import { EVIL, keepsTheRulesOfMessages } from "../../../support/view/message-rules.ts";

const REASONS: readonly KeptInRoomReason[] = [
  { code: "not_moved" },
  { code: "less_power", source: "creator", target: 100 },
  { code: "less_power", source: 50, target: null },
  { code: "last_admin" },
  { code: "alone" },
  { code: "keys_missing", missing: 1 },
  { code: "keys_missing", missing: null },
  { code: "asked", at: NOW },
  { code: "unreadable" },
  { code: "server_notices" },
  { code: "bot_chat" },
];

const facts: LeaveFacts = {
  leaves: rooms(25).map((room, index) => ({
    ...{ room, dropsPower: index % 2 === 0, isUnheard: index % 3 === 0, lacksKeys: index % 5 === 0 },
  })),
  kept: rooms(REASONS.length * 2).map((room, index) => ({
    room,
    reasons: REASONS.slice(index % REASONS.length, (index % REASONS.length) + 2),
  })),
  outside: rooms(2),
  reason: EVIL,
};
const named: LeaveOrder = { rooms: ["!0:old.example"], reason: null, withoutKeys: false, anyway: null };

function questions(shown: Partial<LeaveFacts>, order: Partial<LeaveOrder>): Message[] {
  const preview = { facts: { ...facts, ...shown }, order: { ...named, ...order }, durationMs: 900_000 };
  const question = leaveQuestion(preview, "!");
  if ("document" in question) return [question];
  const { numberedRooms } = question;
  const rest = [null, numberedRooms[2] ?? null].map((anyway) =>
    restOfLeaving({ ...preview, order: { ...preview.order, anyway } }, preview, numberedRooms),
  );
  return [question, ...rest.filter((each) => each !== null)].flatMap(({ preview: words, answers }) => [
    wholeQuestion(words, answers, true),
    shortQuestion(words, answers, true),
  ]);
}

const stayed = rooms(STEP_PROBLEM_CODES.length).map((room, index) => ({
  room,
  problem: { code: STEP_PROBLEM_CODES[index] ?? "refused", serverText: index % 2 === 0 ? EVIL : null },
}));
const ended = (isCancelled: boolean, some: typeof stayed): Message =>
  runEnded(
    end({
      run: evilRun({ purpose: "leave", state: "over", endedAt: NOW, isCancelled }),
      summary: { ...noDeeds, leaving: { left: 12, stayed: some } },
    }),
    "!",
  );

const messages: { name: string; message: Message }[] = [
  ...questions({}, { rooms: [] }),
  ...questions({}, {}),
  ...questions({ leaves: [] }, {}),
  ...questions({ leaves: [] }, { rooms: [] }),
  ...questions({ leaves: [], kept: [], outside: [] }, { rooms: [] }),
  ended(false, stayed),
  ended(false, stayed.slice(0, 2)),
  ended(true, []),
].map((message, index) => ({ name: `message ${index}`, message }));

keepsTheRulesOfMessages(messages);

describe("messages about leaving rooms", () => {
  it("say how many rooms were left, and why the others were not", () => {
    const { body } = messageContent(ended(false, stayed.slice(-9)), []);
    expect(body).toContain("Your old account left 12 of 21 rooms.");
    expect(body).toContain("your new account has less power in it");
    expect(body).toContain("!keys copy");
    expect(body).toContain("!finish");
  });

  it("put long lists into a file, with every room and its reasons", () => {
    const [question] = questions({}, { rooms: [] });
    const file = question?.attachments?.[0]?.bytes.toString() ?? "";
    expect(file).toContain("It leaves (25)");
    expect(file).toContain(`It stays (${REASONS.length * 2})`);
  });
});

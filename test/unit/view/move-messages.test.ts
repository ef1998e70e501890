import { describe, expect, it } from "vitest";
import { REASON_CODES } from "../../../src/model/routes.ts";
import { RUN_STATES } from "../../../src/model/run-states.ts";
import { RUN_PURPOSES } from "../../../src/model/run.ts";
import type { Message } from "../../../src/view/document/message.ts";
import { messageContent } from "../../../src/view/document/message.ts";
import { maxMessageBytes } from "../../../src/view/document/paging.ts";
import { cancelAnswer } from "../../../src/view/migrate/cancel.ts";
import { runEnded } from "../../../src/view/migrate/end.ts";
import { afterKeeping } from "../../../src/view/migrate/kept.ts";
import { roomLetIn } from "../../../src/view/migrate/let-in.ts";
import { needsYou } from "../../../src/view/migrate/needs-you.ts";
import { pauseAnswer, resumeAnswer, stoppingAfterRequest } from "../../../src/view/migrate/pause.ts";
import { startAnswer } from "../../../src/view/migrate/start.ts";
import { noRunYet, progressMessage, statusAnswer } from "../../../src/view/migrate/status.ts";
import { lookingWhatToUndo, undoQuestion, undoRefused } from "../../../src/view/migrate/undo.ts";
import { verifyAnswer } from "../../../src/view/migrate/verify.ts";
import { convertAnswer } from "../../../src/view/rooms/convert.ts";
import { reportMessage } from "../../../src/view/rooms/report.ts";
import {
  HOUR_MS,
  NOW,
  allWaits,
  cannotRead,
  categories,
  convertResults,
  summary,
  toldDeeds,
  end,
  evilRun,
  failures,
  keptResults,
  keptStart,
  noDeeds,
  preview,
  problems,
  reportOf,
  room,
  rooms,
  startResults,
  verified,
} from "../../support/fakes/move-samples.ts";
import { EVIL, READER, keepsTheRulesOfMessages } from "../../support/view/message-rules.ts";

const UNDO_WORDS = { word: "undo", typedWord: "undo and leave" };

const messages: Record<string, Message[]> = {
  progressMessage: RUN_PURPOSES.flatMap((purpose) =>
    RUN_STATES.flatMap((state) => [
      progressMessage(evilRun({ purpose, state }), NOW, "!"),
      progressMessage(
        evilRun({
          purpose,
          state,
          rooms: { done: 1, open: 0, needsModerator: 1, needsYou: 1, failed: 1, skipped: 0 },
          steps: { total: 1, done: 1, failed: 2, dormant: 0 },
          isHeldBack: true,
          waits: allWaits,
          expectedEnd: NOW + 3 * HOUR_MS,
          endedAt: NOW - HOUR_MS,
          wasInterrupted: true,
          isCancelled: true,
        }),
        NOW,
        "!",
      ),
      ...(state === "needs_you" ? problems : []).map((problem) =>
        progressMessage(evilRun({ state, purpose, problem }), NOW, "!"),
      ),
    ]),
  ),
  statusAnswer: [[], [evilRun()], [evilRun(), evilRun({ purpose: "ask" })]].map((runs) =>
    statusAnswer({ runs, kept: keptStart }, NOW, "!"),
  ),
  afterKeeping: [afterKeeping("move", noRunYet("!"), "!")],
  noRunYet: [noRunYet("!")],
  startAnswer: RUN_PURPOSES.flatMap((purpose) =>
    startResults.map((result) => startAnswer(result, purpose, "!")),
  ),
  pause: [
    stoppingAfterRequest(),
    pauseAnswer({ status: "paused", run: evilRun(), others: [], isIdle: true }, "!"),
    pauseAnswer({ status: "paused", run: evilRun(), others: [], isIdle: false }, "!"),
    pauseAnswer({ status: "paused", run: evilRun(), others: [], isIdle: true, ended: "verify" }, "!"),
    pauseAnswer({ status: "kept_ended", kind: "move" }, "!"),
    resumeAnswer({ status: "resumed", run: evilRun(), others: [] }, "!"),
    resumeAnswer({ status: "kept_tried", kind: "move" }, "!"),
    ...[null, ...RUN_STATES.map((state) => evilRun({ state }))].flatMap((run) => [
      pauseAnswer({ status: "not_running", run }, "!"),
      resumeAnswer({ status: "not_paused", run }, "!"),
    ]),
  ],
  cancelAnswer: [
    cancelAnswer({ status: "no_run" }, "!"),
    cancelAnswer({ status: "kept_ended", kind: "move" }, "!"),
    cancelAnswer(
      { status: "cancelled", run: evilRun(), others: [], summary, isIdle: true, ended: "verify" },
      "!",
    ),
    cancelAnswer({ status: "cancelled", run: evilRun(), others: [], summary, isIdle: true }, "!"),
    cancelAnswer({ status: "cancelled", run: evilRun(), others: [], summary: noDeeds, isIdle: true }, "!"),
    cancelAnswer({ status: "cancelled", run: evilRun(), others: [], summary: noDeeds, isIdle: false }, "!"),
  ],
  runEnded: RUN_PURPOSES.flatMap((purpose) => [
    runEnded(end({ run: evilRun({ purpose }) }), "!"),
    runEnded(
      end({ run: evilRun({ purpose, isCancelled: true }), failures, summary: noDeeds, notMoved: [] }),
      "!",
    ),
    runEnded(
      end({
        run: evilRun({ purpose }),
        report: reportOf(
          REASON_CODES.flatMap((code) => rooms(3, { reason: { code, text: EVIL } })),
          categories,
        ),
      }),
      "!",
    ),
    runEnded(end({ run: evilRun({ purpose }), report: reportOf([]), summary: noDeeds }), "!"),
    runEnded(end({ run: evilRun({ purpose }), report: reportOf([]), summary: toldDeeds }), "!"),
  ]),
  verifyAnswer: [
    verifyAnswer(verified(categories), "!"),
    verifyAnswer(verified(categories.slice(0, 1)), "!"),
    verifyAnswer(verified([]), "!"),
    verifyAnswer({ status: "no_plan" }, "!"),
    ...keptResults.map((result) => verifyAnswer(result, "!")),
    ...cannotRead.map((result) => verifyAnswer(result, "!")),
  ],
  undo: [
    lookingWhatToUndo(),
    undoQuestion(preview, UNDO_WORDS),
    undoQuestion(
      { ...preview, invitations: [], joins: [], knocks: [], written: [], lasting: [] },
      UNDO_WORDS,
    ),
    undoQuestion({ ...preview, joins: [], canUndoRest: false }, { ...UNDO_WORDS, word: null }, true),
    undoRefused({ status: "nothing_to_undo" }, "!"),
    ...RUN_STATES.map((state) => undoRefused({ status: "already", run: evilRun({ state }) }, "!")),
    ...cannotRead.map((result) => undoRefused(result, "!")),
  ],
  roomLetIn: (["move", "knock"] as const).flatMap((purpose) =>
    [true, false].map((isLast) =>
      roomLetIn({ room: room("!x:y"), waited: 5, letIn: 3, isLast }, { purpose }, "!"),
    ),
  ),
  needsYou: [
    needsYou(evilRun({ state: "needs_you" }), "!"),
    ...problems.map((problem) => needsYou(evilRun({ state: "needs_you", problem }), "!")),
  ],
  convertAnswer: convertResults.flatMap((result) =>
    [true, false].map((toDirect) => convertAnswer(result, { toDirect, prefix: "!" })),
  ),
  reportMessage: [
    reportMessage({
      report: reportOf([
        room("!a", { status: "failed", reason: { code: "refused", text: EVIL } }),
        room("!b", { status: "running", reason: null }),
        ...(["limit", "server", "room", null] as const).flatMap((waitingFor) =>
          [null, "2026-01-31T14:05:00Z"].map((until) =>
            room("!c", { status: "waiting", waitingFor, until, reason: null }),
          ),
        ),
      ]),
      moreHelpers: new Map(),
      prefix: "!",
    }),
  ],
};

keepsTheRulesOfMessages(
  Object.entries(messages).flatMap(([name, each]) =>
    each.map((message, index) => ({ name: `${name} ${index}`, message })),
  ),
);

const text = (message: Message): string => messageContent(message, [READER]).body;

describe("each message of a move", () => {
  it.each(Object.entries(messages))(
    "%s ends with a sentence, or with a list that one introduces",
    (_name, all) => {
      for (const message of all) expect(text(message)).toMatch(/[.…]$|\n- .*$/u);
    },
  );

  it.each(Object.entries(messages))("%s fits into one event", (_name, all) => {
    for (const message of all) {
      const { body, formatted_body: html } = messageContent(message, []);
      expect(Buffer.byteLength(body) + Buffer.byteLength(html)).toBeLessThan(maxMessageBytes);
    }
  });

  it("calls the person at the end, for a question, when it needs them, and when the last room is in", () => {
    for (const message of [
      ...(messages["runEnded"] ?? []),
      ...(messages["needsYou"] ?? []),
      undoQuestion(preview, UNDO_WORDS),
    ])
      expect(message.tone).toBe("alert");
    expect(messages["roomLetIn"]?.map(({ tone }) => tone)).toEqual(["alert", "notice", "alert", "notice"]);
  });

  it("is routine otherwise", () => {
    for (const name of ["progressMessage", "pause", "cancelAnswer"])
      for (const message of messages[name] ?? []) expect(message.tone).toBe("notice");
  });
});

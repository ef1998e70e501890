import { describe, expect, it } from "vitest";
import type { Category } from "../../../src/model/categories.ts";
import { numberedRooms } from "../../../src/model/rooms-left.ts";
import type { RunStatus, RunWait } from "../../../src/service/run/results.ts";
import type { Message } from "../../../src/view/document/message.ts";
import { messageContent } from "../../../src/view/document/message.ts";
import { formatMoment } from "../../../src/view/document/time.ts";
import { cancelAnswer } from "../../../src/view/migrate/cancel.ts";
import { runEnded } from "../../../src/view/migrate/end.ts";
import { needsYou } from "../../../src/view/migrate/needs-you.ts";
import { pauseAnswer, resumeAnswer } from "../../../src/view/migrate/pause.ts";
import { startAnswer } from "../../../src/view/migrate/start.ts";
import { progressMessage, statusAnswer } from "../../../src/view/migrate/status.ts";
import { undoQuestion } from "../../../src/view/migrate/undo.ts";
import { verifyAnswer } from "../../../src/view/migrate/verify.ts";
import { exportedReport } from "../../../src/view/rooms/exported-report.ts";
import { reportMessage } from "../../../src/view/rooms/report.ts";
import {
  HOUR_MS,
  MINUTE_MS,
  NOW,
  allWaits,
  end,
  keptStart,
  noDeeds,
  preview,
  reportOf,
  room,
  rooms,
  startResults,
  verified,
} from "../../support/fakes/move-samples.ts";
import { runStatus } from "../../support/fakes/scripted-moves.ts";
import { READER } from "../../support/view/message-rules.ts";

const text = (message: Message): string => messageContent(message, [READER]).body;

const UNDO_WORDS = { word: "undo", typedWord: "undo and leave" };

describe("the message about a limit of the account", () => {
  it("has the words of its server and the page that it names, and how to go on", () => {
    const problem = {
      side: "target",
      problem: {
        code: "account_limit",
        serverText: "Ten rooms are free.",
        page: "https://new.example/limits",
      },
      since: NOW,
    } as const;
    const said = text(needsYou(runStatus({ state: "needs_you", problem }), "!"));
    expect(said).toContain(
      "The server of your new account @a:new.example lets it join or invite no more. I have done the rest.",
    );
    expect(said).toContain("> Ten rooms are free.");
    expect(said).toContain("https://new.example/limits");
    expect(said).toContain("Once it allows more: !migrate resume.");
    expect(said).not.toContain("!login");
  });
});

describe("the progress message", () => {
  const shown = (more: Partial<RunStatus>): string => text(progressMessage(runStatus(more), NOW, "!"));

  it("has a bar, the same in numbers, and where it goes", () => {
    const said = shown({});
    expect(said).toContain("The move @a:old.example → @a:new.example is under way, as of 12:00 UTC.");
    expect(said).toContain("████░░░░░░░░░░░░░░░░ 12 of 52 rooms done, and 40 of 140 steps");
    expect(said).toContain("- 5 rooms wait for somebody's help");
    expect(said).toContain("!migrate pause pauses it, !migrate cancel ends it.");
  });

  it.each([
    { done: 0, total: 52, wide: 0 },
    { done: 1, total: 52, wide: 1 },
    { done: 51, total: 52, wide: 19 },
    { done: 52, total: 52, wide: 20 },
  ])(
    "its bar at $done of $total rooms is $wide wide: never full too early, never empty too long",
    ({ done, total, wide }) => {
      const counts = { done, open: total - done, needsModerator: 9, needsYou: 9, failed: 0, skipped: 9 };
      expect(shown({ rooms: counts })).toContain(
        `${"█".repeat(wide)}${"░".repeat(20 - wide)} ${done} of ${total} rooms`,
      );
    },
  );

  it("counts single steps where it is not about rooms, or there is none", () => {
    expect(shown({ purpose: "undo" })).toContain("░ 40 of 140 steps done");
    expect(
      shown({ rooms: { done: 0, open: 0, needsModerator: 2, needsYou: 0, failed: 0, skipped: 0 } }),
    ).toContain("40 of 140 steps done");
  });

  it("says what is waited for and until when, in words about the server", () => {
    const wait: RunWait = {
      side: "source",
      serverName: "old.example",
      waitingFor: "limit",
      limit: "invitations",
      until: NOW + 5 * MINUTE_MS,
      steps: 12,
    };
    const said = shown({ waits: [wait], expectedEnd: NOW + 14 * HOUR_MS });
    expect(said).toContain(
      "- old.example lets your old account send the next invitation at 12:05 UTC (in about 5 minutes); 12 steps wait for that",
    );
    expect(said).toContain("I expect to be done at 02:00 UTC on 1 February (in about 14 hours).");
    expect(shown({ waits: [{ ...wait, waitingFor: "server", limit: null, steps: 1 }] })).toContain(
      "old.example does not answer; I try again at 12:05 UTC (in about 5 minutes); 1 step waits for that",
    );
    expect(shown({ waits: [{ ...wait, waitingFor: "server", limit: null, steps: 0 }] })).toContain(
      "; only the final check of both accounts waits for that",
    );
  });

  it.each([
    { state: "paused", more: {}, expected: /is paused\..*!migrate resume resumes it/su },
    {
      state: "watching",
      more: { endedAt: NOW },
      expected: /is done since 31 January 2026 at 12:00 UTC\. I keep watching/u,
    },
    { state: "over", more: {}, expected: /is over\./u },
    { state: "over", more: { isCancelled: true }, expected: /was cancelled\./u },
    {
      state: "needs_you",
      more: { problem: { side: "target", problem: { code: "session_ended", serverText: null } } },
      expected:
        /waits for you\..*My session of your new account @a:new\.example has ended\. Please sign in again: !login new @a:new\.example\. Then I continue by myself\.$/su,
    },
  ] as const)(
    "when $state says so, and neither what was waited for nor an end",
    ({ state, more, expected }) => {
      const waits = allWaits.slice(0, 1);
      const said = shown({ state, waits, expectedEnd: NOW + HOUR_MS, ...more });
      expect(said).toMatch(expected);
      expect(said).not.toMatch(/I expect|lets your|under way/u);
    },
  );

  it("says that it went on by itself after a restart", () => {
    const sentence = "I was restarted in between and resumed by myself.";
    expect(shown({ wasInterrupted: true })).toContain(sentence);
    expect(shown({ wasInterrupted: true, state: "watching" })).toContain(sentence);
    expect(shown({ wasInterrupted: true, state: "paused" })).not.toContain(sentence);
    expect(shown({ wasInterrupted: true, state: "over", isCancelled: true })).not.toContain(sentence);
  });

  it("is the same for the same status at the same time", () => {
    expect(progressMessage(runStatus(), NOW, "!")).toEqual(progressMessage(runStatus(), NOW, "!"));
  });
});

describe("a moment to come", () => {
  it.each([
    [NOW - 1, "11:59 UTC (any moment now)"],
    [NOW + 30_000, "12:00 UTC (in about a minute)"],
    [NOW + 100 * MINUTE_MS, "13:40 UTC (in about 2 hours)"],
    [NOW + 12 * HOUR_MS, "00:00 UTC on 1 February (in about 12 hours)"],
    [NOW + 60 * HOUR_MS, "00:00 UTC on 3 February (in about 3 days)"],
  ])("%i is %s", (at, expected) => {
    expect(formatMoment(at, NOW)).toBe(expected);
  });
});

describe("a request that is kept", () => {
  const cause = { side: "source", userId: "@a:old.example", code: "unreachable" } as const;

  it("names the server, and what ends it", () => {
    const kept = { status: "kept", kind: "move", cause, triedAt: NOW } as const;
    expect(text(startAnswer(kept, "move", "!"))).toBe(
      "The server of your old account @a:old.example does not answer just now. I keep your !migrate start and try again by myself; there is nothing to do. !migrate status shows when, !migrate cancel ends it.",
    );
    expect(text(startAnswer({ ...kept, replaced: "undo" }, "move", "!"))).toContain(
      "I had kept your !migrate undo, and do not try it again.",
    );
  });

  it("comes before the run in the status", () => {
    expect(text(statusAnswer({ runs: [], kept: keptStart }, NOW, "!"))).toBe(
      "The server of your old account @a:old.example does not answer just now. I keep your !migrate start and try it again by myself, next at 12:10 UTC (in about 10 minutes). !migrate cancel ends that.",
    );
    expect(text(statusAnswer({ runs: [runStatus()], kept: keptStart }, NOW, "!"))).toMatch(
      /^The server of .*The move @a:old\.example/su,
    );
  });
});

describe("the status of contact with other people", () => {
  const status = (more: Partial<RunStatus>) => text(progressMessage(runStatus(more), NOW, "!"));
  const steps = { total: 6, done: 4, failed: 1, dormant: 0 };

  it("shows no bar for a cancelled run, whose total is not known any more", () => {
    const left = { total: 4, done: 4, failed: 0, dormant: 0 };
    const said = status({ purpose: "ask", state: "over", isCancelled: true, steps: left });
    expect(said).toContain("4 questions done before.");
    expect(said).not.toContain("█");
  });

  it.each<{ purpose: RunStatus["purpose"]; bar: string; failed: string }>([
    { purpose: "ask", bar: "4 of 6 questions done", failed: "1 question did not work" },
    { purpose: "knock", bar: "4 of 6 knocks done", failed: "1 knock did not work" },
    { purpose: "direct_chats", bar: "4 of 6 chats done", failed: "1 chat did not work" },
    { purpose: "announce", bar: "4 of 6 messages done", failed: "1 message did not work" },
    { purpose: "leave", bar: "4 of 6 steps done", failed: "it stays in 1 room" },
  ])("counts what it is about ($purpose)", ({ purpose, bar, failed }) => {
    const said = status({ purpose, steps });
    expect(said).toContain(bar);
    expect(said).toContain(failed);
  });

  it("says when the daily limit allows the next chats", () => {
    const wait = { side: "source", serverName: "old.example", limit: null, steps: 5 } as const;
    const until = NOW + 20 * 3_600_000;
    const said = status({
      purpose: "ask",
      waits: [{ ...wait, waitingFor: "daily_limit", until }],
      expectedEnd: until,
    });
    expect(said).toContain("I open no more new chats today");
    expect(said).toContain("08:00 UTC on 1 February (in about 20 hours); 5 steps wait for that");
  });

  it.each<{ purpose: RunStatus["purpose"]; next: string }>([
    { purpose: "ask", next: "!report shows who can let you in, and who was asked." },
    { purpose: "rename", next: "!finish shows what is left" },
    { purpose: "move", next: "!migrate verify compares both accounts" },
  ])("says what to do next after it ($purpose)", ({ purpose, next }) => {
    expect(status({ purpose, state: "over" })).toContain(next);
  });
});

describe("a pause and a cancel", () => {
  const asking = runStatus({ purpose: "ask" });
  const knocking = runStatus({ purpose: "knock" });

  it("name all runs", () => {
    const run = runStatus();
    const paused = { status: "paused", run, others: [asking, knocking], isIdle: true } as const;
    expect(text(pauseAnswer(paused, "!"))).toContain(
      "The move, asking for help and knocking are paused. Nothing is half done. !migrate resume resumes all of it",
    );
    expect(text(resumeAnswer({ status: "resumed", run, others: [asking] }, "!"))).toContain(
      "The move and asking for help are resumed.",
    );
    const others = [{ run: asking, summary: { ...noDeeds, joins: 2 } }];
    const cancelled = text(
      cancelAnswer({ status: "cancelled", run, summary: noDeeds, others, isIdle: true }, "!"),
    );
    expect(cancelled).toContain("The move and asking for help are cancelled. What is done stays done.");
    expect(cancelled).toMatch(/Asking for help\s+What I did\s+.*2 rooms joined/u);
  });

  it("promise nothing of a request that a server has not answered", () => {
    const said = text(pauseAnswer({ status: "paused", run: runStatus(), others: [], isIdle: false }, "!"));
    expect(said).toContain(
      "A server has not answered my last request yet. Before I repeat it, I check whether it is done.",
    );
    expect(said).not.toContain("Nothing half-done");
    const cancelled = text(
      cancelAnswer(
        { status: "cancelled", run: runStatus(), others: [], summary: noDeeds, isIdle: false },
        "!",
      ),
    );
    expect(cancelled).toContain("I know of nothing that was written.");
    expect(cancelled).toContain("That request may still take effect; it is not counted here");
    expect(cancelled).toContain("!migrate undo takes back what can be taken back.");
  });

  it("say so where everything is recorded", () => {
    const said = text(pauseAnswer({ status: "paused", run: runStatus(), others: [], isIdle: true }, "!"));
    expect(said).toContain("The move is paused. Nothing is half done.");
    const cancelled = text(
      cancelAnswer(
        { status: "cancelled", run: runStatus(), others: [], summary: noDeeds, isIdle: true },
        "!",
      ),
    );
    expect(cancelled).toContain("The move is cancelled. Nothing was written.");
    expect(cancelled).not.toMatch(/not answered|migrate undo/u);
  });
});

describe("a start", () => {
  it("of watching alone promises only to watch", () => {
    const said = text(startAnswer(startResults[1] ?? absent(), "move", "!"));
    expect(said).toBe(
      "Started. There is nothing that I can do alone, so I watch: when somebody lets your new account in, I do the rest by myself.",
    );
  });

  it("is short, and names what changed since the plan, cut", () => {
    const said = text(startAnswer(startResults[2] ?? absent(), "move", "!"));
    expect(said).toContain("Changed since the plan (the first 5 of 7; !report has all)");
    expect(said).toContain(": now need somebody's help, before open to everyone");
    expect(said.split("\n- ")).toHaveLength(6);
  });

  it("with nothing to do alone says who has to do something", () => {
    const said = text(
      startAnswer(
        { status: "nothing_to_do", report: reportOf(rooms(1)), changes: [], gone: [] },
        "move",
        "!",
      ),
    );
    expect(said).toContain("1 room waits for somebody or can't be moved: !report says why");
  });

  it.each([
    {
      purpose: "invitations",
      sentence:
        "There is no room to which your old account has to invite the new one now. Nothing was changed.",
    },
    {
      purpose: "joins",
      sentence: "There is no room that your new account can join just now. Nothing was changed.",
    },
    {
      purpose: "profile",
      sentence: "There is nothing to do: all of that is done already. Nothing was changed.",
    },
  ] as const)("of $purpose with nothing to do claims no more than that", ({ purpose, sentence }) => {
    const result = { status: "nothing_to_do", report: reportOf(rooms(1)), changes: [], gone: [] } as const;
    expect(text(startAnswer(result, purpose, "!"))).toBe(sentence);
  });

  it("of a part says so when no room fits the filters", () => {
    const report = reportOf(
      rooms(2).map((row) => ({ ...row, route: "excluded" as const, status: "skipped" as const })),
    );
    const result = { status: "nothing_to_do", report, changes: [], gone: [] } as const;
    expect(text(startAnswer(result, "joins", "!"))).toBe(
      "None of your 2 rooms fits these filters. Nothing was changed.",
    );
  });

  it("of a part speaks of that part", () => {
    const run = runStatus({ purpose: "joins", state: "paused" });
    expect(text(startAnswer({ status: "already", run }, "move", "!"))).toContain(
      "The round of joins is paused.",
    );
    expect(text(startAnswer({ status: "not_signed_in", missing: ["source"] }, "profile", "!"))).toBe(
      "The copy of your profile needs your old account first: !login old @you:server.",
    );
  });
});

describe("the end", () => {
  it("counts, and lists what is left by cause, numbered like the report, with who can help", () => {
    const message = runEnded(end(), "!");
    const said = text(message);
    expect(said).toMatch(/^The move is done\. .*: 1 of 3 rooms done\.$/mu);
    expect(said).toContain("- 1 invitation sent\n- 2 rooms joined\n- knocked at 1 room");
    expect(said).toContain("Somebody in the room must invite your new account (2)");
    expect(said).toMatch(/^1\. .*Can help: .*@mo:old\.example \(power 100\) and 4 more\.$/mu);
    expect(said).toContain("- room tags: 5 of 8");
    expect(said).toContain("I keep watching");
    expect(message.attachments?.map(({ fileName }) => fileName)).toEqual(["report-3.json"]);
    expect(JSON.parse(message.attachments?.[0]?.bytes.toString() ?? "")).toEqual(
      exportedReport(end().report),
    );
  });

  it("shows ten of the rooms, in the order of the report's numbers, and none that was left out by a filter", () => {
    const left = [
      ...rooms(4, { route: "excluded", status: "skipped", reason: null }),
      ...rooms(8, { reason: { code: "refused", text: "No." }, status: "failed" }),
      ...rooms(7),
    ].map((each, index) => ({ ...each, roomId: `!${index}:old.example`, name: null, helpers: [] }));
    const report = reportOf(left);
    const said = text(runEnded(end({ report, summary: noDeeds }), "!"));
    const listed = [...said.matchAll(/^\d+\. (!\d+:old\.example)/gmu)].map(([, roomId]) => roomId);
    expect(listed).toEqual(
      numberedRooms(report)
        .slice(0, 10)
        .map(({ roomId }) => roomId),
    );
    expect(said).toContain("Did not work (8)");
    expect(said).toContain("These are the first 10 of 15 rooms; !report has all.");
  });

  it("attaches nothing when no room is left, and keeps to what the run was about", () => {
    const report = reportOf([
      room("!done", { status: "done" }),
      room("!out", { route: "excluded", status: "skipped" }),
    ]);
    expect(runEnded(end({ report }), "!").attachments).toBeUndefined();
    const undone = runEnded(end({ run: runStatus({ purpose: "undo" }) }), "!");
    expect(undone.attachments).toBeUndefined();
    expect(text(undone)).not.toMatch(/must invite|rooms done/u);
  });

  it("shows what did not work in the server's own words", () => {
    const said = text(
      runEnded(
        end({ failures: [{ item: "Choir", problem: { code: "refused", serverText: "Not here." } }] }),
        "!",
      ),
    );
    expect(said).toContain("- Choir: the server refused. It says: Not here.");
  });
});

describe("a comparison", () => {
  it("goes category by category, with missing ones by name, and the rest in a file", () => {
    const tags: Category = {
      name: "tags",
      expected: 6,
      present: 2,
      missing: ["!a x", "!b x", "!c x", "!d x"],
    };
    const profile: Category = { name: "profile", expected: 2, present: 2, missing: [] };
    const empty: Category = { name: "room_keys", expected: 0, present: 0, missing: [] };
    const message = verifyAnswer(verified([tags, profile, empty]), "!");
    expect(text(message)).toContain("room tags: 2 of 6, missing !a x, !b x, !c x and 1 more");
    expect(text(message)).toContain("✅ profile fields: 2 of 2");
    expect(text(message)).not.toContain("keys of encrypted");
    expect(message.attachments?.map(({ fileName }) => fileName)).toEqual(["verify.json"]);
    const complete = verifyAnswer(verified([profile]), "!");
    expect(text(complete)).toContain("✅ Nothing is missing.");
    expect(complete.attachments).toBeUndefined();
  });
});

describe("an undo", () => {
  it("says what is taken back, what stays, and both ways to say yes", () => {
    const said = text(undoQuestion(preview, UNDO_WORDS));
    expect(said).toContain("Your new account leaves (8)");
    expect(said).toContain("- and 3 more");
    expect(said).toContain("can't be taken back\n\n- read markers: 9");
    expect(said).toMatch(
      /To confirm, tap ✅ below or write undo\. To leave the rooms that stay too, write undo and leave\. Otherwise do nothing\.$/u,
    );
    expect(text(undoQuestion({ ...preview, kept: [] }, UNDO_WORDS))).toMatch(
      /To confirm, tap ✅ below or write undo\. Otherwise do nothing\.$/u,
    );
  });

  it("names the rooms that the new account does not leave, each with the reason", () => {
    const said = text(undoQuestion(preview, UNDO_WORDS));
    expect(said).toContain("Your new account stays, and keeps its power (7)");
    for (const reason of [
      "your old account is not in it",
      "nobody else is in it",
      "has the power",
      "let your new account in again",
      "not check",
    ])
      expect(said).toContain(reason);
    const onlyKept = { ...preview, joins: [], written: [], canUndoRest: false };
    expect(text(undoQuestion(onlyKept, { ...UNDO_WORDS, word: null }))).toMatch(
      /To leave these rooms, write undo and leave\. Otherwise do nothing\.$/u,
    );
  });

  it("says that something has changed since an earlier question", () => {
    expect(text(undoQuestion(preview, UNDO_WORDS, true))).toMatch(/^Something has changed since I asked/u);
  });
});

describe("a report in the middle of a run", () => {
  it("groups what failed, what is under way and what waits, with until when", () => {
    const report = reportOf([
      room("!w", {
        name: "W",
        status: "waiting",
        waitingFor: "limit",
        until: "2026-01-31T14:05:00Z",
        reason: null,
        helpers: [],
      }),
      room("!r", { name: "R", status: "running", route: "join", reason: null, helpers: [] }),
      room("!f", {
        name: "F",
        status: "failed",
        route: "join",
        reason: { code: "refused", text: "No." },
        helpers: [],
      }),
      room("!m", { name: "M" }),
    ]);
    const said = text(reportMessage({ report, moreHelpers: new Map(), prefix: "!" }));
    expect(numberedRooms(report).map(({ roomId }) => roomId)).toEqual(["!m", "!f", "!r", "!w"]);
    expect(said).toContain("Did not work (1)\n\n2. F !f: No.");
    expect(said).toContain("I am at these (1)\n\n3. R !r");
    expect(said).toContain(
      "I continue with these by myself (1)\n\n4. W !w: waits for its turn, since a server takes only so many at a time until 31 January 2026 at 14:05 UTC",
    );
  });
});

function absent(): never {
  throw new Error("no such case");
}

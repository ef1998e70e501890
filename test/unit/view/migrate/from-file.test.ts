import { describe, expect, it } from "vitest";
import { REASON_CODES } from "../../../../src/model/routes.ts";
import { RUN_STATES } from "../../../../src/model/run-states.ts";
import type { PlanByFiles, SinceFiles } from "../../../../src/platforms/planning.ts";
import type { SignOutResult } from "../../../../src/service/accounts/results.ts";
import type { KeyStatus } from "../../../../src/service/keys/results.ts";
import type { ShownPlan } from "../../../../src/service/plan/results.ts";
import {
  askingAboutRooms,
  cannotDecide,
  notSignedIn,
  oldServerAnswers,
  readingProgress,
  unreadable,
} from "../../../../src/view/account/reading.ts";
import type { Message } from "../../../../src/view/document/message.ts";
import { messageContent } from "../../../../src/view/document/message.ts";
import { keyStatus } from "../../../../src/view/keys/status.ts";
import { waysAnswer } from "../../../../src/view/keys/ways.ts";
import { runEnded } from "../../../../src/view/migrate/end.ts";
import { roomLetIn } from "../../../../src/view/migrate/let-in.ts";
import { needsYou } from "../../../../src/view/migrate/needs-you.ts";
import { planFile, planMessage } from "../../../../src/view/migrate/plan.ts";
import { moveRetired } from "../../../../src/view/migrate/retired.ts";
import { startAnswer } from "../../../../src/view/migrate/start.ts";
import { progressMessage } from "../../../../src/view/migrate/status.ts";
import { verifyAnswer } from "../../../../src/view/migrate/verify.ts";
import { watchHindered } from "../../../../src/view/migrate/watch-hindered.ts";
import { jsonReport, markdownReport } from "../../../../src/view/rooms/report-files.ts";
import { reportMessage } from "../../../../src/view/rooms/report.ts";
import {
  NOW,
  allWaits,
  categories,
  end,
  evilRun,
  noDeeds,
  reportOf,
  room,
  rooms,
  verified,
} from "../../../support/fakes/move-samples.ts";
import { runStatus } from "../../../support/fakes/scripted-moves.ts";
import { EVIL, EVIL_USER, READER, keepsTheRulesOfMessages } from "../../../support/view/message-rules.ts";

const WRITTEN_AT = Date.UTC(2026, 10, 30);
const OLD = "@a:old.example";

const closed = room("!closed:x", {
  route: "impossible",
  status: "skipped",
  reason: { code: "no_helper", help: "invite", required: 50 },
  helpers: [],
});
const asked = room("!asked:x", {
  reason: { code: "no_invite_power", required: null, source: null, isSourceJoined: false },
});
const gone = room("!gone:x", {
  route: "impossible",
  status: "skipped",
  reason: { code: "unreachable_server", serverText: null },
  helpers: [],
});
const open = room("!open:x", { route: "join", status: "planned", reason: null, helpers: [] });
const tried = room("!tried:x", { route: "join", status: "planned", reason: null, helpers: [] });

const byFiles: PlanByFiles = {
  writtenAt: WRITTEN_AT,
  oldServer: "old.example",
  tried: ["!tried:x"],
  lostPower: 3,
  lostChats: 1,
  hasData: false,
};
const sinceFiles: SinceFiles = { writtenAt: WRITTEN_AT, entered: rooms(7), left: rooms(1) };

const fromFile = { ...reportOf([open, tried, asked, closed, gone]), source: OLD, isFromFile: true } as const;

const plan = (more: Partial<ShownPlan> = {}): ShownPlan => ({
  number: 1,
  report: fromFile,
  moreHelpers: new Map(),
  via: new Map(),
  work: { canBegin: true, categories: [] },
  estimate: {
    expectedMs: 60_000,
    limits: [],
    remedies: [],
    requestCounts: { invitations: 0, joinsNewToServer: 2, otherJoins: 0, sourceWrites: 0, targetWrites: 0 },
    isSameServer: false,
  },
  notMoved: [],
  unseen: [],
  isSpreading: false,
  unknownRooms: [EVIL],
  isInviteBlocked: false,
  bannedRooms: 0,
  byFiles,
  sinceFiles: null,
  before: { ...fromFile, rooms: [room("!before:x"), open] },
  ...more,
});

const VIEW = { prefix: "!", isWatched: false };
const account = {
  owner: READER,
  side: "source",
  userId: EVIL_USER,
  baseUrl: "https://x",
  method: "password",
  deviceId: null,
  signedInAt: 0,
} as const;
const imported = { kind: "imported", userId: EVIL_USER, writtenAt: WRITTEN_AT } as const;
const ofNewAccount: KeyStatus = {
  backups: {
    target: { account: { ...account, side: "target" }, backup: { kind: "none", isSwitchedOff: false } },
  },
  ...{ isVerified: false, copy: null, copied: null, files: imported },
};
const away = { code: "unreachable", reason: "dns", host: EVIL } as const;
const everyReason = {
  ...fromFile,
  rooms: REASON_CODES.map((code) => room("!r:x", { reason: { code, text: EVIL } })),
};

const signedOutTarget = {
  account: {
    ...{
      owner: "@me:new.example",
      side: "target",
      userId: "@me:new.example",
      baseUrl: "https://new.example",
    },
    ...{ method: "password", deviceId: null, signedInAt: 0 },
  },
  ending: "logged_out",
} as const satisfies SignOutResult;

const sourceGone = { side: "source", problem: { code: "session_ended", serverText: null } } as const;

const messages: Record<string, Message[]> = {
  plan: [
    planMessage(plan(), VIEW),
    planMessage(plan({ byFiles: { ...byFiles, oldServer: EVIL, hasData: true, lostPower: 0 } }), VIEW),
    planMessage(plan({ report: { ...fromFile, source: EVIL_USER, rooms: [] } }), VIEW),
    planMessage(plan({ work: { canBegin: false, categories: [] } }), { prefix: "!", isWatched: true }),
    planMessage(plan({ byFiles: null, sinceFiles }), VIEW),
    planMessage(plan({ byFiles: null, otherFiles: EVIL_USER }), VIEW),
    planMessage(plan({ byFiles: null, sinceFiles: { ...sinceFiles, entered: [], left: [] } }), VIEW),
    planFile(plan(), jsonReport(fromFile, "plan.json")),
  ],
  cannotDecide: [
    ...[imported, { kind: "none" } as const].flatMap((files) => [
      cannotDecide({ status: "not_signed_in", missing: ["source"], files }, "!", "The checklist"),
      cannotDecide({ status: "not_signed_in", missing: ["source", "target"], files }, "!"),
      cannotDecide({ status: "not_read", account, refusal: away, files }, "!"),
    ]),
  ],
  keys: [
    waysAnswer({ status: "not_signed_in", missing: ["source"], files: imported }, NOW, "!"),
    keyStatus({ backups: {}, isVerified: false, copy: null, copied: null, files: imported }, NOW, "!"),
    keyStatus(ofNewAccount, NOW, "!"),
  ],
  reading: (["account", "file"] as const)
    .map((of) => readingProgress({ of, serverName: EVIL_USER, read: 1, total: 2 }))
    .concat(readingProgress({ of: "servers", read: 1, total: 2 })),
  oldServerAnswers: [oldServerAnswers({ status: "old_server_answers", userId: EVIL_USER }, "!")],
  start: [
    startAnswer({ status: "old_server_answers", userId: EVIL_USER }, "move", "!"),
    startAnswer(
      {
        status: "started",
        run: evilRun({ isFromFile: true }),
        changes: [{ room: tried, before: null, isTried: true }],
        gone: [asked],
        isOnlyWatch: false,
      },
      "move",
      "!",
    ),
    ...(["move", "invitations", "profile"] as const).map((purpose) =>
      startAnswer({ status: "nothing_to_do", report: fromFile, changes: [], gone: [] }, purpose, "!"),
    ),
  ],
  progress: RUN_STATES.map((state) =>
    progressMessage(
      evilRun({ state, isFromFile: true, isOldServerBack: true, waits: allWaits, endedAt: NOW }),
      NOW,
      "!",
    ),
  ),
  retired: [moveRetired({ signedOut: [signedOutTarget], hadFiles: true, keptDays: 30 }, "!")],
  watchHindered: [
    watchHindered(
      evilRun({
        isFromFile: true,
        problem: { side: "target", problem: { code: "unreachable_server", serverText: null } },
      }),
      "!",
    ),
  ],
  filesGone: (["lost", "switched_off"] as const).flatMap((filesGone) =>
    (["needs_you", "watching"] as const).flatMap((state) => {
      const run = evilRun({ state, isFromFile: true, problem: sourceGone, filesGone });
      const said = state === "needs_you" ? needsYou(run, "!") : watchHindered(run, "!");
      return [said, progressMessage(run, NOW, "!")];
    }),
  ),
  end: [
    runEnded(end({ run: evilRun({ isFromFile: true, isOldServerBack: true }), report: fromFile }), "!"),
    runEnded(end({ run: evilRun({ isFromFile: true }), report: everyReason, summary: noDeeds }), "!"),
  ],
  report: [reportMessage({ report: fromFile, moreHelpers: new Map(), prefix: "!" })],
};

keepsTheRulesOfMessages(
  Object.entries(messages).flatMap(([name, each]) =>
    each.map((message, index) => ({ name: `${name} ${index}`, message })),
  ),
);

const text = (message: Message): string => messageContent(message, [READER]).body;

describe("a plan without the old account", () => {
  const said = text(planMessage(plan(), VIEW));

  it("says at its top where it comes from", () => {
    expect(said).toMatch(
      /^Plan 1 for @a:old\.example → @a:new\.example\. Nothing was changed\.\n\nNobody has signed in your old account, and its server old\.example does not answer\. I am sorry\. This plan comes from your files of 30 November 2026, /u,
    );
  });

  it("counts the rooms that are only tried by themselves", () => {
    expect(said).toContain("5 rooms: 1 I can move, 1 I can try, 0 already done.");
    expect(said).toContain("- 1 open to everyone\n");
    expect(said).toContain("- 1 that I try to join once, because no server told me about them");
    expect(said).toMatch(/!tried:x: new, tried once, because no server told me about it\n/u);
  });

  it("says what is lost, and what may not be", () => {
    expect(said).toContain("What is lost with your old server\n\n- your power in 3 rooms; somebody else");
    expect(said).toContain(
      "- 1 room that nobody can enter without help, and I know of nobody who could help",
    );
    expect(said).toContain("- 1 direct chat with people whose server is gone too");
    expect(said).toContain("!keys import takes that file.");
    expect(said).toContain(
      "by /join ROOM in an app. Then sign it in here, and I can move more: !login old @a:old",
    );
    expect(said).toContain(
      "- settings, notification rules, ignored people and your profile: your files do not",
    );
  });

  it("speaks of the old account as of one that nobody can use", () => {
    expect(said).toContain(
      "Nobody can act for the old account, so somebody in the room must let the new one in",
    );
    expect(said).toContain("Nobody on a living server is known who could invite the new account.");
    expect(said).toContain("Not among the rooms of your files: ");
    expect(said).toContain(": no longer in your files");
  });
});

describe("a plan with the old account and a file", () => {
  it("says what changed since the file, with the first names", () => {
    const said = text(planMessage(plan({ byFiles: null, sinceFiles }), VIEW));
    expect(said).toMatch(
      /Since your files of 30 November 2026\n\n- 7 new rooms: .* and 2 more\n- 1 room that/u,
    );
    expect(said).toContain("!export rooms makes a new one.");
    expect(said).not.toContain("Nobody has signed in");
  });

  it("says that nothing changed", () => {
    const same = { ...sinceFiles, entered: [], left: [] };
    expect(text(planMessage(plan({ byFiles: null, sinceFiles: same }), VIEW))).toContain(
      "Since your files of 30 November 2026: the same rooms.",
    );
  });
});

describe("without the old account", () => {
  it("a command that needs it says that files are not enough", () => {
    expect(
      text(notSignedIn({ missing: ["source"], files: { ...imported, userId: OLD } }, "!", "The checklist")),
    ).toBe(
      "I know your old account @a:old.example only from your files of 30 November 2026. The checklist needs the account itself: !login old @a:old.example.",
    );
  });

  it("a plan names the way by a file, unless that is switched off", () => {
    expect(text(notSignedIn({ missing: ["source"], files: { kind: "none" } }, "!", "A plan"))).toContain(
      "If your old server is gone for good, send me a file or notes about your rooms and reply to it with !import.",
    );
    expect(text(notSignedIn({ missing: ["source"] }, "!", "A plan"))).not.toContain("!import");
    expect(text(notSignedIn({ missing: ["target"] }, "!", "A plan"))).not.toContain("!import");
  });

  it("commands about keys name the way by a key file", () => {
    const [ways, nobody, onlyNew] = (messages["keys"] ?? []).map(text);
    expect(ways).toContain("A copy of your keys needs the account itself: !login old");
    expect(ways).toContain("!keys import takes that file.");
    expect(nobody).toContain("Next: !login new @you:server.");
    expect(onlyNew).toContain("!keys import takes that file.");
  });

  it("a server that does not answer leads to the files", () => {
    const old = { ...account, userId: OLD };
    expect(text(unreadable({ account: old, refusal: away, files: imported }, "!"))).toContain(
      "If your old server is gone for good: !logout old, and then !migrate plan uses your files of 30 November 2026 about @",
    );
    expect(text(unreadable({ account: old, refusal: away, files: { kind: "none" } }, "!"))).toContain(
      "!import",
    );
    for (const without of [
      { account: old, refusal: away },
      { account: old, refusal: { code: "session_ended" }, files: imported },
      { account: { ...old, side: "target" }, refusal: away, files: imported },
    ] as const)
      expect(text(unreadable(without, "!"))).not.toMatch(/!import|your files/u);
  });

  it("a command that is kept for such a server leads to the files too", () => {
    const cause = { side: "source", userId: OLD, code: "unreachable" } as const;
    const kept = { status: "kept", kind: "move", cause, triedAt: NOW } as const;
    const hint = "If your old server is gone for good: !logout old, and then !migrate plan uses your files";
    expect(text(startAnswer({ ...kept, files: imported }, "move", "!"))).toContain(hint);
    expect(text(startAnswer({ status: "given_up", cause, files: imported }, "move", "!"))).toContain(hint);
    expect(text(startAnswer(kept, "move", "!"))).not.toContain("gone for good");
  });

  it("a server that answers leads to a sign-in, and says why", () => {
    const said = text(oldServerAnswers({ status: "old_server_answers", userId: OLD }, "!"));
    expect(said).toContain("Please sign in there first: !login old @a:old.example. Nothing was done yet.");
    expect(said).toContain("It also proves that the account is yours.");
  });

  it("what is done meanwhile names the server that is asked", () => {
    expect(text(askingAboutRooms("new.example"))).toBe("Asking new.example about the rooms of your files …");
  });

  it.each([
    {
      progress: { of: "servers", read: 40, total: 120 },
      said: "Looking which servers still exist: 40 of 120 …",
    },
    {
      progress: { of: "file", serverName: "new.example", read: 40, total: 120 },
      said: "Asking new.example about the rooms of your files … 40 of 120 rooms",
    },
    {
      progress: { of: "account", serverName: "new.example", read: 40, total: 120 },
      said: "Reading new.example … 40 of 120 rooms",
    },
  ] as const)("its progress counts what was asked: $said", ({ progress, said }) => {
    expect(text(readingProgress(progress))).toBe(said);
  });

  it("nothing is invited, and the answer says why", () => {
    const nothing = { status: "nothing_to_do", report: fromFile, changes: [], gone: [] } as const;
    expect(text(startAnswer(nothing, "invitations", "!"))).toBe(
      "Nobody has signed in your old account, so nobody can invite from it. Nothing was changed.",
    );
  });

  it("the end speaks of files, and says that the old server is back", () => {
    const said = text(
      runEnded(
        end({ run: runStatus({ isFromFile: true, isOldServerBack: true }), report: fromFile, unseen: [] }),
        "!",
      ),
    );
    expect(said).toContain("What I did not take from your files");
    expect(said).toContain("I know of nobody who could let you in (1)");
    expect(said).toContain(
      "The server of your old account answers again. !login old @a:old.example and then",
    );
    expect(said).toMatch(
      /compares your new account with your files\. Keep your files until you are satisfied\.$/u,
    );
    expect(said).not.toMatch(/both accounts|Keep your old account/u);
  });

  it("the end says that closed rooms are watched", () => {
    const report = { ...fromFile, rooms: [closed, gone] };
    expect(text(runEnded(end({ run: runStatus({ isFromFile: true }), report }), "!"))).toContain(
      "I keep watching: when somebody invites your new account to one of these rooms, I accept.",
    );
    const nothing = plan({ report, work: { canBegin: false, categories: [] } });
    expect(text(planMessage(nothing, VIEW))).toContain("!migrate start makes me watch the rooms:");
  });

  it("a room that only invited the old account is not one that it was in", () => {
    const reason = { code: "source_not_joined", membership: "invite", inviter: null } as const;
    const said = text(
      reportMessage({
        report: { ...fromFile, rooms: [room("!invited:x", { reason })] },
        moreHelpers: new Map(),
        prefix: "!",
      }),
    );
    expect(said).toContain("Your old account had not joined (1)");
    expect(said).toContain("was invited but had not joined. Somebody in the room must invite the new one.");
  });

  it("the status says it too, and what is compared", () => {
    const ended = runStatus({ state: "over", isFromFile: true, isOldServerBack: true, endedAt: NOW });
    const said = text(progressMessage(ended, NOW, "!"));
    expect(said).toContain("The server of your old account answers again.");
    expect(said).toContain("!migrate verify compares your new account with your files.");
  });

  it("the comparison is one with the files", () => {
    const result = verified(categories);
    if (result.status !== "verified") throw new Error("not compared");
    const said = text(verifyAnswer({ ...result, report: fromFile, unseen: [] }, "!"));
    expect(said).toContain("Compared your files of @a:old.example with @a:new.example. Nothing was changed.");
    expect(said).toContain("What I do not take from your files, and is not counted");
  });

  it("a watch that cannot use the new account says so without the old one", () => {
    const said = text(messages["watchHindered"]?.[0] ?? absent());
    expect(said).toContain("I can join a room only when I can use your new account again.");
    expect(said).not.toContain("old account");
  });

  it("a move without its files speaks of no session, and says what ends it", () => {
    for (const said of (messages["filesGone"] ?? []).map(text)) {
      expect(said).not.toContain("My session");
      expect(said).toContain("!login old");
      expect(said).toContain("!migrate cancel ends this and says what is done.");
      expect(said).not.toContain("keep watching");
    }
  });

  it("a move that is over forgets the files too", () => {
    expect(text(messages["retired"]?.[0] ?? absent())).toContain(
      "so I signed out of your new account, and erased its session and what your files said.",
    );
  });

  it("the last room that lets the account in leads to that comparison", () => {
    const letIn = { room: open, waited: 1, letIn: 1, isLast: true };
    expect(text(roomLetIn(letIn, { purpose: "move", isFromFile: true }, "!"))).toContain(
      "!migrate verify compares your new account with your files.",
    );
  });

  it("the report files have the same sentences", () => {
    const view = { report: fromFile, moreHelpers: new Map<string, number>(), prefix: "!" };
    expect(markdownReport(view, "r.md").bytes.toString()).toContain("Nobody can act for the old account");
    expect(jsonReport(fromFile, "r.json").bytes.toString()).toContain("Nobody can act for the old account");
  });
});

function absent(): never {
  throw new Error("there is no such message");
}

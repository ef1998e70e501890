import { describe, expect, it } from "vitest";
import type { Report, ReportRoom } from "../../../src/model/report.ts";
import { blockedRooms } from "../../../src/model/rooms-left.ts";
import { numberedRooms } from "../../../src/model/rooms-left.ts";
import { estimateTime } from "../../../src/platforms/matrix/planning/time-estimate.ts";
import type { ShownPlan } from "../../../src/service/plan/results.ts";
import { notSignedIn, unreadable } from "../../../src/view/account/reading.ts";
import { renderHtml } from "../../../src/view/document/html.ts";
import type { Message } from "../../../src/view/document/message.ts";
import { renderPlainText } from "../../../src/view/document/plain-text.ts";
import { planFile, planMessage } from "../../../src/view/migrate/plan.ts";
import { exportedReport } from "../../../src/view/rooms/exported-report.ts";
import { csvReport, jsonReport, markdownReport } from "../../../src/view/rooms/report-files.ts";
import { noPlanYet, reportMessage } from "../../../src/view/rooms/report.ts";
import { roomList } from "../../../src/view/rooms/rooms.ts";

const EVIL = `<b>Team</b> \u202Ehttps://evil.example @room`;

function room(roomId: string, more: Partial<ReportRoom> = {}): ReportRoom {
  return {
    roomId,
    name: `Room ${roomId.slice(1)}`,
    alias: null,
    direct: false,
    space: false,
    encrypted: false,
    route: "join",
    through: null,
    successor: null,
    status: "planned",
    until: null,
    waitingFor: null,
    reason: null,
    power: { source: 0, wanted: 0, target: null },
    warnings: [],
    helpers: [],
    asked: [],
    ...more,
  };
}

const stuck = room("!stuck:old.example", {
  name: EVIL,
  route: "ask_moderator",
  status: "needs_moderator",
  reason: { code: "no_invite_power", text: "Inviting needs power 50; the old account has 0." },
  helpers: [{ userId: "@mo:old.example", displayName: "Mo", power: 100 }],
});

function reportOf(rooms: ReportRoom[]): Report {
  return {
    schema: 1,
    source: "@a:old.example",
    target: "@a:new.example",
    generatedAt: "2026-01-31T12:00:00Z",
    rooms,
    categories: [],
    keys: null,
  };
}

function plan(rooms: ReportRoom[], more: Partial<ShownPlan> = {}): ShownPlan {
  return {
    number: 3,
    report: reportOf(rooms),
    moreHelpers: new Map([["!stuck:old.example", 4]]),
    via: new Map(),
    work: { canBegin: true, categories: [] },
    estimate: estimateTime(
      { invitations: 0, joinsNewToServer: 1, otherJoins: 0, sourceWrites: 0, targetWrites: 0 },
      false,
    ),
    notMoved: [],
    unseen: [],
    isSpreading: false,
    unknownRooms: [],
    isInviteBlocked: false,
    byFiles: null,
    sinceFiles: null,
    bannedRooms: 0,
    before: null,
    ...more,
  };
}

const NOT_WATCHED = { prefix: "!", isWatched: false };

const text = (message: Message): string => renderPlainText(message.document);

describe("a plan", () => {
  it("counts the rooms by route, and says that nothing was changed", () => {
    const said = text(planMessage(plan([room("!1"), room("!2"), stuck]), NOT_WATCHED));
    expect(said).toContain("Plan 3 for @a:old.example → @a:new.example. Nothing was changed.");
    expect(said).toContain("3 rooms: 2 I can move, 0 already done.");
    expect(said).toContain("- 2 open to everyone");
    expect(said).toContain("- 1 need somebody's help");
  });

  it("names who can help, and how many more", () => {
    expect(text(planMessage(plan([stuck]), NOT_WATCHED))).toContain(
      "Can help: Mo @mo:old.example (power 100) and 4 more.",
    );
  });

  it("copies keys before the rooms, and does not insist", () => {
    const keys = { kind: "counted", missing: 4_200, unusable: 200, roomsWithoutKeys: null } as const;
    const category = { name: "room_keys", expected: 4_200, present: 0, missing: ["* 4200"] } as const;
    const encrypted = room("!1", { encrypted: true, warnings: [{ code: "encrypted_history" }] });
    const report = { ...reportOf([encrypted]), categories: [{ ...category, missing: ["* 4200"] }], keys };
    const said = text(planMessage(plan([], { report }), NOT_WATCHED));
    expect(said).toContain("Worth knowing\n\n- 1 encrypted room: 1 has no keys in your new account's backup");
    expect(said).toContain("To be copied\n\n- 4,000 of 4,200 keys of encrypted history, by !keys copy");
    expect(said).toMatch(
      /Next: !keys copy copies the keys of encrypted history, and then !migrate start does everything else that needs nobody's help\.$/u,
    );
    const nothing = { canBegin: false, categories: [] };
    const done = { ...report, rooms: [room("!1", { encrypted: true, status: "done" })] };
    expect(text(planMessage(plan([], { report: done, work: nothing }), NOT_WATCHED))).toMatch(
      /4,000 keys of encrypted history are missing: !keys copy copies them\.$/u,
    );
  });

  it("shows the first ten of the rooms that need help, and says that there are more", () => {
    const rooms = Array.from({ length: 12 }, (_, index) =>
      room(`!${index}`, { route: "impossible", status: "skipped" }),
    );
    const said = text(planMessage(plan(rooms), NOT_WATCHED));
    expect(said).toContain("the first 10 of 12; !report has all");
    expect(said).not.toContain("Room 11");
    expect(blockedRooms(reportOf(rooms))).toHaveLength(12);
  });

  it("leaves out a replaced room whose replacement has a row of its own", () => {
    const replaced = room("!old", {
      route: "successor",
      successor: "!stuck:old.example",
      status: "needs_moderator",
    });
    expect(blockedRooms(reportOf([replaced, stuck]))).toEqual([stuck]);
    expect(blockedRooms(reportOf([replaced]))).toEqual([replaced]);
  });

  it("lists the changes since the plan before: other routes, new rooms and rooms that are gone", () => {
    const before = reportOf([room("!1"), room("!2", { route: "invite" }), room("!gone")]);
    const said = text(planMessage(plan([room("!1"), room("!2"), room("!new")], { before }), NOT_WATCHED));
    expect(said).toContain("Room 2 !2: now open to everyone, before by an invitation from your old account");
    expect(said).toContain("Room new !new: new, open to everyone");
    expect(said).toContain("Room gone !gone: your old account is no longer in it");
    expect(said).not.toContain("Room 1 !1:");
  });

  it("ends with how to begin, and with who can help where somebody must", () => {
    const begin = "Next: !migrate start does everything that needs nobody's help.";
    expect(text(planMessage(plan([room("!1")]), NOT_WATCHED))).toMatch(new RegExp(`${begin}$`, "u"));
    expect(text(planMessage(plan([room("!1"), stuck]), NOT_WATCHED))).toContain(
      `${begin} !report shows the rooms that need help`,
    );
  });

  it("parts what it can copy from what waits for somebody, and counts neither twice", () => {
    const tags = {
      name: "tags",
      expected: 27,
      present: 10,
      missing: Array.from({ length: 17 }, (_, index) => `!${index} u.a`),
    } as const;
    const report = {
      ...reportOf([room("!1"), stuck]),
      categories: [{ ...tags, missing: [...tags.missing] }],
    };
    const work = { canBegin: true, categories: [{ name: "tags", now: 9, waiting: 8 }] } as const;
    const said = text(planMessage(plan([], { report, work }), NOT_WATCHED));
    expect(said).toContain("To be copied\n\n- 9 of 27 room tags");
    expect(said).toContain("Waiting until somebody lets your new account in\n\n- 8 of 27 room tags");
  });

  it("after a finished run says that nothing is left to do alone: nothing to be copied, no time, no start, but who can help", () => {
    const categories = [
      {
        name: "power_levels" as const,
        expected: 17,
        present: 11,
        missing: ["!stuck:old.example 100", "!done 50"],
      },
      { name: "tags" as const, expected: 1, present: 0, missing: ["!stuck:old.example u.a"] },
    ];
    const report = { ...reportOf([room("!done", { route: "joined", status: "done" }), stuck]), categories };
    const work = { canBegin: false, categories: [{ name: "tags", now: 0, waiting: 1 }] } as const;
    const said = text(planMessage(plan([], { report, work }), { prefix: "!", isWatched: true }));
    expect(said).toContain("Waiting until somebody lets your new account in\n\n- 1 of 1 room tags");
    expect(said).not.toMatch(/To be copied|Time:|migrate start|power levels/u);
    const left =
      "There is nothing left that I can do alone. 1 room waits for somebody or can't be moved: !report says why, and who can help.";
    const rest = "when somebody lets your new account in, I do the rest by myself.";
    expect(said.endsWith(`${left} I keep watching: ${rest}`)).toBe(true);
    expect(
      text(planMessage(plan([], { report, work }), NOT_WATCHED)).endsWith(
        `${left} !migrate start makes me watch the rooms: ${rest}`,
      ),
    ).toBe(true);
    const impossible = { ...report, rooms: [room("!2", { route: "impossible", status: "skipped" })] };
    expect(text(planMessage(plan([], { report: impossible, work }), NOT_WATCHED)).endsWith(left)).toBe(true);
  });

  it("when everything is moved says so, and how to compare", () => {
    const nothing = { canBegin: false, categories: [] };
    const done = room("!1", { route: "joined", status: "done" });
    expect(text(planMessage(plan([done], { work: nothing }), { prefix: "!", isWatched: true }))).toMatch(
      /There is nothing left to do: everything is moved\. !migrate verify compares both accounts\.$/u,
    );
  });

  it("names of the limited kinds only what it spends", () => {
    const nothing = { invitations: 0, joinsNewToServer: 0, otherJoins: 0, sourceWrites: 0, targetWrites: 0 };
    const timeOf = (requestCounts: Partial<typeof nothing>): string =>
      text(
        planMessage(
          plan([room("!1")], { estimate: estimateTime({ ...nothing, ...requestCounts }, false) }),
          NOT_WATCHED,
        ),
      );
    expect(timeOf({})).toContain("Time: about a minute; no server limit applies.");
    expect(timeOf({ sourceWrites: 1 })).toContain(
      "Time: about a minute under a server's usual limits, for 1 change in rooms.",
    );
  });

  it("says so when a filter matches nothing or names an unknown room", () => {
    const excluded = room("!1", { route: "excluded", status: "skipped" });
    const said = text(
      planMessage(plan([excluded, excluded], { unknownRooms: ["#nope:old.example"] }), NOT_WATCHED),
    );
    expect(said).toContain("None of your 2 rooms fits these filters.");
    expect(said).toContain("Not among your old account's rooms: #nope:old.example.");
  });

  it("says the same beside the file", () => {
    const excluded = room("!1", { route: "excluded", status: "skipped" });
    const file = { fileName: "plan-3.json", mimeType: "application/json", bytes: Buffer.from("{}") };
    const said = planFile(plan([excluded], { unknownRooms: ["#nope:old.example"] }), file);
    expect(text(said)).toContain("Your one room does not fit these filters.");
    expect(text(said)).toContain("Not among your old account's rooms: #nope:old.example.");
    expect(said.attachments).toEqual([file]);
    expect(text(planFile(plan([room("!1")]), file))).toBe("Plan 3 as a file. Nothing was changed.");
  });

  it("makes neither HTML, link nor mention of a room's name", () => {
    const html = renderHtml(planMessage(plan([stuck]), NOT_WATCHED).document);
    expect(html).toContain("&lt;b&gt;Team&lt;/");
    expect(html).not.toMatch(/<b>|https?:\/\/evil|@room|\u202E/u);
  });

  it("gives administrators settings that are valid YAML, one key for each limiter, and says what they save", () => {
    const estimate = estimateTime(
      { invitations: 60, joinsNewToServer: 100, otherJoins: 0, sourceWrites: 20, targetWrites: 0 },
      false,
    );
    const said = text(planMessage(plan([room("!1")], { estimate }), NOT_WATCHED));
    expect(said.match(/^ {4}rc_invites:$/gmu)).toHaveLength(2);
    expect(said).toContain("        burst_count: 60");
    expect(said).toMatch(
      /Time: about \d+ hours under a server's usual limits, for 60 invitations, 100 joins/u,
    );
    expect(said).toContain("With all these settings it takes about a minute.");
  });

  it("gives the one administrator of both accounts one text, with each setting once and high enough for both", () => {
    const estimate = estimateTime(
      { invitations: 20, joinsNewToServer: 0, otherJoins: 30, sourceWrites: 20, targetWrites: 0 },
      true,
    );
    const said = text(planMessage(plan([room("!1")], { estimate }), NOT_WATCHED));
    expect(said.match(/For the administrator of your/gu)).toHaveLength(1);
    expect(said).toContain("For the administrator of your server, if it is a Synapse: with these settings");
    expect(said).toContain("they save about 84 minutes");
    expect(said).toMatch(/^ {4}rc_message:\n {6}per_second: 0\.2\n {6}burst_count: 40$/mu);
    expect(said).toContain(
      "All these limits can also be lifted for each of the two accounts, without a restart",
    );
  });
});

describe("a report", () => {
  const view = {
    report: reportOf([room("!done", { status: "done", route: "joined" }), room("!1"), stuck]),
    moreHelpers: new Map(),
    prefix: "!",
  };

  it("has every room that is not moved, grouped by why, numbered through", () => {
    const said = text(reportMessage(view));
    expect(said).toContain("Report of 3 rooms: 1 done.");
    expect(said.indexOf("Somebody in the room must invite your new account (1)")).toBeLessThan(
      said.indexOf("I can move these (1)"),
    );
    expect(said).toMatch(/^1\. .*Can help: Mo @mo:old\.example \(power 100\)\.$/mu);
    expect(said).toMatch(/^2\. Room 1 !1$/mu);
    expect(numberedRooms(view.report).map(({ roomId }) => roomId)).toEqual(["!stuck:old.example", "!1"]);
  });

  it("as CSV has a header, a line a room, and no cell that a spreadsheet would run", () => {
    const evil = room("!f", { name: "=HYPERLINK(1)", alias: "#a:old.example" });
    const lines = csvReport(
      reportOf([evil, stuck]),
      new Map([["!stuck:old.example", ["old.example"]]]),
      "r.csv",
    )
      .bytes.toString()
      .split("\r\n");
    expect(lines[0]).toBe("roomId,name,alias,route,status,reason,helpers,link,asked");
    expect(lines[1]).toContain(",'=HYPERLINK(1),#a:old.example,join,planned,");
    expect(lines[2]).toContain("https://matrix.to/#/!stuck%3Aold.example?via=old.example");
    expect(lines).toHaveLength(4);
  });

  it("as Markdown escapes names, and as JSON is the report itself", () => {
    expect(markdownReport(view, "r.md").bytes.toString()).toContain("\\<b\\>Team\\</");
    expect(JSON.parse(jsonReport(view.report, "r.json").bytes.toString())).toEqual(
      exportedReport(view.report),
    );
  });

  it("without a plan says how to make one", () => {
    expect(text(noPlanYet("!"))).toContain("!migrate plan makes one");
  });
});

describe("reading", () => {
  it("asks for the account that is missing", () => {
    expect(text(notSignedIn({ missing: ["target"] }, "!", "A plan"))).toBe(
      "A plan needs your new account first: !login new @you:server.",
    );
    expect(text(notSignedIn({ missing: ["source", "target"] }, "!", "A plan"))).toContain(
      "your two accounts first: !login old",
    );
  });

  it("names a session that has ended and how to continue, and mentions the person", () => {
    const account = {
      owner: "@a:x",
      side: "source",
      userId: "@a:old.example",
      baseUrl: "",
      method: "password",
      deviceId: null,
      signedInAt: 0,
    } as const;
    const message = unreadable({ account, refusal: { code: "session_ended" } }, "!");
    expect(message.tone).toBe("alert");
    expect(text(message)).toContain(
      "Its session has ended. Please sign in again: !login old @a:old.example.",
    );
  });

  it("lists rooms with what is known of them", () => {
    const listed = {
      roomId: "!1",
      name: EVIL,
      alias: null,
      isDirect: true,
      isSpace: false,
      joinedCount: 1,
      lastActivityAt: 0,
    };
    const list = { rooms: [listed], total: 7, unknownRooms: [] };
    expect(text(roomList(list, 400 * 24 * 3_600_000, "!"))).toMatch(
      /^1 of 7 rooms, .*\n\n1\. .*: direct chat, only you, silent for 13 months/su,
    );
    expect(text(roomList({ rooms: [], total: 7, unknownRooms: ["#x:y"] }, 0, "!"))).toContain(
      "None of the 7 rooms of your old account matches.",
    );
  });
});

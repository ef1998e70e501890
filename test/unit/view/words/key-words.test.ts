import { describe, expect, it } from "vitest";
import type { Report, ReportKeys } from "../../../../src/model/report.ts";
import type { Inline } from "../../../../src/view/document/document.ts";
import { paragraph } from "../../../../src/view/document/document.ts";
import type { Message } from "../../../../src/view/document/message.ts";
import { renderPlainText } from "../../../../src/view/document/plain-text.ts";
import { runEnded } from "../../../../src/view/migrate/end.ts";
import { nothingLeft } from "../../../../src/view/migrate/nothing-left.ts";
import { verifyAnswer } from "../../../../src/view/migrate/verify.ts";
import { reportMessage } from "../../../../src/view/rooms/report.ts";
import { encryptedRooms, missingKeys } from "../../../../src/view/words/key-words.ts";
import { end, reportOf, room } from "../../../support/fakes/move-samples.ts";

const text = (inlines: Inline[]): string => renderPlainText([paragraph(...inlines)]);
const textOf = (message: Message): string => renderPlainText(message.document);

const encrypted = ["!a:x", "!b:x"].map((roomId) => room(roomId, { encrypted: true, status: "done" }));

/** A report of two encrypted rooms. */
function report({
  keys,
  counts: [present, expected] = [0, 0],
  missing = [],
  rooms = encrypted,
}: {
  keys: ReportKeys | null;
  counts?: [present: number, expected: number];
  missing?: string[];
  rooms?: typeof encrypted;
}): Report {
  return { ...reportOf(rooms, [{ name: "room_keys", expected, present, missing }]), keys };
}

const none: ReportKeys = { kind: "none", missing: 0, unusable: 0, roomsWithoutKeys: 2 };
const counted: ReportKeys = { kind: "counted", missing: 4_200, unusable: 0, roomsWithoutKeys: null };
const compared: ReportKeys = { kind: "compared", missing: 0, unusable: 0, roomsWithoutKeys: 0 };
const unreadable: ReportKeys = { kind: "unreadable", missing: 0, unusable: 0, roomsWithoutKeys: null };

const cases: readonly {
  name: string;
  report: Report;
  plan: string;
  missing: string;
  verify: string | null;
}[] = [
  {
    name: "no old backup",
    report: report({ keys: none }),
    plan: "2 encrypted rooms: your old account has no keys in a backup, so there is nothing to copy. Where Element Web or Desktop still shows old messages, it can export its keys to a file: !keys import takes that file.",
    missing: "",
    verify: null,
  },
  {
    name: "an old backup of an unknown kind",
    report: report({ keys: { ...none, kind: "unknown_algorithm" } }),
    plan: "2 encrypted rooms: your old account has a kind of key backup that I don't know, so I can't copy its keys. Where Element Web or Desktop still shows old messages, it can export its keys to a file: !keys import takes that file.",
    missing: "",
    verify: null,
  },
  {
    name: "an empty new backup",
    report: report({ keys: counted, counts: [0, 4_200], missing: ["* 4200"] }),
    plan: "2 encrypted rooms: 2 have no keys in your new account's backup, and your old one's has 4,200. Old messages stay unreadable until their keys are copied, and keys are best copied before the rooms are joined.",
    missing: "4,200 keys of encrypted history are missing: !keys copy copies them.",
    verify: "▫️ keys of encrypted history: 0 of 4,200",
  },
  {
    name: "some keys missing",
    report: report({
      keys: { ...compared, missing: 1, roomsWithoutKeys: 1 },
      counts: [9, 10],
      missing: ["!a:x 1"],
    }),
    plan: "2 encrypted rooms: 1 has no keys in your old account's backup, so nothing can be copied for it. Old messages stay unreadable until their keys are copied, and keys are best copied before the rooms are joined.",
    missing: "1 key of encrypted history is missing: !keys copy copies it.",
    verify: "▫️ keys of encrypted history: 9 of 10, missing !a:x 1",
  },
  {
    name: "every key copied",
    report: report({ keys: compared, counts: [10, 10] }),
    plan: "2 encrypted rooms: their keys are in your new account's backup.",
    missing: "",
    verify: "✅ keys of encrypted history: 10 of 10",
  },
  {
    name: "every key copied, and rooms without any",
    report: report({ keys: { ...compared, roomsWithoutKeys: 2 }, counts: [10, 10] }),
    plan: "2 encrypted rooms: 2 have no keys in your old account's backup, so nothing can be copied for them. All other keys are in your new account's backup.",
    missing: "",
    verify: "✅ keys of encrypted history: 10 of 10",
  },
  {
    name: "only unusable keys missing",
    report: report({ keys: { ...compared, missing: 2, unusable: 2 }, counts: [8, 10], missing: ["!a:x 2"] }),
    plan: "2 encrypted rooms: their keys are in your new account's backup.",
    missing: "",
    verify: "✅ keys of encrypted history: 8 of 10, and 2 that no app can use",
  },
  {
    name: "a hidden backup",
    report: report({ keys: unreadable, missing: ["* ?"] }),
    plan: "2 encrypted rooms: a server did not show its key backup, so I can't say which old messages stay unreadable. !keys status asks again.",
    missing:
      "A server did not show its key backup, so keys of encrypted history may be missing: !keys status asks again.",
    verify: "▫️ keys of encrypted history: a server did not show its key backup",
  },
  {
    name: "keys that a filter leaves out",
    report: report({ keys: { ...compared, missing: 5, unusable: 2 } }),
    plan: "2 encrypted rooms: your old account's backup has keys of every one. Old messages stay unreadable until their keys are copied, and keys are best copied before the rooms are joined.",
    missing: "",
    verify: null,
  },
  {
    name: "a report of an older version",
    report: report({ keys: null }),
    plan: "",
    missing: "",
    verify: null,
  },
];

describe("keys in messages", () => {
  it.each(cases)("a plan describes its encrypted rooms: $name", ({ report: made, plan }) => {
    expect(text(encryptedRooms(made, "!"))).toBe(plan);
  });

  it("a plan without encrypted rooms says nothing of them", () => {
    expect(encryptedRooms(report({ keys: counted, counts: [0, 3], rooms: [room("!p:x")] }), "!")).toEqual([]);
  });

  it.each(cases)("verify, the end and the answers to start name what is missing: $name", (each) => {
    const { report: made, missing, verify } = each;
    expect(text(missingKeys(made, "!"))).toBe(missing);
    const verified = textOf(
      verifyAnswer(
        {
          status: "verified",
          report: made,
          categories: made.categories,
          moreHelpers: new Map(),
          notMoved: [],
          unseen: [],
        },
        "!",
      ),
    );
    if (verify === null) expect(verified).not.toContain("keys of encrypted history");
    else expect(verified).toContain(`- ${verify}`);
    expect(verified.includes("Nothing is missing")).toBe(missing === "");
    for (const said of [verified, textOf(runEnded(end({ report: made }), "!")), text(nothingLeft(made, "!"))])
      expect(said.includes("!keys")).toBe(missing !== "");
  });

  it.each(cases)("a report says what was missing, and where to look now: $name", (each) => {
    const said = textOf(reportMessage({ report: each.report, moreHelpers: new Map(), prefix: "!" }));
    expect(said.includes("!keys status")).toBe(each.missing !== "");
  });
});

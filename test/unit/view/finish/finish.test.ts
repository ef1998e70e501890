import { describe, expect, it } from "vitest";
import type { Account } from "../../../../src/model/account.ts";
import { shortQuestion, wholeQuestion } from "../../../../src/view/contact/question.ts";
import type { Message } from "../../../../src/view/document/message.ts";
import { renderPlainText } from "../../../../src/view/document/plain-text.ts";
import { finishAnswer } from "../../../../src/view/finish/checklist.ts";
import { closeAnswer } from "../../../../src/view/finish/close.ts";
import { endAnswer, endNotAsked, endPreview, otherAccounts } from "../../../../src/view/finish/end.ts";
import { mentionsChanged, mentionsRefused } from "../../../../src/view/finish/mentions.ts";
import { sessionsAnswer, sessionsNotAsked, sessionsPreview } from "../../../../src/view/finish/sessions.ts";
import { finishState } from "../../../support/fakes/finish-samples.ts";
import { runStatus } from "../../../support/fakes/scripted-moves.ts";
import { EVIL, EVIL_USER, READER, keepsTheRulesOfMessages } from "../../../support/view/message-rules.ts";

const PAGE = "https://auth.example/account?action=a&device_id=b";
const account: Account = {
  owner: READER,
  side: "source",
  userId: EVIL_USER,
  baseUrl: "https://x",
  method: "token",
  deviceId: EVIL,
  signedInAt: 0,
};
const evil = finishState({
  source: EVIL_USER,
  target: EVIL_USER,
  name: { name: EVIL, isRenamed: false, announced: 1 },
});
const done = finishState({
  comparison: { rooms: 1, moved: 1, missing: 0, canBegin: false },
  keys: { expected: 0, toCopy: 0, isUnreadable: false },
  name: { name: "Ann (now @ann:new.example)", isRenamed: true, announced: 14 },
  leaving: { left: 12, open: 0, kept: 3, hasBegun: true, notMoved: 0 },
  hasMentionRule: true,
  otherSessions: 0,
});
const active = { status: "already", run: runStatus() } as const;
const notSignedIn = { status: "not_signed_in", missing: ["source"] } as const;
const notRead = { status: "not_read", account, refusal: { code: "session_ended" } } as const;
const typed = { word: null, typed: [{ word: "sign out", does: "To sign your old account out everywhere" }] };
const possible = { status: "possible", account, state: evil, waiting: [runStatus()], shown: "" } as const;
const ending = {
  status: "possible",
  accounts: [account],
  hasFiles: true,
  waiting: [runStatus()],
  shown: "",
} as const;
const signedOut = finishState({ signedOut: { at: 1, state: "done" } });

const messages: Record<string, readonly Message[]> = {
  finishAnswer: [
    finishAnswer({ status: "checked", state: evil }, "!"),
    finishAnswer({ status: "checked", state: done }, "!"),
    finishAnswer({ status: "checked", state: { ...evil, isFromFile: true } }, "!"),
    finishAnswer({ status: "remembered", state: { ...signedOut, endedAt: 2 } }, "!"),
    finishAnswer(notSignedIn, "!"),
    finishAnswer(notRead, "!"),
  ],
  sessions: [
    wholeQuestion(sessionsPreview(possible, "!"), typed),
    wholeQuestion(sessionsPreview({ ...possible, state: done, waiting: [] }, "!"), typed, true),
    shortQuestion(sessionsPreview(possible, "!"), typed),
    ...(
      [
        active,
        { status: "other_accounts" },
        { status: "on_page", page: PAGE },
        { status: "on_page", page: null },
        { status: "signed_out", state: signedOut },
        notSignedIn,
        notRead,
      ] as const
    ).map((result) => sessionsNotAsked(result, "!")),
    ...(
      [
        { status: "signed_out", state: null },
        { status: "on_page", page: PAGE },
        { status: "session_ended" },
        { status: "not_done", problem: { code: "unreachable", reason: "timeout", host: EVIL } },
        active,
      ] as const
    ).map((result) => sessionsAnswer(result, "!")),
  ],
  end: [
    wholeQuestion(endPreview(ending, "!"), typed),
    shortQuestion(endPreview(ending, "!"), typed),
    ...(
      [
        active,
        { status: "other_accounts" },
        { status: "nothing_to_end", state: null },
        { status: "nothing_to_end", state: { ...signedOut, endedAt: 3 } },
      ] as const
    ).map((result) => endNotAsked(result, "!")),
    endAnswer({ status: "ended", signedOut: [{ account, ending: "left_alone" }] }, "!"),
    otherAccounts("!", "finish end"),
  ],
  close: [
    closeAnswer({ closing: { kind: "page", page: PAGE } }, "!"),
    closeAnswer({ closing: { kind: "app" } }, "!"),
    closeAnswer({ closing: { kind: "unknown" } }, "!"),
    closeAnswer({ closing: null }, "!"),
    closeAnswer({ closing: null, fromFile: EVIL_USER }, "!"),
  ],
  mentions: [
    mentionsChanged(EVIL_USER, "on", "!"),
    mentionsChanged(EVIL_USER, "off", "!"),
    mentionsRefused(active, "!"),
    mentionsRefused(notSignedIn, "!"),
  ],
};

keepsTheRulesOfMessages(
  Object.entries(messages).flatMap(([name, all]) =>
    all.map((message, index) => ({ name: `${name} ${index}`, message })),
  ),
  [PAGE],
);

function textOf(message: Message): string {
  return renderPlainText(message.document);
}

describe("the checklist", () => {
  it("has a line for each thing, with its state in numbers and its command", () => {
    expect(textOf(finishAnswer({ status: "checked", state: finishState() }, "!"))).toBe(
      [
        "The end of your move @ann:old.example → @ann:new.example. Nothing was changed.",
        "",
        "- ▫️ Moved: your new account is in 187 of 200 rooms of your old one, and 4 other things are missing. !migrate verify",
        "- ▫️ Keys of encrypted history: 120 of 5000 keys can be copied. !keys copy",
        "- ▫️ Name: your old account is called Ann, which does not say where you are. 0 rooms were told (!announce). !rename-old",
        "- ▫️ Rooms of your old account: 0 left, 180 can be left, 7 kept, 13 not moved. !leave-old moved",
        "- ▫️ Mentions: whoever mentions your old account does not reach the new one. !finish mentions",
        "- ▫️ Sessions of your old account: 3 besides mine. !finish sessions",
        "- ▫️ The bot: I am still signed in to both accounts. !finish end",
        "- ▫️ Closing your old account: I never do it. How and when to do it yourself: !finish close",
        "",
        "Next: !migrate verify.",
      ].join("\n"),
    );
  });

  it("does not send a person to what waits for others, and says so", () => {
    const comparison = { rooms: 9, moved: 7, missing: 0, canBegin: false };
    const text = textOf(finishAnswer({ status: "checked", state: finishState({ comparison }) }, "!"));
    expect(text).toContain(
      "▫️ Moved: your new account is in 7 of 9 rooms of your old one, and everything else is there. The rest waits for other people or can't be moved. !migrate verify",
    );
    expect(text).toContain("Next: !keys copy.");
  });

  it("says what is kept on purpose, and never that the account is closed", () => {
    const text = textOf(finishAnswer({ status: "checked", state: { ...done, endedAt: 1 } }, "!"));
    expect(text).toContain("✅ Rooms of your old account: 12 left, 3 kept on purpose. !leave-old moved");
    expect(text.match(/▫️ .*/gu)).toEqual([
      "▫️ Closing your old account: I never do it. How and when to do it yourself: !finish close",
    ]);
    expect(text).toContain("Next: !finish close.");
  });

  it("does not say that a room is kept on purpose before the person has let the account leave rooms", () => {
    const leaving = { left: 0, open: 0, kept: 1, hasBegun: false, notMoved: 0 };
    const text = textOf(finishAnswer({ status: "checked", state: { ...done, leaving } }, "!"));
    expect(text).toContain("▫️ Rooms of your old account: 0 left, 1 kept. !leave-old moved");
  });

  it("says which lines nobody can do without the old account, and never stops at them", () => {
    const state = finishState({ isFromFile: true });
    expect(textOf(finishAnswer({ status: "checked", state }, "!"))).toBe(
      [
        "The end of your move @ann:old.example → @ann:new.example. Nothing was changed.",
        "",
        "I know your old account only from your files, so some of this can't be done. If its server comes back: !login old @ann:old.example.",
        "",
        "- ▫️ Moved: your new account is in 187 of 200 rooms of your old one, and 4 other things are missing. !migrate verify",
        "- ▫️ Keys of encrypted history: I can't see those of your old account. If an app of yours still has them, export them there to a file: !keys import",
        "- ▫️ Name: only your old account itself can change it.",
        "- ▫️ Rooms of your old account: it stays in them, because only the account itself can leave.",
        "- ▫️ Mentions: whoever mentions your old account does not reach the new one. !finish mentions",
        "- ▫️ Sessions of your old account: only its own server can end them.",
        "- ▫️ The bot: I am still signed in to your new account, and keep your files. !finish end",
        "- ▫️ Closing your old account: I never do it. How and when to do it yourself: !finish close",
        "",
        "Next: !migrate verify.",
      ].join("\n"),
    );
    const comparison = { rooms: 9, moved: 7, missing: 0, canBegin: false };
    const next = (more: Partial<typeof state>): string | undefined =>
      /Next: .*/u.exec(
        textOf(finishAnswer({ status: "checked", state: { ...state, comparison, ...more } }, "!")),
      )?.[0];
    expect(next({})).toBe("Next: !finish mentions.");
    expect(next({ hasMentionRule: true })).toBe("Next: !finish end.");
    expect(next({ hasMentionRule: true, endedAt: 1 })).toBe("Next: !finish close.");
  });

  it("says when the servers were asked, once the bot is signed out", () => {
    const text = textOf(finishAnswer({ status: "remembered", state: signedOut }, "!"));
    expect(text).toContain("I am signed out of your old account, so this is what your servers said");
    const ended = textOf(finishAnswer({ status: "remembered", state: { ...signedOut, endedAt: 2 } }, "!"));
    expect(ended).toContain("I am signed out, so");
    expect(text).toContain("this is what your servers said on 30 November 2026 at 17:00 UTC.");
    expect(text).toContain("✅ Sessions of your old account: all were ended on 1 January 1970 at 00:00 UTC.");
    expect(text).toContain("I am still signed in to your new account.");
  });
});

describe("the question about all sessions", () => {
  it("lists what is still open, and warns about keys", () => {
    const text = textOf(wholeQuestion(sessionsPreview({ ...possible, state: finishState() }, "!"), typed));
    expect(text).toContain("Keys that only those devices have are lost.");
    expect(text).toContain("The app whose token you gave me is signed out as well.");
    expect(text.match(/^- .*/gmu)).toHaveLength(5);
    expect(text).toContain("- Keys of encrypted history: 120 of 5000 keys can be copied. !keys copy");
    expect(text).toContain("Messages that wait for the daily limit on new chats are not sent any more.");
    expect(text).toMatch(
      /To sign your old account out everywhere, write sign out\. Otherwise do nothing\.$/u,
    );
    expect(text).not.toContain("✅");
  });
});

describe("the question about the end", () => {
  it("says that late invitations are no longer taken up", () => {
    const text = textOf(wholeQuestion(endPreview(ending, "!"), typed));
    expect(text).toContain("Late invitations are no longer taken up.");
    expect(text).toContain("Your report stays until !forget.");
    expect(text).toContain("I also erase what your files said about your old account.");
    const without = textOf(wholeQuestion(endPreview({ ...ending, hasFiles: false }, "!"), typed));
    expect(without).not.toContain("files");
  });
});

describe("closing", () => {
  it("is explained and never done", () => {
    const text = textOf(closeAnswer({ closing: { kind: "page", page: PAGE } }, "!"));
    expect(text).toContain("I never do it, because nobody can take it back.");
    expect(text).toContain("Better wait some weeks.");
    expect(text).toContain(PAGE);
  });

  it("is nothing that can be done where the server is gone", () => {
    const text = textOf(closeAnswer({ closing: null, fromFile: "@ann:old.example" }, "!"));
    expect(text).toContain("There is nothing to close now. I know your old account @ann:old.example only");
    expect(text).toContain("If its server comes back: !login old @ann:old.example.");
    expect(text).not.toContain("Deactivate");
  });
});

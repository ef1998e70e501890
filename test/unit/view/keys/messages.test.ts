import { describe, expect, it } from "vitest";
import { ACCOUNT_PROBLEM_CODES } from "../../../../src/model/account-problem.ts";
import type { Account, Side } from "../../../../src/model/account.ts";
import { sides } from "../../../../src/model/account.ts";
import type { KeyBackup } from "../../../../src/model/key-backup.ts";
import type { KeyCopy, KeyCopyReason, KeyCopyState } from "../../../../src/model/key-copy.ts";
import { KEY_COPY_STATES, KEY_PURPOSES } from "../../../../src/model/key-copy.ts";
import type {
  EmojiFailure,
  NoEmojiReason,
  OpenRefusal,
  OpeningWays,
} from "../../../../src/platforms/keys.ts";
import type { KeyCopyEnd, KeyStatus, OpeningResult } from "../../../../src/service/keys/results.ts";
import type { Message } from "../../../../src/view/document/message.ts";
import { renderPlainText } from "../../../../src/view/document/plain-text.ts";
import { onlyWorkRuns, whichToCancel, workCancelled } from "../../../../src/view/keys/cancel.ts";
import { emojiAnswered, emojiQuestion, emojiTooLate } from "../../../../src/view/keys/emoji.ts";
import { copyEnded } from "../../../../src/view/keys/end.ts";
import { emojiNotHere, openingAnswer, openingBackup } from "../../../../src/view/keys/opening.ts";
import { keyStatus } from "../../../../src/view/keys/status.ts";
import { waysAnswer } from "../../../../src/view/keys/ways.ts";
import { workNews, workProgress } from "../../../../src/view/keys/work.ts";
import { copiedKeys, storedKeyCopy } from "../../../support/fakes/key-copies.ts";
import { EVIL, EVIL_USER, READER, keepsTheRulesOfMessages } from "../../../support/view/message-rules.ts";

const IN_ENCRYPTED_CHAT = { isEncrypted: true, prefix: "!" } as const;
const NOW = Date.UTC(2026, 2, 1, 12);
const PAGE = "https://terms.example/page";

const account = (side: Side): Account => ({
  ...{ owner: READER, side, userId: EVIL_USER, baseUrl: "https://x", method: "link" },
  ...{ deviceId: EVIL, signedInAt: 0 },
});
const evilCopy = (changes: Partial<KeyCopy> = {}): KeyCopy =>
  storedKeyCopy({ source: EVIL_USER, target: EVIL_USER, ...changes });
const known = { kind: "known", version: EVIL, publicKey: EVIL, count: 12_345, isSigned: null } as const;
const noBackups: Exclude<KeyBackup, { kind: "known" }>[] = [
  { kind: "none", isSwitchedOff: false },
  { kind: "none", isSwitchedOff: true },
  { kind: "unknown_algorithm", algorithm: EVIL },
];
const ways: OpeningWays = { backup: known, noEmoji: null, hasSecretStorage: true, hasPhrase: true };
const noEmojiReasons: Record<NoEmojiReason, true> = {
  ...{ pasted_token: true, no_cross_signing: true, no_other_device: true },
};

const refusals: readonly OpenRefusal[] = [
  { code: "not_a_recovery_key", mistake: { code: "character", character: "\u202E" } },
  { code: "not_a_recovery_key", mistake: { code: "character", character: "0" } },
  { code: "not_a_recovery_key", mistake: { code: "length", length: 47, expected: 48 } },
  { code: "not_a_recovery_key", mistake: { code: "checksum" } },
  { code: "other_recovery_key" },
  { code: "stale_backup_key" },
  { code: "no_backup_key" },
  { code: "wrong_phrase" },
  { code: "no_phrase" },
  { code: "no_secret_storage" },
  { code: "too_many_rounds", rounds: 20_000_000 },
  { code: "no_backup", isSwitchedOff: true },
  { code: "unknown_algorithm", algorithm: EVIL },
];
const emojiFailures: Record<EmojiFailure, true> = {
  ...{ pasted_token: true, no_cross_signing: true, no_other_device: true, refused: true, mismatch: true },
  ...{ timed_out: true, no_key_received: true, stale_backup_key: true, session_keys_lost: true },
  ...{ bot_failed: true, too_many_at_once: true, no_backup: true, unknown_algorithm: true },
};
const reasons: readonly (KeyCopyReason | null)[] = [
  null,
  ...(["none", "switched_off", "unsigned", "unknown_algorithm"] as const).map((code) => ({ code })),
  ...sides.flatMap((side) => [
    { code: "limit", side } as const,
    { code: "server", side } as const,
    { code: "refused", side, text: EVIL } as const,
    ...ACCOUNT_PROBLEM_CODES.map((problem) => {
      const page = problem === "consent_needed" ? PAGE : null;
      return { code: "account", side, problem, page } as const;
    }),
  ]),
  { code: "expired" },
  { code: "signed_in_again" },
  { code: "changed_again", text: "" },
  { code: "batch_refused", text: EVIL },
  { code: "source_changed" },
  { code: "file_gone" },
  { code: "file_not_sent" },
  { code: "waited_enough" },
  { code: "bot_failed" },
  { code: "interrupted" },
  { code: "cancelled" },
  { code: "abandoned" },
  { code: "no_longer_permitted" },
  ...[...Object.keys(emojiFailures), "unreachable", "constructor"].map((failure) => ({
    code: "not_opened" as const,
    failure,
  })),
];
const openings: readonly OpeningResult[] = [
  { status: "not_signed_in", missing: ["source", "target"] },
  { status: "not_read", account: account("source"), refusal: { code: "session_ended" } },
  { status: "busy", copy: evilCopy({ done: 4_200, total: 12_345 }) },
  ...noBackups.map((backup) => ({ status: "no_backup" as const, backup })),
  ...refusals.flatMap((refusal) =>
    (["recovery_key", "phrase"] as const).map((by) => ({ status: "refused" as const, by, refusal })),
  ),
  ...(Object.keys(noEmojiReasons) as NoEmojiReason[]).map((reason) => {
    const found = { ...ways, noEmoji: reason };
    return { status: "no_emoji" as const, reason, ways: found };
  }),
  ...(["recovery_key", "phrase", "emoji"] as const).flatMap((by) =>
    [null, evilCopy({ state: "waiting_for_backup" }), evilCopy({ state: "needs_key" })].map((replaced) => ({
      ...{ status: "started" as const, by, copy: evilCopy(), replaced },
    })),
  ),
];
const rooms = (count: number) =>
  new Map(Array.from({ length: count }, (_, at) => [at === 0 ? EVIL : `!room${at}:old.example`, at + 1]));
const none = new Map<string, number>();
const end = (changes: Partial<KeyCopyEnd["counts"]> = {}, rest: Partial<KeyCopyEnd> = {}): KeyCopyEnd => ({
  counts: { expected: 12_345, copied: 9_000, alreadyThere: 3_343, unusable: 2, ...changes },
  ...{ unusable: none, lost: none, ...rest },
});
const ends: readonly KeyCopyEnd[] = [
  end({}, { unusable: rooms(2) }),
  end({ expected: 0, copied: 0, alreadyThere: 0, unusable: 0 }),
  end({ copied: 0 }),
  end({ copied: 1, unusable: 1 }, { unusable: rooms(1), lost: rooms(1) }),
  end({}, { unusable: rooms(30), lost: rooms(12) }),
];
const signed = { ...known, isSigned: true };
const status = (changes: Partial<KeyStatus> = {}): KeyStatus => ({
  backups: {
    source: { account: account("source"), backup: known },
    target: { account: account("target"), backup: signed },
  },
  ...{ isVerified: false, copy: null, copied: null, ...changes },
});
const ofTarget = (backup: KeyBackup): KeyStatus["backups"] => ({
  ...status().backups,
  target: { account: account("target"), backup },
});
const copied = { ...copiedKeys, from: known, to: signed, expected: 12_345, unusable: 2 };
const statuses: readonly KeyStatus[] = [
  status(),
  status({ backups: {} }),
  status({ isVerified: true, copied }),
  status({ copied: { ...copied, expected: 12_000 } }),
  status({ copied: { ...copied, from: copiedKeys.from } }),
  status({ copied: { ...copied, to: copiedKeys.to } }),
  ...[...noBackups, { ...known, isSigned: false }].map((backup) =>
    status({ backups: ofTarget(backup), copied }),
  ),
  ...noBackups.map((backup) =>
    status({ backups: { ...status().backups, source: { account: account("source"), backup } } }),
  ),
  status({
    backups: {
      source: { account: account("source"), refusal: { code: "session_ended" } },
      target: { account: account("target"), refusal: { code: "limited", retryAfterMs: 5_000 } },
    },
    copied,
  }),
  ...KEY_COPY_STATES.map((state) => status({ copy: evilCopy({ state, total: 9, done: 4 }) })),
];
const emoji = Array.from({ length: 7 }, () => ({ symbol: "🐶", name: EVIL }));

const works = [
  ...KEY_COPY_STATES.flatMap((state) =>
    reasons.filter((reason) => fits(state, reason)).map((reason) => evilCopy({ state, reason })),
  ),
  ...KEY_PURPOSES.flatMap((purpose) => KEY_COPY_STATES.map((state) => evilCopy({ purpose, state }))),
  ...(["import", "export"] as const).flatMap((purpose) =>
    (["source_changed", "waited_enough", "interrupted", "file_gone", "file_not_sent"] as const).map((code) =>
      evilCopy({ purpose, state: "stopped", reason: { code } }),
    ),
  ),
];

/** Whether a state can have a reason. Every state can have none that is readable. */
function fits(state: KeyCopyState, reason: KeyCopyReason | null): boolean {
  if (reason === null) return true;
  if (state === "needs_you") return reason.code === "account";
  if (state === "needs_key") return reason.code === "expired" || reason.code === "signed_in_again";
  if (state === "waiting_for_server") return reason.code === "limit" || reason.code === "server";
  return reason.code !== "account";
}
const messages: readonly { name: string; message: Message }[] = [
  { name: "opening", message: openingBackup() },
  { name: "no emoji here", message: emojiNotHere("!") },
  ...openings.flatMap((result) =>
    (["copy", "export"] as const).map((purpose) => ({
      name: `${purpose} ${JSON.stringify(result).slice(0, 80)}`,
      message: openingAnswer(result, { isEncrypted: false, prefix: "!", purpose, typed: "phrase" }),
    })),
  ),
  ...[null, ...(Object.keys(noEmojiReasons) as NoEmojiReason[])].flatMap((noEmoji) =>
    [known, ...noBackups].map((backup) => ({
      name: `ways ${noEmoji ?? "emoji"} ${backup.kind}`,
      message: waysAnswer(
        {
          ...{ status: "ways", ways: { ...ways, noEmoji, backup, hasPhrase: noEmoji === null } },
          ...{ target: backup, copy: null },
        },
        NOW,
        "!",
      ),
    })),
  ),
  {
    name: "ways while it runs",
    message: waysAnswer({ status: "ways", ways, target: null, copy: evilCopy() }, NOW, "!"),
  },
  {
    name: "ways while it waits",
    message: waysAnswer(
      { status: "ways", ways, target: null, copy: evilCopy({ state: "needs_key" }) },
      NOW,
      "!",
    ),
  },
  ...works.flatMap((copy) => {
    const name = `${copy.purpose} ${copy.state} ${JSON.stringify(copy.reason)}`;
    const told = workNews(copy, "!");
    return [
      { name: `progress of ${name}`, message: workProgress(copy, NOW, "!") },
      ...(told === null ? [] : [{ name: `news of ${name}`, message: told }]),
    ];
  }),
  {
    name: "progress with a bar",
    message: workProgress(
      evilCopy({ done: 4_200, total: 12_345, wasInterrupted: true, hasStartedOver: true }),
      NOW,
      "!",
    ),
  },
  ...ends.flatMap((each, at) =>
    [evilCopy(), evilCopy({ purpose: "import", hasStartedOver: true, wasInterrupted: true })].map((copy) => ({
      name: `end ${at} of ${copy.purpose}`,
      message: copyEnded(copy, each, "!"),
    })),
  ),
  ...statuses.map((each, at) => ({ name: `status ${at}`, message: keyStatus(each, NOW, "!") })),
  { name: "nothing to cancel", message: workCancelled(null, "!") },
  ...KEY_PURPOSES.map((purpose) => ({
    name: `cancelled ${purpose}`,
    message: workCancelled(evilCopy({ purpose, done: 3, total: 9 }), "!"),
  })),
  { name: "nothing waits", message: onlyWorkRuns(evilCopy(), "!") },
  { name: "which", message: whichToCancel({ sides: ["source", "target"], copy: evilCopy() }, "!") },
  { name: "emoji", message: emojiQuestion(emoji, { same: "same", different: "different" }, "!") },
  { name: "emoji are the same", message: emojiAnswered(true) },
  { name: "emoji differ", message: emojiAnswered(false) },
  { name: "too late for emoji", message: emojiTooLate("!") },
];

keepsTheRulesOfMessages(messages, [PAGE]);

const text = ({ document }: Message): string => renderPlainText(document);

describe("the sentences about keys", () => {
  it.each<{ refusal: OpenRefusal; says: string[] }>([
    {
      refusal: { code: "not_a_recovery_key", mistake: { code: "character", character: "l" } },
      says: ["it contains l.", "I asked no server", "!keys copy --recovery-key"],
    },
    {
      refusal: { code: "not_a_recovery_key", mistake: { code: "length", length: 47, expected: 48 } },
      says: ["it has 47 characters without spaces, and a recovery key has 48"],
    },
    { refusal: { code: "not_a_recovery_key", mistake: { code: "checksum" } }, says: ["a typing mistake"] },
    { refusal: { code: "other_recovery_key" }, says: ["opens nothing in your old account"] },
    {
      refusal: { code: "stale_backup_key" },
      says: ["Your recovery key is right. But", "an older backup", "it then deletes the old backup"],
    },
    { refusal: { code: "no_backup_key" }, says: ["not stored behind it", "!keys import"] },
    { refusal: { code: "no_secret_storage" }, says: ["your old account has none"] },
    {
      refusal: { code: "too_many_rounds", rounds: 20_000_000 },
      says: ["20,000,000 rounds", "at most 10,000,000"],
    },
  ])("refuse by $refusal.code", ({ refusal, says }) => {
    const answer = openingAnswer(
      { status: "refused", by: "recovery_key", refusal },
      { ...IN_ENCRYPTED_CHAT, purpose: "copy", typed: "recovery_key" },
    );
    expect(answer.tone).toBe("alert");
    for (const each of says) expect(text(answer)).toContain(each);
  });

  it("after a typed secret recommend a new recovery key, and say who could read it", () => {
    for (const result of openings) {
      const answer = (isEncrypted: boolean, typed: "recovery_key" | "phrase" | null): string =>
        text(openingAnswer(result, { purpose: "copy", typed, isEncrypted, prefix: "!" }));
      const advice = /is removed.*When the move is over, make a new recovery key in Element/u;
      const warning = "This chat is not encrypted, so its servers could read the security phrase.";
      expect(answer(true, "recovery_key")).toMatch(advice);
      expect(answer(true, "phrase")).not.toContain("This chat is not encrypted");
      expect(answer(false, "phrase")).toContain(warning);
      expect(answer(false, null)).not.toMatch(/is removed|This chat is not encrypted/u);
    }
  });

  it("say what to expect of a verification", () => {
    const answer = openingAnswer(
      { status: "started", by: "emoji", copy: evilCopy(), replaced: null },
      { ...IN_ENCRYPTED_CHAT, purpose: "copy", typed: null },
    );
    expect(text(answer)).toMatch(/a request for a verification\. That is not the note about a new login/u);
  });

  it("name the safest way first, and what it needs", () => {
    const answer = (found: Partial<OpeningWays>, target: KeyBackup = signed): string =>
      text(waysAnswer({ status: "ways", ways: { ...ways, ...found }, target, copy: null }, NOW, "!"));
    expect(answer({})).not.toContain("up to 24 hours");
    expect(answer({}, { kind: "none", isSwitchedOff: false })).toMatch(
      /sign in once with Element.*up to 24 hours/su,
    );
    expect(answer({})).toMatch(
      /has 12,345 keys.*I have begun nothing yet\..*safest way: !keys copy --emoji/su,
    );
    expect(answer({ noEmoji: "pasted_token" })).toMatch(/that works: !keys copy --phrase "…"/u);
    expect(answer({ noEmoji: "pasted_token", hasPhrase: false })).toMatch(
      /that works: !keys copy --recovery-key "…".*access token.*- !keys import/su,
    );
    expect(answer({ backup: { kind: "none", isSwitchedOff: false } })).toMatch(
      /no key backup.*!keys import/su,
    );
  });

  it("show progress with a bar and in words", () => {
    const progress = text(workProgress(evilCopy({ done: 4_200, total: 12_345 }), NOW, "!"));
    expect(progress).toContain("██████░░░░░░░░░░░░░░ 4,200 of 12,345 keys");
  });

  it("end with the counts, what to do, and what is normal", () => {
    const ended = copyEnded(evilCopy(), end({}, { unusable: new Map([["!a:old.example", 2]]) }), "!");
    expect(ended.tone).toBe("alert");
    for (const each of [
      "has 12,345 keys",
      "- 9,000 copied",
      "- 3,343 in the key backup of your new account before",
      "- 2 that no app can use, so I did not send them",
      "- !a:old.example: 2",
      "Element Web or Desktop: reload it",
      "Element X: close the app completely and open it again",
      "grey shield",
      "history setting",
    ])
      expect(text(ended)).toContain(each);
  });

  it("list ten rooms with unusable keys, and all of them in a file", () => {
    const ended = copyEnded(evilCopy(), end({}, { unusable: rooms(30) }), "!");
    expect(text(ended)).toContain("And 20 more rooms: the file has all.");
    expect(
      ended.attachments?.map(({ fileName, bytes }) => [fileName, bytes.toString().split("\n").length]),
    ).toEqual([["unusable-keys.txt", 31]]);
  });

  it.each<{ what: string; status: KeyStatus; says: string[] }>([
    {
      what: "the next step before anything was copied",
      status: status(),
      says: ["a key backup with 12,345 keys, signed by your account's keys", "Next: !keys copy"],
    },
    {
      what: "a copy that holds",
      status: status({ copied }),
      says: [
        "It then had 10 of the 12,345 keys",
        "still there, with the same public key",
        "Nothing is missing",
      ],
    },
    {
      what: "new keys since the copy",
      status: status({ copied: { ...copied, expected: 12_340 } }),
      says: ["Since then 5 keys came into the old one", "Next: !keys copy copies again"],
    },
    {
      what: "a reset that threw the copied keys away",
      status: status({ copied: { ...copied, to: copiedKeys.to } }),
      says: ["That backup is not there any more", "are gone with it", "Next: !keys copy copies again"],
    },
    {
      what: "that the new backup lost keys since the copy",
      status: status({ copied: { ...copied, copied: 12_346, expected: 12_346 } }),
      says: ["still there, with the same public key", "Next: !keys copy copies again"],
    },
    {
      what: "that nobody knows whether the copied keys are still there",
      status: status({ copied, backups: {} }),
      says: ["I can't see now whether that backup is still there", "!login old"],
    },
    {
      what: "that the copied keys are still there, although the old account is signed out",
      status: status({ copied, backups: { target: { account: account("target"), backup: signed } } }),
      says: ["still there, with the same public key", "!login old"],
    },
    {
      what: "a backup that is not signed",
      status: status({ backups: ofTarget({ ...known, isSigned: false }) }),
      says: ["not signed by your account's keys", "reset its key storage"],
    },
    {
      what: "a new account without a backup",
      status: status({ backups: ofTarget({ kind: "none", isSwitchedOff: false }) }),
      says: [
        "At least 12,345 keys of the old backup are missing in the new one.",
        ...["no key backup", "sign in once with Element on your new account", "Then !keys copy"],
      ],
    },
    {
      what: "the verified device of the bot",
      status: status({ isVerified: true }),
      says: ["a verified device", "Nobody reads messages there", "!finish end"],
    },
    { what: "missing accounts", status: status({ backups: {} }), says: ["not signed in", "!login old"] },
    {
      what: "a copy that waits",
      status: status({ copy: evilCopy({ state: "waiting_for_backup", reason: { code: "none" } }) }),
      says: ["The copy of your keys waits for the key backup", "I look again by myself"],
    },
    {
      what: "a copy that stopped",
      status: status({ copy: evilCopy({ state: "stopped", reason: { code: "source_changed" } }) }),
      says: ["has stopped", "was replaced after I had opened it"],
    },
  ])("of the status say $what", ({ status: each, says }) => {
    const shown = text(keyStatus(each, NOW, "!"));
    for (const part of says) expect(shown).toContain(part);
    expect(shown).not.toMatch(/trusted/iu);
  });
});

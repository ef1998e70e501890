import { describe, expect, it } from "vitest";
import type { KeyFileMistake } from "../../../../src/platforms/key-files.ts";
import type { ImportResult, KeyCopyEnd } from "../../../../src/service/keys/results.ts";
import type { Message } from "../../../../src/view/document/message.ts";
import { renderPlainText } from "../../../../src/view/document/plain-text.ts";
import {
  exportEnded,
  exportNeedsEncryption,
  exportNeedsPassphrase,
} from "../../../../src/view/keys/export.ts";
import { importAnswer, importNeedsPassphrase, openingFile } from "../../../../src/view/keys/import.ts";
import { openingAnswer } from "../../../../src/view/keys/opening.ts";
import { storedKeyCopy } from "../../../support/fakes/key-copies.ts";
import { EVIL, keepsTheRulesOfMessages } from "../../../support/view/message-rules.ts";

const IN_ENCRYPTED_CHAT = { isEncrypted: true, prefix: "!" } as const;
const IN_PLAIN_CHAT = { isEncrypted: false, prefix: "!" } as const;
const mistakes: Record<KeyFileMistake, RegExp> = {
  not_a_key_file: /not a key file.*-----BEGIN MEGOLM SESSION DATA-----.*Export keys/su,
  cut_off: /cut off: its end is missing.*export your keys again/su,
  wrong_passphrase_or_damaged: /passphrase is wrong, or the file is damaged.*your file is still here/su,
  not_a_list: /passphrase is right, but the file has no list of keys/u,
  too_large: /larger than 50 MB.*import it in Element/su,
};
const downloads = {
  too_large: /larger than 50 MB/u,
  gone: /does not have the file any more.*send it again/su,
  damaged: /its checksum is different.*send it again/su,
  unreachable: /does not give me the file just now.*wait a few minutes/su,
} as const;
const started = (changes: object = {}): ImportResult => ({
  ...{ status: "started", replaced: null, eventId: "$file", keys: 12_345, badEntries: 0 },
  ...changes,
});
const copy = storedKeyCopy({ purpose: "export" });
const rooms = (count: number) =>
  new Map(Array.from({ length: count }, (_, at) => [at === 0 ? EVIL : `!room${at}:old.example`, at + 1]));
const end = (copied: number, unusable = new Map<string, number>()): KeyCopyEnd => ({
  counts: { expected: copied + unusable.size, copied, alreadyThere: 0, unusable: unusable.size },
  ...{ unusable, lost: new Map() },
});

const answers: readonly ImportResult[] = [
  { status: "not_signed_in", missing: ["target"] },
  { status: "busy", copy: storedKeyCopy({ done: 3, total: 9 }) },
  { status: "no_file", isReply: true },
  { status: "no_file", isReply: false },
  ...(Object.keys(downloads) as (keyof typeof downloads)[]).map((reason) => ({
    status: "not_downloaded" as const,
    reason,
  })),
  ...(Object.keys(mistakes) as KeyFileMistake[]).map((mistake) => ({ status: "refused" as const, mistake })),
  { status: "empty", badEntries: 0 },
  { status: "empty", badEntries: 1_234 },
  started(),
  started({ keys: 1, badEntries: 1, replaced: storedKeyCopy({ state: "waiting_for_backup" }) }),
  started({ badEntries: 1_234 }),
];
const messages: readonly { name: string; message: Message }[] = [
  { name: "opening a file", message: openingFile() },
  { name: "import without a passphrase", message: importNeedsPassphrase("!") },
  { name: "export without a passphrase", message: exportNeedsPassphrase("!") },
  { name: "export in a plain chat", message: exportNeedsEncryption("recovery_key", "!") },
  ...answers.flatMap((result, at) =>
    [true, false].map((isRemoved) => ({
      name: `import ${at} ${result.status} ${isRemoved}`,
      message: importAnswer(result, { isFileRemoved: isRemoved, ...IN_PLAIN_CHAT }),
    })),
  ),
  ...[end(12_345), end(0), end(1, rooms(1)), end(0, rooms(3)), end(9, rooms(30))].map((each, at) => ({
    name: `end of an export ${at}`,
    message: exportEnded({ ...copy, wasInterrupted: at === 2 }, each, "!"),
  })),
];

keepsTheRulesOfMessages(messages, []);

const text = ({ document }: Message): string => renderPlainText(document);

describe("the sentences about key files", () => {
  it.each(
    (Object.keys(mistakes) as KeyFileMistake[]).map((mistake) => ({ mistake, says: mistakes[mistake] })),
  )("tell $mistake apart, with the next step", ({ mistake, says }) => {
    const answer = importAnswer(
      { status: "refused", mistake },
      { isFileRemoved: false, ...IN_ENCRYPTED_CHAT },
    );
    expect(answer.tone).toBe("alert");
    expect(text(answer)).toMatch(says);
    expect(text(answer)).toContain("Nothing was changed");
  });

  it.each((Object.keys(downloads) as (keyof typeof downloads)[]).map((reason) => ({ reason })))(
    "say why a file was not downloaded: $reason",
    ({ reason }) => {
      const answer = text(
        importAnswer({ status: "not_downloaded", reason }, { isFileRemoved: false, ...IN_ENCRYPTED_CHAT }),
      );
      expect(answer).toMatch(downloads[reason]);
      expect(answer).toContain('!keys import --passphrase "…"');
    },
  );

  it("say whether the message with the file was removed", () => {
    expect(text(importAnswer(started(), { isFileRemoved: true, ...IN_ENCRYPTED_CHAT }))).toMatch(
      /12,345 keys.*the file and its passphrase are removed/su,
    );
    expect(text(importAnswer(started(), { isFileRemoved: false, ...IN_ENCRYPTED_CHAT }))).toMatch(
      /could not remove.*delete it yourself/su,
    );
  });

  it("in a chat that is not encrypted say that its servers could read the file", () => {
    expect(text(importAnswer(started(), { isFileRemoved: true, ...IN_PLAIN_CHAT }))).toContain(
      "its servers could read the key file and its passphrase",
    );
  });

  it("name the command of an export when its opening fails", () => {
    const refusal = { code: "other_recovery_key" } as const;
    const answer = openingAnswer(
      { status: "refused", by: "recovery_key", refusal },
      { ...IN_ENCRYPTED_CHAT, typed: null, purpose: "export" },
    );
    expect(text(answer)).toContain('!keys export --passphrase "…" --recovery-key "…"');
  });

  it("say after an export what can import it, and what cannot", () => {
    const answer = text(exportEnded(copy, end(12_345), "!"));
    expect(answer).toMatch(/12,345 keys.*Import keys.*Element X can't import/su);
    expect(text(exportEnded(copy, end(0), "!"))).toContain("so I sent no file");
  });
});

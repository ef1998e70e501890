import type { Account, Side } from "../../../src/model/account.ts";
import type { Download } from "../../../src/model/file-reference.ts";
import type { KeyBackup } from "../../../src/model/key-backup.ts";
import type {
  EmojiListener,
  EmojiResult,
  KeyCopyRequest,
  KeyCopyResult,
  KeyExportRequest,
  KeyExportResult,
  OpenResult,
  OpeningWays,
  PlatformKeys,
} from "../../../src/platforms/keys.ts";
import { BACKUP_KEY } from "../fakes/key-copies.ts";

type FakeKeys = Pick<
  PlatformKeys,
  "backup" | "ways" | "open" | "verify" | "isVerified" | "copy" | "openFile" | "export" | "forgetDevice"
>;

/** A verification that the test ends. */
interface FakeVerification {
  readonly listener: EmojiListener;
  readonly answers: boolean[];
  readonly signal: AbortSignal;
  end(result: EmojiResult): void;
  fail(error: Error): void;
}

/** The right recovery key of the old account. Every other one is refused. */
export const RIGHT_KEY = "EsTR mwqJ JoXZ 8dKN F8hP 9tPw";

/** Opens every key file. Every other passphrase is refused. */
export const RIGHT_PASSPHRASE = "right passphrase";

/** The old backup, as `newKeyCopy` has it. */
const OLD = { version: "1", publicKey: "old public key" };

/** Two accounts with key backups on their servers. They outlive every process of the bot. */
export class FakeBackups {
  /** The sessions of the old backup: their rooms. */
  old = new Map(Array.from({ length: 5 }, (_, at) => [`session ${at}`, `!room${at % 2}:old.example`]));
  /** Sessions of the old backup that cannot be used. */
  unusable = new Set<string>();
  oldBackup: KeyBackup = { kind: "known", ...OLD, count: 5, isSigned: null };
  newBackup: KeyBackup = {
    ...{ kind: "known", version: "7", publicKey: "new public key", count: 0, isSigned: true },
  };
  /** Sessions in the new backup. */
  present = new Set<string>();
  /** Sessions in the order in which the new server took them. */
  readonly taken: string[] = [];
  /** When the backup of the new account was looked at. */
  readonly looks: number[] = [];
  readonly verifications: FakeVerification[] = [];
  noEmoji: OpeningWays["noEmoji"] = null;
  isVerified = false;
  /** Sessions that are sent at once. */
  batchSize = 2;
  readonly forgotten: Side[] = [];
  /** What the bot's own server answers when a file is downloaded. */
  download: Download = { status: "downloaded", bytes: Buffer.from("key file") };
  /** Entries of a key file that are no use. */
  badEntries = 0;
  /** Whether the chat takes files. */
  isFileTaken = true;
  /** Passphrases of written key files. */
  readonly exported: string[] = [];
  /** Called before a key file is written. Its result takes the place of the answer. */
  onExport: (request: KeyExportRequest) => Promise<KeyExportResult | null> | KeyExportResult | null = () =>
    null;
  /** Called before a request. Its result or error takes the place of the answer. */
  onLook: (account: Account) => void = () => undefined;
  onBatch: (request: KeyCopyRequest) => Promise<KeyCopyResult | null> | KeyCopyResult | null = () => null;
  onOpen: () => OpenResult | null = () => null;

  readonly keys: FakeKeys = {
    backup: async (account) => {
      if (account.side === "target") this.looks.push(Date.now());
      this.onLook(account);
      return account.side === "source" ? this.oldBackup : this.newBackup;
    },
    ways: async (source) => {
      this.onLook(source);
      return { backup: this.oldBackup, noEmoji: this.noEmoji, hasSecretStorage: true, hasPhrase: false };
    },
    open: async (source, { text }) => {
      this.onLook(source);
      const scripted = this.onOpen();
      if (scripted !== null) return scripted;
      return text === RIGHT_KEY
        ? { status: "opened", opened: { ...OLD, key: BACKUP_KEY } }
        : { status: "refused", refusal: { code: "other_recovery_key" } };
    },
    verify: (_source, listener, signal) => {
      const { promise, resolve, reject } = Promise.withResolvers<EmojiResult>();
      signal.addEventListener("abort", () => resolve({ status: "stopped" }));
      const answers: boolean[] = [];
      this.verifications.push({ listener, answers, signal, end: resolve, fail: reject });
      return { answer: (areSame) => void answers.push(areSame), result: promise };
    },
    isVerified: () => Promise.resolve(this.isVerified),
    forgetDevice: async ({ side }) => void this.forgotten.push(side),
    copy: (request) => this.#copy(request),
    openFile: async (_bytes, passphrase) =>
      passphrase === RIGHT_PASSPHRASE
        ? {
            status: "opened",
            badEntries: this.badEntries,
            content: {
              entries: [...this.old].map(([sessionId, roomId]) => ({
                ...{ roomId, sessionId, firstMessageIndex: 0, session: "{}" },
              })),
            },
          }
        : { status: "refused", mistake: "wrong_passphrase_or_damaged" },
    export: (request) => this.#export(request),
  };

  /** The verification under way. */
  get verification(): FakeVerification {
    const last = this.verifications.at(-1);
    if (last === undefined) throw new Error("no verification was asked for");
    return last;
  }

  /** Two files, of which the first has one session. */
  async #export(request: KeyExportRequest): Promise<KeyExportResult> {
    const scripted = await this.onExport(request);
    if (scripted !== null) return scripted;
    this.exported.push(request.passphrase);
    const total = this.old.size;
    const keys = total - this.unusable.size;
    for (const count of [1, keys - 1]) {
      await request.onFile({ bytes: Buffer.from("key file"), id: `${count} of ${keys}`, keys: count });
      await request.onProgress({ done: count, total });
    }
    return { status: "exported", keys, unusable: this.#unusableByRoom() };
  }

  #unusableByRoom(): Map<string, number> {
    const unusable = new Map<string, number>();
    for (const session of this.unusable) {
      const room = this.old.get(session) ?? "";
      unusable.set(room, (unusable.get(room) ?? 0) + 1);
    }
    return unusable;
  }

  async #copy(request: KeyCopyRequest): Promise<KeyCopyResult> {
    const { signal, to, onProgress } = request;
    const usable = [...this.old.keys()].filter((session) => !this.unusable.has(session));
    const total = this.old.size;
    const alreadyThere = usable.filter((session) => this.present.has(session)).length;
    const missing = usable.filter((session) => !this.present.has(session));
    const batchSize = Math.min(request.batchSize, this.batchSize);
    const done = (): number =>
      usable.filter((session) => this.present.has(session)).length + this.unusable.size;
    await onProgress({ done: done(), total, alreadyThere, batchSize });
    for (let at = 0; at < missing.length; at += batchSize) {
      if (signal.aborted) return { status: "aborted" };
      const scripted = await this.onBatch(request);
      if (scripted !== null) return scripted;
      for (const session of missing.slice(at, at + batchSize)) {
        this.present.add(session);
        this.taken.push(session);
      }
      await onProgress({ done: done(), total, alreadyThere, batchSize });
    }
    const counts = {
      ...{ expected: total, copied: missing.length, alreadyThere, unusable: this.unusable.size },
    };
    return { status: "copied", to, counts, unusable: this.#unusableByRoom(), lost: new Map() };
  }
}

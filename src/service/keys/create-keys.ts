import type { Logger } from "pino";
import type { Side } from "../../model/account.ts";
import type { KeyCopy } from "../../model/key-copy.ts";
import type { PlatformKeys } from "../../platforms/keys.ts";
import type { Platform } from "../../platforms/platform.ts";
import type { Store } from "../../store/store.ts";
import type { Planning } from "../plan/planning.ts";
import type { KeyExportsOptions } from "./export.ts";
import { KeyExports } from "./export.ts";
import type { KeyFilesOptions } from "./files.ts";
import { KeyFiles } from "./files.ts";
import type { KeyCopyListener } from "./listener.ts";
import { BackupOpening } from "./opening.ts";
import { KeyOverview } from "./overview.ts";
import { ReportRenewals } from "./report-renewals.ts";
import { KeyRunner } from "./runner.ts";
import { KeyTransfer } from "./transfer.ts";
import { KeyVerifications } from "./verifications.ts";

export interface CreateKeysOptions {
  store: Pick<Store, "accounts" | "keyCopies" | "receivedFiles">;
  platform: Pick<Platform, "serverName"> & {
    keys: Pick<
      PlatformKeys,
      "backup" | "ways" | "open" | "verify" | "isVerified" | "copy" | "openFile" | "export"
    >;
  };
  /** Files in chats. */
  chat: Pick<KeyFilesOptions, "download"> & Pick<KeyExportsOptions, "uploadLimit">;
  planning: Pick<Planning, "renewKeys">;
  listener: KeyCopyListener;
  isPermitted: (userId: string) => boolean;
  now: () => number;
  log: Logger;
}

/** The use cases of room keys. */
export interface KeyServices {
  opening: BackupOpening;
  overview: KeyOverview;
  files: KeyFiles;
  /** Ends the work with keys of a person. @returns the work that was ended; `null` for none */
  cancel(owner: string): Promise<KeyCopy | null>;
  /** The person has compared the emoji. @returns false if the verification is over */
  answerEmoji(owner: string, copyId: number, areSame: boolean): boolean;
  /** Changes an account of a person while nothing works with their keys. */
  whileHeld<Result>(owner: string, side: Side, change: () => Promise<Result>): Promise<Result>;
  /** Continues the work of the last process. Its notices need the chat. */
  start(): Promise<void>;
  /** Ends within seconds. Everything but verifications goes on at the next start. */
  stop(): Promise<void>;
}

/** Creates all parts that work with room keys. */
export function createKeys({
  store,
  platform,
  chat,
  planning,
  listener,
  isPermitted,
  now,
  log,
}: CreateKeysOptions): KeyServices {
  const { accounts, keyCopies: copies } = store;
  const { keys } = platform;
  const { download, uploadLimit } = chat;
  const { receivedFiles } = store;
  const files = new KeyFiles({
    ...{ accounts, copies, receivedFiles, keys, download, now },
    runner: { wake: () => runner.wake() },
    verifications: { end: (owner) => verifications.end(owner) },
  });
  const exports = new KeyExports({ copies, keys, listener, uploadLimit });
  const transfer = new KeyTransfer({
    ...{ accounts, copies, keys },
    readFile: (copy, signal) => files.content(copy, signal),
    runExport: (copy, source, signal) => exports.run(copy, source, signal),
    changed: (copy) => listener.changed(copy),
  });
  const renewals = new ReportRenewals(planning, log);
  const runner = new KeyRunner({
    copies,
    transfer,
    listener,
    isPermitted,
    serverName: (userId) => platform.serverName(userId),
    copied: (owner) => renewals.begin(owner),
    now,
    random: Math.random,
    log,
  });
  const opened = (): void => runner.wake();
  const verifications = new KeyVerifications({ copies, keys, listener, opened, now, log });
  const opening = new BackupOpening({ accounts, copies, keys, verifications, runner, now });
  const overview = new KeyOverview({ accounts, copies, keys });
  return {
    opening,
    overview,
    files,
    cancel: async (owner) => {
      const copy = await overview.unfinished(owner);
      const ended = copy && (await copies.apply(copy.id, "cancelled", { reason: { code: "cancelled" } }));
      await verifications.end(owner);
      await runner.abort(owner);
      if (ended !== null) listener.changed(ended);
      return ended;
    },
    answerEmoji: (owner, copyId, areSame) => verifications.answer(owner, copyId, areSame),
    whileHeld: async (owner, side, change) => {
      if (side === "source") await verifications.end(owner);
      const result = await runner.whileHeld(owner, change);
      // A verification is of no use to a copy that the change has ended.
      if ((await overview.unfinished(owner)) === null) await verifications.end(owner);
      return result;
    },
    start: () => runner.start(),
    stop: async () => {
      files.stop();
      await verifications.stop();
      await runner.stop();
      await renewals.stop();
      await listener.stop();
    },
  };
}

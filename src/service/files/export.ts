import type { Account } from "../../model/account.ts";
import type { DataFile, RoomsFile } from "../../model/room-file.ts";
import type { ExportOptions, PlatformFiles } from "../../platforms/files.ts";
import type { ReadProgress } from "../../platforms/reading.ts";
import { UnreadableAccountError } from "../../platforms/reading.ts";
import type { Accounts } from "../../store/accounts.ts";
import type { Contacts } from "../../store/contacts.ts";
import type { OutboxItems } from "../../store/outbox-items.ts";
import type { Readings } from "../plan/readings.ts";
import { JoinedWork } from "../plan/readings.ts";
import type { CannotDecide } from "../plan/results.ts";

export interface FileExportRequest {
  readonly owner: string;
  /** Rooms in which the person talks with the bot. */
  readonly botRoomIds: readonly string[];
  readonly onProgress: (progress: ReadProgress) => void;
}

export type FileExportResult<File> = { readonly status: "read"; readonly file: File } | CannotDecide;

export interface FileExportsOptions {
  readonly accounts: Pick<Accounts, "get">;
  readonly files: Pick<PlatformFiles, "rooms" | "data">;
  readonly contacts: Pick<Contacts, "chats">;
  readonly outbox: Pick<OutboxItems, "roomsOf">;
  readonly readings: Readings;
  readonly botUserId: string;
  readonly now: () => number;
}

/** Exports of an old account. It is read anew each time. Nothing is written to it. */
export class FileExports {
  readonly #options: FileExportsOptions;
  readonly #rooms = new JoinedWork<FileExportResult<RoomsFile>>();
  readonly #data = new JoinedWork<FileExportResult<DataFile>>();

  constructor(options: FileExportsOptions) {
    this.#options = options;
  }

  /** The same request of a person joins one that is under way. */
  rooms(request: FileExportRequest): Promise<FileExportResult<RoomsFile>> {
    return this.#rooms.run(keyOf(request), request.onProgress, (onProgress) =>
      this.#read({ ...request, onProgress }, (account, options) =>
        this.#options.files.rooms(account, options),
      ),
    );
  }

  data(request: FileExportRequest): Promise<FileExportResult<DataFile>> {
    return this.#data.run(keyOf(request), request.onProgress, (onProgress) =>
      this.#read({ ...request, onProgress }, (account, options) =>
        this.#options.files.data(account, options),
      ),
    );
  }

  async #read<File>(
    { owner, botRoomIds, onProgress }: FileExportRequest,
    read: (account: Account, options: ExportOptions) => Promise<File>,
  ): Promise<FileExportResult<File>> {
    const { accounts, contacts, outbox, readings, botUserId, now } = this.#options;
    const account = await accounts.get(owner, "source");
    if (account === null) return { status: "not_signed_in", missing: ["source"] };
    const target = await accounts.get(owner, "target");
    const opened = await contacts.chats({ source: account.userId });
    const people = [owner, account.userId, ...(target === null ? [] : [target.userId])];
    const options = {
      ...{ generatedAt: new Date(now()), botUserId, onProgress },
      targetUserId: target?.userId ?? null,
      botRoomIds: [...botRoomIds, ...opened.flatMap(({ roomId }) => roomId ?? [])],
      spokenIn: await outbox.roomsOf(people),
    };
    try {
      const file = await readings.run(owner, [account.baseUrl], () => read(account, options));
      return { status: "read", file };
    } catch (error) {
      if (error instanceof UnreadableAccountError)
        return { status: "not_read", account: error.account, refusal: error.refusal };
      throw error;
    }
  }
}

function keyOf({ owner, botRoomIds }: FileExportRequest): string {
  return JSON.stringify([owner, botRoomIds]);
}

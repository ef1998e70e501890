/*
 * Measures one export or one import in a process of its own, so that the peak memory belongs to it
 * alone. The case is JSON on standard input, the result is JSON on standard output.
 */
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { pino } from "pino";
import type { RoomsFile } from "../../src/model/room-file.ts";
import { createGuardedFetch } from "../../src/network/guarded-fetch.ts";
import { HomeserverClient } from "../../src/platforms/matrix/api/homeserver-client.ts";
import { exportRooms } from "../../src/platforms/matrix/files/export-rooms.ts";
import { FileReader } from "../../src/platforms/matrix/files/file-reader.ts";
import { readFile as readFileOfPerson } from "../../src/platforms/matrix/files/read-file.ts";
import { openAccount } from "../../src/platforms/matrix/open-account.ts";
import { roomsAttachments } from "../../src/view/files/export-files.ts";
import type { FilesCase, FilesMeasured } from "./files-case.ts";
import { filesCaseSchema } from "./files-case.ts";

const KIBIBYTE = 1024;
/** What a file is cut at, by Synapse's default (max_upload_size). */
const MAX_UPLOAD_BYTES = 50 * 1024 * KIBIBYTE;
const log = pino({ level: "silent" });

type Work = Omit<FilesMeasured, "baseBytes" | "peakBytes">;

async function exporting({ source, rooms, folder }: Extract<FilesCase, { kind: "export" }>): Promise<Work> {
  const { baseUrl, userId, accessToken } = source;
  const guarded = createGuardedFetch({ allowPrivate: ["127.0.0.0/8"] });
  let requests = 0;
  const fetch = Object.assign(
    (...request: Parameters<typeof guarded>) => {
      requests += 1;
      return guarded(...request);
    },
    { stream: guarded.stream, close: () => guarded.close() },
  );
  try {
    const client = new HomeserverClient({ baseUrl, fetch, log, accessToken: () => accessToken });
    const account = {
      ...{ owner: userId, side: "source" as const, userId, baseUrl, method: "token" as const },
      ...{ deviceId: null, signedInAt: 0 },
    };
    const opened = openAccount(account, { sessions: { client: () => client }, log });
    const startedAt = performance.now();
    const file = await exportRooms(opened, {
      ...{ generatedAt: new Date(), botUserId: "@bot:bot.example", onProgress: () => {} },
      ...{ targetUserId: null, botRoomIds: [], spokenIn: [] },
    });
    const readAt = performance.now();
    const large = withRooms(file, rooms);
    for (const format of ["json", "csv", "md"] as const)
      for (const { bytes } of roomsAttachments(large, format, MAX_UPLOAD_BYTES))
        await writeFile(join(folder, `rooms.${format}`), bytes);
    const ms = readAt - startedAt;
    return { rooms: file.rooms.length, requests, ms, writingMs: performance.now() - readAt };
  } finally {
    await fetch.close();
  }
}

/** So many rooms, copied from those of the file, with room IDs of their own. */
function withRooms(file: RoomsFile, count: number): RoomsFile {
  const rooms = Array.from({ length: count }, (_, index) => {
    const room = file.rooms[index % file.rooms.length];
    if (room === undefined) throw new Error("the account has no rooms");
    return { ...room, roomId: room.roomId.replace(/^![^:]*/u, `$&-${index}`) };
  });
  return { ...file, rooms };
}

async function importing({ path }: Extract<FilesCase, { kind: "import" }>): Promise<Work> {
  const bytes = await readFile(path);
  const startedAt = performance.now();
  const reading = await new FileReader({ log }).read(bytes, new AbortController().signal);
  const ms = performance.now() - startedAt;
  const rooms = reading.status === "read" ? reading.findings.rooms.length : 0;
  // The peak of another process is not known here, so this one reads the file once more.
  readFileOfPerson(bytes);
  return { rooms, requests: 0, ms, writingMs: 0 };
}

const measured = filesCaseSchema.parse(JSON.parse(await text(process.stdin)));
const baseBytes = process.memoryUsage.rss();
const work = await (measured.kind === "export" ? exporting(measured) : importing(measured));
// `maxRSS` is in kilobytes on every system (Node, process.resourceUsage).
const peakBytes = process.resourceUsage().maxRSS * KIBIBYTE;
process.stdout.write(JSON.stringify({ ...work, baseBytes, peakBytes } satisfies FilesMeasured));

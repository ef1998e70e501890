import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { SeenMessage } from "../lab/person/person.ts";
import type { FaultyMoveEnvironment } from "../support/environments/faulty-move-environment.ts";
import { createFaultyMoveEnvironment } from "../support/environments/faulty-move-environment.ts";
import { AccountOnServer } from "../support/servers/account-on-server.ts";
import type { Bench } from "./bench.ts";
import type { FilesCase, FilesMeasured } from "./files-case.ts";
import { filesMeasuredSchema } from "./files-case.ts";
import { measureInProcess } from "./measuring.ts";
import { populatedPair, withCopy } from "./populated-pair.ts";
import { mebibytes, ratio, seconds, textTable } from "./table.ts";

/** Nearly the largest file that is read. */
const LARGE_TEXT_BYTES = 20_000_000;

/** So many rooms are on the servers, and so many are in the files. */
export interface FilesSize {
  readonly rooms: number;
  readonly written: number;
}

/** Measures files out, files in, and a move by files. */
export async function benchFiles(bench: Bench, size: FilesSize): Promise<string> {
  return `${await benchOutAndIn(bench, size)}\n\n${await benchMoveByFiles(bench, size)}`;
}

async function benchOutAndIn({ folder, log }: Bench, { rooms, written }: FilesSize): Promise<string> {
  const populated = await populatedPair(join(folder, String(rooms)), { movers: 1, rooms }, log);
  const [mover] = populated.movers;
  if (mover === undefined) throw new Error("nobody moves");
  const files = join(folder, "files");
  await mkdir(files, { recursive: true });
  const exported = await withCopy(populated, { limits: "unlimited", log }, (pair) =>
    measure({
      kind: "export",
      source: { ...mover.source, baseUrl: pair.old.baseUrl },
      rooms: written,
      folder: files,
    }),
  );
  const line = "Somebody wrote to https://matrix.to/#/!room:old.localhost?via=new.localhost and left.\n";
  const large = line.repeat(Math.floor(LARGE_TEXT_BYTES / line.length));
  await writeFile(join(files, "large.txt"), large);
  const names = ["rooms.json", "rooms.csv", "rooms.md", "large.txt"];
  const imported: (FilesMeasured & { name: string })[] = [];
  for (const name of names) {
    log(`reading ${name}`);
    imported.push({ name, ...(await measure({ kind: "import", path: join(files, name) })) });
  }
  const out = textTable(
    ["read rooms", "requests", "seconds", `writing ${written} rooms, s`, "peak MiB", "of it before"],
    [
      [
        ...[String(exported.rooms), String(exported.requests), seconds(exported.ms)],
        ...[seconds(exported.writingMs), mebibytes(exported.peakBytes), mebibytes(exported.baseBytes)],
      ],
    ],
  );
  const into = textTable(
    ["file", "rooms found", "seconds", "peak MiB", "of it before"],
    imported.map(({ name, ...found }) => [
      ...[name, String(found.rooms), seconds(found.ms)],
      ...[mebibytes(found.peakBytes), mebibytes(found.baseBytes)],
    ]),
  );
  return `${out}\n\n${into}`;
}

function measure(input: FilesCase): Promise<FilesMeasured> {
  return measureInProcess(new URL("measure-files.ts", import.meta.url), input, filesMeasuredSchema);
}

async function benchMoveByFiles({ log }: Bench, { rooms }: FilesSize): Promise<string> {
  const move = await createFaultyMoveEnvironment({ seed: 74, rooms: { count: rooms } });
  const { pair, typist, chatId, target } = move;
  try {
    await keepPublicRooms(move);
    log(`moving ${rooms} rooms by a file`);
    const bytes = await exportedRooms(move);
    await move.ask("!logout old");
    await pair.old.stop();
    await typist.sendFile(chatId, { name: "rooms.json", mimetype: "application/json", bytes });
    await move.ask("!import");
    const from = Date.now();
    await move.ask("!migrate plan", /^Plan 1/u);
    const plannedAt = Date.now();
    const plan = await move.askForReport("!report --format json", "report-1.json");
    const routes = new Map(plan.rooms.map(({ roomId, route }) => [roomId, route]));
    const after = await typist.say(chatId, "!migrate start");
    await move.waitFor(/^The move is done\./u, { after });
    const endedAt = Date.now();
    const end = await move.reportFile("report-1.json", after);
    const possible = [...routes.values()].filter(
      (route) => route !== "impossible" && route !== "ask_moderator",
    );
    const done = end.rooms.filter(({ status }) => status === "done").length;
    const requests = (await pair.new.accessLog()).filter(
      ({ listener, user, finishedAt }) =>
        listener === "client" && user === target.userId && finishedAt >= from,
    );
    const looks = requests.filter(({ path }) => /room_summary|hierarchy/u.test(path)).length;
    return textTable(
      ["rooms", "to enter", "entered", "looks", "requests", "per room", "plan s", "run s"],
      [
        [
          ...[String(rooms), String(possible.length), String(done), String(looks)],
          ...[String(requests.length), ratio(requests.length, rooms)],
          ...[seconds(plannedAt - from), seconds(endedAt - plannedAt)],
        ],
      ],
    );
  } finally {
    await move.close();
  }
}

/** Somebody of the new server enters the public rooms, so that they outlive the old server. */
async function keepPublicRooms({ pair, population }: FaultyMoveEnvironment): Promise<void> {
  const keeper = population.people.find(({ side }) => side === "new");
  if (keeper === undefined) throw new Error("nobody lives on the new server");
  const account = new AccountOnServer(pair, keeper);
  const via = encodeURIComponent(pair.old.serverName);
  const open = population.rooms.filter(({ kind }) => kind === "public" || kind === "shared-space");
  for (const { roomId } of open)
    await account.act("POST", `/join/${encodeURIComponent(roomId)}?via=${via}&server_name=${via}`);
}

async function exportedRooms({ typist, chatId, botUserId }: FaultyMoveEnvironment): Promise<Buffer> {
  const after = await typist.say(chatId, "!export rooms");
  const isFile = ({ content }: SeenMessage): boolean => /^rooms-.*\.json$/u.test(String(content["filename"]));
  return typist.downloadFile(await typist.waitForMessage(chatId, isFile, { from: botUserId, after }));
}

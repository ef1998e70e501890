/*
 * Measures reading two accounts, planning, moving, copying keys, contact with other people and
 * files: `npm run bench -- [--parts reading,moving,limits,people,kinds,watch,keys,contact,files]
 * [--rooms 50,200] …`.
 *
 * The homeservers are real and run on loopback.
 * - `--parts`: what is measured. Default: everything.
 * - `--rooms`: sizes of the accounts, in rooms.
 * - `--plan`: numbers of rooms to plan without servers, made by copying the reading of the largest
 *   account.
 * - `--bare`: number of requests that the bare loop has under way.
 * - `--limits`: rooms@speed. `speed` is the factor by which the limits refill faster than by
 *   default.
 * - `--people`: people×rooms.
 * - `--watch`: runs×waiting rooms of each, without servers.
 * - `--keys`: keys@rooms.
 * - `--ask`: rooms×helpers.
 * - `--leave`: rooms@speed.
 * - `--files`: rooms on the servers×rooms in the files.
 * - `--keep`: folder that keeps populated servers for the next time.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import type { Bench } from "./bench.ts";
import { benchContact } from "./contact-part.ts";
import { benchFiles } from "./files-part.ts";
import { benchKeys } from "./keys-part.ts";
import { benchKinds } from "./kinds-part.ts";
import { benchLimits } from "./limits-part.ts";
import { benchMoving } from "./moving-part.ts";
import { benchPeople } from "./people-part.ts";
import { benchReading } from "./reading-part.ts";
import { benchWatch } from "./watch-part.ts";

const { values } = parseArgs({
  options: {
    parts: { type: "string", default: "reading,moving,limits,people,kinds,watch,keys,contact,files" },
    rooms: { type: "string", default: "50,200" },
    plan: { type: "string", default: "3000" },
    bare: { type: "string", default: "1,2,4,8,16" },
    limits: { type: "string", default: "50@100,200@200" },
    people: { type: "string", default: "20x10" },
    watch: { type: "string", default: "1000x5,1000x50" },
    keys: { type: "string", default: "1000@20,10000@200" },
    ask: { type: "string", default: "40x12" },
    leave: { type: "string", default: "200@4" },
    files: { type: "string", default: "50x3000" },
    keep: { type: "string" },
  },
});
const sizes = numbers("rooms", values.rooms, ",");
const planOnly = numbers("plan", values.plan, ",");
const concurrencies = numbers("bare", values.bare, ",");
const limited = values.limits.split(",").map((text) => {
  const [rooms = 0, scale = 1] = numbers("limits", text, "@");
  return { rooms, scale };
});
const watched = values.watch.split(",").map((text) => {
  const [runs = 0, rooms = 0] = numbers("watch", text, "x");
  return { runs, rooms };
});
const keySizes = values.keys.split(",").map((text) => {
  const [keys = 0, rooms = 0] = numbers("keys", text, "@");
  return { keys, rooms };
});
const [askedRooms = 0, helpers = 0] = numbers("ask", values.ask, "x");
const [leftRooms = 0, scale = 1] = numbers("leave", values.leave, "@");
const [rooms = 0, written = 0] = numbers("files", values.files, "x");
const [people = 0, roomsEach = 0] = numbers("people", values.people, "x");

const parts: Readonly<Record<string, (bench: Bench) => Promise<string>>> = {
  reading: (bench) => benchReading(bench, sizes, planOnly),
  moving: (bench) => benchMoving(bench, sizes, concurrencies),
  limits: (bench) => benchLimits(bench, limited),
  people: (bench) => benchPeople(bench, people, roomsEach),
  kinds: (bench) => benchKinds(bench),
  watch: (bench) => benchWatch(bench, watched),
  keys: (bench) => benchKeys(bench, keySizes),
  files: (bench) => benchFiles(bench, { rooms, written }),
  contact: (bench) => benchContact(bench, { rooms: askedRooms, helpers }, { rooms: leftRooms, scale }),
};
const chosen = values.parts.split(",").map((name) => {
  const part = parts[name];
  return part ?? refuse(`--parts takes some of ${Object.keys(parts).join(",")}`);
});
const folder = values.keep ?? (await mkdtemp(join(tmpdir(), "mover-bench-")));
try {
  for (const part of chosen) process.stdout.write(`${await part({ folder, log: report })}\n\n`);
} finally {
  if (values.keep === undefined) await rm(folder, { recursive: true });
}

function numbers(name: string, text: string, separator: string): number[] {
  const found = text.split(separator).map(Number);
  if (found.every((number) => Number.isSafeInteger(number) && number > 0)) return found;
  return refuse(`--${name} takes whole numbers with ${separator} between them, such as 50${separator}200`);
}

function refuse(why: string): never {
  process.stderr.write(`${why}\n`);
  process.exit(2);
}

/** Standard error, so that the tables on standard output can be redirected. */
function report(line: string): void {
  process.stderr.write(`${line}\n`);
}

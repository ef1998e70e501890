/*
 * A process that starts a pair, freezes one of its servers, prints the process IDs and then waits
 * for a kill. Argument: the pair's folder.
 */
import { startHomeserverPair } from "../../lab/homeservers/pair.ts";

const pair = await startHomeserverPair({ folder: process.argv[2] ?? "", limits: "unlimited" });
pair.new.pause();
process.stdout.write(`${JSON.stringify([pair.old.pid, pair.new.pid])}\n`);

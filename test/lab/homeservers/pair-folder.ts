import { mkdir, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { newServerIdentity, pairIdentity, type PairIdentity } from "./identity.ts";
import { SIDES, type BySide, type PairOptions } from "./model.ts";
import { freePorts, isFree } from "./ports.ts";
import { CA_CERTIFICATE, SERVER_FILES, logConfig, serverConfig } from "./server-config.ts";
import { scriptCommand, type SynapseRuntime } from "./sources/source.ts";
import { runSupervised } from "./supervised-process.ts";

const COMPLETE = "pair.json";
const UNFINISHED = "pair.unfinished";
const DEFAULT_NAMES: BySide<string> = { old: "localhost", new: "localhost" };

/**
 * The pair kept in a folder, with client ports that are free now; `undefined` where there is none.
 */
export async function keptPair(folder: string): Promise<PairIdentity | undefined> {
  const content = await readFile(join(folder, COMPLETE), "utf8").catch(() => undefined);
  if (content === undefined) return undefined;
  const kept = pairIdentity.parse(JSON.parse(content));
  const spare = await freePorts(SIDES.length);
  const identity = { ...kept };
  for (const side of SIDES) {
    const { federationPort, clientPort, serverName } = kept[side];
    // The port is part of the server's name and so of every user ID in the database.
    if (!(await isFree(federationPort)))
      throw new Error(`${serverName} cannot be started: its port ${federationPort} is in use`);
    identity[side] = {
      ...kept[side],
      clientPort: (await isFree(clientPort)) ? clientPort : (spare.pop() ?? clientPort),
    };
  }
  return identity;
}

/**
 * Makes the folder of a new pair. `finishPair` must follow once it works; until then the folder
 * counts as empty.
 */
export async function newPair(runtime: SynapseRuntime, options: PairOptions): Promise<PairIdentity> {
  const { folder, names = DEFAULT_NAMES } = options;
  await clear(folder);
  const [oldClient = 0, oldFederation = 0, newClient = 0, newFederation = 0] = await freePorts(
    2 * SIDES.length,
  );
  const identity = {
    old: newServerIdentity(names.old, { client: oldClient, federation: oldFederation }),
    new: newServerIdentity(names.new, { client: newClient, federation: newFederation }),
  };
  for (const side of SIDES) {
    await mkdir(join(folder, side));
    await writeSecret(join(folder, side, SERVER_FILES.signingKey), `${identity[side].signingKey}\n`);
  }
  await runSupervised(
    scriptCommand(
      runtime,
      "certificates.py",
      ...[runtime.inside(folder), ...SIDES.flatMap((side) => [side, names[side]])],
    ),
  );
  return identity;
}

/** Writes the files that may change from start to start. */
export async function configurePair(options: PairOptions, identity: PairIdentity): Promise<void> {
  for (const side of SIDES) {
    const config = serverConfig({
      identity: identity[side],
      clientPort: identity[side].clientPort,
      federatesWith: SIDES.map((name) => identity[name].serverName),
      limits: options.limits,
      roomVersion: options.roomVersion,
      extra: options.extraConfig?.[side],
    });
    // JSON is YAML, and no word in it has a special meaning in YAML.
    await writeSecret(join(options.folder, side, SERVER_FILES.config), JSON.stringify(config, undefined, 2));
    await writeFile(
      join(options.folder, side, SERVER_FILES.logConfig),
      JSON.stringify(logConfig(), undefined, 2),
    );
  }
}

/** Marks a pair that has answered as finished. */
export async function finishPair(folder: string, identity: PairIdentity): Promise<void> {
  await writeSecret(join(folder, COMPLETE), JSON.stringify(identity, undefined, 2));
  await rm(join(folder, UNFINISHED), { force: true });
}

// Removes only the leftovers of an unfinished start. A folder with anything else is refused.
async function clear(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  const present = await readdir(folder);
  if (present.length > 0 && !present.includes(UNFINISHED))
    throw new Error(`${folder} is neither empty nor the folder of a homeserver pair`);
  await writeFile(join(folder, UNFINISHED), "");
  for (const name of [...SIDES, CA_CERTIFICATE])
    await rm(join(folder, name), { recursive: true, force: true });
}

function writeSecret(path: string, content: string): Promise<void> {
  return writeFile(path, content, { mode: 0o600 });
}

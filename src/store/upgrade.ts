import type { Database } from "better-sqlite3";
import { foundation } from "./upgrades/001-foundation.ts";
import { plans } from "./upgrades/002-plans.ts";
import { runs } from "./upgrades/003-runs.ts";
import { questions } from "./upgrades/004-questions.ts";
import { links } from "./upgrades/005-links.ts";
import { intents } from "./upgrades/006-intents.ts";
import { platforms } from "./upgrades/007-platforms.ts";
import { shown } from "./upgrades/008-shown.ts";
import { chats } from "./upgrades/009-chats.ts";
import { leases } from "./upgrades/010-leases.ts";
import { indexes } from "./upgrades/011-indexes.ts";
import { imageCopies } from "./upgrades/012-image-copies.ts";
import { authorizationServers } from "./upgrades/013-authorization-servers.ts";
import { recipients } from "./upgrades/014-recipients.ts";
import { keptRequests } from "./upgrades/015-kept-requests.ts";
import { keyCopies } from "./upgrades/016-key-copies.ts";
import { receivedFiles } from "./upgrades/017-received-files.ts";
import { contact } from "./upgrades/018-contact.ts";
import { imports } from "./upgrades/019-imports.ts";
import { openedChats } from "./upgrades/020-opened-chats.ts";

/**
 * All schema versions in order. The version number is the position, counted from one. A released
 * upgrade is never edited.
 */
export const schemaUpgrades: readonly string[] = [
  foundation,
  plans,
  runs,
  questions,
  links,
  intents,
  platforms,
  shown,
  chats,
  leases,
  indexes,
  imageCopies,
  authorizationServers,
  recipients,
  keptRequests,
  keyCopies,
  receivedFiles,
  contact,
  imports,
  openedChats,
];

/** Converts rows after the upgrades from a version on. */
export type Convert = (database: Database, from: number) => void;

/** From this version on a session is sealed together with its account and address. */
export const SESSIONS_SEALED_WITH_ACCOUNT = schemaUpgrades.indexOf(authorizationServers) + 1;

/** A newer version of the bot wrote the database. This version must not touch it. */
export class NewerSchemaError extends Error {
  readonly found: number;
  readonly known: number;

  constructor(found: number, known: number) {
    super(
      `The database has schema ${found}; this version of the bot knows schemas up to ${known}. Start the newer version again.`,
    );
    this.name = "NewerSchemaError";
    this.found = found;
    this.known = known;
  }
}

/**
 * Reads the schema version of a database.
 * @throws NewerSchemaError
 */
export function assertKnownSchema(database: Database, upgrades: readonly string[] = schemaUpgrades): number {
  const found = Number(database.pragma("user_version", { simple: true }));
  if (found > upgrades.length) throw new NewerSchemaError(found, upgrades.length);
  return found;
}

/**
 * Upgrades the schema to the newest version, in one transaction: a crash in between leaves the old
 * version. Foreign keys are enforced only afterwards. Otherwise an upgrade that recreates a table
 * would delete the rows of other tables when it drops the old one
 * (https://www.sqlite.org/lang_altertable.html, "Making Other Kinds Of Table Schema Changes").
 * @param convert converts rows that SQL alone cannot convert, in the same transaction
 * @throws NewerSchemaError before anything is written
 */
export function upgradeSchema(
  database: Database,
  upgrades: readonly string[] = schemaUpgrades,
  convert: Convert = () => undefined,
): { from: number; to: number } {
  const from = assertKnownSchema(database, upgrades);
  database.pragma("foreign_keys = OFF");
  try {
    if (from < upgrades.length) applyUpgrades(database, upgrades, { from, convert });
  } finally {
    database.pragma("foreign_keys = ON");
  }
  return { from, to: upgrades.length };
}

function applyUpgrades(
  database: Database,
  upgrades: readonly string[],
  { from, convert }: { from: number; convert: Convert },
): void {
  database.transaction(() => {
    for (const upgrade of upgrades.slice(from)) database.exec(upgrade);
    convert(database, from);
    const orphans = database.pragma("foreign_key_check");
    if (Array.isArray(orphans) && orphans.length > 0)
      throw new Error(`The upgrade of the database would leave ${orphans.length} rows without their owners.`);
    database.pragma(`user_version = ${upgrades.length}`);
  })();
}

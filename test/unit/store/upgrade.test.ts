import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import Database from "better-sqlite3";
import { describe, expect, it } from "vitest";
import { openStore } from "../../../src/store/store.ts";
import { NewerSchemaError, schemaUpgrades, upgradeSchema } from "../../../src/store/upgrade.ts";
import { questions } from "../../../src/store/upgrades/004-questions.ts";
import { secretKey, temporaryFolder } from "../../support/store/temporary-store.ts";

function tablesOf(database: Database.Database): unknown[] {
  return database.prepare("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name").pluck().all();
}

function versionOf(database: Database.Database): unknown {
  return database.pragma("user_version", { simple: true });
}

function digest(text: string): string {
  return createHash("sha256").update(text).digest("hex").slice(0, 16);
}

it("never edits an upgrade that was released", () => {
  const released = [
    "71e564fdb3ddf0fc",
    "4135e344f8cdb549",
    "4230088240953a9e",
    "155f519611324008",
    "801774411abbb935",
    "2fbde4e48e1cc504",
    "2301c9269cc52ba2",
  ];
  expect(schemaUpgrades.map(digest).slice(0, released.length)).toEqual(released);
});

describe("upgradeSchema", () => {
  it("brings an empty database to the newest schema, and one that has it nowhere", () => {
    const database = new Database(":memory:");
    expect(upgradeSchema(database)).toEqual({ from: 0, to: schemaUpgrades.length });
    expect(tablesOf(database)).toContain("received_event");
    expect(upgradeSchema(database)).toEqual({ from: schemaUpgrades.length, to: schemaUpgrades.length });
  });

  it("runs only what is missing, in order, and keeps what is there", () => {
    const database = new Database(":memory:");
    upgradeSchema(database, ["CREATE TABLE a (x)"]);
    database.exec("INSERT INTO a VALUES (1)");
    expect(
      upgradeSchema(database, ["CREATE TABLE a (x)", "CREATE TABLE b (y)", "INSERT INTO b SELECT x FROM a"]),
    ).toEqual({
      from: 1,
      to: 3,
    });
    expect(database.prepare("SELECT y FROM b").pluck().all()).toEqual([1]);
  });

  it("leaves the old schema when it fails in the middle", () => {
    const database = new Database(":memory:");
    upgradeSchema(database, ["CREATE TABLE a (x)"]);
    const upgrades = [
      "CREATE TABLE a (x)",
      "CREATE TABLE b (y); INSERT INTO a VALUES (1)",
      "CREATE TABLE c (z); nonsense",
    ];
    expect(() => upgradeSchema(database, upgrades)).toThrow(/nonsense/u);
    expect(versionOf(database)).toBe(1);
    expect(tablesOf(database)).toEqual(["a"]);
    expect(database.prepare("SELECT count(*) FROM a").pluck().get()).toBe(0);
  });

  it("takes messages on their way into the outbox that knows reactions, and counts on from them", () => {
    const database = new Database(":memory:");
    const before = schemaUpgrades.indexOf(questions);
    upgradeSchema(database, schemaUpgrades.slice(0, before));
    const columns = "(transaction_id, room_id, for_user, kind, content, priority, created_at)";
    database.exec(
      `INSERT INTO outbox ${columns} VALUES ('one', '!r', '@me:x', 'message', '{"body":"x"}', 1, 5)`,
    );
    expect(() =>
      database.exec(`INSERT INTO outbox ${columns} VALUES ('two', '!r', '@me:x', 'reaction', '{}', 1, 6)`),
    ).toThrow();
    upgradeSchema(database);
    database.exec(`INSERT INTO outbox ${columns} VALUES ('two', '!r', '@me:x', 'reaction', '{}', 1, 6)`);
    expect(
      database
        .prepare("SELECT id, transaction_id, content, created_at, attempts FROM outbox ORDER BY id")
        .raw()
        .all(),
    ).toEqual([
      [1, "one", '{"body":"x"}', 5, 0],
      [2, "two", "{}", 6, 0],
    ]);
  });

  const parentAndChild =
    "CREATE TABLE parent (id INTEGER PRIMARY KEY); CREATE TABLE child (id REFERENCES parent (id) ON DELETE CASCADE); INSERT INTO parent VALUES (1); INSERT INTO child VALUES (1)";

  it("recreates a table without deleting the rows that refer to it, and enforces foreign keys afterwards", () => {
    const database = new Database(":memory:");
    const anew =
      "CREATE TABLE other (id INTEGER PRIMARY KEY); INSERT INTO other SELECT id FROM parent; DROP TABLE parent; ALTER TABLE other RENAME TO parent";
    upgradeSchema(database, [parentAndChild, anew]);
    expect(database.prepare("SELECT count(*) FROM child").pluck().get()).toBe(1);
    database.exec("DELETE FROM parent");
    expect(database.prepare("SELECT count(*) FROM child").pluck().get()).toBe(0);
  });

  it("leaves the old schema when rows would lose what they refer to", () => {
    const database = new Database(":memory:");
    upgradeSchema(database, [parentAndChild]);
    expect(() => upgradeSchema(database, [parentAndChild, "DELETE FROM parent"])).toThrow(/leave 1 rows/u);
    expect(versionOf(database)).toBe(1);
    expect(database.prepare("SELECT count(*) FROM parent").pluck().get()).toBe(1);
    expect(database.pragma("foreign_keys", { simple: true })).toBe(1);
  });

  it("refuses a newer schema", () => {
    const database = new Database(":memory:");
    database.pragma("user_version = 7");
    expect(() => upgradeSchema(database, ["CREATE TABLE a (x)"])).toThrow(NewerSchemaError);
    expect(tablesOf(database)).toEqual([]);
    expect(versionOf(database)).toBe(7);
  });
});

describe("opening the store", () => {
  it("leaves a newer database untouched, says so, and lets go of it", async () => {
    const dataDir = await temporaryFolder();
    const path = join(dataDir, "mover.sqlite");
    const newer = new Database(path);
    newer.exec("CREATE TABLE a (x)");
    newer.pragma("user_version = 99");
    newer.close();
    const before = readFileSync(path);
    for (let attempt = 0; attempt < 2; attempt++) {
      const open = () => openStore({ dataDir, secretKey });
      expect(open).toThrow(NewerSchemaError);
      expect(open).toThrow(
        `The database has schema 99; this version of the bot knows schemas up to ${schemaUpgrades.length}.`,
      );
    }
    expect(readFileSync(path).equals(before)).toBe(true);
  });
});

import { describe, expect, it } from "vitest";
import type { Account, Side } from "../../../src/model/account.ts";
import type { KeyCopy, KeyCopyEvent } from "../../../src/model/key-copy.ts";
import { SealedSecrets } from "../../../src/store/sealed-secrets.ts";
import type { Store } from "../../../src/store/store.ts";
import {
  BACKUP_KEY,
  KEY_OWNER,
  NEW_USER,
  OLD_USER,
  copiedKeys,
  newKeyCopy,
} from "../../support/fakes/key-copies.ts";
import { changeRows } from "../../support/store/old-rows.ts";
import { bytesIn, secretKey, temporaryStore } from "../../support/store/temporary-store.ts";

const DAY_MS = 86_400_000;
const otherMessage = { ...newKeyCopy().address, eventId: "$again" };

function account(side: Side, userId: string, signedInAt = 5): Account {
  const session = { method: "link", deviceId: "D", signedInAt } as const;
  return { owner: KEY_OWNER, side, userId, baseUrl: "https://server.example", ...session };
}

async function signIn(store: Store, side: Side, userId: string, signedInAt = 5): Promise<void> {
  await store.accounts.put(account(side, userId, signedInAt), { accessToken: `token of ${userId}` });
}

/** A store with both accounts of the person. */
async function signedInStore() {
  const stored = await temporaryStore();
  await signIn(stored.store, "source", OLD_USER);
  await signIn(stored.store, "target", NEW_USER);
  return stored;
}

async function begun(store: Store, changes: Parameters<typeof newKeyCopy>[0] = {}): Promise<KeyCopy> {
  const result = await store.keyCopies.begin(newKeyCopy(changes));
  if (result.status !== "begun") throw new Error(result.status);
  return result.copy;
}

/** Whether a row holds the sealed key, read past the store. */
async function isKeyStored(store: Store, { id }: KeyCopy): Promise<boolean> {
  return (await store.keyCopies.secret(id)) !== null;
}

describe("a stored copy of keys", () => {
  it("is read as it was stored, by another process too, with what opens the keys", async () => {
    const { store, reopen, dataDir } = await signedInStore();
    const copy = await begun(store);
    expect(copy).toMatchObject({ state: "running", source: OLD_USER, target: NEW_USER, notBefore: 1 });
    const reopened = await reopen();
    expect(await reopened.keyCopies.of(KEY_OWNER)).toEqual(copy);
    expect(await reopened.keyCopies.secret(copy.id)).toEqual(newKeyCopy().secret);
    expect(bytesIn(dataDir)).not.toContain(BACKUP_KEY);
  });

  it("is not stored for an account that was signed out meanwhile", async () => {
    const { store } = await signedInStore();
    await store.accounts.remove(KEY_OWNER, "target");
    expect(await store.keyCopies.begin(newKeyCopy())).toEqual({ status: "signed_out" });
    const onlySource = newKeyCopy({ purpose: "export", target: null });
    expect(await store.keyCopies.begin(onlySource)).toMatchObject({ status: "begun" });
  });

  it("is begun once by one message", async () => {
    const { store } = await signedInStore();
    const copy = await begun(store);
    await store.keyCopies.finish(copy.id, copiedKeys, new Map());
    expect(await store.keyCopies.begin(newKeyCopy())).toMatchObject({
      status: "repeated",
      copy: { id: copy.id, state: "done" },
    });
  });

  it("is replaced by a new one while it waits, but not while it runs", async () => {
    const { store, dataDir } = await signedInStore();
    const copy = await begun(store);
    const next = newKeyCopy({ address: otherMessage });
    expect(await store.keyCopies.begin(next)).toMatchObject({ status: "busy", copy: { id: copy.id } });
    await store.keyCopies.apply(copy.id, "backup_missing", { reason: { code: "none" }, notBefore: 30_000 });
    const replaced = await store.keyCopies.begin(next);
    expect(replaced).toMatchObject({ status: "begun", replaced: { id: copy.id } });
    expect(await store.keyCopies.secret(copy.id)).toBeNull();
    expect(await store.keyCopies.apply(copy.id, "continued")).toBeNull();
    expect(bytesIn(dataDir)).not.toContain(BACKUP_KEY);
  });

  it("applies only events that fit its state, and keeps a reason only until the next event", async () => {
    const { store } = await signedInStore();
    const { id } = await begun(store);
    expect(await store.keyCopies.apply(id, "signed_in")).toBeNull();
    const wait = { reason: { code: "limit", side: "target" }, notBefore: 90_000 } as const;
    expect(await store.keyCopies.apply(id, "server_away", wait)).toMatchObject({
      state: "waiting_for_server",
      ...wait,
    });
    expect(await store.keyCopies.apply(id, "continued", { notBefore: 100_000 })).toMatchObject({
      ...{ state: "running", reason: null, notBefore: 100_000 },
    });
  });

  it("keeps its progress", async () => {
    const { store } = await signedInStore();
    const { id } = await begun(store);
    const progress = { done: 40, total: 90, alreadyThere: 3, batchSize: 50, hasStartedOver: true };
    const to = { version: "7", publicKey: "key" };
    await store.keyCopies.change(id, { ...progress, to, wasInterrupted: true, progressCount: 2 });
    expect(await store.keyCopies.of(KEY_OWNER)).toMatchObject({ ...progress, to, progressCount: 2 });
    await store.keyCopies.change(id, { to: null, alreadyThere: null });
    expect(await store.keyCopies.of(KEY_OWNER)).toMatchObject({ to: null, alreadyThere: null, done: 40 });
  });

  it("is due at its time, and not while only its owner can continue it", async () => {
    const { store } = await signedInStore();
    const { id } = await begun(store);
    expect(await store.keyCopies.due(0)).toEqual([]);
    expect(await store.keyCopies.due(1)).toHaveLength(1);
    await store.keyCopies.apply(id, "backup_missing", { notBefore: 500 });
    expect(await store.keyCopies.nextAt(1)).toBe(500);
    expect(await store.keyCopies.nextAt(500)).toBe(DAY_MS);
    await store.keyCopies.apply(id, "needs_owner");
    expect(await store.keyCopies.due(DAY_MS)).toEqual([]);
    await store.keyCopies.apply(id, "cancelled");
    expect(await store.keyCopies.nextAt(1)).toBeNull();
  });

  it("replaces the facts of the copy before, with many unusable keys", async () => {
    const { store } = await signedInStore();
    const { id } = await begun(store);
    const many = new Map(Array.from({ length: 1_200 }, (_, at) => [`!${at}:x`, at + 1]));
    await store.keyCopies.finish(id, copiedKeys, many);
    expect(await store.keyCopies.copied(KEY_OWNER)).toEqual(copiedKeys);
    expect(await store.keyCopies.unusable(KEY_OWNER)).toEqual(many);
    const again = await begun(store, { address: otherMessage });
    await store.keyCopies.finish(again.id, { ...copiedKeys, copied: 0 }, new Map([["!a:x", 2]]));
    expect(await store.keyCopies.copied(KEY_OWNER)).toMatchObject({ copied: 0 });
    expect(await store.keyCopies.unusable(KEY_OWNER)).toEqual(new Map([["!a:x", 2]]));
  });
});

describe("what opens the keys is erased", () => {
  const events: readonly { when: string; apply: (store: Store, copy: KeyCopy) => Promise<unknown> }[] = [
    {
      when: "when the copy is done",
      apply: ({ keyCopies }, { id }) => keyCopies.finish(id, copiedKeys, new Map()),
    },
    ...(["stopped", "cancelled", "key_erased", "abandoned"] satisfies KeyCopyEvent[]).map((event) => ({
      when: `by the event ${event}`,
      apply: ({ keyCopies }: Store, { id }: KeyCopy) => keyCopies.apply(id, event),
    })),
    { when: "after a day", apply: ({ keyCopies }) => keyCopies.expire(DAY_MS) },
    { when: "by !forget", apply: (store) => store.forget(KEY_OWNER) },
    {
      when: "by a sign-out of the old account",
      apply: ({ accounts }) => accounts.remove(KEY_OWNER, "source"),
    },
    {
      when: "by a sign-out of the new account",
      apply: ({ accounts }) => accounts.remove(KEY_OWNER, "target"),
    },
    {
      when: "by a sign-out that has begun",
      apply: ({ accounts }) => accounts.endWorkWithKeys(KEY_OWNER, "source"),
    },
    { when: "by another sign-in to the old account", apply: (store) => signIn(store, "source", OLD_USER, 9) },
    {
      when: "by a sign-in to another old account",
      apply: (store) => signIn(store, "source", "@b:old.example"),
    },
    {
      when: "by a sign-in to another new account",
      apply: (store) => signIn(store, "target", "@b:new.example"),
    },
  ];

  it.each(events)("$when", async ({ apply }) => {
    const { store, dataDir } = await signedInStore();
    const copy = await begun(store);
    const box = (await sealedBytes(store, dataDir)).toString("latin1");
    expect(bytesIn(dataDir)).toContain(box);
    await apply(store, copy);
    expect(await isKeyStored(store, copy)).toBe(false);
    await store.prune(0);
    expect(bytesIn(dataDir)).not.toContain(box);
  });

  it("not by a sign-in to the new account again, nor by one that the copy waits for", async () => {
    const { store } = await signedInStore();
    const copy = await begun(store);
    await signIn(store, "target", NEW_USER, 9);
    expect(await store.keyCopies.of(KEY_OWNER)).toEqual(copy);
    const problem = { code: "account", side: "source", problem: "session_ended", page: null } as const;
    await store.keyCopies.apply(copy.id, "needs_owner", { reason: problem });
    await signIn(store, "target", NEW_USER, 10);
    expect(await store.keyCopies.of(KEY_OWNER)).toMatchObject({ state: "needs_you" });
    await signIn(store, "source", OLD_USER, 11);
    expect(await store.keyCopies.of(KEY_OWNER)).toMatchObject({ state: "running", notBefore: 11 });
    expect(await isKeyStored(store, copy)).toBe(true);
  });

  it("with the state that says why", async () => {
    const { store } = await signedInStore();
    const copy = await begun(store);
    await signIn(store, "source", OLD_USER, 9);
    expect(await store.keyCopies.of(KEY_OWNER)).toMatchObject({
      ...{ id: copy.id, state: "needs_key", reason: { code: "signed_in_again" } },
    });
    await signIn(store, "source", "@b:old.example");
    expect(await store.keyCopies.of(KEY_OWNER)).toMatchObject({
      ...{ state: "cancelled", reason: { code: "abandoned" } },
    });
  });

  it("and a wait for a backup ends with it", async () => {
    const { store } = await signedInStore();
    const { id } = await begun(store);
    await store.keyCopies.apply(id, "backup_missing", { notBefore: 500 });
    expect(await store.keyCopies.expire(DAY_MS - 1)).toEqual([]);
    expect(await store.keyCopies.expire(DAY_MS)).toMatchObject([
      { state: "stopped", reason: { code: "waited_enough" }, openedUntil: null, notBefore: null },
    ]);
    expect(await store.keyCopies.expire(DAY_MS)).toEqual([]);
  });

  it("also in a row that no version of the bot reads", async () => {
    const { store, dataDir, reopen } = await signedInStore();
    await begun(store);
    await store.close();
    changeRows(dataDir, (database) => database.exec("UPDATE key_copy SET state = 'strange'"));
    const reopened = await reopen();
    expect(await reopened.keyCopies.of(KEY_OWNER)).toBeNull();
    expect(await reopened.keyCopies.expire(DAY_MS)).toEqual([]);
    await reopened.close();
    changeRows(dataDir, (database) => {
      expect(database.prepare("SELECT count(*) FROM key_copy").pluck().get()).toBe(0);
    });
    await reopen();
  });
});

describe("the facts of earlier copies", () => {
  it("are forgotten with the accounts that they are about", async () => {
    const { store } = await signedInStore();
    const { id } = await begun(store);
    await store.keyCopies.finish(id, copiedKeys, new Map([["!a:x", 2]]));
    await store.accounts.remove(KEY_OWNER, "source");
    await signIn(store, "source", OLD_USER, 9);
    expect(await store.keyCopies.copied(KEY_OWNER)).toEqual(copiedKeys);
    await signIn(store, "source", "@b:old.example");
    expect(await store.keyCopies.copied(KEY_OWNER)).toBeNull();
    expect(await store.keyCopies.unusable(KEY_OWNER)).toEqual(new Map());
  });

  it("are pruned when their person has no account any more", async () => {
    const { store } = await signedInStore();
    const { id } = await begun(store);
    await store.keyCopies.finish(id, copiedKeys, new Map([["!a:x", 2]]));
    await store.prune(10);
    expect(await store.keyCopies.copied(KEY_OWNER)).toEqual(copiedKeys);
    expect(await store.keyCopies.of(KEY_OWNER)).toBeNull();
    await store.accounts.remove(KEY_OWNER, "source");
    await store.accounts.remove(KEY_OWNER, "target");
    await store.prune(10);
    expect(await store.keyCopies.copied(KEY_OWNER)).toBeNull();
    expect(await store.keyCopies.unusable(KEY_OWNER)).toEqual(new Map());
  });
});

describe("a row that cannot be read", () => {
  it.each([
    { column: "address", value: "no JSON" },
    { column: "purpose", value: "strange" },
    { column: "state", value: "strange" },
  ])("by its $column counts as none, and is replaced by the next copy", async ({ column, value }) => {
    const { store, dataDir, reopen } = await signedInStore();
    await begun(store);
    await store.close();
    changeRows(dataDir, (database) => database.prepare(`UPDATE key_copy SET ${column} = ?`).run(value));
    const reopened = await reopen();
    expect(await reopened.keyCopies.of(KEY_OWNER)).toBeNull();
    expect(await reopened.keyCopies.due(DAY_MS)).toEqual([]);
    expect(await reopened.keyCopies.begin(newKeyCopy({ address: otherMessage }))).toMatchObject({
      ...{ status: "begun", replaced: null },
    });
  });

  it("by its reason or its key loses only these", async () => {
    const { store, dataDir, reopen } = await signedInStore();
    const { id } = await begun(store);
    await store.close();
    changeRows(dataDir, (database) =>
      database.exec("UPDATE key_copy SET reason = '{\"code\":\"strange\"}', sealed = x'0102'"),
    );
    const reopened = await reopen();
    expect(await reopened.keyCopies.of(KEY_OWNER)).toMatchObject({ id, reason: null, state: "running" });
    expect(await reopened.keyCopies.secret(id)).toBeNull();
  });
});

/** The stored box of the copy. */
async function sealedBytes(store: Store, dataDir: string): Promise<Buffer> {
  await store.prune(0);
  let box: Buffer = Buffer.alloc(0);
  changeRows(dataDir, (database) => {
    const sealed: unknown = database.prepare("SELECT sealed FROM key_copy").pluck().get();
    if (Buffer.isBuffer(sealed)) box = sealed;
  });
  expect(box.length).toBeGreaterThan(50);
  const place = JSON.stringify(["keys", KEY_OWNER, OLD_USER, NEW_USER]);
  expect(new SealedSecrets(secretKey).open(place, box)).toContain(BACKUP_KEY);
  return box;
}

import { describe, expect, it } from "vitest";
import type { Side } from "../../../src/model/account.ts";
import type { SignInLink } from "../../../src/model/sign-in-link.ts";
import { outboxPriority } from "../../../src/store/outbox-item.ts";
import type { Store } from "../../../src/store/store.ts";
import { copiedKeys, newKeyCopy } from "../../support/fakes/key-copies.ts";
import { nextDue } from "../../support/store/next-due.ts";
import { bytesIn, temporaryStore } from "../../support/store/temporary-store.ts";

const PERSON = "@forgetmenot:x.org";

/** Fills every table with something of a person's. */
async function fill(store: Store, owner: string): Promise<void> {
  const contacts = [{ userId: owner, displayName: owner, rooms: [] }];
  const findings = { writtenAt: 1, rooms: [], contacts, data: null };
  await store.imports.add({ owner, userId: owner, findings, isInstead: false }, 1);
  const name = owner.slice(1, owner.indexOf(":"));
  for (const side of ["source", "target"] satisfies Side[]) {
    const userId = `@${name}-${side}:old.example`;
    const account = {
      owner,
      side,
      userId,
      baseUrl: `https://${name}.example`,
      deviceId: null,
      signedInAt: 0,
    };
    await store.accounts.put({ ...account, method: "token" }, { accessToken: `syt_${name}_${side}_token` });
    await store.signInLinks.put(waitingLink(owner, side, `${name}-code`));
    await store.accounts.beginAttempt({ ...account, deviceId: `${name}DEVICE` }, 0);
  }
  const event = (id: string) => ({
    event_id: id,
    type: "m.room.message",
    sender: owner,
    content: { body: `said by ${name}` },
  });
  await store.receivedEvents.add(`!${name}:x.org`, event(`$handled-${name.length}`), 1);
  await store.receivedFiles.add(
    { roomId: `!${name}:x.org`, sender: owner },
    {
      eventId: `$handled-${name.length}`,
      file: { name, size: 1, serverName: "x.org", mediaId: name, encryption: null },
    },
    1,
  );
  await store.receivedEvents.finish(`$handled-${name.length}`, 2);
  await store.undecryptedEvents.add({
    eventId: `$u-${name.length}`,
    roomId: `!${name}:x.org`,
    sender: owner,
    event: name,
    receivedAt: 1,
  });
  await store.invitations.put({ roomId: `!invited-${name}:x.org`, inviter: owner, isDirect: true }, 1);
  await store.sentOnce.take({ subject: `hint !${name}:x.org ${owner}`, person: owner, cause: null }, 1);
  const address = {
    roomId: `!${name}:x.org`,
    eventId: "$q",
    threadRoot: null,
    sender: owner,
    isEncrypted: false,
  };
  const userId = `@${name}-source:old.example`;
  await store.keptRequests.put(
    {
      owner,
      address: { ...address, roomKind: "direct" },
      request: { kind: name },
      cause: { userId },
      askedAt: 1,
      notBefore: 2,
    },
    userId,
  );
  const begun = await store.keyCopies.begin(
    newKeyCopy({
      ...{ owner, source: userId, target: `@${name}-target:old.example` },
      address: { ...address, roomKind: "direct" },
    }),
  );
  if (begun.status !== "begun") throw new Error("not begun");
  await store.keyCopies.finish(
    begun.copy.id,
    { ...copiedKeys, source: userId },
    new Map([[`!${name}:x.org`, 1]]),
  );
  await store.contacts.reserveChat(
    {
      move: { owner, source: userId, target: `@${name}:new.example`, isFromFile: false },
      ...{ partner: `@${name}-helper:x.org`, by: userId },
      ...{ step: { runId: name.length, key: name }, purpose: "ask" },
    },
    10,
    1,
  );
  await store.contacts.saveFinishState({ owner, source: userId }, { at: 1, state: { name } });
  await store.questions.put(
    {
      transactionId: `q ${name}`,
      address: { ...address, roomKind: "direct" },
      word: "undo",
      typedWords: [],
      shown: "digest",
      action: "undo",
      payload: name,
    },
    null,
    1,
  );
  for (const kind of ["sent", "failed"] as const) {
    await store.outbox.add(message(`${kind} ${name.length}`, owner, `told to ${name}`), 1);
    const row = await nextDue(store.outbox, 1);
    const result =
      kind === "sent" ? { status: kind, eventId: "$x" } : { status: kind, failure: "M_FORBIDDEN" };
    await store.outbox.finish(row?.id ?? 0, result, 2);
  }
}

function message(transactionId: string, owner: string, body: string) {
  const content = { body, "m.mentions": { user_ids: [owner] } };
  return {
    transactionId,
    roomId: `!${owner.slice(1)}`,
    forUser: owner,
    cause: null,
    kind: "message" as const,
    content,
    priority: outboxPriority.answer,
  };
}

function waitingLink(owner: string, side: Side, deviceCode: string): SignInLink {
  const issuer = "https://auth.example/";
  return {
    ...{
      owner,
      side,
      userId: "@x:old.example",
      baseUrl: "https://old.example",
      deviceId: "DEVICE",
      clientId: "c",
      deviceCode,
    },
    ...{ userCode: "ABCDEF", verificationUri: `${issuer}link`, intervalMs: 1, expiresAt: 1, tokens: null },
    server: {
      issuer,
      token_endpoint: issuer,
      registration_endpoint: issuer,
      device_authorization_endpoint: issuer,
    },
    address: {
      roomId: "!r",
      eventId: "$e",
      threadRoot: null,
      roomKind: "direct",
      sender: owner,
      isEncrypted: true,
    },
  };
}

describe("forgetting a person", () => {
  it("erases everything of the person from every file, and counts it", async () => {
    const { store, dataDir } = await temporaryStore();
    await fill(store, PERSON);
    expect(bytesIn(dataDir)).toContain("forgetmenot");
    expect(await store.forget(PERSON)).toEqual({ accounts: 2, secrets: 2, messages: 2, hadFiles: true });
    const bytes = bytesIn(dataDir);
    expect(bytes).not.toContain("forgetmenot");
    expect(bytes).not.toContain("syt_");
    expect(await store.accounts.get(PERSON, "source")).toBeNull();
    expect(await store.accounts.session(PERSON, "target")).toBeNull();
    expect(await store.signInLinks.all()).toEqual([]);
  });

  it("leaves what belongs to others", async () => {
    const { store } = await temporaryStore();
    await fill(store, PERSON);
    await fill(store, "@somebody-else:x.org");
    await store.forget(PERSON);
    expect(await store.forget("@somebody-else:x.org")).toEqual({
      accounts: 2,
      secrets: 2,
      messages: 2,
      hadFiles: true,
    });
  });

  it("finds nothing the second time", async () => {
    const { store } = await temporaryStore();
    await fill(store, PERSON);
    await store.forget(PERSON);
    expect(await store.forget(PERSON)).toEqual({ accounts: 0, secrets: 0, messages: 0, hadFiles: false });
  });

  it("keeps events from being handled twice", async () => {
    const { store } = await temporaryStore();
    await fill(store, PERSON);
    await store.forget(PERSON);
    expect(await store.receivedEvents.has(`$handled-${"forgetmenot".length}`)).toBe(true);
  });

  it("still sends what is on its way, and keeps nothing of it afterwards", async () => {
    const { store, dataDir } = await temporaryStore();
    await store.outbox.add(message("last", PERSON, "told to forgetmenot"), 1);
    await store.receivedEvents.add(
      "!r",
      { event_id: "$1", type: "m.room.message", sender: PERSON, content: {} },
      1,
    );
    await store.forget(PERSON);
    const row = await nextDue(store.outbox, 1);
    expect(row).toMatchObject({ forUser: null, content: { body: "told to forgetmenot" } });
    await store.outbox.finish(row?.id ?? 0, { status: "sent", eventId: "$x" }, 2);
    expect(await store.receivedEvents.unhandled()).toHaveLength(1);
    expect(bytesIn(dataDir)).not.toContain("forgetmenot");
    expect(await store.outbox.unsentCount()).toBe(0);
  });

  it("keeps nothing of a message to somebody who was forgotten before it was written", async () => {
    const { store, dataDir } = await temporaryStore();
    await store.outbox.add({ ...message("last", PERSON, "told to forgetmenot"), forUser: null }, 1);
    await store.outbox.finish(
      (await nextDue(store.outbox, 1))?.id ?? 0,
      { status: "failed", failure: "x" },
      2,
    );
    expect(bytesIn(dataDir)).not.toContain("forgetmenot");
    expect(await store.outbox.result("last")).toBeNull();
  });
});

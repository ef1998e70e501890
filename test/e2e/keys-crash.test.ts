import { OlmMachine } from "@matrix-org/matrix-sdk-crypto-wasm";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { SeenMessage } from "../lab/person/person.ts";
import { textOf } from "../lab/person/person.ts";
import type { Chat } from "../support/chat/direct-chat.ts";
import { chatIn, signInBoth } from "../support/chat/direct-chat.ts";
import type { Account } from "../support/environments/bot-environment.ts";
import type { ProxiedNewServer } from "../support/environments/proxied-new-server.ts";
import { createProxiedNewServer } from "../support/environments/proxied-new-server.ts";
import type { Fault, ProxiedRequest } from "../support/faults/fault-proxy.ts";
import { backedUpRoomsSchema, isKeyUpload, openedBackup } from "../support/keys/key-storage.ts";
import type { MadeSession } from "../support/keys/made-backup.ts";
import { makeSessions, storeBackup } from "../support/keys/made-backup.ts";

/** Two uploads of at most a hundred each. */
const SESSIONS = 200;
const ROOMS = 3;
const END_MS = 3 * 60_000;
const FILE_PASSPHRASE = "of the key file";

/** What the tests of this file share. They run in order, and later ones need earlier ones. */
interface Story extends ProxiedNewServer {
  old: Account;
  new: Account;
  chat: Chat;
  sessions: MadeSession[];
  recoveryKey: string;
}

const story = {} as Story;

describe("a copy of keys that is cut off", () => {
  beforeAll(async () => {
    Object.assign(story, await createProxiedNewServer());
    const { environment } = story;
    const [old, target] = await Promise.all([
      environment.register("old", "bea"),
      environment.register("new", "bea"),
    ]);
    Object.assign(story, { old, new: target });
    story.sessions = makeSessions(SESSIONS, ROOMS);
    const [typist] = await Promise.all([environment.client(target), environment.bot.start()]);
    story.recoveryKey = await storeBackup(old, story.sessions);
    await typist.keys.setUpStorage();
    story.chat = chatIn(environment, typist, await environment.directChat(typist, { encrypted: false }));
    await signInBoth(story.chat, { old, new: target });
  });

  afterAll(async () => {
    await story.environment.close();
    await story.newServer.stop();
  });

  it("by a kill at every upload has the same end, and sends nothing that the server has", async () => {
    const { environment, newServer, chat, recoveryKey } = story;
    let upload = nextUpload({ kind: "hang" });
    const command = await chat.person.say(chat.roomId, `!keys copy --recovery-key "${recoveryKey}"`);
    let kills = 0;
    for (;;) {
      const reached = await Promise.race([upload, chat.fromBot(isEnd, command)]);
      if ("eventId" in reached) break;
      await environment.bot.kill();
      kills += 1;
      // In turn before the server gets the upload and after it has stored it.
      upload = nextUpload(kills % 2 === 0 ? { kind: "hang" } : { kind: "delay-answer", ms: END_MS });
      await environment.bot.start();
    }
    newServer.setRule();
    expect(kills).toBeGreaterThanOrEqual(2 * Math.ceil(SESSIONS / 100));
    await expectCopiedOnce(newServer.requests);
  });

  it("by limits, a proxy's size limit, pages and errors of the server has the same end", async () => {
    const { newServer, chat, recoveryKey } = story;
    await chat.person.keys.resetBackup();
    const faults: Readonly<Record<number, Fault>> = {
      0: { kind: "limit", retryAfterMs: 1_000 },
      1: { kind: "status", status: 413, errcode: "M_TOO_LARGE" },
      3: { kind: "html" },
      5: { kind: "status", status: 503 },
    };
    const before = newServer.requests.length;
    let uploads = 0;
    newServer.setRule((request) => (isKeyUpload(request) ? faults[uploads++] : undefined));
    const command = await chat.person.say(chat.roomId, `!keys copy --recovery-key "${recoveryKey}"`);
    await chat.fromBot(isEnd, command);
    newServer.setRule();
    expect(uploads).toBeGreaterThan(Object.keys(faults).length);
    await expectCopiedOnce(newServer.requests.slice(before));
  });

  it("by a kill in an import of a key file has the same end", async () => {
    const { environment, newServer, chat, sessions } = story;
    await chat.person.keys.resetBackup();
    const bytes = Buffer.from(keyFileOf(sessions));
    await chat.person.sendFile(chat.roomId, { name: "element-keys.txt", mimetype: "text/plain", bytes });
    const before = newServer.requests.length;
    const taken = nextUpload({ kind: "delay-answer", ms: END_MS });
    const command = await chat.person.say(chat.roomId, `!keys import --passphrase "${FILE_PASSPHRASE}"`);
    await taken;
    await environment.bot.kill();
    await environment.bot.start();
    await chat.fromBot((message) => textOf(message).includes("The import of your keys is done."), command);
    await expectCopiedOnce(newServer.requests.slice(before), sessionKeyOf);
  });
});

/** A key file as Element writes it. */
function keyFileOf(sessions: readonly MadeSession[]): string {
  const entries = sessions.map(({ roomId, sessionId, json }) => ({
    ...(JSON.parse(json) as object),
    room_id: roomId,
    session_id: sessionId,
  }));
  return OlmMachine.encryptExportedRoomKeys(JSON.stringify(entries), FILE_PASSPHRASE, 100_000);
}

/** The library that writes the file orders the fields in its own way. */
function sessionKeyOf(json: string): string {
  return (JSON.parse(json) as { session_key: string }).session_key;
}

/** The next upload of keys gets the fault. Resolves when the server has had its part of it. */
function nextUpload(fault: Fault): Promise<ProxiedRequest> {
  const { newServer } = story;
  const reached = Promise.withResolvers<ProxiedRequest>();
  newServer.setRule((request) => {
    if (!isKeyUpload(request)) return undefined;
    newServer.setRule();
    if (fault.kind === "hang") reached.resolve(request);
    else
      void expect
        .poll(() => request.serverStatus, { interval: 10 })
        .toBeDefined()
        .then(() => reached.resolve(request));
    return fault;
  });
  return reached.promise;
}

/**
 * @param requests of the copy
 * @param partOf what must be the same of the plain JSON
 */
async function expectCopiedOnce(
  requests: readonly ProxiedRequest[],
  partOf: (json: string) => unknown = (json) => json,
): Promise<void> {
  const { sessions, chat } = story;
  const sent = requests
    .filter((request) => isKeyUpload(request) && request.serverStatus === 200)
    .flatMap(sessionsIn);
  expect(sent.toSorted()).toEqual(sessions.map(({ sessionId }) => sessionId).toSorted());
  const now = await openedBackup(story.new, await chat.person.keys.secret("m.megolm_backup.v1"));
  for (const { sessionId, json } of sessions) expect(partOf(now.get(sessionId) ?? "{}")).toBe(partOf(json));
}

function sessionsIn({ body }: ProxiedRequest): string[] {
  const { rooms } = backedUpRoomsSchema.parse(JSON.parse(body));
  return Object.values(rooms).flatMap((room) => Object.keys(room.sessions));
}

function isEnd(message: SeenMessage): boolean {
  return textOf(message).includes("The copy of your keys is done.");
}

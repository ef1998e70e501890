import type { MatrixClient, StateEvents, TimelineEvents } from "matrix-js-sdk";
import { MatrixError } from "matrix-js-sdk";
import { z } from "zod";
import { downloadFile, uploadFile } from "./files.ts";
import {
  cryptoOf,
  exportKeyFile,
  importKeyFile,
  keysUploaded,
  resetKeyBackup,
  secretOf,
  setUpKeyStorage,
} from "./key-storage.ts";
import { observe } from "./observe.ts";
import type {
  EventContent,
  OperationName,
  OperationParams,
  OperationResult,
  PersonReport,
} from "./protocol.ts";
import { operations, requestSchema } from "./protocol.ts";
import { readBack } from "./read-back.ts";
import { createDirectChat, createRoom, joinRoom, membersOf } from "./rooms.ts";
import { openPersonSession, signedDevicesOf } from "./session.ts";
import { silenceEverything } from "./silence.ts";
import type { Verifications } from "./verification.ts";
import { createVerifications, isDeviceVerified } from "./verification.ts";

// The process of one person. process-link.ts starts it and sends it the messages of protocol.ts.

type Handlers = {
  [Name in OperationName]: (params: OperationParams<Name>) => Promise<OperationResult<Name>>;
};

const paramsSchemas: { [Name in OperationName]: { params: z.ZodType<OperationParams<Name>> } } = operations;

// The library's types allow only the event types of the specification. A person may send others.
const timelineType = z.custom<keyof TimelineEvents>((value) => typeof value === "string");
const timelineContent = z.custom<TimelineEvents[keyof TimelineEvents]>((value) => typeof value === "object");
const stateType = z.custom<keyof StateEvents>((value) => typeof value === "string");

interface Started {
  readonly client: MatrixClient;
  readonly verifications: Verifications;
}

let started: Started | undefined;

function whenStarted(): Started {
  if (started === undefined) throw new Error("The person has not been started");
  return started;
}

function client(): MatrixClient {
  return whenStarted().client;
}

// The client would send unencrypted text into a room that it does not know.
function requireRoom(roomId: string): void {
  if (client().getRoom(roomId) === null) throw new Error(`The client does not know the room ${roomId}`);
}

async function sendEvent(roomId: string, type: string, content: EventContent): Promise<string> {
  requireRoom(roomId);
  const answer = await client().sendEvent(roomId, timelineType.parse(type), timelineContent.parse(content));
  return answer.event_id;
}

const handlers: Handlers = {
  async start(params) {
    const session = await openPersonSession(params);
    started = { client: session.client, verifications: createVerifications(session.client) };
    observe(session.client, report);
    await session.start();
    return { deviceId: session.deviceId, accessToken: session.accessToken };
  },
  createDirectChat: ({ userId, encrypted }) => createDirectChat(client(), userId, encrypted),
  createRoom: (room) => createRoom(client(), room),
  async invite({ roomId, userId }) {
    await client().invite(roomId, userId);
  },
  join: ({ roomIdOrAlias, via }) => joinRoom(client(), roomIdOrAlias, via),
  async leave({ roomId }) {
    await client().leave(roomId);
  },
  sendEvent: ({ roomId, type, content }) => sendEvent(roomId, type, content),
  async sendState({ roomId, type, stateKey, content }) {
    const answer = await client().sendStateEvent(roomId, stateType.parse(type), content, stateKey);
    return answer.event_id;
  },
  async redact({ roomId, eventId }) {
    requireRoom(roomId);
    const answer = await client().redactEvent(roomId, eventId);
    return answer.event_id;
  },
  async sendFile({ roomId, file }) {
    requireRoom(roomId);
    return sendEvent(roomId, "m.room.message", await uploadFile(client(), roomId, file));
  },
  downloadFile: ({ content }) => downloadFile(client(), content),
  members: ({ roomId }) => Promise.resolve(membersOf(client(), roomId)),
  signedDevices: ({ userId }) => signedDevicesOf(client(), userId),
  setUpKeyStorage: ({ phrase }) => setUpKeyStorage(client(), phrase),
  keysUploaded: () => keysUploaded(client()),
  secret: ({ name }) => secretOf(client(), name),
  resetKeyBackup: () => resetKeyBackup(client()),
  async rotateSession({ roomId }) {
    await cryptoOf(client()).forceDiscardSession(roomId);
  },
  readBack: ({ roomId }) => readBack(client(), roomId),
  exportKeyFile: ({ passphrase }) => exportKeyFile(client(), passphrase),
  async importKeyFile({ file, passphrase }) {
    await importKeyFile(client(), file, passphrase);
  },
  acceptVerification: (options) => whenStarted().verifications.accept(options),
  async answerVerification({ answer: said }) {
    await whenStarted().verifications.answer(said);
  },
  async declineVerification() {
    await whenStarted().verifications.decline();
  },
  isDeviceVerified: ({ deviceId }) => isDeviceVerified(client(), deviceId),
  stop() {
    started?.client.stopClient();
    return Promise.resolve(undefined);
  },
};

function report(message: PersonReport): void {
  if (process.connected) process.send?.(message);
}

function handle<Name extends OperationName>(name: Name, params: unknown): Promise<OperationResult<Name>> {
  return handlers[name](paramsSchemas[name].params.parse(params));
}

async function answer(raw: unknown): Promise<void> {
  const { id, operation, params } = requestSchema.parse(raw);
  try {
    report({ kind: "answer", id, result: await handle(operation, params) });
  } catch (error) {
    report({ kind: "refusal", id, ...describeError(error) });
  }
}

function describeError(error: unknown): { message: string; errcode?: string; status?: number } {
  if (!(error instanceof MatrixError)) {
    if (!(error instanceof Error)) return { message: String(error) };
    // "fetch failed" alone does not say that the server could not be reached.
    return {
      message: error.cause instanceof Error ? `${error.message} (${error.cause.message})` : error.message,
    };
  }
  const { errcode, httpStatus, data } = error;
  const message = [errcode, httpStatus, data.error].filter((part) => part !== undefined).join(" ");
  return {
    message,
    ...(errcode !== undefined && { errcode }),
    ...(httpStatus !== undefined && { status: httpStatus }),
  };
}

silenceEverything();
process.on("message", (raw) => void answer(raw));
// The person must not outlive the test, however the test ended.
process.on("disconnect", () => process.exit(0));

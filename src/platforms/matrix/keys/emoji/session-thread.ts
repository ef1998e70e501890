/**
 * The thread of one verification. It has the crypto account of the session, and sends its requests
 * through the main thread. A thread of its own, because indexeddbshim and the layer over SQLite
 * have one store folder in a thread (overrides/README.md, "Crash safety"), and all memory of the
 * crypto library goes back with it.
 */
import { parentPort, workerData } from "node:worker_threads";
import { VerifyingMachine } from "@matrix-org/matrix-sdk-crypto-nodejs";
import { pendingRequestIn } from "./pending-request.ts";
import type { FromSession, ToSession } from "./session-messages.ts";
import { sessionToVerify } from "./session-messages.ts";
import { verifySession } from "./verify-session.ts";

const session = sessionToVerify.parse(workerData);
const compared = Promise.withResolvers<boolean>();
const stopped = Promise.withResolvers<undefined>();
const waiting = new Map<number, (answer: unknown) => void>();
let lastId = 0;

function say(message: FromSession): void {
  parentPort?.postMessage(message);
}

parentPort?.on("message", (message: ToSession) => {
  switch (message.kind) {
    case "answer":
      waiting.get(message.id)?.(message.answer);
      waiting.delete(message.id);
      return;
    case "compared":
      compared.resolve(message.areSame);
      return;
    case "stop":
      stopped.resolve(undefined);
  }
});

const machine = await VerifyingMachine.open(session);
const result = await verifySession(machine, {
  ...session,
  // A request that fails ends the thread.
  send: (request) =>
    new Promise((resolve) => {
      lastId += 1;
      waiting.set(lastId, resolve);
      say({ kind: "request", id: lastId, request });
    }),
  pendingRequest: pendingRequestIn(session.store.path),
  onEmoji: (emoji) => say({ kind: "emoji", emoji }),
  compared: compared.promise,
  stopped: stopped.promise,
  now: () => performance.now(),
});
await machine.close();
say({ kind: "result", result });

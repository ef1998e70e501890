import { Worker } from "node:worker_threads";
import type { Logger } from "pino";
import { z } from "zod";
import type { Account } from "../../../../model/account.ts";
import { KeyedQueue } from "../../../../model/keyed-queue.ts";
import type { EmojiFailure, EmojiListener, EmojiResult, EmojiVerification } from "../../../keys.ts";
import type { AccountDataSession } from "../../api/account-data.ts";
import { HomeserverError } from "../../api/homeserver-error.ts";
import { guarded } from "../../open-account.ts";
import type { Reader } from "../../reading/reader.ts";
import { createReader } from "../../reading/reader.ts";
import { sessionEnded } from "../../sign-in/session-renewal.ts";
import type { Sessions } from "../../sign-in/sessions.ts";
import { readBackup } from "../backup.ts";
import type { SessionDevices, SessionPlace } from "./crypto-accounts.ts";
import { CryptoAccounts } from "./crypto-accounts.ts";
import type { FromSession, SessionToVerify, ToSession } from "./session-messages.ts";
import type { SessionRequest } from "./session-requests.ts";
import type { SessionResult, VerificationTimes } from "./verified-session.ts";
import { VERIFICATION_TIMES } from "./verified-session.ts";

export interface EmojiVerifierOptions {
  readonly sessions: Pick<Sessions, "client">;
  readonly devices: SessionDevices;
  readonly times?: VerificationTimes;
  readonly log: Logger;
}

/** A `/sync` of to-device events, or the keys of the devices of an account. */
const MAX_ANSWER_BYTES = 32 * 1_048_576;
/** The time for the cancellation of a verification at the other device. */
const CANCELLATION_MS = 2_000;
/** Each verification holds about 30 MB, for up to a quarter of an hour. */
const MAX_AT_ONCE = 8;
/** A machine of one person: small, so that a defect of the library does not take all memory. */
const MAX_HEAP_MB = 128;

/** Verifies the bot's own sessions of old accounts, one after the other for each session. */
export class EmojiVerifier {
  readonly #options: EmojiVerifierOptions;
  readonly #cryptoAccounts: CryptoAccounts;
  readonly #queue = new KeyedQueue();
  readonly #running = new Map<string, AbortController>();

  constructor(options: EmojiVerifierOptions) {
    this.#options = options;
    this.#cryptoAccounts = new CryptoAccounts(options.devices);
  }

  /** @param signal ends it, also on the other device */
  verify(account: Account, listener: EmojiListener, signal: AbortSignal): EmojiVerification {
    const compared = Promise.withResolvers<boolean>();
    let areShown = false;
    const onEmoji: EmojiListener["onEmoji"] = (emoji) => {
      areShown = true;
      listener.onEmoji(emoji);
    };
    const result = this.#queue.run(keyOf(account), async () => {
      if (this.#running.size >= MAX_AT_ONCE) return failed("too_many_at_once");
      const ending = new AbortController();
      this.#running.set(keyOf(account), ending);
      try {
        return await this.#verify(account, {
          onEmoji,
          compared: compared.promise,
          signal: AbortSignal.any([signal, ending.signal]),
        });
      } finally {
        this.#running.delete(keyOf(account));
      }
    });
    return {
      result,
      answer: (areSame) => {
        if (areShown) compared.resolve(areSame);
      },
    };
  }

  /** Removes the crypto account of a session that has ended. Its key is erased by the store. */
  async forget(place: SessionPlace): Promise<void> {
    this.#running.get(keyOf(place))?.abort();
    await this.#queue.run(keyOf(place), async () => {
      try {
        await this.#cryptoAccounts.remove(place);
      } catch (error) {
        this.#options.log.warn({ err: error }, "the files of a session could not be removed");
      }
    });
  }

  /** Ends all verifications. Resolves when the cancellations are sent. */
  async stop(): Promise<void> {
    for (const ending of this.#running.values()) ending.abort();
    await Promise.all([...this.#running.keys()].map((key) => this.#queue.run(key, () => Promise.resolve())));
  }

  async #verify(account: Account, conversation: Conversation): Promise<EmojiResult> {
    const { signal } = conversation;
    const { userId, deviceId } = account;
    if (account.method === "token" || deviceId === null) return failed("pasted_token");
    const { sessions, log, times = VERIFICATION_TIMES } = this.#options;
    const reader = createReader({ client: sessions.client(account), log, signal });
    try {
      return await guarded(account, async () => {
        const session: AccountDataSession = { userId, request: (request) => reader.request(request) };
        const backup = await readBackup(session, { isSignatureChecked: false });
        if (backup.kind === "none") return failed("no_backup");
        if (backup.kind === "unknown_algorithm") return failed("unknown_algorithm");
        const store = await this.#cryptoAccounts.open(account);
        if (store === null) throw sessionEnded("");
        const { version, publicKey } = backup;
        const canceller = createReader({ client: sessions.client(account), log });
        const result = await verifyInThread(
          { userId, deviceId, publicKey, store, times },
          { ...conversation, reader, canceller, log },
        );
        log.info({ outcome: result.status === "failed" ? result.code : result.status }, "emoji verification");
        if (result.status !== "opened") return result;
        return { status: "opened", opened: { version, publicKey, key: result.key } };
      });
    } catch (error) {
      if (signal.aborted) return { status: "stopped" };
      throw error;
    }
  }
}

interface Requests {
  readonly reader: Reader;
  /** For what is sent after the signal. */
  readonly canceller: Reader;
  readonly log: Logger;
}

interface Conversation extends EmojiListener {
  readonly compared: Promise<boolean>;
  readonly signal: AbortSignal;
}

/** @throws what a request throws that does not succeed */
async function verifyInThread(
  session: SessionToVerify,
  { reader, canceller, onEmoji, compared, signal, log }: Conversation & Requests,
): Promise<SessionResult> {
  signal.throwIfAborted();
  const ended = Promise.withResolvers<SessionResult>();
  const worker = new Worker(new URL("./session-thread.ts", import.meta.url), {
    workerData: session,
    resourceLimits: { maxOldGenerationSizeMb: MAX_HEAP_MB },
  });
  const say = (message: ToSession) => worker.postMessage(message);
  const isEnding = () => signal.aborted;
  const answer = async (id: number, request: SessionRequest) => {
    const isCancelling = isEnding();
    try {
      const sent = await send(isCancelling ? canceller : reader, request, isCancelling);
      say({ kind: "answer", id, answer: sent });
    } catch (error) {
      if (areKeysRefused(request, error)) ended.resolve({ status: "failed", code: "session_keys_lost" });
      // Requests of before the abort are aborted. The thread does not wait for them.
      else if (isCancelling || !isEnding()) throw error;
    }
  };
  worker.on("message", (message: FromSession) => {
    switch (message.kind) {
      case "request":
        answer(message.id, message.request).catch(ended.reject);
        return;
      case "emoji":
        onEmoji(message.emoji);
        return;
      case "result":
        ended.resolve(message.result);
    }
  });
  const fail = (error: unknown) => {
    log.error({ err: error }, "the thread of a verification failed");
    ended.resolve({ status: "failed", code: "bot_failed" });
  };
  const exited = (code: number) => fail(new Error(`The thread ended without a result (${code}).`));
  worker.on("error", fail);
  worker.on("exit", exited);
  void compared.then((areSame) => say({ kind: "compared", areSame }));
  const stop = () => {
    say({ kind: "stop" });
    setTimeout(() => ended.resolve({ status: "stopped" }), CANCELLATION_MS).unref();
  };
  signal.addEventListener("abort", stop, { once: true });
  try {
    return await ended.promise;
  } finally {
    signal.removeEventListener("abort", stop);
    worker.off("exit", exited);
    await worker.terminate();
  }
}

/**
 * Whether the server has other keys of the device than an old copy of its crypto account: it
 * answers M_UNKNOWN, "One time key … already exists" (overrides/README.md, "Crash safety").
 */
function areKeysRefused({ path }: SessionRequest, error: unknown): boolean {
  return path.endsWith("/keys/upload") && error instanceof HomeserverError && error.status === 400;
}

/** Every request of a verification has the same effect when it is repeated. */
function send(reader: Reader, request: SessionRequest, isCancelling: boolean): Promise<unknown> {
  const { method, path, query, body, timeoutMs } = request;
  return reader.request(
    {
      method,
      path,
      schema: z.unknown(),
      maxBytes: MAX_ANSWER_BYTES,
      ...(query === undefined ? {} : { query }),
      ...(body === undefined ? {} : { body }),
      ...(isCancelling ? { timeoutMs: CANCELLATION_MS } : timeoutMs === undefined ? {} : { timeoutMs }),
    },
    isCancelling ? { retries: 0 } : {},
  );
}

function failed(code: EmojiFailure): EmojiResult {
  return { status: "failed", code };
}

function keyOf({ owner, side }: SessionPlace): string {
  return `${side} ${owner}`;
}

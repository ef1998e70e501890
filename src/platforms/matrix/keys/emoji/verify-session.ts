import type { ServerRequest, VerifyingMachine } from "@matrix-org/matrix-sdk-crypto-nodejs";
import { RequestType } from "@matrix-org/matrix-sdk-crypto-nodejs";
import { z } from "zod";
import { backupKeyFor, backupKeyIn } from "../opening/backup-key.ts";
import {
  VERIFICATION,
  asSessionRequest,
  cancellation,
  isBackupKeyRequest,
  maySend,
  repeated,
} from "./session-requests.ts";
import type { SyncedChanges, ToDeviceEvent } from "./to-device-sync.ts";
import { ToDeviceSync } from "./to-device-sync.ts";
import type { SessionResult, VerifiedSession } from "./verified-session.ts";

/** Codes of CS §m.key.verification.cancel for two devices that show different emoji. */
const MISMATCHES = new Set(["m.mismatched_sas", "m.mismatched_commitment", "m.key_mismatch"]);
/** Answers with events of before the verification. Servers send about a hundred events in each. */
const MAX_OLD_ANSWERS = 1_000;
/** The number of rounds of requests that answers lead to. */
const MAX_ROUNDS = 10;

const deviceSchema = z.object({ keys: z.record(z.string(), z.string()) });
const queriedSchema = z.object({
  device_keys: z.record(z.string(), z.record(z.string(), deviceSchema.optional().catch(undefined))).nullish(),
});
type Failure = Extract<SessionResult, { status: "failed" }>;

/**
 * Lets the bot's session be verified by another device of the account, by emoji, and then gets the
 * key of the account's backup from the devices that know it (CS §Key verification framework,
 * §Secrets).
 *
 * It asks for no other secret, and uploads neither signatures nor cross-signing keys. The machine
 * gets no events but those of this verification and, after it, those that own devices encrypt.
 */
export async function verifySession(
  machine: VerifyingMachine,
  session: VerifiedSession,
): Promise<SessionResult> {
  return new SessionVerification(machine, session).run();
}

class SessionVerification {
  readonly #machine: VerifyingMachine;
  readonly #session: VerifiedSession;
  readonly #sync: ToDeviceSync;
  #polling: Promise<SyncedChanges> | null = null;
  #flowId: string | null = null;
  #isVerified = false;
  #areDeviceKeysUploaded = false;
  #secretRequest: ServerRequest | null = null;

  constructor(machine: VerifyingMachine, session: VerifiedSession) {
    this.#machine = machine;
    this.#session = session;
    this.#sync = new ToDeviceSync(session.send);
  }

  async run(): Promise<SessionResult> {
    const failure = await this.#prepare();
    if (failure !== null) return failure;
    const { pendingRequest } = this.#session;
    await this.#cancelLeftOver();
    const request = await this.#request();
    const ended = await this.#compare(request);
    pendingRequest.set(null);
    if (ended !== null) return ended;
    this.#isVerified = true;
    return this.#awaitKey();
  }

  /** Uploads the device's keys, unless the server has them or others. */
  async #prepare(): Promise<Failure | null> {
    const { userId, deviceId } = this.#session;
    const machine = this.#machine;
    const outgoing = await machine.outgoingRequests();
    const query =
      outgoing.find(({ type }) => type === RequestType.KeysQuery) ?? (await machine.queryOwnDevices());
    const answer = queriedSchema.parse(await this.#deliver(query));
    const uploaded = answer.device_keys?.[userId]?.[deviceId]?.keys[`ed25519:${deviceId}`];
    if (uploaded !== undefined && uploaded !== machine.publicKey) return failed("session_keys_lost");
    const own = await machine.ownDevices();
    if (!own.hasCrossSigning) return failed("no_cross_signing");
    if (own.otherSigned === 0) return failed("no_other_device");
    await this.#sendOutgoing();
    return uploaded !== undefined || this.#areDeviceKeysUploaded ? null : failed("session_keys_lost");
  }

  /**
   * A device that shows a request cancels it together with a second one. So a request that a crash
   * left open is cancelled first.
   */
  async #cancelLeftOver(): Promise<void> {
    const { pendingRequest, userId, send } = this.#session;
    const flowId = pendingRequest.get();
    if (flowId !== null) await send(cancellation(flowId, userId));
  }

  async #request(): Promise<ServerRequest> {
    // What has gathered since the last verification is not for this one.
    let changes = await this.#sync.next(0);
    for (let answer = 1; changes.events.length > 0 && answer < MAX_OLD_ANSWERS; answer++)
      changes = await this.#sync.next(0);
    await this.#receive(changes);
    await this.#sendOutgoing();
    // Devices ignore the request of a device that they do not know (platforms/matrix/README.md,
    // "Verification by emoji").
    if (this.#areDeviceKeysUploaded) await this.#pause(this.#session.times.settle);
    const { flowId, request } = await this.#machine.requestVerification();
    this.#flowId = flowId;
    this.#session.pendingRequest.set(flowId);
    await this.#deliver(request);
    return request;
  }

  /** Resolves to `null` once both sides have confirmed the emoji. */
  async #compare(request: ServerRequest): Promise<SessionResult | null> {
    const { times, now, onEmoji } = this.#session;
    const requestedAt = now();
    const repeats = [...times.repeats];
    let areShown = false;
    let isAnswered = false;
    for (;;) {
      for (const next of await this.#machine.proceed()) await this.#deliver(next);
      await this.#sendOutgoing();
      const progress = this.#machine.progress();
      if (progress.phase === "done") return null;
      if (progress.phase === "cancelled") return failed(failureOf(progress.code));
      if (progress.phase === "comparing" && !areShown) {
        areShown = true;
        onEmoji(progress.emoji);
      }
      let waitMs = times.poll;
      if (progress.phase === "requested") {
        const age = now() - requestedAt;
        if (age >= times.request) {
          await this.#cancel("m.user");
          return failed("timed_out");
        }
        if (age >= (repeats[0] ?? Infinity)) {
          repeats.shift();
          await this.#session.send(repeated(request));
        }
        waitMs = Math.min(waitMs, times.request - age, (repeats[0] ?? Infinity) - age);
      }
      const news = await this.#news(waitMs, areShown && !isAnswered);
      if (news === "stopped") {
        await this.#cancel("m.user");
        return { status: "stopped" };
      }
      if (news === "different") {
        await this.#cancel("m.mismatched_sas");
        return failed("mismatch");
      }
      if (news === "same") {
        isAnswered = true;
        for (const next of await this.#machine.confirm()) await this.#deliver(next);
      }
    }
  }

  /** Waits for the key of the backup, which devices send after they know of the verification. */
  async #awaitKey(): Promise<SessionResult> {
    const { times, now, publicKey } = this.#session;
    let endsAt = now() + times.key;
    let repeatAt = now() + times.keyRepeat;
    let isStale = false;
    for (;;) {
      for (const secret of await this.#machine.takeBackupKeys()) {
        const bytes = backupKeyIn(secret);
        const key = bytes && backupKeyFor(publicKey, bytes);
        if (key !== null) return { status: "opened", key };
        isStale = true;
        // Another device may have the right one.
        endsAt = Math.min(endsAt, now() + times.keyRepeat);
      }
      if (now() >= endsAt) return failed(isStale ? "stale_backup_key" : "no_key_received");
      await this.#sendOutgoing();
      if (now() >= repeatAt && this.#secretRequest !== null) {
        repeatAt = now() + times.keyRepeat;
        await this.#session.send(repeated(this.#secretRequest));
      }
      const waitMs = Math.min(times.poll, endsAt - now(), repeatAt - now());
      if ((await this.#news(waitMs, false)) === "stopped") return { status: "stopped" };
    }
  }

  /** Waits for the next news, and hands those of the server to the machine. */
  async #news(waitMs: number, isPersonAsked: boolean): Promise<"synced" | "same" | "different" | "stopped"> {
    const { compared, stopped, times, now } = this.#session;
    const startedAt = now();
    const polling = (this.#polling ??= this.#sync.next(Math.max(0, Math.ceil(waitMs))));
    const news = await Promise.race([
      stopped.then(() => "stopped" as const),
      ...(isPersonAsked
        ? [compared.then((areSame) => (areSame ? ("same" as const) : ("different" as const)))]
        : []),
      polling,
    ]);
    if (typeof news === "string") return news;
    this.#polling = null;
    await this.#receive(news);
    // Some servers answer before the time is over, and with nothing.
    if (news.events.length === 0 && now() - startedAt < times.idle) await this.#pause(times.idle);
    return "synced";
  }

  async #receive(changes: SyncedChanges): Promise<void> {
    await this.#machine.receive({
      toDeviceEvents: JSON.stringify(changes.events.filter((event) => this.#isWanted(event))),
      haveOwnDevicesChanged: changes.changedUsers.includes(this.#session.userId),
      oneTimeKeyCounts: changes.oneTimeKeyCounts,
      unusedFallbackKeys: changes.unusedFallbackKeys,
    });
  }

  #isWanted({ type, sender, content }: ToDeviceEvent): boolean {
    if (sender !== this.#session.userId) return false;
    if (type === "m.room.encrypted") return this.#isVerified;
    return type.startsWith(VERIFICATION) && content["transaction_id"] === this.#flowId;
  }

  /** Sends everything that the machine wants to send and may. */
  async #sendOutgoing(): Promise<void> {
    for (let round = 0; round < MAX_ROUNDS; round++) {
      const requests = await this.#machine.outgoingRequests();
      if (requests.length === 0) return;
      for (const request of requests) {
        if (isBackupKeyRequest(request)) this.#secretRequest = request;
        if (request.type === RequestType.KeysUpload && "device_keys" in request.body)
          this.#areDeviceKeysUploaded = true;
        if (maySend(request)) await this.#deliver(request);
        else await this.#machine.markAsSent(request, {});
      }
    }
  }

  async #deliver(request: ServerRequest): Promise<unknown> {
    const answer = await this.#session.send(asSessionRequest(request));
    await this.#machine.markAsSent(request, answer);
    return answer;
  }

  async #cancel(code: "m.user" | "m.mismatched_sas"): Promise<void> {
    for (const request of await this.#machine.cancel(code)) await this.#deliver(request);
  }

  async #pause(ms: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<undefined>();
    const timer = setTimeout(resolve, ms, undefined);
    await Promise.race([promise, this.#session.stopped]);
    clearTimeout(timer);
  }
}

function failed(code: Failure["code"]): Failure {
  return { status: "failed", code };
}

function failureOf(cancelCode: string): Failure["code"] {
  if (cancelCode === "m.timeout") return "timed_out";
  return MISMATCHES.has(cancelCode) ? "mismatch" : "refused";
}

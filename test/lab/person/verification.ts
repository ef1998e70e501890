import type { MatrixClient } from "matrix-js-sdk";
import { CryptoEvent } from "matrix-js-sdk/lib/crypto-api/index.js";
import type {
  ShowSasCallbacks,
  VerificationRequest,
  Verifier,
} from "matrix-js-sdk/lib/crypto-api/verification.js";
import {
  VerificationPhase,
  VerificationRequestEvent,
  VerifierEvent,
} from "matrix-js-sdk/lib/crypto-api/verification.js";
import { cryptoOf } from "./key-storage.ts";
import type { ShownEmoji, VerificationAnswer } from "./protocol.ts";
import { until } from "./until.ts";

const SAS = "m.sas.v1";

/** The person's side of verifications of other sessions of their own account. */
export interface Verifications {
  /** Accepts the next request and resolves when the emoji are shown. */
  accept(options: { startsEmoji: boolean }): Promise<ShownEmoji[]>;
  /** Declines the next request. */
  decline(): Promise<void>;
  /**
   * Answers the question whether the emoji are the same. After "match" it waits until this client
   * shows the other session as verified.
   */
  answer(answer: VerificationAnswer): Promise<void>;
}

interface Shown {
  readonly otherDeviceId: string;
  readonly ended: Promise<void>;
  readonly callbacks: ShowSasCallbacks;
}

export function createVerifications(client: MatrixClient): Verifications {
  let shown: Shown | undefined;
  const received: VerificationRequest[] = [];
  client.on(CryptoEvent.VerificationRequestReceived, (request) => received.push(request));

  function nextRequest(): Promise<VerificationRequest> {
    return until(
      "a verification request",
      (recheck) => {
        client.on(CryptoEvent.VerificationRequestReceived, recheck);
        return () => client.off(CryptoEvent.VerificationRequestReceived, recheck);
      },
      () => received.shift(),
    );
  }

  return {
    async accept({ startsEmoji }) {
      const request = await nextRequest();
      await request.accept();
      const verifier = startsEmoji ? await startedHere(request) : await startedThere(request);
      const ended = verifier.verify();
      // A refusal by the other side also ends the wait for the emoji, which then reports it.
      ended.catch(() => undefined);
      const callbacks = await Promise.race([emojiOf(verifier), ended.then(endedEarly)]);
      shown = { otherDeviceId: request.otherDeviceId ?? "", ended, callbacks };
      return (callbacks.sas.emoji ?? []).map(([symbol, name]) => ({ symbol, name }));
    },
    async decline() {
      await (await nextRequest()).cancel();
    },
    async answer(answer) {
      if (shown === undefined) throw new Error("No emoji are shown");
      const { otherDeviceId, callbacks, ended } = shown;
      shown = undefined;
      if (answer === "mismatch") callbacks.mismatch();
      else if (answer === "cancel") callbacks.cancel();
      else {
        await callbacks.confirm();
        await ended;
        await becomesVerified(client, otherDeviceId);
      }
    },
  };
}

// The signature of the other session comes back from the server with the next query of its keys.
function becomesVerified(client: MatrixClient, deviceId: string): Promise<true> {
  return until(
    "the verified session",
    (recheck) => {
      client.on(CryptoEvent.DevicesUpdated, recheck);
      return () => client.off(CryptoEvent.DevicesUpdated, recheck);
    },
    async () => ((await isDeviceVerified(client, deviceId)) ? true : undefined),
  );
}

async function startedHere(request: VerificationRequest): Promise<Verifier> {
  await inPhase(request, VerificationPhase.Ready);
  return request.startVerification(SAS);
}

async function startedThere(request: VerificationRequest): Promise<Verifier> {
  await inPhase(request, VerificationPhase.Started);
  if (request.verifier === undefined) throw new Error("The verification was started without a verifier");
  return request.verifier;
}

function inPhase(request: VerificationRequest, phase: VerificationPhase): Promise<true> {
  return until(
    `phase ${VerificationPhase[phase]} of the verification`,
    (recheck) => {
      request.on(VerificationRequestEvent.Change, recheck);
      return () => request.off(VerificationRequestEvent.Change, recheck);
    },
    () => {
      if (request.phase === VerificationPhase.Cancelled)
        throw new Error(`The verification was cancelled (${request.cancellationCode})`);
      return request.phase >= phase ? true : undefined;
    },
  );
}

function emojiOf(verifier: Verifier): Promise<ShowSasCallbacks> {
  return until(
    "the emoji",
    (recheck) => {
      verifier.on(VerifierEvent.ShowSas, recheck);
      return () => verifier.off(VerifierEvent.ShowSas, recheck);
    },
    () => verifier.getShowSasCallbacks() ?? undefined,
  );
}

function endedEarly(): never {
  throw new Error("The verification ended before the emoji were shown");
}

/** Whether a session of the person's own account is verified. */
export async function isDeviceVerified(client: MatrixClient, deviceId: string): Promise<boolean> {
  const status = await cryptoOf(client).getDeviceVerificationStatus(client.getSafeUserId(), deviceId);
  return status?.crossSigningVerified === true;
}

import type { MatrixClient } from "matrix-js-sdk";
import { ClientEvent, createClient, MatrixError, PendingEventOrdering, SyncState } from "matrix-js-sdk";
import {
  AllDevicesIsolationMode,
  OnlySignedDevicesIsolationMode,
} from "matrix-js-sdk/lib/crypto-api/index.js";
import { openKeyStorage, rememberedStorageKeys, uploadKeysAtOnce } from "./key-storage.ts";
import type { OperationParams } from "./protocol.ts";
import { silentLogger } from "./silence.ts";

/**
 * Events per room and sync. With the client's own 8, every busy moment would leave a gap, which
 * costs further requests.
 */
const TIMELINE_LIMIT = 50;

type StartParams = OperationParams<"start">;

/** A signed-in client that does not sync yet. `start` begins and resolves after the first sync. */
export interface PersonSession {
  client: MatrixClient;
  deviceId: string;
  accessToken: string;
  start(): Promise<void>;
}

/**
 * Signs in and prepares encryption. The keys are in memory only, so an ended person's device can
 * never read again.
 */
export async function openPersonSession(params: StartParams): Promise<PersonSession> {
  const { baseUrl, userId, displayName, encryption, crossSigning, onlyTrustSignedDevices } = params;
  const { recoveryKey } = params;
  const { accessToken, deviceId } = await signIn(params);
  const client = createClient({
    baseUrl,
    userId,
    deviceId,
    accessToken,
    logger: silentLogger,
    cryptoCallbacks: rememberedStorageKeys(recoveryKey),
  });
  if (encryption) {
    uploadKeysAtOnce();
    await client.initRustCrypto({ useIndexedDB: false });
    client
      .getCrypto()
      ?.setDeviceIsolationMode(
        onlyTrustSignedDevices ? new OnlySignedDevicesIsolationMode() : new AllDevicesIsolationMode(false),
      );
  }
  return {
    client,
    deviceId,
    accessToken,
    async start() {
      // This comes before the first sync. Otherwise an answer about the old keys, requested by the
      // sync, may arrive while they are being replaced. The crypto then forgets the new private
      // keys (seen), and a client that trusts only signed devices cannot send.
      const makesKeys = encryption && crossSigning && recoveryKey === undefined;
      if (makesKeys) await signOwnDevice(client, params);
      await client.startClient({
        initialSyncLimit: TIMELINE_LIMIT,
        disablePresence: true,
        // With its own events in the timeline before they arrive, the client would take a gap that
        // ends with one of them for events that it has, and never fetch the others.
        pendingEventOrdering: PendingEventOrdering.Detached,
      });
      await firstSync(client);
      // A signature counts only for a device that the server knows, which the first sync announces.
      if (recoveryKey !== undefined) await openKeyStorage(client);
      if (makesKeys || recoveryKey !== undefined) await requireSignedDevice(client);
      if (displayName !== undefined) await client.setDisplayName(displayName);
    },
  };
}

async function signIn(params: StartParams): Promise<{ accessToken: string; deviceId: string }> {
  const { baseUrl, userId, password, accessToken, deviceId } = params;
  if (accessToken !== undefined && deviceId !== undefined) return { accessToken, deviceId };
  if (password === undefined)
    throw new Error("A person needs a password, or an access token with its device ID");
  const answer = await createClient({ baseUrl, logger: silentLogger }).loginRequest({
    type: "m.login.password",
    identifier: { type: "m.id.user", user: userId },
    password,
    initial_device_display_name: "person",
  });
  return { accessToken: answer.access_token, deviceId: answer.device_id };
}

function firstSync(client: MatrixClient): Promise<void> {
  return new Promise((resolve, reject) => {
    client.on(ClientEvent.Sync, function onSync(state, _previous, data) {
      if (state !== SyncState.Prepared && state !== SyncState.Error) return;
      client.off(ClientEvent.Sync, onSync);
      if (state === SyncState.Prepared) resolve();
      else reject(data?.error ?? new Error("The first sync failed"));
    });
  });
}

// The first upload needs no further authentication. Replacing the keys of an earlier run needs the
// password.
async function signOwnDevice(client: MatrixClient, params: StartParams): Promise<void> {
  const { userId, password } = params;
  const crypto = client.getCrypto();
  await crypto?.bootstrapCrossSigning({
    async authUploadDeviceSigningKeys(makeRequest) {
      try {
        await makeRequest(null);
      } catch (error) {
        const session = uiaSession(error);
        if (session === undefined || password === undefined) throw error;
        const identifier = { type: "m.id.user", user: userId };
        await makeRequest({ type: "m.login.password", identifier, password, session });
      }
    },
  });
}

async function requireSignedDevice(client: MatrixClient): Promise<void> {
  const crypto = client.getCrypto();
  // Requests the person's own keys from the server. They must now be the ones that this device made
  // and signed itself with.
  await crypto?.userHasCrossSigningKeys();
  const status = await crypto?.getDeviceVerificationStatus(
    client.getSafeUserId(),
    client.getDeviceId() ?? "",
  );
  if (status?.signedByOwner !== true || !status.crossSigningVerified)
    throw new Error("The person's device has not been signed by its owner");
}

/**
 * Devices of somebody with whom the person shares an encrypted room, if the client knows them as
 * signed by their owner.
 */
export async function signedDevicesOf(client: MatrixClient, userId: string): Promise<string[]> {
  const crypto = client.getCrypto();
  const devices = (await crypto?.getUserDeviceInfo([userId]))?.get(userId);
  const signed: string[] = [];
  for (const deviceId of devices?.keys() ?? []) {
    if ((await crypto?.getDeviceVerificationStatus(userId, deviceId))?.signedByOwner === true)
      signed.push(deviceId);
  }
  return signed;
}

function uiaSession(error: unknown): string | undefined {
  if (!(error instanceof MatrixError) || error.httpStatus !== 401) return undefined;
  const { session } = error.data;
  return typeof session === "string" ? session : undefined;
}

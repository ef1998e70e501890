import { ClientEvent, createClient, MatrixError, SyncState } from "matrix-js-sdk";
import type { MatrixClient } from "matrix-js-sdk";
import {
  AllDevicesIsolationMode,
  OnlySignedDevicesIsolationMode,
} from "matrix-js-sdk/lib/crypto-api/index.js";

import type { OperationParams } from "./protocol.ts";
import { silentLogger } from "./silence.ts";

/**
 * Events per room and sync. The client's own 8 would make a gap, which costs further requests, of
 * every busy moment.
 */
const TIMELINE_LIMIT = 50;

type StartParams = OperationParams<"start">;

/**
 * A signed-in client that has not begun to sync; `start` begins and resolves after the first sync.
 */
export interface PersonSession {
  client: MatrixClient;
  deviceId: string;
  accessToken: string;
  start(): Promise<void>;
}

/**
 * Signs in and prepares encryption, with keys in memory only: an ended person's device can never
 * read again.
 */
export async function openPersonSession(params: StartParams): Promise<PersonSession> {
  const { baseUrl, userId, displayName, encryption, crossSigning, onlyTrustSignedDevices } = params;
  const { accessToken, deviceId } = await signIn(params);
  const client = createClient({ baseUrl, userId, deviceId, accessToken, logger: silentLogger });
  if (encryption) {
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
      // Before the first sync: an answer about the old keys, asked for by the sync and arriving
      // while they are being replaced, makes the crypto forget the new private keys (seen), and a
      // client that trusts signed devices only then cannot send.
      if (encryption && crossSigning) await signOwnDevice(client, params);
      await client.startClient({ initialSyncLimit: TIMELINE_LIMIT, disablePresence: true });
      await firstSync(client);
      if (encryption && crossSigning) await requireSignedDevice(client);
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

// The first upload needs no further authentication; replacing the keys of an earlier run does, by
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
  // Asks the server for the person's own keys, which by now must be the ones this device made and
  // has signed itself with.
  await crypto?.userHasCrossSigningKeys();
  const status = await crypto?.getDeviceVerificationStatus(
    client.getSafeUserId(),
    client.getDeviceId() ?? "",
  );
  if (status?.signedByOwner !== true || !status.crossSigningVerified)
    throw new Error("The person's device has not been signed by its owner");
}

/**
 * Devices of somebody with whom the person shares an encrypted room, as far as the client knows
 * them to be signed by their owner.
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

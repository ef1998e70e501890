import {
  KeysBackupRequest,
  KeysQueryRequest,
  RoomMessageRequest,
  SignatureUploadRequest,
  ToDeviceRequest,
} from "@matrix-org/matrix-sdk-crypto-wasm";
import { describe, expect, test, vi } from "vitest";
import { EncryptionSettings, RequestType } from "../../../../src/overrides/matrix-sdk-crypto-nodejs/index.ts";
import { OwnRequests } from "../../../../src/overrides/matrix-sdk-crypto-nodejs/own-requests.ts";
import {
  type ServerRequest,
  sortRequests,
} from "../../../../src/overrides/matrix-sdk-crypto-nodejs/requests.ts";

describe("sorting", () => {
  test("leaves matrix-bot-sdk what it can send", () => {
    const { forSdk, forUs } = sortRequests([
      new KeysQueryRequest("q", JSON.stringify({ device_keys: {} })),
      new ToDeviceRequest("t", "m.room.encrypted", "t", JSON.stringify({ messages: {} })),
    ]);
    expect(forSdk.map(({ type }) => type)).toEqual([RequestType.KeysQuery, RequestType.ToDevice]);
    expect(JSON.parse(forSdk[1]?.body ?? "")).toEqual({
      messages: {},
      txn_id: "t",
      event_type: "m.room.encrypted",
    });
    expect(forUs).toEqual([]);
  });

  test("keeps from it what it throws at", () => {
    const { forSdk, forUs } = sortRequests([
      new SignatureUploadRequest("s", JSON.stringify({ "@bot:x": {} })),
      new KeysBackupRequest("b", JSON.stringify({ rooms: {} }), "7"),
      new RoomMessageRequest("r", "!a/b:x", "txn", "m.key.verification.done", JSON.stringify({ a: 1 })),
    ]);
    expect(forSdk).toEqual([]);
    expect(forUs).toEqual([
      {
        id: "s",
        type: RequestType.SignatureUpload,
        method: "POST",
        path: "/_matrix/client/v3/keys/signatures/upload",
        body: { "@bot:x": {} },
      },
      {
        id: "b",
        type: RequestType.KeysBackup,
        method: "PUT",
        path: "/_matrix/client/v3/room_keys/keys",
        query: { version: "7" },
        body: { rooms: {} },
      },
      {
        id: "r",
        type: RequestType.RoomMessage,
        method: "PUT",
        path: "/_matrix/client/v3/rooms/!a%2Fb%3Ax/send/m.key.verification.done/txn",
        body: { a: 1 },
      },
    ]);
  });
});

describe("our own requests", () => {
  const request: ServerRequest = {
    id: "s",
    type: RequestType.SignatureUpload,
    method: "POST",
    path: "/p",
    body: {},
  };

  test("are marked as sent with the server's answer", async () => {
    const markAsSent = vi.fn(async () => true);
    new OwnRequests(async () => ({ failures: {} }), markAsSent).send([request]);
    await expect
      .poll(() => markAsSent)
      .toHaveBeenCalledWith("s", RequestType.SignatureUpload, JSON.stringify({ failures: {} }));
  });

  test("are sent once at a time, and again after a failure", async () => {
    const { promise, reject } = Promise.withResolvers<unknown>();
    const send = vi.fn(() => promise);
    const markAsSent = vi.fn(async () => true);
    const ownRequests = new OwnRequests(send, markAsSent);
    ownRequests.send([request]);
    ownRequests.send([request]);
    expect(send).toHaveBeenCalledTimes(1);
    reject(new Error("offline"));
    const sendAgain = (): number => {
      ownRequests.send([request]);
      return send.mock.calls.length;
    };
    await expect.poll(sendAgain).toBe(2);
    expect(markAsSent).not.toHaveBeenCalled();
  });

  test("wait when there is nobody to send them", () => {
    const markAsSent = vi.fn(async () => true);
    new OwnRequests(undefined, markAsSent).send([request]);
    expect(markAsSent).not.toHaveBeenCalled();
  });
});

test("a room key lives as many milliseconds as matrix-bot-sdk says", () => {
  const settings = new EncryptionSettings();
  settings.rotationPeriod = 604_800_000n;
  settings.rotationPeriodMessages = 100n;
  using forLibrary = settings.toWasm();
  expect(forLibrary.rotationPeriod).toBe(604_800_000_000n);
  expect(forLibrary.rotationPeriodMessages).toBe(100n);
});

import { createCipheriv, createHash, randomBytes } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { pino } from "pino";
import { afterEach, describe, expect, it } from "vitest";
import { downloadFile } from "../../../src/chat/download.ts";
import type { FileReference } from "../../../src/model/file-reference.ts";
import type { MisbehavingServer } from "../../support/servers/misbehaving-server.ts";
import { sendJson, startMisbehavingServer } from "../../support/servers/misbehaving-server.ts";

const FILE = randomBytes(200_000);
const plain: FileReference = {
  ...{ name: "keys.txt", size: null, serverName: "x.org:8448", mediaId: "medium", encryption: null },
};
const NEW_PATH = "/_matrix/client/v1/media/download/x.org%3A8448/medium";
const OLD_PATH = "/_matrix/media/v3/download/x.org%3A8448/medium";

let server: MisbehavingServer | null = null;
afterEach(() => server?.stop());

async function download(
  answer: (request: IncomingMessage, response: ServerResponse) => void,
  file: Partial<FileReference> = {},
  { maxBytes = 1_000_000, signal = new AbortController().signal } = {},
) {
  server = await startMisbehavingServer(answer);
  return downloadFile(
    { ...plain, ...file },
    { homeserverUrl: server.url, accessToken: "secret", maxBytes, signal, log: pino({ enabled: false }) },
  );
}

function encrypted(bytes: Buffer) {
  const [key, iv] = [randomBytes(32), randomBytes(16)];
  const cipher = createCipheriv("aes-256-ctr", key, iv);
  const ciphertext = Buffer.concat([cipher.update(bytes), cipher.final()]);
  const sha256 = createHash("sha256").update(ciphertext).digest("base64").replace(/=+$/, "");
  return { ciphertext, encryption: { key: key.toString("base64url"), iv: iv.toString("base64"), sha256 } };
}

describe("a download", () => {
  it("is made with the bot's token, from the path for signed-in users", async () => {
    const tokens: (string | undefined)[] = [];
    const result = await download(({ headers }, response) => {
      tokens.push(headers.authorization);
      response.end(FILE);
    });
    expect(result).toEqual({ status: "downloaded", bytes: FILE });
    expect(server?.requests).toEqual([`GET ${NEW_PATH}`]);
    expect(tokens).toEqual(["Bearer secret"]);
  });

  it("uses the older path of a server that does not know the newer one", async () => {
    const result = await download(({ url }, response) =>
      url === OLD_PATH ? response.end(FILE) : sendJson(response, 404, { errcode: "M_UNRECOGNIZED" }),
    );
    expect(result).toEqual({ status: "downloaded", bytes: FILE });
  });

  it("decrypts an encrypted file", async () => {
    const { ciphertext, encryption } = encrypted(FILE);
    const result = await download((_, response) => response.end(ciphertext), { encryption });
    expect(result).toEqual({ status: "downloaded", bytes: FILE });
  });

  it.each([
    {
      as: "another byte",
      change: (bytes: Buffer) => bytes.map((byte, index) => (index === 0 ? byte ^ 1 : byte)),
    },
    { as: "fewer bytes", change: (bytes: Buffer) => bytes.subarray(0, -1) },
  ])("of an encrypted file with $as is refused", async ({ change }) => {
    const { ciphertext, encryption } = encrypted(FILE);
    const result = await download((_, response) => response.end(change(ciphertext)), { encryption });
    expect(result).toEqual({ status: "damaged" });
  });

  it("of a file with a key of the wrong size is refused", async () => {
    const { ciphertext, encryption } = encrypted(FILE);
    const result = await download((_, response) => response.end(ciphertext), {
      encryption: { ...encryption, key: "abc" },
    });
    expect(result).toEqual({ status: "damaged" });
  });

  it("that would be too large is not made", async () => {
    expect(await download((_, response) => response.end(FILE), { size: 1_000_001 })).toEqual({
      status: "too_large",
    });
    expect(server?.requests).toEqual([]);
  });

  it.each([
    { as: "names a larger size", size: FILE.length },
    { as: "sends more than it says", size: null },
  ])("ends where the server $as", async ({ size }) => {
    const send = (_: IncomingMessage, response: ServerResponse) => {
      if (size !== null) response.setHeader("content-length", size);
      response.write(FILE);
      if (size !== null) response.end();
    };
    expect(await download(send, {}, { maxBytes: 1_000 })).toEqual({ status: "too_large" });
  });

  it.each([
    { status: 404, errcode: "M_NOT_FOUND", result: "gone" },
    { status: 403, errcode: "M_FORBIDDEN", result: "gone" },
    { status: 429, errcode: "M_LIMIT_EXCEEDED", result: "unreachable" },
    { status: 502, errcode: "M_UNKNOWN", result: "unreachable" },
    { status: 504, errcode: "M_NOT_YET_UPLOADED", result: "unreachable" },
  ])("that the server answers with $status $errcode is $result", async ({ status, errcode, result }) => {
    expect(await download((_, response) => sendJson(response, status, { errcode }))).toEqual({
      status: result,
    });
  });

  it("whose connection ends early counts as a server that is away", async () => {
    const result = await download((_, response) => {
      response.writeHead(200, { "content-length": FILE.length }).write(FILE.subarray(0, 10));
      response.destroy();
    });
    expect(result).toEqual({ status: "unreachable" });
  });

  it("ends when it is stopped", async () => {
    const stop = new AbortController();
    const result = download(() => stop.abort(), {}, { signal: stop.signal });
    await expect(result).rejects.toThrow("aborted");
  });
});

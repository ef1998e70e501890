import { expect, test } from "vitest";
import { Attachment, EncryptedAttachment } from "../../../../src/overrides/matrix-sdk-crypto-nodejs/index.ts";

test("a file survives encryption, with its keys as JSON", () => {
  const file = Buffer.from("the file");
  const encrypted = Attachment.encrypt(file);
  expect(Buffer.from(encrypted.encryptedData).includes(file)).toBe(false);
  expect(JSON.parse(encrypted.mediaEncryptionInfo)).toMatchObject({
    v: "v2",
    hashes: { sha256: expect.any(String) },
  });
  const received = new EncryptedAttachment(encrypted.encryptedData, encrypted.mediaEncryptionInfo);
  expect(Buffer.from(Attachment.decrypt(received))).toEqual(file);
});

test("a file that was changed on the way is refused", () => {
  const encrypted = Attachment.encrypt(Buffer.from("the file"));
  const changed = Uint8Array.from(encrypted.encryptedData, (byte) => byte ^ 1);
  expect(() => Attachment.decrypt(new EncryptedAttachment(changed, encrypted.mediaEncryptionInfo))).toThrow();
});

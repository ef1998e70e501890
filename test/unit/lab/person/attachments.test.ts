import { describe, expect, it } from "vitest";
import {
  decryptAttachment,
  encryptAttachment,
  encryptedFileSchema,
} from "../../../lab/person/attachments.ts";

const url = "mxc://example.org/abc";

describe("an encrypted attachment", () => {
  it("comes back as it was", () => {
    const plain = Buffer.from("room,outcome\n");
    const { encrypted, file } = encryptAttachment(plain);
    expect(encrypted).not.toEqual(plain);
    expect(decryptAttachment(encrypted, { ...file, url })).toEqual(plain);
  });

  it("may be empty", () => {
    const { encrypted, file } = encryptAttachment(Buffer.alloc(0));
    expect(decryptAttachment(encrypted, { ...file, url })).toHaveLength(0);
  });

  it("has the shape of the specification", () => {
    const { file } = encryptAttachment(Buffer.from("x"));
    expect(encryptedFileSchema.parse({ ...file, url })).toMatchObject({
      v: "v2",
      key: { alg: "A256CTR", kty: "oct" },
    });
    // The counter half of the initialisation vector starts at zero.
    expect(Buffer.from(file.iv, "base64").subarray(8)).toEqual(Buffer.alloc(8));
    expect(file.hashes.sha256).not.toContain("=");
  });

  it("is refused when it was changed on its way", () => {
    const { encrypted, file } = encryptAttachment(Buffer.from("done"));
    encrypted[0] = (encrypted[0] ?? 0) ^ 1;
    expect(() => decryptAttachment(encrypted, { ...file, url })).toThrow("does not fit its hash");
  });

  it("is read when the bot's crypto package has encrypted it", async () => {
    const { Attachment, initAsync } = await import("@matrix-org/matrix-sdk-crypto-wasm");
    await initAsync();
    const sealed = Attachment.encrypt(Buffer.from("from the other side"));
    const file = encryptedFileSchema.parse({ ...JSON.parse(sealed.mediaEncryptionInfo ?? ""), url });
    expect(decryptAttachment(sealed.encryptedData, file).toString()).toBe("from the other side");
  });
});

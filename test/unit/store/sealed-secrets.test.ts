import { describe, expect, it } from "vitest";
import { SealedSecrets, UnsealError, deriveKey } from "../../../src/store/sealed-secrets.ts";

const key = Buffer.alloc(32, 1);
const secrets = new SealedSecrets(key);

describe("a sealed secret", () => {
  it.each(["", "hunter2", "päss\u0000wörd 💩", "x".repeat(70_000)])("opens in its place (%#)", (text) => {
    expect(secrets.open("here", secrets.seal("here", text))).toBe(text);
  });

  it("shows nothing of itself, and is another box each time", () => {
    const box = secrets.seal("here", "hunter2-hunter2");
    expect(box.toString("latin1")).not.toContain("hunter2");
    expect(box.equals(secrets.seal("here", "hunter2-hunter2"))).toBe(false);
  });

  it("does not open in another place", () => {
    expect(() => secrets.open("there", secrets.seal("here", "x"))).toThrow(UnsealError);
  });

  it("does not open with another key", () => {
    expect(() => new SealedSecrets(Buffer.alloc(32, 2)).open("here", secrets.seal("here", "x"))).toThrow(
      UnsealError,
    );
  });

  it("does not open when it was cut, at any length", () => {
    const box = secrets.seal("here", "hunter2");
    for (let length = 0; length < box.length; length++)
      expect(() => secrets.open("here", box.subarray(0, length)), String(length)).toThrow(UnsealError);
  });

  it("does not open when any byte was changed, or one was added", () => {
    const box = secrets.seal("here", "hunter2");
    for (let at = 0; at < box.length; at++) {
      const changed = Buffer.from(box);
      changed[at] = (changed[at] ?? 0) ^ 1;
      expect(() => secrets.open("here", changed), String(at)).toThrow(UnsealError);
    }
    expect(() => secrets.open("here", Buffer.concat([box, Buffer.of(0)]))).toThrow(UnsealError);
  });

  it("says in its error where it is, and nothing of what it is", () => {
    const error = (() => {
      try {
        secrets.open("there", secrets.seal("here", "hunter2"));
      } catch (thrown) {
        return String(thrown);
      }
      return "";
    })();
    expect(error).toContain("there");
    expect(error).not.toContain("hunter2");
  });
});

describe("deriveKey", () => {
  it("draws another key for each purpose and each secret key", () => {
    const keys = [
      deriveKey(key, "store"),
      deriveKey(key, "crypto-store"),
      deriveKey(Buffer.alloc(32, 2), "store"),
      key,
    ];
    expect(new Set(keys.map((each) => each.toString("hex"))).size).toBe(4);
    expect(deriveKey(key, "store")).toHaveLength(32);
    expect(deriveKey(key, "store").equals(deriveKey(key, "store"))).toBe(true);
  });
});

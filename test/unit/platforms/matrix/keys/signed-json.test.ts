import { describe, expect, it } from "vitest";
import { canonicalJson, isSignedBy } from "../../../../../src/platforms/matrix/keys/signed-json.ts";

describe("canonical JSON", () => {
  // The first seven are the examples of the specification (Appendices §Canonical JSON).
  it.each<{ text: string; canonical: string }>([
    { text: "{}", canonical: "{}" },
    { text: '{"one": 1, "two": "Two"}', canonical: '{"one":1,"two":"Two"}' },
    { text: '{"b": "2", "a": "1"}', canonical: '{"a":"1","b":"2"}' },
    {
      text: '{"auth":{"success":true,"mxid":"@john.doe:example.com","profile":{"three_pids":[{"medium":"email","address":"a"}]}}}',
      canonical:
        '{"auth":{"mxid":"@john.doe:example.com","profile":{"three_pids":[{"address":"a","medium":"email"}]},"success":true}}',
    },
    { text: '{"a": "日本語"}', canonical: '{"a":"日本語"}' },
    { text: '{"本": 2, "日": 1}', canonical: '{"日":1,"本":2}' },
    { text: '{"a": null, "b": -0, "c": 1e3}', canonical: '{"a":null,"b":0,"c":1000}' },
    { text: '{"\\ud83d\\ude00": 2, "\\uff5e": 1}', canonical: '{"～":1,"😀":2}' },
    { text: '{"a": "\\u000b\\u000c\\u007f/\\"\\\\"}', canonical: '{"a":"\\u000b\\f\u007f/\\"\\\\"}' },
  ])("of $text is $canonical", ({ text, canonical }) => {
    expect(canonicalJson(JSON.parse(text))).toBe(canonical);
  });
});

describe("the signature of an object", () => {
  // The examples of the specification (Appendices §Cryptographic Test Vectors).
  const key = { userId: "domain", name: "1", publicKey: "XGX0JRS2Af3be3knz2fBiRbApjm2Dh61gXDJA8kcJNI" };
  const EMPTY = "K8280/U9SSy9IVtjBuVeLr+HpOB4BQFWbg+UZaADMtTdGYI7Geitb76LTrr5QV/7Xg4ahLwYGYZzuHGZKM5ZAQ";
  const FULL = "KqmLSbO39/Bzb0QIYE82zqLwsA+PDzYIpIRA2sRQ4sL53+sN6/fpNSoqE7BP7vBZhG6kYdD13EIMJpvhJI+6Bw";
  const signedBy = (signature: unknown) => ({ signatures: { domain: { "ed25519:1": signature } } });

  it.each<{
    name: string;
    object: Record<string, unknown>;
    isSigned: boolean;
    changed?: Partial<typeof key>;
  }>([
    { name: "an empty object", object: signedBy(EMPTY), isSigned: true },
    { name: "an object", object: { two: "Two", one: 1, ...signedBy(FULL) }, isSigned: true },
    { name: "with padding", object: signedBy(`${EMPTY}==`), isSigned: true },
    {
      name: "unsigned data does not count",
      object: { unsigned: { a: 1 }, ...signedBy(EMPTY) },
      isSigned: true,
    },
    { name: "another object", object: { one: 1, ...signedBy(FULL) }, isSigned: false },
    { name: "another user", object: signedBy(EMPTY), isSigned: false, changed: { userId: "other" } },
    { name: "another key ID", object: signedBy(EMPTY), isSigned: false, changed: { name: "2" } },
    { name: "a key that is no key", object: signedBy(EMPTY), isSigned: false, changed: { publicKey: "AA" } },
    { name: "a signature that is cut off", object: signedBy(EMPTY.slice(4)), isSigned: false },
    { name: "a signature that is no text", object: signedBy({}), isSigned: false },
    { name: "no signatures", object: {}, isSigned: false },
    { name: "signatures that are a list", object: { signatures: [] }, isSigned: false },
  ])("$name", ({ object, isSigned, changed = {} }) => {
    expect(isSignedBy(object, { ...key, ...changed })).toBe(isSigned);
  });
});

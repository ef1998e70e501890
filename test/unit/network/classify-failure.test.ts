import { describe, expect, it } from "vitest";
import { toUnreachableError } from "../../../src/network/classify-failure.ts";
import { UnreachableError } from "../../../src/network/unreachable-error.ts";

function failure(code: string): Error {
  return Object.assign(new Error("with a secret and 10.0.0.1"), { code });
}

describe("toUnreachableError", () => {
  it.each([
    ["ENOTFOUND", "dns"],
    ["EAI_AGAIN", "dns"],
    ["ECONNREFUSED", "refused"],
    ["EHOSTUNREACH", "refused"],
    ["CERT_HAS_EXPIRED", "tls"],
    ["DEPTH_ZERO_SELF_SIGNED_CERT", "tls"],
    ["UNABLE_TO_VERIFY_LEAF_SIGNATURE", "tls"],
    ["ERR_TLS_CERT_ALTNAME_INVALID", "tls"],
    ["ERR_SSL_WRONG_VERSION_NUMBER", "tls"],
    ["ETIMEDOUT", "timeout"],
    ["UND_ERR_CONNECT_TIMEOUT", "timeout"],
    ["ECONNRESET", "reset"],
    ["UND_ERR_SOCKET", "reset"],
    ["Z_BUF_ERROR", "reset"],
    ["Z_DATA_ERROR", "unexpected_answer"],
    ["HPE_INVALID_CONSTANT", "unexpected_answer"],
    ["UND_ERR_HEADERS_OVERFLOW", "too_large"],
    ["SOMETHING_NEW", "reset"],
  ])("reads %s as %s", (code, reason) => {
    expect(toUnreachableError(failure(code), "old.example")).toMatchObject({
      reason,
      host: "old.example",
      detail: code,
    });
  });

  it("takes the first failure when every address of a name failed", () => {
    const error = new AggregateError([failure("ECONNREFUSED"), failure("ENETUNREACH")]);
    expect(toUnreachableError(error, "old.example").reason).toBe("refused");
  });

  it("keeps nothing of the original but its code", () => {
    const error = toUnreachableError(failure("ECONNRESET"), "old.example");
    expect(`${error.stack} ${JSON.stringify(error)}`).not.toMatch(/secret|10\.0\.0\.1/);
    expect(error.cause).toBeUndefined();
  });

  it("leaves its own kind alone", () => {
    const error = new UnreachableError("too_large", "old.example");
    expect(toUnreachableError(error, "other.example")).toBe(error);
  });
});

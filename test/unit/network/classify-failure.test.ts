import { describe, expect, it } from "vitest";
import { toUnreachableError } from "../../../src/network/classify-failure.ts";
import { UnreachableError } from "../../../src/network/unreachable-error.ts";

function failure(code: string): Error {
  return Object.assign(new Error("with a secret and 10.0.0.1"), { code });
}

describe("toUnreachableError", () => {
  it.each([
    { code: "ENOTFOUND", reason: "dns" },
    { code: "EAI_AGAIN", reason: "dns" },
    { code: "ECONNREFUSED", reason: "refused" },
    { code: "EHOSTUNREACH", reason: "refused" },
    { code: "CERT_HAS_EXPIRED", reason: "tls" },
    { code: "DEPTH_ZERO_SELF_SIGNED_CERT", reason: "tls" },
    { code: "UNABLE_TO_VERIFY_LEAF_SIGNATURE", reason: "tls" },
    { code: "ERR_TLS_CERT_ALTNAME_INVALID", reason: "tls" },
    { code: "ERR_SSL_WRONG_VERSION_NUMBER", reason: "tls" },
    { code: "ETIMEDOUT", reason: "timeout" },
    { code: "UND_ERR_CONNECT_TIMEOUT", reason: "timeout" },
    { code: "ECONNRESET", reason: "reset" },
    { code: "EREFUSED", reason: "dns" },
    { code: "ETIMEOUT", reason: "timeout" },
    { code: "UND_ERR_SOCKET", reason: "reset" },
    { code: "Z_BUF_ERROR", reason: "reset" },
    { code: "Z_DATA_ERROR", reason: "unexpected_answer" },
    { code: "HPE_INVALID_CONSTANT", reason: "unexpected_answer" },
    { code: "UND_ERR_HEADERS_OVERFLOW", reason: "too_large" },
    { code: "SOMETHING_NEW", reason: "reset" },
  ])("reads $code as $reason", ({ code, reason }) => {
    expect(toUnreachableError(failure(code), "old.example")).toMatchObject({
      reason,
      host: "old.example",
      detail: code,
    });
  });

  it("reports the first failure if every address of a name failed", () => {
    const error = new AggregateError([failure("ECONNREFUSED"), failure("ENETUNREACH")]);
    expect(toUnreachableError(error, "old.example").reason).toBe("refused");
  });

  it("keeps only the code of the original", () => {
    const error = toUnreachableError(failure("ECONNRESET"), "old.example");
    expect(`${error.stack} ${JSON.stringify(error)}`).not.toMatch(/secret|10\.0\.0\.1/);
    expect(error.cause).toBeUndefined();
  });

  it("returns its own errors unchanged", () => {
    const error = new UnreachableError("too_large", "old.example");
    expect(toUnreachableError(error, "other.example")).toBe(error);
  });
});

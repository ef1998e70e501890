import type { UnreachableReason } from "./unreachable-error.ts";
import { UnreachableError } from "./unreachable-error.ts";

const REASONS: Readonly<Record<string, UnreachableReason>> = {
  ENOTFOUND: "dns",
  EAI_AGAIN: "dns",
  EAI_FAIL: "dns",
  EAI_NODATA: "dns",
  EAI_NONAME: "dns",
  ENODATA: "dns",
  ESERVFAIL: "dns",
  EREFUSED: "dns",
  ECONNREFUSED: "refused",
  EHOSTUNREACH: "refused",
  EHOSTDOWN: "refused",
  ENETUNREACH: "refused",
  ENETDOWN: "refused",
  EADDRNOTAVAIL: "refused",
  EACCES: "refused",
  EPERM: "refused",
  ETIMEDOUT: "timeout",
  ETIMEOUT: "timeout",
  UND_ERR_CONNECT_TIMEOUT: "timeout",
  UND_ERR_HEADERS_TIMEOUT: "timeout",
  UND_ERR_BODY_TIMEOUT: "timeout",
  UND_ERR_HEADERS_OVERFLOW: "too_large",
  EPROTO: "tls",
  HOSTNAME_MISMATCH: "tls",
  INVALID_CA: "tls",
  INVALID_PURPOSE: "tls",
  PATH_LENGTH_EXCEEDED: "tls",
  DEPTH_ZERO_SELF_SIGNED_CERT: "tls",
  SELF_SIGNED_CERT_IN_CHAIN: "tls",
};

const TLS_CODES = /^(?:CERT_|CRL_|ERR_TLS_|ERR_SSL_|ERR_OSSL_|UNABLE_TO_)/;
/** Faults of undici's HTTP parser (HPE_…), and of a request or answer that undici cannot handle. */
const PARSER_CODES = /^(?:HPE_|UND_ERR_INVALID_ARG)/;
/**
 * Faults of compressed bodies (zlib, brotli). A body that stops early is a broken connection
 * instead.
 */
const BROKEN_ENCODING_CODES = /^(?:Z_(?!BUF_ERROR)|ERR_BROTLI_|ERR__ERROR_)/;

/**
 * Converts an error of the HTTP client to our own. The original is not kept as `cause`: undici puts
 * pieces of the answer into it and Node puts addresses. Neither may reach a log.
 */
export function toUnreachableError(error: unknown, host: string): UnreachableError {
  if (error instanceof UnreachableError) return error;
  const code = codeOf(error);
  return new UnreachableError(reasonOf(code), host, code);
}

function reasonOf(code: string | null): UnreachableReason {
  if (code === null) return "reset";
  const known = Object.hasOwn(REASONS, code) ? REASONS[code] : undefined;
  if (known !== undefined) return known;
  if (TLS_CODES.test(code)) return "tls";
  if (PARSER_CODES.test(code) || BROKEN_ENCODING_CODES.test(code)) return "unexpected_answer";
  return "reset";
}

function codeOf(error: unknown): string | null {
  if (!(error instanceof Error)) return null;
  // If every address of a name fails, Node throws an AggregateError. The first address's failure is
  // the most telling.
  if (error instanceof AggregateError && !("code" in error)) return codeOf(error.errors[0]);
  // undici gives no code to the parser's most common fault, an answer that is not HTTP (seen with
  // 8.12).
  if (error.name === "HTTPParserError") return "HPE_INVALID";
  const code: unknown = "code" in error ? error.code : undefined;
  return typeof code === "string" && /^[A-Z0-9_]{1,60}$/.test(code) ? code : null;
}

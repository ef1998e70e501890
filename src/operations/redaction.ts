const REDACTED = "[redacted]";
const DEEPEST = 6;
const LONGEST_LIST = 100;

// The last word of a name decides: `refreshToken` is a secret; `tokenExpiresAt` and `passwordFile`
// are not.
const SECRET_NAME =
  /(?:pass(?:word|wd|phrase)|secrets?|tokens?|authorization|cookies?|credentials?|macaroon|(?:private|secret|recovery|pickle|store|sealing|session)key)$/;

// The text of messages is private, and in a direct chat it may be a password.
const CONTENT_NAMES = new Set([
  "body",
  "formattedbody",
  "newcontent",
  "requestbody",
  "responsebody",
  "roomname",
  "topic",
]);

// Secrets inside longer text, such as the address in an error:
// - tokens of Synapse and the Matrix Authentication Service (syt_, mat_, mar_, mct_, mcr_)
// - query parameters, headers, JSON
// - recovery keys (specification, "Key representation": base58 that begins with "Es", mostly in
//   groups of four)
const SECRET_PATTERNS: readonly RegExp[] = [
  /\b(?:syt|syr|syl|mat|mar|mct|mcr|mas_dc)_[\w=.~-]{8,}/g,
  /(?<=\b(?:access_token|refresh_token|login_token|loginToken|user_code|device_code|client_secret|password)=)[^&\s"'\\]+/g,
  /(?<=\b(?:bearer|basic) )[\w=.~+/-]{8,}/gi,
  /\bEs[1-9A-HJ-NP-Za-km-z]{2}(?:\s?[1-9A-HJ-NP-Za-km-z]{4}){11}\b/g,
];

// A name and its text in JSON. If the JSON is itself inside a JSON text, its quotes have
// backslashes, and the text ends at the next quote with as many.
const JSON_TEXT_FIELD = /"([\w-]+)(\\*)"(\s*:\s*)\2"((?:(?!(?<!\\)\2")[^])*)/g;

/**
 * Whether a value with this name must not be logged: passwords, tokens, keys, and what people
 * wrote.
 */
export function isSecretName(name: string): boolean {
  const plain = name.toLowerCase().replaceAll(/[^a-z]/g, "");
  return SECRET_NAME.test(plain) || CONTENT_NAMES.has(plain);
}

/** Blanks tokens, authorization headers, recovery keys, and JSON values under secret names. */
export function withoutSecrets(text: string): string {
  return SECRET_PATTERNS.reduce(
    (line, pattern) => line.replace(pattern, REDACTED),
    withoutSecretFields(text),
  );
}

function withoutSecretFields(text: string): string {
  return text.replaceAll(
    JSON_TEXT_FIELD,
    (_field, name: string, slashes: string, colon: string, value: string) => {
      return `"${name}${slashes}"${colon}${slashes}"${isSecretName(name) ? REDACTED : withoutSecretFields(value)}`;
    },
  );
}

/**
 * A copy that is safe to log. Values under secret names are blanked at any depth. Errors are
 * reduced to a few properties.
 */
export function redacted(value: unknown, depth = 0): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (depth > DEEPEST) return "[deeper]";
  if (value instanceof Error) return describedError(value, depth);
  if (ArrayBuffer.isView(value)) return `[${String(value.byteLength)} bytes]`;
  if (value instanceof Date) return value.toISOString();
  if (value instanceof URL) return withoutSecrets(value.href);
  if (Array.isArray(value)) return value.slice(0, LONGEST_LIST).map((item) => redacted(item, depth + 1));
  return redactedFields(value, depth);
}

/** The same for the fields of one log line. */
export function redactedFields(fields: object, depth = 0): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(fields).map(([key, child]) => [
      key,
      isSecretName(key) ? REDACTED : redacted(child, depth + 1),
    ]),
  );
}

const ERROR_DETAILS = [
  "code",
  "errcode",
  "status",
  "statusCode",
  "method",
  "path",
  "syscall",
  "retryAfterMs",
] as const;

// Only these properties of an error are kept. Errors of matrix-bot-sdk contain headers and bodies;
// errors of fetch contain the whole request.
function describedError(error: Error, depth: number): Record<string, unknown> {
  const details = Object.fromEntries(
    ERROR_DETAILS.flatMap((name) => {
      const detail: unknown = Reflect.get(error, name);
      return typeof detail === "string" || typeof detail === "number" ? [[name, detail]] : [];
    }),
  );
  return {
    type: error.name,
    message: error.message,
    ...details,
    stack: error.stack,
    ...(error.cause === undefined ? {} : { cause: redacted(error.cause, depth + 1) }),
    ...(error instanceof AggregateError ? { errors: redacted(error.errors, depth + 1) } : {}),
  };
}

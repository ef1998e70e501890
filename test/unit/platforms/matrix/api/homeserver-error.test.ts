import { describe, expect, it } from "vitest";
import {
  accountProblemOf,
  toHomeserverError,
} from "../../../../../src/platforms/matrix/api/homeserver-error.ts";

const NOW = new Date("2026-01-31T12:00:00Z");
const REQUEST = { method: "POST", path: "/_matrix/client/v3/login" };

function errorOf(
  status: number,
  body: unknown,
  headers: Record<string, string> = {},
  secrets: string[] = [],
) {
  return toHomeserverError({ status, headers, body }, REQUEST, secrets, NOW);
}

describe("toHomeserverError", () => {
  it("carries the server's code and words, and the request's path", () => {
    const error = errorOf(403, { errcode: "M_FORBIDDEN", error: "Invalid username or password" });
    expect(error).toMatchObject({
      errcode: "M_FORBIDDEN",
      status: 403,
      retryAfterMs: null,
      ...REQUEST,
      text: "Invalid username or password",
    });
    expect(error.message).toBe("POST /_matrix/client/v3/login: 403 M_FORBIDDEN");
  });

  it.each([
    { name: "no JSON", body: undefined },
    { name: "a text", body: "Bad Gateway" },
    { name: "a list", body: [] },
    { name: "null", body: null },
    { name: "nothing", body: {} },
    { name: "a code that is a number", body: { errcode: 5, error: ["x"] } },
    { name: "a code with a line break", body: { errcode: "M_BAD\nSET-COOKIE" } },
  ])("is M_UNKNOWN when the answer is $name", ({ body }) => {
    expect(errorOf(502, body)).toMatchObject({ errcode: "M_UNKNOWN", status: 502, text: "" });
  });

  it.each([
    { name: "the header in seconds", headers: { "retry-after": "7" }, fields: {}, expected: 7_000 },
    {
      name: "the header before the field",
      headers: { "retry-after": "9" },
      fields: { retry_after_ms: 7_400 },
      expected: 9_000,
    },
    {
      name: "the field where it says the same as the header, which is rounded up",
      headers: { "retry-after": "8" },
      fields: { retry_after_ms: 7_400 },
      expected: 7_400,
    },
    {
      name: "the header as a date",
      headers: { "retry-after": "Sat, 31 Jan 2026 12:01:30 GMT" },
      fields: {},
      expected: 90_000,
    },
    {
      name: "a date that has passed",
      headers: { "retry-after": "Sat, 31 Jan 2026 11:00:00 GMT" },
      fields: {},
      expected: 0,
    },
    { name: "the field alone", headers: {}, fields: { retry_after_ms: 7_400 }, expected: 7_400 },
    {
      name: "the field when the header is rubbish",
      headers: { "retry-after": "soon" },
      fields: { retry_after_ms: 5 },
      expected: 5,
    },
    {
      name: "the field when the header is negative",
      headers: { "retry-after": "-1" },
      fields: { retry_after_ms: 5 },
      expected: 5,
    },
    { name: "neither", headers: {}, fields: {}, expected: null },
    { name: "a field that is no number", headers: {}, fields: { retry_after_ms: "5" }, expected: null },
    { name: "a negative field", headers: {}, fields: { retry_after_ms: -5 }, expected: null },
    {
      name: "an absurd header, as an hour",
      headers: { "retry-after": "99999999999" },
      fields: {},
      expected: 3_600_000,
    },
    {
      name: "an absurd field, as an hour",
      headers: {},
      fields: { retry_after_ms: 2_147_483_647 },
      expected: 3_600_000,
    },
  ])("reads how long to wait from $name", ({ headers, fields, expected }) => {
    expect(errorOf(429, { errcode: "M_LIMIT_EXCEEDED", ...fields }, headers).retryAfterMs).toBe(expected);
  });

  it("carries a soft logout and the page of the terms", () => {
    const body = {
      errcode: "M_CONSENT_NOT_GIVEN",
      soft_logout: true,
      consent_uri: "https://old.example/terms",
    };
    expect(errorOf(403, body)).toMatchObject({ isSoftLogout: true, consentUri: "https://old.example/terms" });
    const other = errorOf(403, {
      errcode: "M_CONSENT_NOT_GIVEN",
      soft_logout: "yes",
      consent_uri: "javascript:alert(1)",
    });
    expect([other.isSoftLogout, other.consentUri]).toEqual([undefined, undefined]);
  });

  it("cleans the server's words of control, direction and zero-width characters, and cuts them", () => {
    const { text } = errorOf(400, { error: `one\n\t\u0007two\u202Ethree\u200b ${"x".repeat(500)}` });
    expect(text).toMatch(/^one two three x+…$/);
    expect(text).toHaveLength(300);
  });

  it("repeats no secret, wherever the server puts it", () => {
    const secrets = ["syt_SeCrEt", "hunter 2"];
    const error = errorOf(
      403,
      {
        errcode: "syt_SeCrEt",
        error: `no: syt_SeCrEt hunter 2 syt_Se\u200bCrEt`,
        consent_uri: "https://old.example/?t=syt_SeCrEt",
      },
      {},
      secrets,
    );
    expect(`${error.message} ${JSON.stringify(error)}`).not.toMatch(/syt_SeCrEt|hunter 2/);
    expect(error.errcode).toBe("M_UNKNOWN");
    expect(error.text).toContain("[removed]");
  });
});

describe("accountProblemOf", () => {
  it.each([
    { body: { errcode: "M_UNKNOWN_TOKEN" }, problem: { code: "session_ended" } },
    { body: { errcode: "M_MISSING_TOKEN" }, problem: { code: "session_ended" } },
    { body: { errcode: "M_USER_LOCKED", soft_logout: true }, problem: { code: "account_locked" } },
    { body: { errcode: "ORG_MATRIX_MSC3939_USER_LOCKED" }, problem: { code: "account_locked" } },
    { body: { errcode: "M_USER_SUSPENDED" }, problem: { code: "account_suspended" } },
    {
      body: { errcode: "ORG.MATRIX.MSC3823.USER_ACCOUNT_SUSPENDED" },
      problem: { code: "account_suspended" },
    },
    { body: { errcode: "M_USER_DEACTIVATED" }, problem: { code: "account_deactivated" } },
    { body: { errcode: "M_CONSENT_NOT_GIVEN" }, problem: { code: "consent_needed", consentUri: null } },
    {
      body: { errcode: "M_CONSENT_NOT_GIVEN", consent_uri: "https://old.example/terms" },
      problem: { code: "consent_needed", consentUri: "https://old.example/terms" },
    },
    { body: { errcode: "M_FORBIDDEN" }, problem: null },
    { body: undefined, problem: null },
  ])("is $problem for $body", ({ body, problem }) => {
    expect(accountProblemOf(errorOf(403, body))).toEqual(problem);
  });
});

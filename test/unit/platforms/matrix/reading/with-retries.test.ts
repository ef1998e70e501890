import { describe, expect, it } from "vitest";
import type { UnreachableReason } from "../../../../../src/network/unreachable-error.ts";
import { UnreachableError } from "../../../../../src/network/unreachable-error.ts";
import { HomeserverError } from "../../../../../src/platforms/matrix/api/homeserver-error.ts";
import { PageError } from "../../../../../src/platforms/matrix/api/page-error.ts";
import type { RetryOptions } from "../../../../../src/platforms/matrix/reading/with-retries.ts";
import {
  MAX_RETRIES,
  MAX_TOTAL_WAIT_MS,
  withRetries,
} from "../../../../../src/platforms/matrix/reading/with-retries.ts";

function serverError(status: number, retryAfterMs: number | null = null): HomeserverError {
  return new HomeserverError({
    errcode: "M_UNKNOWN",
    status,
    retryAfterMs,
    method: "GET",
    path: "/x",
    text: "",
  });
}

/** A page of something that stands before the server. */
function page(status: number): PageError {
  return new PageError("h", status, null);
}

/** Fails with the given errors, then answers. Records the waits and the number of requests. */
async function run(failures: Error[], options: RetryOptions = {}) {
  const waits: number[] = [];
  let tries = 0;
  const clock = { sleep: async (ms: number) => void waits.push(ms), random: () => 0, now: () => 0 };
  const result = await withRetries(
    async () => {
      tries += 1;
      const failure = failures[tries - 1];
      if (failure !== undefined) throw failure;
      return "answer";
    },
    clock,
    options,
  ).catch((error: unknown) => error);
  return { result, waits, tries };
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

describe("withRetries", () => {
  it("waits as long as the server says, many times", async () => {
    const { result, waits } = await run(Array.from({ length: 40 }, () => serverError(429, 7_000)));
    expect(result).toBe("answer");
    expect(waits).toEqual(Array.from({ length: 40 }, () => 7_000));
  });

  it("gives up a server that never stops refusing by a limit", async () => {
    const { result, waits } = await run(Array.from({ length: 100 }, () => serverError(429, 7_000)));
    expect(result).toMatchObject({ status: 429 });
    expect(sum(waits)).toBeLessThanOrEqual(MAX_TOTAL_WAIT_MS);
  });

  it("waits longer and longer for a limit that does not say how long, a minute at most", async () => {
    const { waits } = await run(Array.from({ length: 9 }, () => serverError(429)));
    expect(waits).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000, 60_000]);
  });

  it("does not retry at once, whatever delay the server asks for", async () => {
    expect((await run([serverError(429, 0)])).waits).toEqual([1_000]);
  });

  it("does not wait out a limit of days", async () => {
    const { result, waits } = await run([serverError(429, 30 * 86_400_000)]);
    expect(result).toMatchObject({ status: 429, retryAfterMs: 30 * 86_400_000 });
    expect(waits).toEqual([]);
  });

  it("waits at most a minute for a server that is down, whatever delay it asks for", async () => {
    expect((await run([serverError(503, 86_400_000)])).waits).toEqual([60_000]);
  });

  it.each([400, 403, 404, 502])("takes a page with status %i for a server that is down", async (status) => {
    expect((await run([page(status)])).result).toBe("answer");
  });

  it("asks again three times after an answer of another shape", async () => {
    const failures = Array.from({ length: 9 }, () => new UnreachableError("unexpected_answer", "h"));
    expect(await run(failures)).toMatchObject({ tries: 4, result: { reason: "unexpected_answer" } });
  });

  it("gives up a failing server after five more tries", async () => {
    const { result, waits, tries } = await run(Array.from({ length: 9 }, () => serverError(502)));
    expect(result).toBeInstanceOf(HomeserverError);
    expect(tries).toBe(1 + MAX_RETRIES);
    expect(waits).toEqual([1_000, 2_000, 4_000, 8_000, 16_000]);
  });

  it("does not count limits as failures", async () => {
    const { result } = await run(
      [500, 429, 500, 429, 500, 429, 500, 429, 500].map((status) => serverError(status, 1_000)),
    );
    expect(result).toBe("answer");
  });

  it.each<UnreachableReason>(["dns", "refused", "reset", "timeout", "tls", "not_json"])(
    "tries again after %s",
    async (reason) => {
      expect((await run([new UnreachableError(reason, "h")])).result).toBe("answer");
    },
  );

  it.each<UnreachableReason>(["forbidden_address", "insecure", "too_large", "redirect_refused", "aborted"])(
    "throws %s at once",
    async (reason) => {
      expect(await run([new UnreachableError(reason, "h")])).toMatchObject({
        tries: 1,
        waits: [],
        result: { reason },
      });
    },
  );

  it.each([400, 401, 403, 404, 501])("throws status %i at once", async (status) => {
    expect(await run([serverError(status)])).toMatchObject({ tries: 1, result: { status } });
  });

  it("throws what is no answer of a server at once", async () => {
    expect(await run([new TypeError("bug")])).toMatchObject({ tries: 1, result: { message: "bug" } });
  });

  it("treats a timeout as final when asked to", async () => {
    expect(await run([new UnreachableError("timeout", "h")], { isTimeoutFinal: true })).toMatchObject({
      tries: 1,
    });
  });

  it("does not try again once aborted", async () => {
    expect(await run([serverError(500)], { signal: AbortSignal.abort() })).toMatchObject({
      tries: 1,
      result: { status: 500 },
    });
  });
});

import { pino } from "pino";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { UnreachableError } from "../../../../../src/network/unreachable-error.ts";
import { createReader } from "../../../../../src/platforms/matrix/reading/reader.ts";

const MINUTE = 60_000;

describe("a reader", () => {
  it("ends when its time is over, though each answer comes just in time", async () => {
    let time = 0;
    let sent = 0;
    const reader = createReader({
      client: {
        baseUrl: "https://old.example:8448",
        request: async ({ schema }) => {
          sent += 1;
          time += 9 * MINUTE;
          return schema.parse({});
        },
      },
      log: pino({ level: "silent" }),
      clock: { sleep: async () => undefined, random: () => 0, now: () => time },
    });
    const read = () => reader.request({ method: "GET", path: "/x", schema: z.unknown() });
    for (let index = 0; index < 5; index += 1) await read();
    await expect(read()).rejects.toEqual(new UnreachableError("timeout", "old.example:8448", "reading"));
    expect(sent).toBe(5);
  });

  it("names its server in errors of its own", async () => {
    const reader = createReader({
      client: { baseUrl: "https://old.example:8448", request: () => Promise.reject(new Error("never")) },
      log: pino({ level: "silent" }),
      signal: AbortSignal.abort(),
    });
    const read = reader.request({ method: "GET", path: "/x", schema: z.unknown() });
    await expect(read).rejects.toEqual(new UnreachableError("aborted", "old.example:8448"));
  });
});

import { beforeEach, describe, expect, test } from "vitest";
import { PendingKeyQueries } from "../../../../src/overrides/matrix-sdk-crypto-nodejs/pending-key-queries.ts";

const [A, B] = ["@a:x", "@b:x"];

let queries: PendingKeyQueries;

function send(id: string, ...userIds: string[]): void {
  queries.send([{ id, body: keys(userIds) }]);
}

function keys(userIds: readonly string[]): string {
  return JSON.stringify({ device_keys: Object.fromEntries(userIds.map((userId) => [userId, {}])) });
}

beforeEach(() => {
  queries = new PendingKeyQueries([A]);
});

describe("a user is pending", () => {
  test("when newly tracked, not when tracked already", () => {
    queries.track([A, B]);
    expect([queries.isPending(A), queries.isPending(B)]).toEqual([false, true]);
  });

  test("when the devices of a tracked user changed", () => {
    queries.change([A, B]);
    expect([queries.isPending(A), queries.isPending(B)]).toEqual([true, false]);
  });

  test("when the library asks about them, as it does after a restart", () => {
    send("1", A);
    expect(queries.isPending(A)).toBe(true);
  });

  test("until the answer comes", () => {
    queries.change([A]);
    send("1", A);
    queries.receive("1", keys([A]));
    expect(queries.isPending(A)).toBe(false);
  });
});

describe("a user stays pending", () => {
  test("when the answer is without them", () => {
    send("1", A, B);
    queries.receive("1", keys([B]));
    expect([queries.isPending(A), queries.isPending(B)]).toEqual([true, false]);
  });

  test("when their devices changed after the question", () => {
    send("1", A);
    queries.change([A]);
    queries.receive("1", keys([A]));
    expect(queries.isPending(A)).toBe(true);
  });

  test("when the answer is to an earlier question", () => {
    send("1", A);
    send("2", A);
    queries.receive("1", keys([A]));
    expect(queries.isPending(A)).toBe(true);
  });
});

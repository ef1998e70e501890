import { expect, test } from "vitest";
import { oneAtATime } from "../../../../src/overrides/matrix-sdk-crypto-nodejs/one-at-a-time.ts";

test("a call begins when the one before has ended, also by an error", async () => {
  const order: string[] = [];
  const { promise, reject } = Promise.withResolvers<undefined>();
  const first = oneAtATime(async () => {
    order.push("first begins");
    await promise;
  });
  const second = oneAtATime(async () => {
    order.push("second begins");
    return 2;
  });
  const failed = expect(first).rejects.toThrow("no");
  await Promise.resolve();
  order.push("first fails");
  reject(new Error("no"));
  await failed;
  expect(await second).toBe(2);
  expect(order).toEqual(["first begins", "first fails", "second begins"]);
});

import { expect, it } from "vitest";
import { boundedTimes } from "../../../../../../src/platforms/matrix/sign-in/oauth/device-authorization.ts";

it.each([
  {
    server: "polls in a loop",
    interval: 0.000_001,
    expires_in: 1_200,
    intervalMs: 1_000,
    expiresInMs: 1_200_000,
  },
  {
    server: "overflows a timer",
    interval: 1e9,
    expires_in: 1e12,
    intervalMs: 60_000,
    expiresInMs: 3_600_000,
  },
  { server: "is ordinary", interval: 5, expires_in: 1_200, intervalMs: 5_000, expiresInMs: 1_200_000 },
])("the times of a server that $server are bounded", ({ interval, expires_in, intervalMs, expiresInMs }) => {
  expect(boundedTimes({ interval, expires_in })).toEqual({ intervalMs, expiresInMs });
});

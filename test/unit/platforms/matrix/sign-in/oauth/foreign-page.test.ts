import { expect, it } from "vitest";
import { boundedTimes } from "../../../../../../src/platforms/matrix/sign-in/oauth/device-authorization.ts";
import { foreignPage } from "../../../../../../src/platforms/matrix/sign-in/oauth/foreign-page.ts";

it.each([
  {
    page: "https://account.matrix.org/",
    serverName: "matrix.org",
    baseUrl: "https://matrix-client.matrix.org",
  },
  { page: "https://auth.hosted.example/", serverName: "ada.example", baseUrl: "https://ada.hosted.example" },
  { page: "https://ada.example/auth", serverName: "ada.example:8448", baseUrl: "https://x.other" },
  { page: "http://127.0.0.2:99/", serverName: "old.test", baseUrl: "http://127.0.0.2:8008" },
])("$page belongs to $serverName at $baseUrl", ({ page, serverName, baseUrl }) => {
  expect(foreignPage([page, page], { serverName, baseUrl })).toBeNull();
});

it.each([
  { page: "https://account.matrix.org/", serverName: "evil.example", baseUrl: "https://evil.example" },
  { page: "https://auth.good.co.uk/", serverName: "evil.co.uk", baseUrl: "https://evil.co.uk" },
  { page: "https://good.github.io/", serverName: "evil.github.io", baseUrl: "https://evil.github.io" },
  { page: "http://127.0.0.3:99/", serverName: "old.test", baseUrl: "http://127.0.0.2:8008" },
])("$page is foreign to $serverName at $baseUrl", ({ page, serverName, baseUrl }) => {
  expect(foreignPage([page, page], { serverName, baseUrl })).toBe(new URL(page).hostname);
});

it("a page to open is foreign even where the issuer is not", () => {
  const homeserver = { serverName: "evil.example", baseUrl: "https://evil.example" };
  expect(foreignPage(["https://evil.example/", "https://account.matrix.org/link"], homeserver)).toBe(
    "account.matrix.org",
  );
});

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

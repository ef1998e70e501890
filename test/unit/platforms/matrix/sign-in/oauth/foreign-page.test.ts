import { expect, it } from "vitest";
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

import { describe, expect, it } from "vitest";
import { accountPage } from "../../../../../../src/platforms/matrix/sign-in/oauth/account-page.ts";

const issuer = "https://auth.example/";
const server = {
  issuer,
  token_endpoint: issuer,
  account_management_uri: "https://account.example/me?lang=en",
};

describe("the page on which people manage the bot's session", () => {
  it.each<[string, string[], string | null, string]>([
    [
      "the session itself",
      ["org.matrix.device_delete", "org.matrix.device_view"],
      "DEV/1",
      "action=org.matrix.device_view&device_id=DEV%2F1",
    ],
    ["by its older name", ["org.matrix.session_end"], "DEV", "action=org.matrix.session_end&device_id=DEV"],
    [
      "the list, where it knows no page of one",
      ["org.matrix.devices_list", "org.matrix.profile"],
      "DEV",
      "action=org.matrix.devices_list",
    ],
    [
      "the list, for a session without a device",
      ["org.matrix.device_view", "org.matrix.sessions_list"],
      null,
      "action=org.matrix.sessions_list",
    ],
  ])("is %s", (_what, account_management_actions_supported, deviceId, query) => {
    expect(accountPage({ ...server, account_management_actions_supported }, deviceId)).toBe(
      `https://account.example/me?lang=en&${query}`,
    );
  });

  it("carries no action that the server does not list, and is none where the server names none", () => {
    expect(
      accountPage({ ...server, account_management_actions_supported: ["org.matrix.profile"] }, "DEV"),
    ).toBe("https://account.example/me?lang=en");
    expect(accountPage(server, "DEV")).toBe("https://account.example/me?lang=en");
    expect(accountPage({ issuer, token_endpoint: issuer }, "DEV")).toBeNull();
  });
});

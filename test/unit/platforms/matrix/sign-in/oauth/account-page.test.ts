import { describe, expect, it } from "vitest";
import { accountPage } from "../../../../../../src/platforms/matrix/sign-in/oauth/account-page.ts";

const issuer = "https://auth.example/";
const server = {
  issuer,
  token_endpoint: issuer,
  account_management_uri: "https://account.example/me?lang=en",
};

describe("the page on which people manage the bot's session", () => {
  it.each<{
    name: string;
    account_management_actions_supported: string[];
    deviceId: string | null;
    query: string;
  }>([
    {
      name: "the session itself",
      account_management_actions_supported: ["org.matrix.device_delete", "org.matrix.device_view"],
      deviceId: "DEV/1",
      query: "action=org.matrix.device_view&device_id=DEV%2F1",
    },
    {
      name: "by its older name",
      account_management_actions_supported: ["org.matrix.session_end"],
      deviceId: "DEV",
      query: "action=org.matrix.session_end&device_id=DEV",
    },
    {
      name: "the list, where it knows no page of one",
      account_management_actions_supported: ["org.matrix.devices_list", "org.matrix.profile"],
      deviceId: "DEV",
      query: "action=org.matrix.devices_list",
    },
    {
      name: "the list, for a session without a device",
      account_management_actions_supported: ["org.matrix.device_view", "org.matrix.sessions_list"],
      deviceId: null,
      query: "action=org.matrix.sessions_list",
    },
  ])("is $name", ({ account_management_actions_supported, deviceId, query }) => {
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

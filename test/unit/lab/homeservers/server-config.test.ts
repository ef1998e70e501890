import { describe, expect, it } from "vitest";
import { newServerIdentity } from "../../../lab/homeservers/identity.ts";
import { logConfig, serverConfig } from "../../../lab/homeservers/server-config.ts";

const identity = newServerIdentity("localhost", { client: 20_001, federation: 20_002 });

function config(
  extra: { roomVersion?: string; extra?: Record<string, unknown> } = {},
): Record<string, unknown> {
  return serverConfig({
    identity,
    clientPort: 20_001,
    federatesWith: ["localhost:20002", "localhost:20003"],
    limits: "default",
    ...extra,
  });
}

describe("the configuration of a homeserver", () => {
  it("is named after its federation port", () => {
    expect(config()).toMatchObject({
      server_name: "localhost:20002",
      public_baseurl: "http://127.0.0.1:20001/",
    });
  });

  it("listens on 127.0.0.1 only", () => {
    expect(config()["listeners"]).toEqual([
      expect.objectContaining({ port: 20_001, tls: false, bind_addresses: ["127.0.0.1"] }),
      expect.objectContaining({ port: 20_002, tls: true, bind_addresses: ["127.0.0.1"] }),
    ]);
  });

  it("reaches loopback only, in federation too", () => {
    const made = config();
    expect(made).toMatchObject({
      ip_range_blacklist: ["0.0.0.0/0", "::/0"],
      ip_range_whitelist: ["127.0.0.0/8", "::1/128"],
      trusted_key_servers: [],
      report_stats: false,
    });
    expect(made).not.toHaveProperty("federation_ip_range_blacklist");
  });

  it("holds relative paths only, so that its folder can be copied", () => {
    const texts = JSON.stringify([config(), logConfig()]).match(/"[^"]*"/g) ?? [];
    expect(texts.filter((text) => text.startsWith('"/'))).toEqual([]);
  });

  it("names a room version only when one is asked for", () => {
    expect(config()).not.toHaveProperty("default_room_version");
    expect(config({ roomVersion: "11" })).toHaveProperty("default_room_version", "11");
  });

  it("takes further settings, key by key", () => {
    const made = config({
      extra: {
        federation: { client_timeout: "5s" },
        presence: { enabled: true },
        trusted_key_servers: ["x"],
      },
    });
    expect(made).toMatchObject({
      federation: { client_timeout: "5s", destination_min_retry_interval: "1s" },
      presence: { enabled: true },
      trusted_key_servers: ["x"],
    });
  });
});

describe("the identity of a homeserver", () => {
  it("has a signing key in Synapse's format", () => {
    expect(identity.signingKey).toMatch(/^ed25519 a_[0-9a-f]{12} [A-Za-z0-9+/]{43}$/);
    expect(identity.signingKeyId).toBe(`ed25519:${identity.signingKey.split(" ")[1]}`);
  });

  it("may lie below localhost", () => {
    expect(newServerIdentity("old.localhost", { client: 1, federation: 2 }).serverName).toBe(
      "old.localhost:2",
    );
  });

  it.each(["example.org", "notlocalhost", "localhost.example.org", ""])(
    "is refused the host %j, which is not loopback",
    (host) => {
      expect(() => newServerIdentity(host, { client: 1, federation: 2 })).toThrow("localhost");
    },
  );
});

import { describe, expect, it } from "vitest";
import { rateLimitConfig } from "../../../lab/homeservers/rate-limits.ts";

describe("request limits of a homeserver", () => {
  it("leaves the server's own limits alone when they are asked for", () => {
    expect(rateLimitConfig("default")).toEqual({});
  });

  it("lifts every limit, each in both its numbers", () => {
    const config = rateLimitConfig("unlimited");
    const lifted = { per_second: 1_000_000, burst_count: 1_000_000 };
    expect(config["rc_message"]).toEqual(lifted);
    expect(config["rc_login"]).toEqual({ address: lifted, account: lifted, failed_attempts: lifted });
    expect(config["rc_joins"]).toEqual({ local: lifted, remote: lifted });
    expect(config["rc_invites"]).toEqual({ per_room: lifted, per_user: lifted, per_issuer: lifted });
    expect(config["rc_federation"]).toMatchObject({
      sleep_limit: 1_000_000,
      sleep_delay: 0,
      reject_limit: 1_000_000,
    });
    expect(Object.keys(config)).toEqual(
      expect.arrayContaining([
        "rc_room_creation",
        "rc_media_create",
        "rc_profile",
        "remote_media_download_per_second",
      ]),
    );
  });

  it("scales the rates and keeps the bursts, so that the limits have the same shape in less time", () => {
    const config = rateLimitConfig({ scale: 100 });
    expect(config["rc_joins"]).toEqual({
      local: { per_second: 10, burst_count: 10 },
      remote: { per_second: 1, burst_count: 10 },
    });
    expect(config["rc_federation"]).toEqual({
      window_size: 10,
      sleep_limit: 10,
      sleep_delay: 5,
      reject_limit: 50,
      concurrent: 3,
    });
  });

  it.each([0, -1, Number.NaN, Number.POSITIVE_INFINITY])("refuses the scale %d", (scale) => {
    expect(() => rateLimitConfig({ scale })).toThrow("above 0");
  });
});

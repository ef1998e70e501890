import { describe, expect, it } from "vitest";
import { createAddressPolicy } from "../../../src/network/address-policy.ts";

describe("createAddressPolicy", () => {
  const policy = createAddressPolicy([]);

  it.each([
    "1.1.1.1",
    "8.8.8.8",
    "100.63.255.255",
    "100.128.0.1",
    "172.32.0.1",
    "2606:4700::1111",
    "2a01:4f8::1",
    "::ffff:8.8.8.8",
    "64:ff9b::808:808",
  ])("finds %s public", (address) => {
    expect(policy(address)).toBe("public");
  });

  it.each([
    ["this network", "0.0.0.0"],
    ["this network", "0.1.2.3"],
    ["loopback", "127.0.0.1"],
    ["loopback", "127.255.255.254"],
    ["private", "10.1.2.3"],
    ["private", "172.16.0.1"],
    ["private", "172.31.255.255"],
    ["private", "192.168.1.1"],
    ["carrier-grade NAT, and Alibaba's metadata", "100.100.100.200"],
    ["link-local: cloud metadata", "169.254.169.254"],
    ["protocol assignments, and Oracle's metadata", "192.0.0.192"],
    ["Azure's platform", "168.63.129.16"],
    ["documentation", "192.0.2.1"],
    ["documentation", "198.51.100.1"],
    ["documentation", "203.0.113.1"],
    ["benchmarking", "198.18.0.1"],
    ["6to4 relays", "192.88.99.1"],
    ["multicast", "224.0.0.1"],
    ["reserved", "240.0.0.1"],
    ["broadcast", "255.255.255.255"],
    ["unspecified", "::"],
    ["loopback", "::1"],
    ["loopback in IPv6 clothes", "::ffff:127.0.0.1"],
    ["loopback in IPv6 clothes, hexadecimal", "::ffff:7f00:1"],
    ["metadata in IPv6 clothes", "::ffff:169.254.169.254"],
    ["IPv4-compatible, long deprecated", "::127.0.0.1"],
    ["translated", "::ffff:0:127.0.0.1"],
    ["loopback behind NAT64", "64:ff9b::7f00:1"],
    ["private behind NAT64", "64:ff9b::a00:1"],
    ["a network's own NAT64", "64:ff9b:1::808:808"],
    ["unique local: AWS metadata", "fd00:ec2::254"],
    ["unique local", "fc00::1"],
    ["link-local", "fe80::1"],
    ["link-local with a zone", "fe80::1%eth0"],
    ["site-local", "fec0::1"],
    ["multicast", "ff02::1"],
    ["documentation", "2001:db8::1"],
    ["6to4 of loopback", "2002:7f00:1::"],
    ["Teredo", "2001::1"],
    ["discard", "100::1"],
    ["not given out", "4000::1"],
    ["no address", "example.org"],
    ["no address", ""],
  ])("forbids %s (%s)", (_what, address) => {
    expect(policy(address)).toBe("forbidden");
  });

  it("lists what the operator permits, also when it is written as an IPv4-mapped address", () => {
    const listing = createAddressPolicy(["127.0.0.0/8", "fd00:1::/32", "8.8.8.8"]);
    expect(["127.0.0.1", "::ffff:127.9.9.9", "fd00:1::5", "8.8.8.8"].map(listing)).toEqual([
      "listed",
      "listed",
      "listed",
      "listed",
    ]);
    expect(["::1", "10.0.0.1", "fd00:2::5", "8.8.4.4"].map(listing)).toEqual([
      "forbidden",
      "forbidden",
      "forbidden",
      "public",
    ]);
  });

  it.each(["localhost", "127.0.0.0/33", "", "10.0.0.0/"])("refuses %j as a range", (range) => {
    expect(() => createAddressPolicy([range])).toThrow(TypeError);
  });
});

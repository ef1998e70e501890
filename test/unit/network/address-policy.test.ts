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
    { kind: "this network", address: "0.0.0.0" },
    { kind: "this network", address: "0.1.2.3" },
    { kind: "loopback", address: "127.0.0.1" },
    { kind: "loopback", address: "127.255.255.254" },
    { kind: "private", address: "10.1.2.3" },
    { kind: "private", address: "172.16.0.1" },
    { kind: "private", address: "172.31.255.255" },
    { kind: "private", address: "192.168.1.1" },
    { kind: "carrier-grade NAT, and Alibaba's metadata", address: "100.100.100.200" },
    { kind: "link-local: cloud metadata", address: "169.254.169.254" },
    { kind: "protocol assignments, and Oracle's metadata", address: "192.0.0.192" },
    { kind: "Azure's platform", address: "168.63.129.16" },
    { kind: "documentation", address: "192.0.2.1" },
    { kind: "documentation", address: "198.51.100.1" },
    { kind: "documentation", address: "203.0.113.1" },
    { kind: "benchmarking", address: "198.18.0.1" },
    { kind: "6to4 relays", address: "192.88.99.1" },
    { kind: "multicast", address: "224.0.0.1" },
    { kind: "reserved", address: "240.0.0.1" },
    { kind: "broadcast", address: "255.255.255.255" },
    { kind: "unspecified", address: "::" },
    { kind: "loopback", address: "::1" },
    { kind: "loopback in IPv6 clothes", address: "::ffff:127.0.0.1" },
    { kind: "loopback in IPv6 clothes, hexadecimal", address: "::ffff:7f00:1" },
    { kind: "metadata in IPv6 clothes", address: "::ffff:169.254.169.254" },
    { kind: "IPv4-compatible, long deprecated", address: "::127.0.0.1" },
    { kind: "translated", address: "::ffff:0:127.0.0.1" },
    { kind: "loopback behind NAT64", address: "64:ff9b::7f00:1" },
    { kind: "private behind NAT64", address: "64:ff9b::a00:1" },
    { kind: "a network's own NAT64", address: "64:ff9b:1::808:808" },
    { kind: "unique local: AWS metadata", address: "fd00:ec2::254" },
    { kind: "unique local", address: "fc00::1" },
    { kind: "link-local", address: "fe80::1" },
    { kind: "link-local with a zone", address: "fe80::1%eth0" },
    { kind: "site-local", address: "fec0::1" },
    { kind: "multicast", address: "ff02::1" },
    { kind: "documentation", address: "2001:db8::1" },
    { kind: "6to4 of loopback", address: "2002:7f00:1::" },
    { kind: "Teredo", address: "2001::1" },
    { kind: "discard", address: "100::1" },
    { kind: "not given out", address: "4000::1" },
    { kind: "no address", address: "example.org" },
    { kind: "no address", address: "" },
  ])("forbids $kind ($address)", ({ address }) => {
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

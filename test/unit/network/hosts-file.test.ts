import { expect, it } from "vitest";
import { addressesInHosts } from "../../../src/network/guarded-lookup.ts";

const file =
  "127.0.0.1 localhost\n# 10.0.0.1 commented.test\n10.0.0.2\told.test Alias.Test # a remark\n::2 old.test\n";

it.each([
  { name: "old.test", addresses: ["10.0.0.2", "::2"] },
  { name: "alias.test", addresses: ["10.0.0.2"] },
  { name: "commented.test", addresses: [] },
  { name: "remark", addresses: [] },
])("a file of hosts names $addresses for $name", ({ name, addresses }) => {
  expect(addressesInHosts(file, name)).toEqual(addresses);
});

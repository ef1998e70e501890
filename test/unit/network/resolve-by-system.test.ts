import { describe, expect, it } from "vitest";
import { addressesInHosts, resolveBySystem } from "../../../src/network/resolve-by-system.ts";

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

function failure(code: string): Error {
  return Object.assign(new Error(code), { code });
}

/** Name servers that answer with addresses or an error, and a search list that has the name. */
function system(v4: string[] | string, v6: string[] | string = "ENODATA") {
  const asked: string[] = [];
  const answer = async (of: string[] | string) => {
    if (typeof of === "string") throw failure(of);
    return await Promise.resolve(of);
  };
  const names = {
    readHosts: async () => await Promise.resolve(file),
    resolver: () => ({ resolve4: async () => await answer(v4), resolve6: async () => await answer(v6) }),
    getaddrinfo: async (hostname: string) => {
      asked.push(hostname);
      return await Promise.resolve([{ address: "10.0.0.9" }, { address: "fd00::9" }]);
    },
  };
  return { names, asked };
}

describe("a name", () => {
  it("in the file of hosts needs no name server", async () => {
    const { names } = system("ESERVFAIL");
    expect(await resolveBySystem("old.test", names)).toEqual(["10.0.0.2", "::2"]);
  });

  it("has the addresses of both families, and is not looked for elsewhere", async () => {
    const { names, asked } = system(["10.0.0.3"], ["fd00::3"]);
    expect(await resolveBySystem("synapse", names)).toEqual(["10.0.0.3", "fd00::3"]);
    expect(asked).toEqual([]);
  });

  it.each(["synapse", "synapse.matrix", "synapse.matrix.svc.cluster.local"])(
    "%s is looked for in the search list of the system",
    async (name) => {
      for (const code of ["ENOTFOUND", "ENODATA", "ESERVFAIL", "EREFUSED", "ECONNREFUSED"]) {
        const { names, asked } = system(code, "ENOTFOUND");
        expect(await resolveBySystem(name, names)).toEqual(["10.0.0.9", "fd00::9"]);
        expect(asked).toEqual([name]);
      }
    },
  );

  it.each(["matrix.org", "a.github.io", "synapse.chat"])(
    "%s may belong to a stranger's name server, and is not looked for in the search list",
    async (name) => {
      for (const code of ["ENOTFOUND", "ECONNREFUSED"]) {
        const { names, asked } = system(code);
        await expect(resolveBySystem(name, names)).rejects.toMatchObject({ code });
        expect(asked).toEqual([]);
      }
    },
  );

  it("whose name server does not answer is not looked for elsewhere", async () => {
    for (const code of ["ETIMEOUT", "ENOTFOUND"]) {
      const { names, asked } = system(code, "ETIMEOUT");
      await expect(resolveBySystem("synapse", names)).rejects.toMatchObject({ code });
      expect(asked).toEqual([]);
    }
  });
});

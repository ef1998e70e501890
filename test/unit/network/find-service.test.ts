import { describe, expect, it } from "vitest";
import type { ServiceAnswer } from "../../../src/network/find-service.ts";
import { findService } from "../../../src/network/find-service.ts";

const NAME = "_matrix-fed._tcp.some.example";

/** A resolver that answers with the targets of the records, or with an error. */
function resolver(answer: readonly string[] | string) {
  const asked: string[] = [];
  const resolveSrv = async (name: string) => {
    asked.push(name);
    await Promise.resolve();
    if (typeof answer === "string") throw Object.assign(new Error(answer), { code: answer });
    return answer.map((target) => ({ name: target, port: 443, priority: 10, weight: 5 }));
  };
  return { asked, resolveSrv, cancel: () => undefined };
}

describe("a service of a name", () => {
  const { signal } = new AbortController();

  it.each<{ records: readonly string[] | string; answer: ServiceAnswer }>([
    { records: ["matrix.some.example"], answer: "offered" },
    { records: ["10.0.0.1"], answer: "offered" },
    { records: [], answer: "none" },
    // RFC 2782: the service is decidedly not offered. Node leaves out the dot.
    { records: [""], answer: "none" },
    { records: ["."], answer: "none" },
    { records: "ENOTFOUND", answer: "none" },
    { records: "ENODATA", answer: "none" },
    { records: "EBADNAME", answer: "none" },
    { records: "ESERVFAIL", answer: "none" },
    { records: "EREFUSED", answer: "unknown" },
    { records: "ECONNREFUSED", answer: "unknown" },
    { records: "ETIMEOUT", answer: "unknown" },
    { records: "ECANCELLED", answer: "unknown" },
  ])("with $records is $answer", async ({ records, answer }) => {
    const names = resolver(records);
    expect(await findService(NAME, signal, names)).toBe(answer);
    expect(names.asked).toEqual([NAME]);
  });

  it("is unknown if the look is broken off, and the name servers are not waited for", async () => {
    const ending = new AbortController();
    const { promise, reject } = Promise.withResolvers<never>();
    const cancel = () => reject(Object.assign(new Error("cancelled"), { code: "ECANCELLED" }));
    const found = findService(NAME, ending.signal, { resolveSrv: () => promise, cancel });
    ending.abort();
    expect(await found).toBe("unknown");
    const names = resolver(["matrix.some.example"]);
    expect(await findService(NAME, ending.signal, names)).toBe("unknown");
    expect(names.asked).toEqual([]);
  });
});

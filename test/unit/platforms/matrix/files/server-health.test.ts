import { pino } from "pino";
import { describe, expect, it } from "vitest";
import type { ServiceAnswer } from "../../../../../src/network/find-service.ts";
import { UnreachableError } from "../../../../../src/network/unreachable-error.ts";
import { ServerHealth } from "../../../../../src/platforms/matrix/files/server-health.ts";
import type { ServerProgress } from "../../../../../src/platforms/reading.ts";
import { fetchOfAnswers } from "../../../../support/fakes/fetch-of-answers.ts";

const VERSIONS = JSON.stringify({ versions: ["v1.11"] });
const HOUR_MS = 3_600_000;

type Answer = number | "dns" | "dns_away" | "refused" | "timeout" | "forbidden_address" | "tls";

/** The answer of a resolver that cannot ask anybody. */
const AWAY = "EAI_AGAIN";

interface World {
  readonly servers?: Readonly<Record<string, string>>;
  /** The answers about SRV records, by name. */
  readonly services?: Readonly<Record<string, ServiceAnswer>>;
}

/** @param answerOf a status, or why there is no answer, by address */
function health(answerOf: (url: string) => Answer, { servers = {}, services = {} }: World = {}) {
  const asked: string[] = [];
  const lookedUp: string[] = [];
  let now = 0;
  const fetch = fetchOfAnswers(async (url) => {
    asked.push(url);
    const answer = answerOf(url);
    if (answer === "dns_away") throw new UnreachableError("dns", new URL(url).host, AWAY);
    if (typeof answer !== "number") throw new UnreachableError(answer, new URL(url).host);
    const text = url.endsWith("/versions") ? VERSIONS : "hello";
    return { status: answer, headers: {}, body: Buffer.from(text), url };
  });
  const findService = async (name: string) => {
    lookedUp.push(name);
    return await Promise.resolve(services[name] ?? "none");
  };
  const one = new ServerHealth({
    ...{ fetch, findService, servers, monotonicNow: () => now, log: pino({ enabled: false }) },
  });
  return { one, asked, lookedUp, pass: (ms: number) => void (now += ms) };
}

describe("a server", () => {
  it.each<{ name: string; web: Answer; federation: Answer; isDead: boolean }>([
    { name: "answers", web: 200, federation: "refused", isDead: false },
    { name: "answers with an error", web: 404, federation: "refused", isDead: false },
    { name: "answers other servers alone", web: "refused", federation: 404, isDead: false },
    { name: "has no name any more", web: "dns", federation: "dns", isDead: true },
    {
      name: "has a name that nobody can look up now",
      web: "dns_away",
      federation: "dns_away",
      isDead: false,
    },
    { name: "takes no connection", web: "refused", federation: "timeout", isDead: true },
    { name: "has a broken certificate", web: "tls", federation: "refused", isDead: false },
    {
      name: "may not be contacted by the bot",
      web: "forbidden_address",
      federation: "forbidden_address",
      isDead: false,
    },
  ])("that $name is dead: $isDead", async ({ web, federation, isDead }) => {
    const { one } = health((url) => (url.includes(":8448") ? federation : web));
    expect([...(await one.deadAmong(["some.example"]))]).toEqual(isDead ? ["some.example"] : []);
  });

  it("is asked at the address that the operator has configured", async () => {
    const { one, asked } = health(() => 200, { servers: { "Old.test": "http://127.0.0.2:8008" } });
    await one.deadAmong(["old.test"]);
    expect(asked).toEqual(["http://127.0.0.2:8008"]);
  });

  it("is asked once in an hour", async () => {
    const { one, asked, pass } = health(() => "dns");
    await one.deadAmong(["some.example"]);
    pass(HOUR_MS - 1);
    expect((await one.deadAmong(["some.example"])).size).toBe(1);
    expect(asked).toHaveLength(2);
    pass(1);
    await one.deadAmong(["some.example"]);
    expect(asked).toHaveLength(4);
  });

  it("is asked again if nobody could look up its name", async () => {
    let answer: Answer = "dns_away";
    const { one } = health(() => answer);
    expect((await one.deadAmong(["some.example"])).size).toBe(0);
    answer = "dns";
    expect((await one.deadAmong(["some.example"])).size).toBe(1);
  });

  it("is asked again after a look that was broken off", async () => {
    const ending = new AbortController();
    let isBrokenOff = true;
    const fetch = fetchOfAnswers(async (url) => {
      if (isBrokenOff) ending.abort();
      throw new UnreachableError(isBrokenOff ? "aborted" : "dns", new URL(url).host);
    });
    const one = new ServerHealth({
      ...{
        fetch,
        findService: async () => "none",
        servers: {},
        monotonicNow: () => 0,
        log: pino({ enabled: false }),
      },
    });
    expect((await one.deadAmong(["some.example"], { signal: ending.signal })).size).toBe(0);
    isBrokenOff = false;
    expect((await one.deadAmong(["some.example"])).size).toBe(1);
  });

  it("counts as unknown beyond a few hundred", async () => {
    const { one, asked } = health(() => "dns");
    const names = Array.from({ length: 400 }, (_, index) => `s${index}.example`);
    expect((await one.deadAmong(names)).size).toBe(300);
    expect(asked).toHaveLength(600);
  });

  it("is counted once it was asked, and is not counted without being asked", async () => {
    const { one } = health((url) => (url.includes("//a.") ? 200 : "dns"));
    const counts: string[] = [];
    const onProgress = ({ of, read, total }: ServerProgress) => void counts.push(`${of} ${read}/${total}`);
    for (const names of [["a.example", "b.example"], ["b.example"], ["b.example", "c.example"]])
      await one.deadAmong(names, { onProgress });
    expect(counts).toEqual(["servers 1/2", "servers 2/2", "servers 1/1"]);
  });

  it("is one server, however its name is written", async () => {
    const { one, asked } = health(() => "dns");
    const names = ["Some.Example", "some.example"];
    expect([...(await one.deadAmong(names))]).toEqual(names);
    expect([...(await one.deadAmong(["SOME.example"]))]).toEqual(["SOME.example"]);
    expect(asked).toHaveLength(2);
  });

  it("is known to live only after it was asked and lived", async () => {
    const { one, pass } = health((url) =>
      url.includes("//lives.") ? 200 : url.includes("//gone.") ? "dns" : "dns_away",
    );
    const names = ["lives.example", "gone.example", "unknown.example"];
    expect([...one.livingAmong(names)]).toEqual([]);
    await one.deadAmong(names);
    expect([...one.livingAmong(names)]).toEqual(["lives.example"]);
    pass(HOUR_MS);
    expect([...one.livingAmong(names)]).toEqual([]);
  });

  it("waits for few others", async () => {
    let underWay = 0;
    let most = 0;
    const fetch = fetchOfAnswers(async (url) => {
      underWay += 1;
      most = Math.max(most, underWay);
      await new Promise(setImmediate);
      underWay -= 1;
      throw new UnreachableError("timeout", new URL(url).host);
    });
    const one = new ServerHealth({
      ...{ fetch, findService: async () => "none", servers: {}, monotonicNow: () => 0 },
      log: pino({ enabled: false }),
    });
    await one.deadAmong(Array.from({ length: 100 }, (_, index) => `s${index}.example`));
    expect(most).toBe(32);
  });

  it("of no valid name is dead, and nobody is asked", async () => {
    const { one, asked } = health(() => 200);
    expect((await one.deadAmong(["not a name"])).size).toBe(1);
    expect(asked).toEqual([]);
  });
});

describe("a server that does not answer under its own name", () => {
  const NAME = "some.example";
  const NEW = `_matrix-fed._tcp.${NAME}`;
  const OLDER = `_matrix._tcp.${NAME}`;

  it.each<{ name: string; services: Record<string, ServiceAnswer>; isDead: boolean }>([
    { name: "with a record", services: { [NEW]: "offered" }, isDead: false },
    { name: "with a record of the older kind", services: { [OLDER]: "offered" }, isDead: false },
    {
      name: "with a record, while nobody knows of the other",
      services: { [NEW]: "unknown", [OLDER]: "offered" },
      isDead: false,
    },
    { name: "without a record", services: {}, isDead: true },
    { name: "whose records nobody can look up now", services: { [OLDER]: "unknown" }, isDead: false },
  ])("$name is dead: $isDead", async ({ services, isDead }) => {
    const { one, asked, lookedUp } = health(() => "dns", { services });
    expect((await one.deadAmong([NAME])).has(NAME)).toBe(isDead);
    expect(lookedUp).toEqual([NEW, OLDER]);
    // The target of a record is not contacted.
    expect(asked).toEqual([`https://${NAME}/`, `https://${NAME}:8448/`]);
  });

  it("is looked up again if nobody could say whether it has records", async () => {
    const services: Record<string, ServiceAnswer> = { [NEW]: "unknown" };
    const { one } = health(() => "refused", { services });
    expect((await one.deadAmong([NAME])).size).toBe(0);
    services[NEW] = "none";
    expect((await one.deadAmong([NAME])).size).toBe(1);
  });

  it.each<{ name: string; serverName: string; servers?: Record<string, string> }>([
    { name: "with a port", serverName: "some.example:443" },
    { name: "that is an IPv4 address", serverName: "192.0.2.1" },
    { name: "that is an IPv6 address", serverName: "[2001:db8::1]" },
    { name: "with a configured address", serverName: NAME, servers: { [NAME]: "http://127.0.0.2" } },
  ])("$name has no records", async ({ serverName, servers = {} }) => {
    const { one, lookedUp } = health(() => "refused", { servers });
    expect((await one.deadAmong([serverName])).size).toBe(1);
    expect(lookedUp).toEqual([]);
  });

  it("costs no look at records if it lives", async () => {
    const { one, lookedUp } = health((url) => (url.includes(":8448") ? 404 : "refused"));
    expect((await one.deadAmong([NAME])).size).toBe(0);
    expect(lookedUp).toEqual([]);
  });
});

describe("an old server", () => {
  const { signal } = new AbortController();

  it.each<{ name: string; wellKnown: Answer; versions: Answer; isAnswering: boolean }>([
    { name: "is found", wellKnown: 404, versions: 200, isAnswering: true },
    { name: "is overloaded", wellKnown: 404, versions: 503, isAnswering: false },
    { name: "is another web page now", wellKnown: 404, versions: 404, isAnswering: false },
    { name: "has no name any more", wellKnown: "dns", versions: "dns", isAnswering: false },
  ])("that $name answers: $isAnswering", async ({ wellKnown, versions, isAnswering }) => {
    const { one } = health((url) => (url.includes("well-known") ? wellKnown : versions));
    expect(await one.isAnswering("old.example", signal)).toBe(isAnswering);
  });

  it("that answers again is not dead any more", async () => {
    let isBack = false;
    const { one } = health((url) => (isBack ? (url.includes("well-known") ? 404 : 200) : "dns"));
    expect((await one.deadAmong(["old.example"])).size).toBe(1);
    isBack = true;
    expect(await one.isAnswering("old.example", signal)).toBe(true);
    expect((await one.deadAmong(["old.example"])).size).toBe(0);
  });
});

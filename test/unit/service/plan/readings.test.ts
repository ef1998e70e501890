import { createHash } from "node:crypto";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { sides } from "../../../../src/model/account.ts";
import { NO_FILTERS } from "../../../../src/model/filters.ts";
import { UnreachableError } from "../../../../src/network/unreachable-error.ts";
import { HomeserverError } from "../../../../src/platforms/matrix/api/homeserver-error.ts";
import { PageError } from "../../../../src/platforms/matrix/api/page-error.ts";
import { verifyMove } from "../../../../src/service/run/verify.ts";
import type { FakeBot } from "../../../support/fakes/fake-bot.ts";
import {
  OWNER,
  fakePerson,
  makePlan,
  request,
  signIn,
  startFakeBot,
} from "../../../support/fakes/fake-bot.ts";
import type { FakeRequest } from "../../../support/fakes/fake-homeservers.ts";
import { seededRandom } from "../../../support/seeded-random.ts";
import { temporaryFolder } from "../../../support/store/temporary-store.ts";

function serverError(status: number): HomeserverError {
  const request = { method: "GET", path: "/x" };
  return new HomeserverError({ errcode: "M_UNKNOWN", status, retryAfterMs: null, ...request, text: "" });
}

const filters = { ...NO_FILTERS, categories: null };

let bot: FakeBot;
let asked: FakeRequest[];
/** Called when a request has arrived, before it is answered. */
let onRequest: (request: FakeRequest) => Promise<void> | void;

beforeEach(async () => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "Date"] });
  asked = [];
  onRequest = () => undefined;
  const answering = async (each: FakeRequest): Promise<void> => {
    asked.push(each);
    await onRequest(each);
  };
  bot = startFakeBot({ folder: await temporaryFolder(), servers: fakePerson(), onRequest: answering });
  await signIn(bot);
});
afterEach(async () => {
  await bot.runServices.stop();
  await bot.store.close();
  vi.useRealTimers();
});

/** Whole readings of an account: one `/sync` each. */
function readings(host: string): number {
  return asked.filter((each) => each.host === host && each.path.endsWith("/v3/sync")).length;
}

describe("plans and comparisons asked for at once", () => {
  it("are one reading and one plan if they are the same", async () => {
    const plans = await Promise.all(
      Array.from({ length: 30 }, () => bot.planning.plan({ ...request, filters })),
    );
    expect(new Set(plans.map((made) => (made.status === "planned" ? made.plan.number : null)))).toEqual(
      new Set([1]),
    );
    expect([readings("old.example"), readings("new.example")]).toEqual([1, 1]);
  });

  it("are read one after the other if they differ", async () => {
    let underWay = 0;
    let most = 0;
    onRequest = async ({ host, path }) => {
      if (host !== "old.example" || !path.endsWith("/v3/sync")) return;
      underWay += 1;
      most = Math.max(most, underWay);
      for (let turns = 0; turns < 50; turns += 1) await Promise.resolve();
      underWay -= 1;
    };
    const servers = ["a.example", "b.example", "c.example"];
    const plans = await Promise.all(
      servers.map((server) => bot.planning.plan({ ...request, filters: { ...filters, servers: [server] } })),
    );
    expect(plans.map(({ status }) => status)).toEqual(["planned", "planned", "planned"]);
    expect([readings("old.example"), most]).toEqual([3, 1]);
  });

  it("show everybody how far the reading is", async () => {
    const shown: number[] = [0, 0];
    const plan = (index: number) =>
      bot.planning.plan({ ...request, filters, onProgress: () => (shown[index] = (shown[index] ?? 0) + 1) });
    await Promise.all([plan(0), plan(1)]);
    expect(shown[0]).toBeGreaterThan(0);
    expect(shown[1]).toBe(shown[0]);
  });

  it("are one comparison", async () => {
    await makePlan(bot);
    asked = [];
    const compared = await Promise.all(
      Array.from({ length: 9 }, () => verifyMove(OWNER, request, bot.planning)),
    );
    expect(new Set(compared.map(({ status }) => status))).toEqual(new Set(["verified"]));
    expect(readings("new.example")).toBe(1);
  });

  it("are read again after their answer", async () => {
    for (const number of [1, 2])
      expect(await bot.planning.plan({ ...request, filters })).toMatchObject({ plan: { number } });
    expect(readings("old.example")).toBe(2);
  });
});

describe("while one server is away", () => {
  it("the other account is not read", async () => {
    onRequest = ({ host }) => {
      if (host === "new.example") throw new UnreachableError("refused", host);
    };
    const made = bot.planning.plan({ ...request, filters });
    await vi.advanceTimersByTimeAsync(60_000);
    expect(await made).toMatchObject({ status: "not_read", account: { side: "target" } });
    expect(readings("old.example")).toBe(0);
  });

  it("a listing under way at the other server ends", async () => {
    let isLeft = false;
    onRequest = ({ host, path }) => {
      if (host === "new.example" && path.endsWith("/pushrules/")) throw new UnreachableError("refused", host);
      if (host === "old.example" && path.endsWith("/v3/sync")) {
        isLeft = true;
        throw new UnreachableError("reset", host);
      }
    };
    const made = bot.planning.plan({ ...request, filters });
    await vi.advanceTimersByTimeAsync(120_000);
    expect([(await made).status, isLeft]).toEqual(["not_read", true]);
    const before = asked.length;
    await vi.advanceTimersByTimeAsync(600_000);
    expect(asked.length).toBe(before);
  });
});

describe("a plan whose person signs out while it is made", () => {
  const accounts = () => bot.store.store.accounts;

  it("is not stored, and the person is asked to sign in", async () => {
    // Everything was read, and the plan is about to be stored.
    vi.spyOn(bot.store.store.plans, "last").mockImplementationOnce(async () => {
      for (const side of sides) await accounts().remove(OWNER, side);
      return null;
    });
    const made = await bot.planning.plan({ ...request, filters });
    expect(made).toEqual({ status: "not_signed_in", missing: ["source", "target"], files: { kind: "none" } });
    expect(await bot.planning.last(OWNER)).toBeNull();
  });

  it("is made of the accounts that are signed in by then", async () => {
    let isFirst = true;
    onRequest = async ({ path, host }) => {
      if (!path.endsWith("/v3/sync") || host !== "old.example" || !isFirst) return;
      isFirst = false;
      const account = await accounts().signedIn(OWNER, "source");
      if (account) await accounts().put({ ...account.account, signedInAt: 5 }, account.tokens);
    };
    const made = await bot.planning.plan({ ...request, filters });
    expect(made).toMatchObject({ status: "planned", plan: { number: 1 } });
    expect(readings("old.example")).toBe(2);
  });
});

describe("a plan while a fifth of all requests go wrong", () => {
  const faults = [
    () => new UnreachableError("reset", "old.example"),
    () => new UnreachableError("timeout", "old.example"),
    () => new UnreachableError("not_json", "old.example"),
    () => new UnreachableError("unexpected_answer", "old.example"),
    () => new PageError("old.example", 404, null),
    () => new PageError("old.example", 502, null),
    () => serverError(500),
    () => serverError(429),
  ];

  it.each([1, 2, 3, 4, 5, 6])("is made as without faults (%i)", async (seed) => {
    // Each request has its own sequence, because the order of concurrent requests varies.
    const sequences = new Map<string, () => number>();
    onRequest = ({ host, method, path }) => {
      const name = `${method} ${host}${path}`;
      const random =
        sequences.get(name) ?? seededRandom(seed + createHash("md5").update(name).digest().readUInt32LE());
      sequences.set(name, random);
      const fault = random() < 0.2 ? faults[Math.floor(random() * faults.length)] : undefined;
      if (fault !== undefined) throw fault();
    };
    const made = bot.planning.plan({ ...request, filters });
    await vi.advanceTimersByTimeAsync(30 * 60_000);
    onRequest = () => undefined;
    const calm = await bot.planning.plan({ ...request, filters });
    const rows = (result: Awaited<typeof made>) =>
      result.status === "planned" ? result.plan.report.rooms : result.status;
    expect(rows(await made)).toEqual(rows(calm));
  });
});

describe("a start that waits for a server", () => {
  const commands = [
    { name: "cancel", send: () => bot.runServices.control.cancel(OWNER), answer: "no_run" },
    { name: "pause", send: () => bot.runServices.control.pause(OWNER), answer: "not_running" },
  ];

  it.each(commands)("is stopped by $name at once", async ({ send, answer }) => {
    await makePlan(bot);
    onRequest = ({ path }) => {
      if (path.endsWith("/capabilities")) throw new UnreachableError("reset", "old.example");
    };
    const started = bot.runServices.starter.start(request);
    await vi.advanceTimersByTimeAsync(5_000);
    expect((await send()).status).toBe(answer);
    expect(await started).toEqual({ status: "stopped" });
    expect(await bot.store.store.runs.last(OWNER)).toBeNull();
  });
});

describe("the last look of a run that waits for a server", () => {
  it("is ended by a pause at once", async () => {
    await makePlan(bot);
    await bot.runServices.start();
    expect((await bot.runServices.starter.start(request)).status).toBe("started");
    let isAsked = false;
    onRequest = ({ path }) => {
      if (!path.endsWith("/capabilities")) return;
      isAsked = true;
      throw new UnreachableError("reset", "old.example");
    };
    await vi.advanceTimersByTimeAsync(2_000);
    expect(isAsked).toBe(true);
    expect(await bot.runServices.control.pause(OWNER)).toMatchObject({ status: "paused", isIdle: true });
  });
});

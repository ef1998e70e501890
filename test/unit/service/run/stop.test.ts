import { pino } from "pino";
import { describe, expect, it } from "vitest";
import { createMatrixPlatform } from "../../../../src/platforms/matrix/platform.ts";
import { SignIn } from "../../../../src/service/accounts/sign-in.ts";
import { MoveRetirement } from "../../../../src/service/run/retire.ts";
import type { Store } from "../../../../src/store/store.ts";
import { openFetch, sendJson, startServer } from "../../../integration/platforms/matrix/loopback-server.ts";
import { newRun } from "../../../support/fakes/scripted-runner.ts";
import { NO_DEVICES } from "../../../support/keys/no-devices.ts";
import { temporaryStore } from "../../../support/store/temporary-store.ts";

const OWNER = "@me:old.example";
const DAY_MS = 24 * 3_600_000;

/** One process of the bot, as far as it retires moves. */
function processOf(store: Store) {
  const fetch = openFetch();
  const log = pino({ enabled: false });
  const now = () => 100 * DAY_MS;
  const introduction = { clientName: "Matrix Mover", clientUri: "https://mover.example.org" };
  const sessionStore = store.accounts;
  const signIn = new SignIn({
    accounts: store.accounts,
    links: store.signInLinks,
    authorizationServers: store.authorizationServers,
    platform: createMatrixPlatform({
      sessionStore,
      devices: NO_DEVICES,
      fetch,
      servers: {},
      introduction,
      monotonicNow: now,
      now,
      log,
    }),
    introduction,
    notify: async () => undefined,
    monotonicNow: now,
    now,
    log,
  });
  const said: number[] = [];
  const retirement = new MoveRetirement({
    runs: store.runs,
    imports: store.imports,
    signIn,
    retired: async (run) => void said.push(run.id),
    now,
    log,
  });
  return { fetch, signIn, retirement, said };
}

describe("a stop while the bot signs out of an account", () => {
  it("does not wait for the server, and the next process signs out", async () => {
    const { store } = await temporaryStore();
    let isHanging = true;
    const server = await startServer((_request, response) => {
      if (!isHanging) sendJson(response, 200, {});
    });
    const account = { owner: OWNER, side: "source", userId: OWNER, baseUrl: server.url } as const;
    await store.accounts.put(
      { ...account, method: "password", deviceId: "D", signedInAt: 0 },
      { accessToken: "token" },
    );
    const run = await newRun(store, [], { owner: OWNER });
    await store.runs.apply(run.id, "settled", { endedAt: DAY_MS });

    const first = processOf(store);
    first.retirement.start();
    await expect.poll(() => server.requests).not.toEqual([]);
    const stopped = Promise.all([first.retirement.stop(), first.signIn.stop()]);
    await first.fetch.close();
    await stopped;
    expect(first.said).toEqual([]);
    expect(await store.accounts.session(OWNER, "source")).toEqual({ accessToken: "token" });

    isHanging = false;
    const next = processOf(store);
    await next.retirement.retireOld();
    expect(next.said).toEqual([run.id]);
    expect(server.requests.at(-1)?.url).toContain("/logout");
    expect(await store.accounts.session(OWNER, "source")).toBeNull();
  });
});

import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { FakeBot } from "../../../support/fakes/fake-bot.ts";
import {
  OWNER,
  SOURCE,
  fakePerson,
  makePlan,
  request,
  startFakeBot,
} from "../../../support/fakes/fake-bot.ts";
import type { FakeHomeservers, FakeRequest } from "../../../support/fakes/fake-homeservers.ts";
import { baseUrlOf, tokenOf } from "../../../support/fakes/fake-homeservers.ts";
import { temporaryFolder } from "../../../support/store/temporary-store.ts";

let bot: FakeBot;
let folder: string;
let servers: FakeHomeservers;
let onRequest: (request: FakeRequest) => void | Promise<void>;

beforeEach(async () => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "Date"] });
  folder = await temporaryFolder();
  servers = fakePerson();
  onRequest = () => undefined;
  bot = startFakeBot({ folder, servers, onRequest: (asked) => onRequest(asked) });
  await makePlan(bot);
  await bot.runServices.start();
});
afterEach(async () => {
  await bot.runServices.stop();
  await bot.store.close();
  vi.useRealTimers();
});

const isInvitation = ({ method, path }: FakeRequest): boolean =>
  method === "POST" && path.endsWith("/invite");

/** Stores the account, and tells nobody: the process ends before it does. */
async function storeSignIn(): Promise<void> {
  servers.signedOut.clear();
  const account = {
    owner: OWNER,
    side: "source",
    userId: SOURCE,
    baseUrl: baseUrlOf(SOURCE),
    method: "token",
    deviceId: null,
    signedInAt: Date.now(),
  } as const;
  await bot.store.store.accounts.put(account, { accessToken: tokenOf(SOURCE) });
}

async function restart(): Promise<void> {
  await bot.runServices.stop();
  await bot.store.close();
  bot = startFakeBot({ folder, servers, onRequest: (asked) => onRequest(asked) });
  await bot.runServices.start();
}

async function stateAfter(ms: number): Promise<string | undefined> {
  await vi.advanceTimersByTimeAsync(ms);
  return (await bot.store.store.runs.last(OWNER))?.state;
}

describe("a run whose session has ended", () => {
  beforeEach(async () => {
    onRequest = (asked) => {
      if (isInvitation(asked)) servers.signedOut.add(SOURCE);
    };
    await bot.runServices.starter.start(request);
    expect(await stateAfter(60_000)).toBe("needs_you");
    onRequest = () => undefined;
  });

  it("goes on after a restart if the process ended just after the sign-in was stored", async () => {
    await storeSignIn();
    expect(await stateAfter(60_000)).toBe("needs_you");
    await restart();
    expect(await stateAfter(60_000)).toBe("watching");
  });

  it("is expected to go on after the sign-in, unless it is paused", async () => {
    const { control } = bot.runServices;
    const source = { owner: OWNER, side: "source", userId: SOURCE } as const;
    expect(await control.continues(source)).toBe(true);
    expect(await control.continues({ ...source, userId: "@else:old.example" })).toBe(false);
    await storeSignIn();
    await control.resume(OWNER);
    await control.pause(OWNER);
    expect(await control.continues(source)).toBe(false);
  });

  it("waits after a restart without a sign-in since", async () => {
    await restart();
    expect(await stateAfter(60_000)).toBe("needs_you");
  });
});

it("is not stopped by answers to the session before that arrive after the sign-in", async () => {
  const answered = Promise.withResolvers<undefined>();
  let held = 0;
  onRequest = async (asked) => {
    // The first write of the move.
    if (asked.method === "PUT" && held === 0) servers.signedOut.add(SOURCE);
    if (asked.host !== "old.example" || !servers.signedOut.has(SOURCE)) return;
    held += 1;
    await answered.promise;
  };
  await bot.runServices.starter.start(request);
  expect(await stateAfter(10_000)).toBe("running");
  expect(held).toBeGreaterThan(0);
  await storeSignIn();
  answered.resolve(undefined);
  expect(await stateAfter(60_000)).toBe("watching");
});

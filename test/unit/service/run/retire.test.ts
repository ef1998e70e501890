import { pino } from "pino";
import { describe, expect, it } from "vitest";
import { sayRetired } from "../../../../src/dialogue/run-notices.ts";
import type { ConversationAddress } from "../../../../src/model/conversation-address.ts";
import type { RunEvent } from "../../../../src/model/run-states.ts";
import type { RunPurpose } from "../../../../src/model/run.ts";
import { createMatrixPlatform } from "../../../../src/platforms/matrix/platform.ts";
import { SignIn } from "../../../../src/service/accounts/sign-in.ts";
import { MoveRetirement } from "../../../../src/service/run/retire.ts";
import { renderPlainText } from "../../../../src/view/document/plain-text.ts";
import { openFetch } from "../../../integration/platforms/matrix/loopback-server.ts";
import { NO_DEVICES } from "../../../support/keys/no-devices.ts";
import { temporaryStore } from "../../../support/store/temporary-store.ts";

const OWNER = "@me:third.example";
const DAY_MS = 24 * 3_600_000;
const address: ConversationAddress = {
  roomId: "!chat:x.org",
  eventId: "$start",
  threadRoot: null,
  roomKind: "direct",
  sender: OWNER,
  isEncrypted: true,
};

/** A move that ended on day 10, of two accounts with pasted tokens, which are left alone. */
async function endedMove({
  purpose = "move",
  signedInAt = 0,
  end = "settled",
}: { purpose?: RunPurpose; signedInAt?: number; end?: RunEvent } = {}) {
  const { store } = await temporaryStore();
  let now = 0;
  const log = pino({ level: "silent" });
  const fetch = openFetch();
  const clock = () => now;
  const introduction = { clientName: "Matrix Mover", clientUri: "https://mover.example.org" };
  const signIn = new SignIn({
    accounts: store.accounts,
    links: store.signInLinks,
    authorizationServers: store.authorizationServers,
    platform: createMatrixPlatform({
      sessionStore: store.accounts,
      devices: NO_DEVICES,
      fetch,
      servers: {},
      introduction,
      monotonicNow: clock,
      now: clock,
      log,
    }),
    introduction,
    notify: async () => undefined,
    monotonicNow: clock,
    now: clock,
    log,
  });
  for (const side of ["source", "target"] as const) {
    const userId = `@me:${side}.example`;
    const account = {
      owner: OWNER,
      side,
      userId,
      baseUrl: "https://x",
      method: "token" as const,
      deviceId: null,
      signedInAt,
    };
    await store.accounts.put(account, { accessToken: "secret" });
  }
  const base = {
    owner: OWNER,
    platform: "matrix" as const,
    isFromFile: false,
    planNumber: 1,
    purpose,
    source: "@me:source.example",
    target: "@me:target.example",
  };
  const run = await store.runs.create(
    { ...base, address, request: {}, startedAt: 0 },
    { rooms: [], steps: [], isInPlace: true },
  );
  if (run === null) throw new Error("a run is under way");
  await store.runs.apply(run.id, end, { endedAt: 10 * DAY_MS });
  const said: string[] = [];
  const moveRetirement = new MoveRetirement({
    runs: store.runs,
    imports: store.imports,
    signIn,
    retired: (retired, news) =>
      sayRetired(retired, news, {
        sendMessage: async (_address, message) => void said.push(renderPlainText(message.document)),
        prefix: "!",
      }),
    now: clock,
    log,
  });
  const lookOnDay = async (day: number) => {
    now = day * DAY_MS;
    await moveRetirement.retireOld();
  };
  return { store, run, said, lookOnDay };
}

describe("a move that nobody comes back to", () => {
  it("is finished thirty days after its end: the secrets are deleted, and its owner gets one message", async () => {
    const { store, said, lookOnDay } = await endedMove();
    await lookOnDay(39);
    expect(await store.accounts.session(OWNER, "source")).not.toBeNull();
    await lookOnDay(41);
    await lookOnDay(42);
    for (const side of ["source", "target"] as const)
      expect(await store.accounts.session(OWNER, side)).toBeNull();
    expect(said).toEqual([expect.stringContaining("Your move is finished")]);
  });

  it("is not finished while it is watched", async () => {
    const { store, said, lookOnDay } = await endedMove({ end: "settled_with_watch" });
    await lookOnDay(100);
    expect(await store.accounts.session(OWNER, "source")).not.toBeNull();
    expect(said).toEqual([]);
  });

  it("is not finished while it is watched, though a later part of it has ended", async () => {
    const { store, run, said, lookOnDay } = await endedMove({ end: "settled_with_watch" });
    const part = await store.runs.create(
      { ...run, purpose: "profile", startedAt: 11 * DAY_MS },
      { rooms: [], steps: [], isInPlace: false },
    );
    await store.runs.apply(part?.id ?? 0, "settled", { endedAt: 11 * DAY_MS });
    await lookOnDay(100);
    expect(await store.accounts.session(OWNER, "source")).not.toBeNull();
    expect(said).toEqual([]);
    expect((await store.runs.get(run.id))?.state).toBe("watching");
  });

  it.each([
    { day: 9, isErased: true },
    { day: 20, isErased: false },
  ])("loses what files said, imported on day $day: $isErased", async ({ day, isErased }) => {
    const { store, said, lookOnDay } = await endedMove();
    const findings = { writtenAt: null, rooms: [], contacts: [], data: null };
    const file = { owner: OWNER, userId: "@me:source.example", findings, isInstead: false };
    await store.imports.add(file, day * DAY_MS);
    await lookOnDay(41);
    expect((await store.imports.account(OWNER)) === null).toBe(isErased);
    expect(said.join().includes("what your files said")).toBe(isErased);
  });

  it("is not finished when its owner has signed in since", async () => {
    const { store, said, lookOnDay } = await endedMove({ signedInAt: 20 * DAY_MS });
    await lookOnDay(100);
    expect(await store.accounts.session(OWNER, "target")).not.toBeNull();
    expect(said).toEqual([]);
  });
});

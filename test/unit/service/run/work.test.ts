import { describe, expect, it } from "vitest";
import type { Run, TakenStep } from "../../../../src/model/run.ts";
import { stages } from "../../../../src/model/step.ts";
import { RunWork } from "../../../../src/service/run/work.ts";
import { notScripted } from "../../../support/fakes/command-services.ts";
import { accountsIn } from "../../../support/store/accounts-in.ts";
import { temporaryStore } from "../../../support/store/temporary-store.ts";

const OWNER = "@me:third.example";
const run: Run = {
  ...{
    id: 1,
    owner: OWNER,
    platform: "matrix",
    isFromFile: false,
    planNumber: 1,
    purpose: "move",
    state: "running",
    stage: 0,
    request: {},
    startedAt: 0,
    endedAt: null,
  },
  ...{
    source: "@me:old.example",
    target: "@me:new.example",
    isCancelled: false,
    wasInterrupted: false,
    problem: null,
  },
  progressCount: 0,
  epoch: 0,
  address: {
    roomId: "!r",
    eventId: "$e",
    threadRoot: null,
    roomKind: "direct",
    sender: OWNER,
    isEncrypted: true,
  },
};
const step: TakenStep = {
  ...{
    id: 1,
    runId: 1,
    key: "tags:!r",
    platform: "matrix",
    kind: "tags",
    side: "target",
    stage: stages.rooms,
    limits: [],
    attempts: 1,
    failures: 0,
    epoch: 0,
    savedUndo: null,
  },
  ...{ needsRoom: null, after: null, roomId: "!r", payload: { roomId: "!r", tags: [] } },
};

describe("a step", () => {
  it.each([
    ["@other:old.example", "@me:new.example", "source"],
    ["@me:old.example", "@other:new.example", "target"],
    ["@me:old.example", null, "target"],
    [null, "@me:new.example", "source"],
  ])("is not done with %s and %s signed in: the %s of the run is missing", async (source, target, side) => {
    const { store } = await temporaryStore();
    for (const [of, userId] of [["source", source] as const, ["target", target] as const]) {
      if (userId === null) continue;
      const account = {
        owner: OWNER,
        side: of,
        userId,
        baseUrl: "https://x.invalid",
        method: "token" as const,
      };
      await store.accounts.put({ ...account, deviceId: null, signedInAt: 0 }, { accessToken: "secret" });
    }
    const { runs, steps } = store;
    const untouched = {
      stepsInto: notScripted,
      followUp: notScripted,
      summary: notScripted,
      failures: notScripted,
      undo: notScripted,
      roomsOfUndo: notScripted,
      givenNames: notScripted,
      plannedContact: notScripted,
    };
    const work = new RunWork({
      accounts: accountsIn(store),
      platforms: { matrix: { pair: notScripted, serverName: notScripted, runs: untouched } },
      runs,
      steps,
      contacts: store.contacts,
      newChatsPerDay: 10,
      settled: async () => null,
      changed: () => {},
      records: notScripted,
      knockReason: () => "",
      now: () => 0,
    });
    const outcome = await work.execute(run, step, {
      signal: new AbortController().signal,
      mayGoOn: () => true,
    });
    expect(outcome).toEqual({
      status: "needs_user",
      problem: { code: "session_ended", serverText: null },
      side,
    });
  });
});

import { describe, expect, it } from "vitest";
import type { Account, Side } from "../../../../src/model/account.ts";
import { sides } from "../../../../src/model/account.ts";
import type { FinishState } from "../../../../src/model/finish-state.ts";
import type { AllSessionsEnding, SessionsEndedAt } from "../../../../src/platforms/finish.ts";
import { MoveEnding } from "../../../../src/service/finish/move-ending.ts";
import { finishState } from "../../../support/fakes/finish-samples.ts";
import { runStatus } from "../../../support/fakes/scripted-moves.ts";

const OWNER = "@me:third.example";
const request = { owner: OWNER, botRoomIds: [], onProgress: () => undefined };
const USER_IDS = { source: "@ann:old.example", target: "@ann:new.example" };

interface Scene {
  signedIn: readonly Side[];
  userIds: Readonly<Record<Side, string>>;
  stored: FinishState | null;
  endedAt: SessionsEndedAt;
  /** What the server answers to each request that ends all sessions. */
  answers: readonly AllSessionsEnding[];
  isUnderWay: boolean;
  isWaiting: boolean;
  /** Whether the person has imported files about an account. */
  hasFiles: boolean;
}

/** A move that is about to end. `did` has what was done, in order. */
function scene(more: Partial<Scene> = {}) {
  const now: Scene = {
    signedIn: sides,
    userIds: USER_IDS,
    stored: finishState(),
    endedAt: { kind: "here" },
    answers: [{ status: "ended" }],
    isUnderWay: false,
    isWaiting: false,
    hasFiles: false,
    ...more,
  };
  const did: string[] = [];
  const account = (side: Side): Account => ({
    ...{ owner: OWNER, side, userId: now.userIds[side], baseUrl: "https://home.example" },
    ...{ method: "password", deviceId: "BOT", signedInAt: 0 },
  });
  const get = async (_owner: string, side: Side): Promise<Account | null> =>
    now.signedIn.includes(side) ? account(side) : null;
  const leave = (side: Side): void => void (now.signedIn = now.signedIn.filter((each) => each !== side));
  let asked = 0;
  const ending = new MoveEnding({
    accounts: { get },
    moved: {
      filesInstead: async () => ({
        files: now.hasFiles ? { kind: "imported", userId: USER_IDS.source, writtenAt: 1 } : { kind: "none" },
      }),
    },
    imports: {
      account: async () =>
        now.hasFiles
          ? {
              ...{ owner: OWNER, side: "source", userId: USER_IDS.source, method: "file" },
              ...{ importedAt: 1, writtenAt: 1 },
            }
          : null,
      clear: async () => {
        if (!now.hasFiles) return null;
        now.hasFiles = false;
        did.push("files erased");
        return { userId: USER_IDS.source, rooms: 1 };
      },
    },
    checklist: {
      check: async () => ({ status: "checked", state: now.stored ?? finishState() }),
    },
    states: {
      last: async () => now.stored,
      save: async (_owner, state) => {
        did.push(`stored ${state.signedOut?.state ?? "-"} ${state.endedAt === null ? "-" : "ended"}`);
        now.stored = state;
      },
    },
    finish: {
      sessions: async () => ({ others: 3, endedAt: now.endedAt }),
      endAllSessions: async (_account, onBegin) => {
        const answer = now.answers[Math.min(asked++, now.answers.length - 1)] ?? { status: "ended" };
        if (answer.status === "ended" || answer.status === "not_done") await onBegin();
        did.push(`asked: ${answer.status}`);
        return answer;
      },
      closing: async (userId) => ({ kind: "page", page: `https://page.example/${userId}` }),
    },
    control: {
      activeRuns: async () => ({
        underWay: now.isUnderWay ? [runStatus()] : [],
        waiting: now.isWaiting ? [runStatus()] : [],
      }),
      abandon: async () => void did.push("runs ended"),
      abandonThen: async (_owner, afterwards) => {
        did.push("runs ended");
        return afterwards();
      },
    },
    signIn: {
      signOutEverywhere: async (_owner, side, end) => {
        const result = await end(account(side));
        if (result.status === "ended") leave(side);
        return result;
      },
      signOutBoth: async (_owner, afterwards) => {
        const signedOut = now.signedIn.map((side) => ({
          account: account(side),
          ending: "logged_out" as const,
        }));
        for (const side of sides) leave(side);
        did.push("signed out");
        return { signedOut, result: await afterwards() };
      },
    },
    now: () => 9,
  });
  return { now, ending, did };
}

async function shownSessions({ ending }: ReturnType<typeof scene>): Promise<string> {
  const preview = await ending.previewSessions(request);
  return preview.status === "possible" ? preview.shown : preview.status;
}

async function shownEnd({ ending }: ReturnType<typeof scene>): Promise<string> {
  const preview = await ending.previewEnd(OWNER);
  return preview.status === "possible" ? preview.shown : preview.status;
}

describe("the question about all sessions", () => {
  it("has what is still open, and the runs that it ends", async () => {
    expect(await scene({ isWaiting: true }).ending.previewSessions(request)).toMatchObject({
      status: "possible",
      account: { userId: USER_IDS.source },
      state: finishState(),
      waiting: [runStatus()],
    });
  });

  it.each<{ title: string; given: Partial<Scene>; answer: object }>([
    { title: "while a run is under way", given: { isUnderWay: true }, answer: { status: "already" } },
    {
      title: "where only a page of the server ends sessions",
      given: { endedAt: { kind: "page", page: "https://page.example/" } },
      answer: { status: "on_page", page: "https://page.example/" },
    },
    {
      title: "of an account that is not signed in",
      given: { signedIn: ["target"] },
      answer: { status: "not_signed_in", missing: ["source"] },
    },
    {
      title: "that were ended before",
      given: { signedIn: ["target"], stored: finishState({ signedOut: { at: 3, state: "done" } }) },
      answer: { status: "signed_out" },
    },
  ])("is not asked $title", async ({ given, answer }) => {
    expect(await scene(given).ending.previewSessions(request)).toMatchObject(answer);
  });
});

describe("the end of all sessions", () => {
  it("comes after the end of all runs, and is noted before it is asked for", async () => {
    const given = scene();
    const result = await given.ending.endSessions(OWNER, await shownSessions(given));
    expect(result).toMatchObject({ status: "signed_out", state: { signedOut: { at: 9, state: "done" } } });
    expect(given.did).toEqual([
      "runs ended",
      "stored begun -",
      "asked: ended",
      "stored done -",
      "runs ended",
    ]);
    expect(given.now.signedIn).toEqual(["target"]);
  });

  it("is known after a crash that lost the answer: the bot's own session was one of them", async () => {
    const given = scene({
      answers: [
        { status: "not_done", problem: { code: "unreachable", reason: "reset", host: "old.example" } },
        { status: "session_ended" },
      ],
    });
    const shown = await shownSessions(given);
    expect(await given.ending.endSessions(OWNER, shown)).toMatchObject({ status: "not_done" });
    expect(given.now.signedIn).toEqual(["source", "target"]);
    expect(await given.ending.endSessions(OWNER, shown)).toMatchObject({ status: "signed_out" });
    expect(given.now.signedIn).toEqual(["target"]);
    expect(await given.ending.endSessions(OWNER, shown)).toMatchObject({ status: "signed_out" });
  });

  it("is known after a crash before the account was removed", async () => {
    const stored = finishState({ signedOut: { at: 3, state: "done" } });
    const given = scene({ stored, answers: [{ status: "session_ended" }] });
    expect(await given.ending.endSessions(OWNER, await shownSessions(given))).toMatchObject({
      status: "signed_out",
    });
    expect(given.now.signedIn).toEqual(["target"]);
  });

  it("is not claimed after a sign-out in between, if the server had not answered", async () => {
    const given = scene({
      answers: [
        { status: "not_done", problem: { code: "unreachable", reason: "reset", host: "old.example" } },
      ],
    });
    const shown = await shownSessions(given);
    await given.ending.endSessions(OWNER, shown);
    given.now.signedIn = ["target"];
    expect(await given.ending.endSessions(OWNER, shown)).toMatchObject({ status: "not_signed_in" });
  });

  it("is not claimed if the server refused it and the bot's session has ended later", async () => {
    const problem = { code: "server_refused", status: 403, errcode: "M_FORBIDDEN", text: "" } as const;
    const given = scene({ answers: [{ status: "not_done", problem }, { status: "session_ended" }] });
    const shown = await shownSessions(given);
    await given.ending.endSessions(OWNER, shown);
    expect(await given.ending.endSessions(OWNER, shown)).toEqual({ status: "session_ended" });
  });

  it("is not claimed if the bot's session alone has ended", async () => {
    const given = scene({ answers: [{ status: "session_ended" }] });
    const shown = await shownSessions(given);
    expect(await given.ending.endSessions(OWNER, shown)).toEqual({ status: "session_ended" });
    expect(given.now.signedIn).toEqual(["source", "target"]);
  });

  it.each<{ title: string; given: Partial<Scene>; status: string }>([
    { title: "beside a run", given: { isUnderWay: true }, status: "already" },
    {
      title: "for another account than the one that was shown",
      given: { userIds: { ...USER_IDS, source: "@bob:old.example" } },
      status: "other_accounts",
    },
  ])("does not come $title", async ({ given, status }) => {
    const shown = await shownSessions(scene());
    const later = scene(given);
    expect(await later.ending.endSessions(OWNER, shown)).toMatchObject({ status });
    expect(later.did).toEqual([]);
  });
});

describe("the end of a move", () => {
  it("ends the runs, the watch and both sessions, and is kept with the last state", async () => {
    const given = scene({ isWaiting: true });
    const result = await given.ending.end(OWNER, await shownEnd(given));
    expect(result).toMatchObject({ status: "ended", signedOut: [{ account: { side: "source" } }, {}] });
    expect(given.did).toEqual(["runs ended", "signed out", "runs ended", "stored - ended"]);
  });

  it("is possible after all sessions of the old account were ended", async () => {
    const stored = finishState({ signedOut: { at: 3, state: "done" } });
    const given = scene({ signedIn: ["target"], stored });
    expect(await given.ending.end(OWNER, await shownEnd(given))).toMatchObject({ status: "ended" });
    expect(given.now.stored).toEqual({ ...stored, endedAt: 9 });
  });

  it("erases what files said, and says so before", async () => {
    const given = scene({ signedIn: ["target"], hasFiles: true });
    expect(await given.ending.previewEnd(OWNER)).toMatchObject({ status: "possible", hasFiles: true });
    expect(await given.ending.end(OWNER, await shownEnd(given))).toMatchObject({ status: "ended" });
    expect(given.did.at(-1)).toBe("files erased");
    expect(given.now.stored?.endedAt).toBe(9);
  });

  it("goes on after a crash between the two sessions", async () => {
    const given = scene();
    const shown = await shownEnd(given);
    given.now.signedIn = ["target"];
    expect(await given.ending.end(OWNER, shown)).toMatchObject({
      status: "ended",
      signedOut: [{ account: { side: "target" } }],
    });
    expect(await given.ending.end(OWNER, shown)).toEqual({ status: "ended", signedOut: [] });
    expect(given.now.stored?.endedAt).toBe(9);
  });

  it.each<{ title: string; given: Partial<Scene>; status: string }>([
    { title: "beside a run", given: { isUnderWay: true }, status: "already" },
    {
      title: "for other accounts than those that were shown",
      given: { userIds: { ...USER_IDS, target: "@bob:new.example" } },
      status: "other_accounts",
    },
  ])("does not come $title", async ({ given, status }) => {
    const shown = await shownEnd(scene());
    const later = scene(given);
    expect(await later.ending.end(OWNER, shown)).toMatchObject({ status });
    expect(later.did).toEqual([]);
  });

  it("is not asked about beside a run, or if the bot is signed in to no account", async () => {
    expect(await scene({ isUnderWay: true }).ending.previewEnd(OWNER)).toMatchObject({ status: "already" });
    expect(await scene({ signedIn: [], stored: null }).ending.previewEnd(OWNER)).toEqual({
      status: "nothing_to_end",
      state: null,
    });
  });

  it("leaves the last state of another move as it is", async () => {
    const stored = finishState({ source: "@older:old.example" });
    const given = scene({ stored });
    await given.ending.end(OWNER, await shownEnd(given));
    expect(given.now.stored).toEqual(stored);
  });
});

describe("the place where the old account is closed", () => {
  it.each([
    { title: "is that of the signed-in account", given: {}, page: "https://page.example/@ann:old.example" },
    {
      title: "is that of the finished move",
      given: { signedIn: [], stored: finishState({ source: "@old:old.example" }) },
      page: "https://page.example/@old:old.example",
    },
  ])("$title", async ({ given, page }) => {
    expect(await scene(given).ending.closing(OWNER)).toEqual({ closing: { kind: "page", page } });
  });

  it("is nowhere if the old account is known only from files", async () => {
    const given = scene({ signedIn: ["target"], hasFiles: true });
    expect(await given.ending.closing(OWNER)).toEqual({ closing: null, fromFile: USER_IDS.source });
  });

  it("is known after a sign-out everywhere, whatever files there are", async () => {
    const stored = finishState({ signedOut: { at: 3, state: "done" } });
    const given = scene({ signedIn: ["target"], hasFiles: true, stored });
    expect(await given.ending.closing(OWNER)).toMatchObject({ closing: { kind: "page" } });
  });

  it("is not known without an account", async () => {
    expect(await scene({ signedIn: [], stored: null }).ending.closing(OWNER)).toEqual({ closing: null });
  });
});

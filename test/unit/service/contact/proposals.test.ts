import { describe, expect, it } from "vitest";
import type { Account, Side } from "../../../../src/model/account.ts";
import { NOTHING_PLANNED } from "../../../../src/model/contact.ts";
import { NO_FILTERS } from "../../../../src/model/filters.ts";
import { KeyedQueue } from "../../../../src/model/keyed-queue.ts";
import type { PlannedStep } from "../../../../src/model/step.ts";
import type { Known, LeaveFacts, Proposal } from "../../../../src/platforms/contact.ts";
import type { AnnounceFacts, AnnounceOrder } from "../../../../src/platforms/telling.ts";
import type { ProposalRequest, ProposalsOptions } from "../../../../src/service/contact/proposals.ts";
import { Proposals } from "../../../../src/service/contact/proposals.ts";
import type { BeginRun } from "../../../../src/service/run/begin.ts";
import { Preparations } from "../../../../src/service/run/preparations.ts";
import { contactTexts } from "../../../../src/view/contact/texts.ts";
import { notScripted } from "../../../support/fakes/command-services.ts";
import { runStatus } from "../../../support/fakes/scripted-moves.ts";
import { step } from "../../../support/fakes/scripted-runner.ts";

const OWNER = "@me:old.example";
const STARTED = {
  status: "started",
  run: runStatus(),
  changes: [],
  gone: [],
  isOnlyWatch: false,
} as const;

function account(side: Side): Account {
  const userId = side === "source" ? OWNER : "@me:new.example";
  const baseUrl = "https://home.example";
  return { owner: OWNER, side, userId, baseUrl, method: "password", deviceId: null, signedInAt: 0 };
}

const order: AnnounceOrder = { rooms: ["#alias:old.example"], which: "default", text: null, both: false };
const request: ProposalRequest<"announce"> = {
  kind: "announce",
  purpose: "profile",
  order,
  owner: OWNER,
  address: {
    roomId: "!chat",
    eventId: "$command",
    threadRoot: null,
    roomKind: "direct",
    sender: OWNER,
    isEncrypted: true,
  },
  botRoomIds: ["!chat"],
  onProgress: () => undefined,
};
const NOTHING_LEFT: LeaveFacts = { leaves: [], kept: [], outside: [], reason: "" };
const facts: AnnounceFacts = { rooms: [], texts: [], left: [] };

interface Scene {
  proposal: Proposal<AnnounceFacts>;
  decided: "decided" | "not_signed_in" | "not_read" | "unanswered_alias" | "old_server_answers";
  active: boolean;
  hasBegun: boolean;
  isFromFile: boolean;
}

/** A service whose decisions and runs are scripted. */
function scene(more: Partial<Scene> = {}) {
  const now: Scene = {
    proposal: { facts, exact: ["hello"], steps: [step("a"), step("b")], rooms: [] },
    decided: "decided",
    active: false,
    hasBegun: false,
    isFromFile: false,
    ...more,
  };
  const begun: Parameters<BeginRun>[] = [];
  const asked: { order: AnnounceOrder; known: Known }[] = [];
  const readKeys: boolean[] = [];
  const preparations = new Preparations(new KeyedQueue());
  const planning: ProposalsOptions["planning"] = {
    last: async () => null,
    decideAsTyped: async ({ isWithoutKeys = false }) => {
      readKeys.push(!isWithoutKeys);
      if (now.decided === "not_signed_in") return { status: now.decided, missing: ["source"] };
      if (now.decided === "not_read") {
        preparations.end(OWNER);
        return { status: now.decided, account: account("source"), refusal: { code: "session_ended" } };
      }
      if (now.decided === "old_server_answers") return { status: now.decided, userId: OWNER };
      if (now.decided === "unanswered_alias") return { status: now.decided, alias: "#alias:old.example" };
      return {
        platform: "matrix",
        source: account("source"),
        target: account("target"),
        request: { filters: storedFilters, botRoomIds: ["!chat"] },
        decision: {
          aliases: new Map([["#alias:old.example", "!known"]]),
          unknownRooms: (named) => named.filter((room) => room !== "!known"),
          ...{ ask: notScripted, knock: notScripted, directChats: notScripted },
          rename: notScripted,
          leave: async () => ({ ...now.proposal, facts: NOTHING_LEFT }),
          announce: async (typed, known) => {
            asked.push({ order: typed, known });
            return now.proposal;
          },
        },
      };
    },
  };
  const already = { status: "already", run: runStatus() } as const;
  const file = { owner: OWNER, side: "source", userId: OWNER, method: "file" } as const;
  const proposals = new Proposals({
    accounts: {
      of: async () => ({
        source: now.isFromFile ? { ...file, importedAt: 1, writtenAt: 1 } : account("source"),
        target: account("target"),
      }),
      filesInstead: async () => ({ files: { kind: "imported", userId: OWNER, writtenAt: 1 } }),
    },
    planning,
    records: async () => ({
      asked: [],
      chats: [],
      chatsToday: 0,
      announcedAt: new Map(),
      silentServers: new Set(),
    }),
    planned: async () => NOTHING_PLANNED,
    texts: contactTexts,
    control: {
      active: async () => (now.active ? already : null),
      refuseIfActive: async () => (now.hasBegun ? STARTED : now.active ? already : null),
    },
    begin: async (...run) => {
      begun.push(run);
      return STARTED;
    },
    limits: {
      load: async () => undefined,
      expectedMs: (_userId, counts) => 1_000 * (counts.get("messages") ?? 0),
    },
    preparations,
    newChatsPerDay: 10,
    now: () => 0,
  });
  return { now, proposals, begun, asked, readKeys };
}

const storedFilters = {
  ...NO_FILTERS,
  only: [],
  exclude: [],
  spaces: [],
  servers: [],
  categories: null,
};

const message: Partial<PlannedStep> = { limits: ["messages"], side: "source" };

describe("a preview", () => {
  it("has room IDs in place of aliases, what is known, and the time by the limits", async () => {
    const steps = [step("a", message), step("b", message), step("c", { ...message, side: "target" })];
    const { proposals, asked } = scene({ proposal: { facts, exact: 1, steps, rooms: [] } });
    const preview = await proposals.preview(request);
    expect(preview).toMatchObject({
      status: "possible",
      order: { ...order, rooms: ["!known"] },
      canBegin: true,
      durationMs: 2_000,
    });
    expect(asked).toMatchObject([{ order: { rooms: ["!known"] }, known: { texts: contactTexts, now: 0 } }]);
  });

  it("says that there is nothing to begin", async () => {
    const { proposals } = scene({ proposal: { facts, exact: 1, steps: [], rooms: [] } });
    expect(await proposals.preview(request)).toMatchObject({ status: "possible", canBegin: false });
  });

  it.each([
    { title: "while an account is not signed in", is: { decided: "not_signed_in" } },
    { title: "while an alias is not answered", is: { decided: "unanswered_alias" } },
    { title: "while another run is under way", is: { active: true }, status: "already" },
    { title: "that another command stops", is: { decided: "not_read" }, status: "stopped" },
  ] as const)("is not made $title", async ({ is, ...refused }) => {
    const status = "status" in refused ? refused.status : is.decided;
    expect(await scene(is).proposals.preview(request)).toMatchObject({ status });
  });

  it.each([
    { kind: "announce", order },
    { kind: "rename", order: { name: null, rooms: [], undo: false } },
    { kind: "leave", order: { rooms: [], reason: null, withoutKeys: false, anyway: null } },
  ] as const)("of $kind is not made for an old account of files, and nothing is read", async (asks) => {
    const { proposals, readKeys } = scene({ isFromFile: true });
    expect(await proposals.preview({ ...request, ...asks })).toEqual({
      status: "not_signed_in",
      missing: ["source"],
      files: { kind: "imported", userId: OWNER, writtenAt: 1 },
    });
    expect(readKeys).toEqual([]);
  });

  it.each([
    { kind: "ask", order: { rooms: ["!known"], text: null, way: null } },
    { kind: "knock", order: { rooms: ["!known"], reason: null } },
    { kind: "directChats", order: { partners: [], text: null } },
  ] as const)("of $kind insists on a sign-in if the old server answers", async (asks) => {
    const { proposals } = scene({ isFromFile: true, decided: "old_server_answers" });
    expect(await proposals.preview({ ...request, ...asks })).toEqual({
      status: "old_server_answers",
      userId: OWNER,
    });
  });

  it("is not made of rooms that are not known", async () => {
    const unknown = { ...request, order: { ...order, rooms: ["!known", "!other"] } };
    expect(await scene().proposals.preview(unknown)).toEqual({
      status: "unknown_rooms",
      rooms: ["!other"],
    });
  });

  it("reads keys only for leaving", async () => {
    const { proposals, readKeys } = scene();
    await proposals.preview(request);
    const leave = { rooms: [], reason: null, withoutKeys: false, anyway: null };
    await proposals.preview({ ...request, kind: "leave", purpose: "leave", order: leave });
    expect(readKeys).toEqual([false, true]);
  });

  it("of all rooms that wait needs a plan", async () => {
    const ask = { rooms: [], text: null, way: null };
    const asking: ProposalRequest<"ask"> = { ...request, kind: "ask", order: ask };
    expect(await scene().proposals.preview(asking)).toEqual({ status: "no_plan" });
  });
});

describe("a confirmation", () => {
  async function shown(given: ReturnType<typeof scene>): Promise<string> {
    const preview = await given.proposals.preview(request);
    return preview.status === "possible" ? preview.shown : "";
  }

  it("begins what was shown", async () => {
    const given = scene();
    expect(await given.proposals.confirm(request, await shown(given))).toMatchObject({
      ...STARTED,
      preview: { facts, canBegin: true },
    });
    expect(given.begun).toMatchObject([
      [{ purpose: "profile", owner: OWNER, source: OWNER, target: "@me:new.example" }, given.now.proposal],
    ]);
  });

  it("begins nothing that is not what was shown, and shows it", async () => {
    const given = scene();
    const before = await shown(given);
    given.now.proposal = { ...given.now.proposal, exact: ["hello", "also"] };
    const result = await given.proposals.confirm(request, before);
    expect(result).toMatchObject({ status: "changed", preview: { shown: await shown(given) } });
    expect(given.begun).toEqual([]);
  });

  it("does not mind what need not be the same", async () => {
    const given = scene();
    const before = await shown(given);
    given.now.proposal = { ...given.now.proposal, steps: [step("a")] };
    expect(await given.proposals.confirm(request, before)).toMatchObject(STARTED);
  });

  it("of a part says what is still open", async () => {
    const given = scene();
    const rest = { ...order, both: true };
    const result = await given.proposals.confirm({ ...request, rest }, await shown(given));
    expect(result).toMatchObject({ status: "started", rest: { order: rest, shown: await shown(given) } });
  });

  it("begins nothing beside another run", async () => {
    const given = scene();
    const before = await shown(given);
    given.now.active = true;
    expect(await given.proposals.confirm(request, before)).toMatchObject({ status: "already" });
    expect(given.begun).toEqual([]);
  });

  it("that comes again after a crash is answered with the run that it began", async () => {
    const given = scene({ hasBegun: true });
    expect(await given.proposals.confirm(request, "anything")).toEqual(STARTED);
    expect(given.begun).toEqual([]);
  });
});

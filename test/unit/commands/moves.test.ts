import { afterEach, describe, expect, it, vi } from "vitest";
import type { CommandServices } from "../../../src/commands/registry.ts";
import { createCommands, createConfirmableActions } from "../../../src/commands/registry.ts";
import { NO_FILTERS } from "../../../src/model/filters.ts";
import type { ShownPlan } from "../../../src/service/plan/results.ts";
import type { StartResult } from "../../../src/service/run/results.ts";
import { commandServices } from "../../support/fakes/command-services.ts";
import { reportOf, room } from "../../support/fakes/move-samples.ts";
import { runStatus, scriptedMoves } from "../../support/fakes/scripted-moves.ts";
import { FakeConversation } from "./fake-conversation.ts";
import { typeCommand } from "./type-command.ts";

afterEach(() => {
  vi.useRealTimers();
});

const NOW = Date.UTC(2026, 0, 31, 12);
const ME = "@me:example.org";
const SHOWN = ["!first:old.example", "!second:old.example"];
const started: StartResult = {
  status: "started",
  run: runStatus(),
  changes: [],
  gone: [],
  isOnlyWatch: false,
};

function setUp(...script: Parameters<typeof scriptedMoves>) {
  return setUpWith({}, ...script);
}

function setUpWith(more: Partial<CommandServices>, ...script: Parameters<typeof scriptedMoves>) {
  const { services: scriptedRuns, asked } = scriptedMoves(...script);
  const services = commandServices({
    ...scriptedRuns,
    plans: { numberedRoomIds: async () => SHOWN },
    now: () => NOW,
    ...more,
  });
  const commands = createCommands(services);
  const type = (
    line: string,
    formattedBody: string | null = null,
    conversation = new FakeConversation(),
  ): Promise<FakeConversation> => typeCommand(commands, line, { conversation, formattedBody });
  return { type, asked, actions: createConfirmableActions(services) };
}

describe("!migrate plan after a run", () => {
  const report = reportOf([room("!first:old.example")]);
  const plan: ShownPlan = {
    number: 2,
    report,
    moreHelpers: new Map(),
    via: new Map(),
    work: { canBegin: false, categories: [] },
    estimate: {
      requestCounts: { invitations: 0, joinsNewToServer: 0, otherJoins: 0, sourceWrites: 0, targetWrites: 0 },
      isSameServer: false,
      limits: [],
      expectedMs: 0,
      remedies: [],
    },
    notMoved: [],
    unseen: [],
    isSpreading: false,
    unknownRooms: [],
    isInviteBlocked: false,
    byFiles: null,
    sinceFiles: null,
    bannedRooms: 0,
    before: null,
  };

  it.each([true, false])("says whether the rooms that wait are watched (%s)", async (isWatched) => {
    const { type, asked } = setUpPlanned({ isWatched });
    const { text } = await type("!migrate plan");
    expect(asked).toEqual([["isWatched", report]]);
    expect(text).toContain("There is nothing left that I can do alone. 1 room waits for somebody");
    expect(text.includes("I keep watching")).toBe(isWatched);
    expect(text.includes("!migrate start makes me watch the rooms")).toBe(!isWatched);
  });

  function setUpPlanned(answers: Parameters<typeof scriptedMoves>[0]) {
    return setUpWith({ planning: { plan: async () => ({ status: "planned", plan }) } }, answers);
  }
});

describe("!migrate start", () => {
  it.each(["!migrate start", "!migrate run", "!Migrate Start"])(
    "begins with what was typed as %s, and asks nothing",
    async (line) => {
      const { type, asked } = setUp({ start: started });
      const conversation = await type(line);
      expect(asked).toMatchObject([["start", { owner: ME, address: conversation.address, botRoomIds: [] }]]);
      expect(conversation.said).toMatchObject([{ tone: "notice", options: { key: "answer" } }]);
      expect(conversation.text).toContain("Started.");
      expect(conversation.asked).toEqual([]);
    },
  );

  it("says within seconds that it reads, and how far it is, in a message that is not the run's own", async () => {
    vi.useFakeTimers();
    const read = Promise.withResolvers<undefined>();
    const { type, asked } = setUp({ start: started }, () => read.promise);
    const typed = type("!migrate start");
    await vi.advanceTimersByTimeAsync(1_500);
    const [, request] = asked[0] ?? [];
    (request as { onProgress: (progress: object) => void }).onProgress({
      serverName: "old.example",
      read: 5,
      total: 9,
    });
    await vi.advanceTimersByTimeAsync(5_000);
    read.resolve(undefined);
    const { said } = await typed;
    expect(said.map(({ text }) => text)).toEqual([
      "Reading both accounts …",
      "Reading old.example … 5 of 9 rooms",
      expect.stringContaining("Started."),
    ]);
    for (const { options } of said) expect(options?.key).not.toMatch(/^progress/u);
    // The outbox delays edits of progress messages. The answer must not be delayed.
    expect(said.map(({ options }) => options?.priority)).toEqual([undefined, "progress", undefined]);
  });
});

describe("!invite-all and !join-all", () => {
  it.each([
    { word: "!invite-all", name: "inviteAll" },
    { word: "!join-all", name: "joinAll" },
  ] as const)("$word takes all that fits, with the filters of a plan", async ({ word, name }) => {
    const { type, asked } = setUp({ [name]: started });
    const conversation = await type(`${word} --no-direct --only #2 --exclude !x:y --active 1y`);
    expect(asked).toMatchObject([
      [
        name,
        {
          owner: ME,
          address: conversation.address,
          rooms: [],
          filters: {
            ...NO_FILTERS,
            isDirect: false,
            only: ["!second:old.example"],
            exclude: ["!x:y"],
            activeSince: NOW - 365 * 24 * 3_600_000,
          },
        },
      ],
    ]);
  });

  it("takes rooms by number, alias, ID and link", async () => {
    const { type, asked } = setUp({ inviteAll: started });
    await type("!invite-all #1 #choir:old.example !id:old.example https://matrix.to/#/%23tea%3Aold.example");
    expect(asked).toMatchObject([
      [
        "inviteAll",
        { rooms: ["!first:old.example", "#choir:old.example", "!id:old.example", "#tea:old.example"] },
      ],
    ]);
  });

  it("names rooms that nobody knows, and says that nothing was started", async () => {
    const { type } = setUp({ joinAll: { status: "unknown_rooms", rooms: ["#nope:old.example"] } });
    expect((await type("!join-all #nope:old.example")).text).toBe(
      "Not among the rooms of the plan: #nope:old.example. Nothing was started. !report --format csv lists all of them.",
    );
  });
});

describe("!migrate status, pause, resume and cancel", () => {
  it("status shows the progress, and without a run how to begin", async () => {
    expect((await setUp({ statuses: [runStatus()] }).type("!migrate status")).text).toContain(
      "12 of 52 rooms done",
    );
    expect((await setUp({}).type("!migrate status")).text).toContain("Nothing was started yet.");
  });

  it("pause, resume and cancel say what came of it", async () => {
    const run = runStatus();
    const summary = {
      invitations: 1,
      joins: 0,
      knocks: 0,
      written: [],
      openInvitations: [],
      questions: [],
      leaving: { left: 0, stayed: [] },
      chats: [],
      told: [],
      names: [],
    };
    const { type, asked } = setUp({
      pause: { status: "paused", run, others: [], isIdle: true },
      resume: { status: "resumed", run, others: [] },
      cancel: { status: "cancelled", run, others: [], summary, isIdle: true },
    });
    expect((await type("!migrate pause")).text).toContain("is paused");
    expect((await type("!migrate resume")).text).toContain("is resumed");
    const cancelled = await type("!migrate cancel");
    expect(cancelled.text).toContain("1 invitation sent");
    expect(cancelled.text).toContain("!migrate undo takes back");
    expect(asked).toEqual([
      ["pause", ME],
      ["resume", ME],
      ["cancel", ME],
    ]);
  });

  it("a resume that has to wait says so within seconds", async () => {
    const free = Promise.withResolvers<undefined>();
    const { type } = setUp(
      { resume: { status: "resumed", run: runStatus(), others: [] } },
      () => free.promise,
    );
    const conversation = new FakeConversation();
    const typed = type("!migrate resume", null, conversation);
    await expect.poll(() => conversation.text).toContain("Asking your servers");
    free.resolve(undefined);
    await typed;
    expect(conversation.said.at(-1)?.options).toMatchObject({ replaces: "meanwhile" });
  });

  it("a pause that has to wait for a request says so within seconds", async () => {
    const finished = Promise.withResolvers<undefined>();
    const { type } = setUp(
      { pause: { status: "paused", run: runStatus(), others: [], isIdle: true } },
      () => finished.promise,
    );
    const conversation = new FakeConversation();
    const typed = type("!migrate pause", null, conversation);
    await expect.poll(() => conversation.text).toContain("finish the requests");
    finished.resolve(undefined);
    await typed;
    expect(conversation.said.at(-1)?.options).toMatchObject({ replaces: "meanwhile" });
  });
});

describe("!migrate undo", () => {
  const preview = {
    status: "possible",
    invitations: [],
    joins: [],
    knocks: [],
    renamed: { isEverywhere: false, rooms: 0 },
    hasMentionRule: false,
    lastingContact: { messages: 0, chats: 0, left: 0 },
    kept: [],
    canUndoRest: true,
    shown: "digest",
    written: [],
    lasting: [],
  } as const;

  it("shows what it would do and asks first", async () => {
    const { type, asked } = setUp({ previewUndo: { ...preview, written: [{ category: "tags", count: 4 }] } });
    const conversation = await type("!migrate undo");
    expect(asked).toMatchObject([["previewUndo", { owner: ME }]]);
    expect(conversation.asked).toEqual([
      { word: "undo", typedWords: [], action: "undo", payload: null, shown: "digest" },
    ]);
    expect(conversation.said).toMatchObject([
      { tone: "alert", text: expect.stringContaining("room tags: 4") },
    ]);
  });

  it("is done after the confirmation, and reports in the message that asked", async () => {
    const { actions, asked } = setUp({ undo: started });
    const conversation = new FakeConversation();
    await actions["undo"]?.({ word: "undo", payload: null, shown: "digest" }, conversation);
    expect(asked).toEqual([
      ["undo", { owner: ME, address: conversation.address }, { shown: "digest", leavesAnyway: false }],
    ]);
    expect(conversation.text).toContain("I take back what can be taken back");
  });

  it("asks nothing where there is nothing to take back, or a run is under way", async () => {
    for (const previewUndo of [
      { status: "nothing_to_undo" },
      { status: "already", run: runStatus() },
    ] as const) {
      const conversation = await setUp({ previewUndo }).type("!migrate undo");
      expect(conversation.asked).toEqual([]);
      expect(conversation.said).toHaveLength(1);
    }
  });
});

describe("!migrate verify and !profile", () => {
  it("verify compares", async () => {
    const { type, asked } = setUp({ verify: { status: "no_plan" } });
    expect((await type("!migrate verify")).text).toContain("nothing to compare with");
    expect(asked).toMatchObject([["verify", { owner: ME, botRoomIds: [] }]]);
  });

  it("profile begins the copy", async () => {
    const { type, asked } = setUp({ copyProfile: started });
    expect((await type("!profile")).text).toContain("I copy your profile");
    expect(asked).toMatchObject([["copyProfile", { owner: ME }]]);
  });
});

describe("!converttodm and !converttoroom", () => {
  const converted = {
    status: "converted",
    roomId: "!first:old.example",
    name: "Tea",
    partner: "@mo:old.example",
  } as const;

  it.each([
    { how: "an ID", line: "!converttodm #1 @mo:old.example", html: null },
    { how: "a link", line: "!converttodm #1 https://matrix.to/#/@mo:old.example", html: null },
    {
      how: "a pill",
      line: "!converttodm #1 Mo",
      html: `!converttodm #1 <a href="https://matrix.to/#/@mo:old.example">Mo</a>`,
    },
  ])("takes the partner as $how", async ({ line, html }) => {
    const { type, asked } = setUp({ convert: converted });
    expect((await type(line, html)).text).toContain(
      "is a direct chat with @mo:old.example on your new account now",
    );
    expect(asked).toEqual([
      ["convert", ME, { room: "!first:old.example", partner: "@mo:old.example", toDirect: true }],
    ]);
  });

  it("needs no partner", async () => {
    const { type, asked } = setUp({ convert: converted });
    await type("!converttodm #choir:old.example");
    await type("!converttoroom !id:old.example");
    expect(asked).toEqual([
      ["convert", ME, { room: "#choir:old.example", partner: null, toDirect: true }],
      ["convert", ME, { room: "!id:old.example", partner: null, toDirect: false }],
    ]);
  });

  it("asks for the partner if it cannot know them", async () => {
    const { type } = setUp({ convert: { status: "no_partner", roomId: "!first:old.example" } });
    expect((await type("!converttodm #1")).text).toContain("!converttodm !first:old.example @partner:server");
  });
});

import { describe, expect, it } from "vitest";
import type { FinishCommands } from "../../../src/commands/registry.ts";
import { createCommands, createConfirmableActions } from "../../../src/commands/registry.ts";
import type { Account } from "../../../src/model/account.ts";
import type { BeginResult } from "../../../src/service/run/begin.ts";
import { commandServices, notScripted } from "../../support/fakes/command-services.ts";
import { finishState } from "../../support/fakes/finish-samples.ts";
import { runStatus } from "../../support/fakes/scripted-moves.ts";
import { FakeConversation } from "./fake-conversation.ts";
import { typeCommand } from "./type-command.ts";

const account: Account = {
  ...{ owner: "@me:example.org", side: "source", userId: "@ann:old.example", baseUrl: "https://x" },
  ...{ method: "password", deviceId: "BOT", signedInAt: 0 },
};
const started: BeginResult = {
  ...{ status: "started", run: runStatus({ purpose: "mentions" }), changes: [], gone: [] },
  isOnlyWatch: false,
};

interface Scripted {
  checklist?: Partial<FinishCommands["checklist"]>;
  mentions?: Partial<FinishCommands["mentions"]>;
  ending?: Partial<FinishCommands["ending"]>;
}

function setUp({ checklist, mentions, ending }: Scripted) {
  const services = commandServices({
    finish: {
      checklist: { check: notScripted, ...checklist },
      mentions: { set: notScripted, ...mentions },
      ending: {
        ...{ previewSessions: notScripted, endSessions: notScripted, previewEnd: notScripted },
        ...{ end: notScripted, closing: notScripted },
        ...ending,
      },
    },
  });
  const commands = createCommands(services);
  const type = (line: string, conversation?: FakeConversation): Promise<FakeConversation> =>
    typeCommand(commands, line, { ...(conversation !== undefined && { conversation }) });
  return { type, actions: createConfirmableActions(services) };
}

describe("!finish", () => {
  it("shows the checklist", async () => {
    const { type } = setUp({
      checklist: { check: async () => ({ status: "checked", state: finishState() }) },
    });
    expect((await type("!finish")).text).toContain("The end of your move");
  });
});

describe("!finish mentions", () => {
  it.each([
    { line: "!finish mentions", isOff: false },
    { line: "!finish mentions --off", isOff: true },
  ])("$line asks nothing, and the end of its run is the answer", async ({ line, isOff }) => {
    const given: boolean[] = [];
    const set: FinishCommands["mentions"]["set"] = async (_request, choice) => {
      given.push(choice.isOff);
      return started;
    };
    const conversation = await setUp({ mentions: { set } }).type(line);
    expect(given).toEqual([isOff]);
    expect(conversation.said).toEqual([]);
  });

  it("says why it cannot begin", async () => {
    const { type } = setUp({ mentions: { set: async () => ({ status: "already", run: runStatus() }) } });
    expect((await type("!finish mentions")).text).toContain("Another task must end first.");
  });
});

describe.each([
  {
    line: "!finish sessions",
    word: "sign out",
    action: "finish_sessions",
    ending: {
      previewSessions: async () => ({
        ...{ status: "possible" as const, account, state: finishState(), waiting: [], shown: "shown" },
      }),
      endSessions: async (_owner: string, shown: string) => ({
        status: shown === "shown" ? ("signed_out" as const) : ("other_accounts" as const),
        state: null,
      }),
    },
    done: "Your old account is signed out everywhere.",
  },
  {
    line: "!finish end",
    word: "end",
    action: "finish_end",
    ending: {
      previewEnd: async () => ({
        ...{ status: "possible" as const, accounts: [account], hasFiles: false, waiting: [], shown: "shown" },
      }),
      end: async (_owner: string, shown: string) => ({
        status: shown === "shown" ? ("ended" as const) : ("other_accounts" as const),
        signedOut: [],
      }),
    },
    done: "Your move is finished.",
  },
])("$line", ({ line, word, action, ending, done }) => {
  it("asks for its word, which only counts when it is typed", async () => {
    const conversation = await setUp({ ending }).type(line);
    expect(conversation.asked).toMatchObject([{ word: null, typedWords: [word], action, shown: "shown" }]);
    expect(conversation.text).not.toContain("✅");
  });

  it("shows counts alone in a control room", async () => {
    const conversation = await setUp({ ending }).type(line, new FakeConversation({ roomKind: "control" }));
    expect(conversation.asked).toHaveLength(1);
    expect(conversation.text).not.toContain("@ann:old.example");
    expect(conversation.saidInDirectChat.join("")).toContain("@ann:old.example");
  });

  it("does what was shown", async () => {
    const { actions } = setUp({ ending });
    const conversation = new FakeConversation();
    await actions[action]?.({ word, payload: null, shown: "shown" }, conversation);
    expect(conversation.text).toContain(done);
    const late = new FakeConversation();
    await actions[action]?.({ word, payload: null, shown: "other" }, late);
    expect(late.text).toContain("Other accounts are signed in now");
  });
});

describe("!finish close", () => {
  it("explains, and closes nothing", async () => {
    const { type } = setUp({ ending: { closing: async () => ({ closing: { kind: "app" } }) } });
    expect((await type("!finish close")).text).toContain("I never do it");
  });
});

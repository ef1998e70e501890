import { describe, expect, it } from "vitest";
import { cancelCommand } from "../../../src/commands/account/cancel.ts";
import { loginCommand } from "../../../src/commands/account/login.ts";
import { sayLinkNews } from "../../../src/dialogue/sign-in-notices.ts";
import type { Side } from "../../../src/model/account.ts";
import type { KeyCopy } from "../../../src/model/key-copy.ts";
import type { OfferResult, WaitingLink } from "../../../src/service/accounts/results.ts";
import { noAccounts, notScripted } from "../../support/fakes/command-services.ts";
import { storedKeyCopy } from "../../support/fakes/key-copies.ts";
import { FakeConversation } from "./fake-conversation.ts";

const link: WaitingLink = {
  askedBy: null,
  side: "source",
  userId: "@a:old.example",
  verificationUri: "https://auth.example/link",
  userCode: "ABCDEF",
  remainingMs: 1_200_000,
  foreignHost: null,
  clientName: "Matrix Mover",
  clientUri: "https://mover.example.org/",
};
const values = {
  positionals: { account: ["old"], userId: ["@a:old.example"] },
  flags: {},
  lists: {},
  secrets: {},
};

async function ask(offer: OfferResult, waitMs = 0): Promise<FakeConversation> {
  const signIn = {
    offer: () => new Promise<OfferResult>((resolve) => setTimeout(() => resolve(offer), waitMs)),
    signIn: notScripted,
  };
  const conversation = new FakeConversation({ roomKind: "control" });
  await loginCommand({ signIn, accounts: noAccounts, prefix: "!" }).run(values, conversation);
  return conversation;
}

describe("!login by link", () => {
  it("is one message, with the code alone on its line", async () => {
    const { said } = await ask({ status: "link", link, isRepeat: false });
    expect(said).toMatchObject([{ tone: "notice", options: { key: "link" } }]);
    expect(said[0]?.text.split("\n")).toContain("ABCDEF");
    expect(said[0]?.text).toContain("valid for 20 minutes");
  });

  it("says in a room with other people whose it is, and that nobody else may use it", async () => {
    const asked = { ...link, askedBy: "@mallory:x.org" };
    const { said } = await ask({ status: "link", link: asked, isRepeat: false });
    expect(said[0]?.text.split("\n")[0]).toBe(
      "Only for @mallory:x.org, who asked for this. Nobody else may open the link or enter the code: @mallory:x.org would get access to your account.",
    );
  });

  it("replaces the note that the server is being asked, so that there is one message", async () => {
    const { said } = await ask({ status: "link", link, isRepeat: false }, 1_700);
    expect(said.map(({ options }) => options)).toEqual([
      { key: "link" },
      { key: "link.shown", replaces: "link" },
    ]);
    expect(said[0]?.text).toContain("Asking old.example …");
  });

  it("is shown after a crash, whether nothing, the note or all of it was said before", async () => {
    const { said } = await ask({ status: "link", link, isRepeat: true });
    expect(said.map(({ options }) => options)).toEqual([
      { key: "link" },
      { key: "link.shown", replaces: "link" },
    ]);
    expect(said[0]?.text).toBe(said[1]?.text);
  });

  it("reports its outcome once, in the same message", async () => {
    const conversation = new FakeConversation();
    const options = { now: 7, prefix: "!" };
    await sayLinkNews(conversation, link, { kind: "waiting", link, isServerAway: true }, options);
    await sayLinkNews(conversation, link, { kind: "denied" }, options);
    expect(conversation.said.map(({ options: said }) => said)).toEqual([
      { key: "link.at.7", replaces: "link" },
      { key: "link.end", replaces: "link" },
    ]);
    expect(conversation.text).toContain("does not answer just now; I keep asking");
  });
});

describe("!cancel", () => {
  const copy = storedKeyCopy({ state: "waiting_for_backup" });
  const running = storedKeyCopy({ state: "running" });
  const work = (unfinished: KeyCopy | null) => ({
    overview: { unfinished: () => Promise.resolve(unfinished) },
    cancel: () => Promise.resolve(unfinished),
  });

  it.each<{ words: string[]; waiting: Side[]; copy: KeyCopy | null; ended: Side[]; answer: string }>([
    {
      ...{ words: [], waiting: ["source"], copy: null, ended: ["source"] },
      answer: "I no longer wait for the sign-in of your old account.",
    },
    { words: [], waiting: [], copy: null, ended: [], answer: "Nothing is waiting" },
    { words: [], waiting: [], copy, ended: [], answer: "The copy of your keys is cancelled" },
    {
      ...{ words: [], waiting: [], copy: running, ended: [] },
      answer: "Nothing waits for you. The copy of your keys is under way: !cancel keys ends it.",
    },
    {
      ...{ words: [], waiting: ["source"], copy: running, ended: ["source"] },
      answer: "I no longer wait for the sign-in of your old account.",
    },
    { words: ["keys"], waiting: [], copy: running, ended: [], answer: "The copy of your keys is cancelled" },
    {
      ...{ words: [], waiting: ["source", "target"], copy: null, ended: [] },
      answer:
        "!cancel old – the sign-in of your old account\n- !cancel new – the sign-in of your new account",
    },
    {
      ...{ words: [], waiting: ["target"], copy, ended: [] },
      answer:
        "Which one do you want to end?\n\n- !cancel new – the sign-in of your new account\n- !cancel keys – the copy of your keys",
    },
    {
      ...{ words: ["new"], waiting: ["target"], copy, ended: ["target"] },
      answer: "I no longer wait for the sign-in of your new account.",
    },
    { words: ["old"], waiting: [], copy, ended: [], answer: "Nothing is waiting" },
    {
      ...{ words: ["keys"], waiting: ["source"], copy, ended: [] },
      answer: "The copy of your keys is cancelled, and what opened the keys is erased.",
    },
    { words: ["keys"], waiting: ["source"], copy: null, ended: [], answer: "No work with your keys" },
  ])("$words ends what waits, or asks which", async ({ words, waiting, copy: unfinished, ended, answer }) => {
    const cancelled: Side[] = [];
    const signIn = {
      waiting: () => Promise.resolve(waiting),
      cancel: async (_owner: string, chosen: readonly Side[]) => {
        cancelled.push(...chosen.filter((side) => waiting.includes(side)));
        return cancelled;
      },
    };
    const conversation = new FakeConversation();
    const command = cancelCommand({ signIn, keys: work(unfinished), prefix: "!" });
    await command.run({ ...values, positionals: { what: words } }, conversation);
    expect(cancelled).toEqual(ended);
    expect(conversation.text).toContain(answer);
  });

  it("says within seconds that it waits for a sign-in that is under way", async () => {
    const signIn = {
      waiting: () => new Promise<Side[]>((resolve) => setTimeout(() => resolve(["source"]), 1_700)),
      cancel: () => Promise.resolve<Side[]>(["source"]),
    };
    const conversation = new FakeConversation();
    const command = cancelCommand({ signIn, keys: work(null), prefix: "!" });
    await command.run({ ...values, positionals: { what: [] } }, conversation);
    expect(conversation.said.map(({ options }) => options?.key)).toEqual(["meanwhile", "answer"]);
  });
});

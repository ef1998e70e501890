import { describe, expect, it } from "vitest";
import { cancelCommand } from "../../../src/commands/account/cancel.ts";
import { sayLinkNews } from "../../../src/dialogue/sign-in-notices.ts";
import { loginCommand } from "../../../src/commands/account/login.ts";
import type { Side } from "../../../src/model/account.ts";
import type { OfferResult, WaitingLink } from "../../../src/service/accounts/results.ts";
import { SignIn } from "../../../src/service/accounts/sign-in.ts";
import type { SignInLink } from "../../../src/store/sign-in-links.ts";
import { FakeConversation } from "./fake-conversation.ts";

const link: WaitingLink = {
  side: "source",
  userId: "@a:old.example",
  verificationUri: "https://auth.example/link",
  userCode: "ABCDEF",
  remainingMs: 1_200_000,
  clientName: "Matrix Mover",
  clientUri: "https://mover.example.org/",
};
const values = {
  positionals: { account: ["old"], userId: ["@a:old.example"] },
  flags: {},
  lists: {},
  secret: null,
};

async function ask(offer: OfferResult, waitMs = 0): Promise<FakeConversation> {
  const signIn = Object.assign(Object.create(SignIn.prototype) as SignIn, {
    account: async () => null,
    offer: () => new Promise((resolve) => setTimeout(() => resolve(offer), waitMs)),
  });
  const conversation = new FakeConversation({ roomKind: "control" });
  await loginCommand(signIn, "!").run(values, conversation);
  return conversation;
}

describe("!login by link", () => {
  it("is one message, with the code alone on its line", async () => {
    const { said } = await ask({ status: "link", link, isRepeat: false });
    expect(said).toMatchObject([{ tone: "notice", options: { key: "link" } }]);
    expect(said[0]?.text.split("\n")).toContain("ABCDEF");
    expect(said[0]?.text).toContain("valid for 20 minutes");
  });

  it("takes the place of the note that the server is being asked, so that it stays one message", async () => {
    const { said } = await ask({ status: "link", link, isRepeat: false }, 1_700);
    expect(said.map(({ options }) => options)).toEqual([
      { key: "link" },
      { key: "link.shown", replaces: "link" },
    ]);
    expect(said[0]?.text).toContain("Asking old.example …");
  });

  it("is shown after a crash whatever of it was said before: nothing, the note, or all", async () => {
    const { said } = await ask({ status: "link", link, isRepeat: true });
    expect(said.map(({ options }) => options)).toEqual([
      { key: "link" },
      { key: "link.shown", replaces: "link" },
    ]);
    expect(said[0]?.text).toBe(said[1]?.text);
  });

  it("becomes what came of it in the same message, once", async () => {
    const conversation = new FakeConversation();
    const waiting = { ...link, owner: "@me:x" } as unknown as SignInLink;
    const options = { now: 7, prefix: "!" };
    await sayLinkNews(conversation, waiting, { kind: "waiting", link, isServerAway: true }, options);
    await sayLinkNews(conversation, waiting, { kind: "denied" }, options);
    expect(conversation.said.map(({ options: said }) => said)).toEqual([
      { key: "link.at.7", replaces: "link" },
      { key: "link.end", replaces: "link" },
    ]);
    expect(conversation.text).toContain("does not answer just now; I go on asking");
  });
});

describe("!cancel", () => {
  it.each<[string[], Side[], Side[], string]>([
    [
      [],
      ["source", "target"],
      ["source", "target"],
      "I no longer wait for the sign-in of your old account and new account.",
    ],
    [["new"], ["target"], ["target"], "I no longer wait for the sign-in of your new account."],
    [["old"], ["source"], [], "No sign-in is waiting"],
  ])("%j ends what waits", async (words, chosen, ended, answer) => {
    const asked: unknown[] = [];
    const signIn = Object.assign(Object.create(SignIn.prototype) as SignIn, {
      cancel: async (...call: unknown[]) => {
        asked.push(call);
        return ended;
      },
    });
    const conversation = new FakeConversation();
    await cancelCommand(signIn, "!").run({ ...values, positionals: { account: words } }, conversation);
    expect(asked).toEqual([[conversation.sender, chosen]]);
    expect(conversation.text).toContain(answer);
  });

  it("says within seconds that it waits for a sign-in that is under way", async () => {
    const signIn = Object.assign(Object.create(SignIn.prototype) as SignIn, {
      cancel: () => new Promise((resolve) => setTimeout(() => resolve(["source"]), 1_700)),
    });
    const conversation = new FakeConversation();
    await cancelCommand(signIn, "!").run({ ...values, positionals: { account: [] } }, conversation);
    expect(conversation.said.map(({ options }) => options?.key)).toEqual(["meanwhile", "answer"]);
  });
});

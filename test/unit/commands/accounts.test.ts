import { describe, expect, it } from "vitest";
import { forgetCommand } from "../../../src/commands/account/forget.ts";
import { loginCommand } from "../../../src/commands/account/login.ts";
import { logoutCommand } from "../../../src/commands/account/logout.ts";
import { whoamiCommand } from "../../../src/commands/account/whoami.ts";
import type { CommandValues } from "../../../src/grammar/specification.ts";
import type { Account, Side } from "../../../src/model/account.ts";
import type {
  AccountState,
  OfferResult,
  SignInResult,
  SignOutResult,
} from "../../../src/service/accounts/results.ts";
import { notScripted } from "../../support/fakes/command-services.ts";
import { FakeConversation } from "./fake-conversation.ts";

const ME = "@me:example.org";

function account(side: Side, userId: string): Account {
  return {
    owner: ME,
    side,
    userId,
    baseUrl: "https://x",
    method: "password",
    deviceId: "DEVICE",
    signedInAt: 0,
  };
}

interface SignInAnswers {
  account?: Account;
  offer?: OfferResult;
  signIn?: SignInResult;
  signOut?: SignOutResult;
}

/** Answers the calls of commands and records them. */
function fakeSignIn(answers: SignInAnswers) {
  const asked: unknown[][] = [];
  const signIn = {
    account: async () => answers.account ?? null,
    offer: async (...call: unknown[]) => {
      asked.push(["offer", ...call]);
      return answers.offer ?? notScripted();
    },
    signIn: async (...call: unknown[]) => {
      asked.push(["signIn", ...call]);
      return answers.signIn ?? notScripted();
    },
    signOut: async (...call: unknown[]) => {
      asked.push(["signOut", ...call]);
      return answers.signOut ?? null;
    },
  };
  return { signIn, asked };
}

function values(
  positionals: CommandValues["positionals"],
  secrets: CommandValues["secrets"] = {},
): CommandValues {
  return { positionals, flags: {}, lists: {}, secrets };
}

const offered: OfferResult = {
  status: "offered",
  options: { password: true, token: false, sso: false, oauth: false },
};

describe("!login", () => {
  it("without a secret shows what the server offers", async () => {
    const { signIn, asked } = fakeSignIn({ offer: offered });
    const conversation = new FakeConversation();
    await loginCommand(signIn, "!").run(
      values({ account: ["old"], userId: ["@a:old.example"] }),
      conversation,
    );
    expect(asked).toEqual([["offer", ME, "source", "@a:old.example", conversation.address]]);
    expect(conversation.text).toContain("!login old @a:old.example --password …");
    expect(conversation.said[0]?.tone).toBe("notice");
  });

  it("without a user ID takes the account of that side, or else the account that writes", async () => {
    const known = fakeSignIn({ offer: offered, account: account("target", "@b:new.example") });
    await loginCommand(known.signIn, "!").run(
      values({ account: ["new"], userId: [] }),
      new FakeConversation(),
    );
    expect(known.asked.at(-1)).toEqual([
      "offer",
      ME,
      "target",
      "@b:new.example",
      new FakeConversation().address,
    ]);
    const unknown = fakeSignIn({ offer: offered });
    await loginCommand(unknown.signIn, "!").run(values({ account: ["new"] }), new FakeConversation());
    expect(unknown.asked.at(-1)).toEqual(["offer", ME, "target", ME, new FakeConversation().address]);
  });

  it("in a control room sends the person to a direct chat", async () => {
    const { signIn } = fakeSignIn({ offer: offered });
    const conversation = new FakeConversation({ roomKind: "control" });
    await loginCommand(signIn, "!").run(values({ account: ["old"] }), conversation);
    expect(conversation.text).toContain("Do that in a direct chat with me");
  });

  it.each(["password", "token"])("with a %s signs in and says what comes next", async (method) => {
    const result: SignInResult = {
      status: "signed_in",
      account: account("source", "@a:x.org"),
      other: null,
      replaced: null,
      isShortLived: false,
    };
    const { signIn, asked } = fakeSignIn({ signIn: result });
    const conversation = new FakeConversation();
    await loginCommand(signIn, "!").run(
      values({ account: ["old"], userId: ["@a:x.org"] }, { [method]: "geheim" }),
      conversation,
    );
    expect(asked).toEqual([["signIn", ME, "source", "@a:x.org", { method, value: "geheim" }]]);
    expect(conversation.text).toContain("Next, sign in your new account: !login new @you:server.");
    expect(conversation.text).not.toContain("geheim");
  });

  it("names an earlier session that it could not log out", async () => {
    const before = { ...account("source", "@before:x.org"), deviceId: "EARLIER" };
    const problem = { code: "unreachable", reason: "timeout", host: "x.org" } as const;
    const replaced = { account: before, ending: "not_reached", problem, page: null } as const;
    const { signIn } = fakeSignIn({
      signIn: {
        status: "signed_in",
        account: account("source", "@a:x.org"),
        other: null,
        replaced,
        isShortLived: false,
      } satisfies SignInResult,
    });
    const conversation = new FakeConversation();
    await loginCommand(signIn, "!").run(values({ account: ["old"] }, { password: "x" }), conversation);
    expect(conversation.text).toContain(
      "My earlier session (EARLIER) of @before:x.org could not be logged out",
    );
  });

  it("calls the person when it does not work", async () => {
    const { signIn } = fakeSignIn({
      signIn: { status: "refused", refusal: { code: "wrong_password" }, leftoverDeviceId: null },
    });
    const conversation = new FakeConversation();
    await loginCommand(signIn, "!").run(values({ account: ["old"] }, { password: "geheim" }), conversation);
    expect(conversation.said).toMatchObject([
      { tone: "alert", text: expect.stringContaining("password is wrong") },
    ]);
  });
});

describe("!logout", () => {
  const asked: unknown[][] = [];
  const runs = {
    control: {
      abandonOnLogout: async (...call: unknown[]) => {
        asked.push(call);
        return null;
      },
    },
  };

  it("ends both, or the one that is named", async () => {
    const both = fakeSignIn({});
    await logoutCommand({ signIn: both.signIn, runs, prefix: "!" }).run(
      values({ account: [] }),
      new FakeConversation(),
    );
    expect(both.asked).toEqual([
      ["signOut", ME, "source"],
      ["signOut", ME, "target"],
    ]);
    const one = fakeSignIn({ signOut: { account: account("target", "@b:x.org"), ending: "logged_out" } });
    const conversation = new FakeConversation();
    await logoutCommand({ signIn: one.signIn, runs, prefix: "!" }).run(
      values({ account: ["new"] }),
      conversation,
    );
    expect(one.asked).toEqual([["signOut", ME, "target"]]);
    // A run without a session could only ask for one.
    expect(asked).toEqual([
      [ME, ["source", "target"]],
      [ME, ["target"]],
    ]);
    expect(conversation.text).toBe("- New account @b:x.org: my session is logged out");
  });

  it("says when there was nothing to end", async () => {
    const conversation = new FakeConversation();
    await logoutCommand({ signIn: fakeSignIn({}).signIn, runs, prefix: "!" }).run(
      values({ account: ["old"] }),
      conversation,
    );
    expect(conversation.text).toContain("Your old account is not signed in here");
  });
});

describe("!whoami", () => {
  it("shows both sides, and what is missing", async () => {
    const source: AccountState = {
      account: account("source", "@a:x.org"),
      sessionState: { kind: "works" },
      page: null,
    };
    const conversation = new FakeConversation();
    await whoamiCommand({ states: async () => ({ source }) }, "!").run(values({}), conversation);
    expect(conversation.text).toContain(
      "Old account: @a:x.org, signed in by password since 1 January 1970 at 00:00 UTC",
    );
    expect(conversation.text).toContain("New account: not signed in");
    expect(conversation.text).toContain("Next: !login new @you:server");
  });
});

describe("!forget", () => {
  it("erases what belongs to the person, and its answer leaves no trace", async () => {
    const forgotten: string[] = [];
    const conversation = new FakeConversation();
    const command = forgetCommand(async (owner) => {
      forgotten.push(owner);
      return {
        signedOut: [{ account: account("source", "@a:x.org"), ending: "logged_out" }],
        erased: { messages: 2 },
      };
    });
    await command.run(values({}), conversation);
    expect(forgotten).toEqual([ME]);
    expect(conversation.text).toContain(
      "Erased: 1 account with its session, and what I kept of 2 messages to you.",
    );
    expect(conversation.text).not.toContain("@a:x.org");
    expect(conversation.said).toMatchObject([{ options: { leavesNoTrace: true } }]);
  });
});

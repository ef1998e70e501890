import { describe, expect, it } from "vitest";
import { forgetCommand } from "../../../src/commands/account/forget.ts";
import { loginCommand } from "../../../src/commands/account/login.ts";
import { logoutCommand } from "../../../src/commands/account/logout.ts";
import { whoamiCommand } from "../../../src/commands/account/whoami.ts";
import { readingNote } from "../../../src/commands/reading-note.ts";
import type { CommandValues } from "../../../src/grammar/specification.ts";
import type { Account, FileAccount, Side } from "../../../src/model/account.ts";
import type {
  AccountState,
  OfferResult,
  SignInResult,
  SignOutResult,
} from "../../../src/service/accounts/results.ts";
import { renderPlainText } from "../../../src/view/document/plain-text.ts";
import { noAccounts, notScripted } from "../../support/fakes/command-services.ts";
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

const imported: FileAccount = {
  owner: ME,
  side: "source",
  userId: "@a:old.example",
  method: "file",
  importedAt: 1,
  writtenAt: 0,
};

interface SignInAnswers {
  offer?: OfferResult;
  signIn?: SignInResult;
  signOut?: SignOutResult;
}

/** Answers the calls of commands and records them. */
function fakeSignIn(answers: SignInAnswers) {
  const asked: unknown[][] = [];
  const signIn = {
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
    await loginCommand({ signIn, accounts: noAccounts, prefix: "!" }).run(
      values({ account: ["old"], userId: ["@a:old.example"] }),
      conversation,
    );
    expect(asked).toEqual([["offer", ME, "source", "@a:old.example", conversation.address]]);
    expect(conversation.text).toContain("!login old @a:old.example --password …");
    expect(conversation.said[0]?.tone).toBe("notice");
  });

  it("without a user ID takes the account of that side, or else the account that writes", async () => {
    const known = fakeSignIn({ offer: offered });
    const target = account("target", "@b:new.example");
    const accounts = { ...noAccounts, of: async () => ({ source: null, target }) };
    await loginCommand({ signIn: known.signIn, accounts, prefix: "!" }).run(
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
    await loginCommand({ signIn: unknown.signIn, accounts: noAccounts, prefix: "!" }).run(
      values({ account: ["new"] }),
      new FakeConversation(),
    );
    expect(unknown.asked.at(-1)).toEqual(["offer", ME, "target", ME, new FakeConversation().address]);
  });

  it("to an old account takes the one that a file is about, and leads to the file if its server is gone", async () => {
    const refusal = { code: "unreachable", reason: "dns", host: "old.example" } as const;
    const { signIn, asked } = fakeSignIn({ offer: { status: "refused", refusal } });
    const conversation = new FakeConversation();
    const accounts = {
      ...noAccounts,
      of: async () => ({ source: imported, target: null }),
      filesInstead: async () => ({ files: { ...imported, kind: "imported" } as const }),
    };
    await loginCommand({ signIn, accounts, prefix: "!" }).run(values({ account: ["old"] }), conversation);
    expect(asked[0]).toEqual(["offer", ME, "source", "@a:old.example", conversation.address]);
    expect(conversation.text).toContain(
      "If your old server is gone for good: !migrate plan uses your files of 1 January 1970 about @",
    );
  });

  it("in a control room sends the person to a direct chat", async () => {
    const { signIn } = fakeSignIn({ offer: offered });
    const conversation = new FakeConversation({ roomKind: "control" });
    await loginCommand({ signIn, accounts: noAccounts, prefix: "!" }).run(
      values({ account: ["old"] }),
      conversation,
    );
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
    await loginCommand({ signIn, accounts: noAccounts, prefix: "!" }).run(
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
    await loginCommand({ signIn, accounts: noAccounts, prefix: "!" }).run(
      values({ account: ["old"] }, { password: "x" }),
      conversation,
    );
    expect(conversation.text).toContain(
      "My earlier session (EARLIER) of @before:x.org could not be logged out",
    );
  });

  it("calls the person when it does not work", async () => {
    const { signIn } = fakeSignIn({
      signIn: { status: "refused", refusal: { code: "wrong_password" }, leftoverDeviceId: null },
    });
    const conversation = new FakeConversation();
    await loginCommand({ signIn, accounts: noAccounts, prefix: "!" }).run(
      values({ account: ["old"] }, { password: "geheim" }),
      conversation,
    );
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
    await logoutCommand({ signIn: both.signIn, accounts: noAccounts, runs, prefix: "!" }).run(
      values({ account: [] }),
      new FakeConversation(),
    );
    expect(both.asked).toEqual([
      ["signOut", ME, "source"],
      ["signOut", ME, "target"],
    ]);
    const one = fakeSignIn({ signOut: { account: account("target", "@b:x.org"), ending: "logged_out" } });
    const conversation = new FakeConversation();
    await logoutCommand({ signIn: one.signIn, accounts: noAccounts, runs, prefix: "!" }).run(
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
    await logoutCommand({ signIn: fakeSignIn({}).signIn, accounts: noAccounts, runs, prefix: "!" }).run(
      values({ account: ["old"] }),
      conversation,
    );
    expect(conversation.text).toContain("Your old account is not signed in here");
  });
});

describe("with a file of the old account", () => {
  const files = { userId: "@a:old.example", writtenAt: 0, rooms: 3, people: 2, hasData: false };
  const accounts = { ...noAccounts, overview: async () => files };

  it("!whoami says what is kept of it", async () => {
    const conversation = new FakeConversation();
    const signIn = { states: async () => ({}) };
    await whoamiCommand({ signIn, accounts, prefix: "!" }).run(values({}), conversation);
    expect(conversation.text).toContain(
      "Old account: @a:old.example, known from your files; nobody is signed",
    );
    expect(conversation.text).toContain("3 rooms, 2 people, without settings. !import --clear forgets them.");
  });

  it("!logout old says that it stays, and what to do with it", async () => {
    const conversation = new FakeConversation();
    const runs = { control: { abandonOnLogout: async () => null } };
    const { signIn } = fakeSignIn({});
    await logoutCommand({ signIn, accounts, runs, prefix: "!" }).run(
      values({ account: ["old"] }),
      conversation,
    );
    expect(conversation.text).toContain("!migrate plan uses them, !import --clear forgets them.");
  });

  it("a plan says meanwhile whose server is asked", async () => {
    const target = account("target", "@b:new.example");
    const text = async (source: FileAccount | Account): Promise<string> =>
      renderPlainText((await readingNote(ME, { of: async () => ({ source, target }) })).document);
    expect(await text(imported)).toBe("Asking new.example about the rooms of your files …");
    expect(await text(account("source", "@a:old.example"))).toBe("Reading both accounts …");
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
    await whoamiCommand({
      signIn: { states: async () => ({ source }) },
      accounts: noAccounts,
      prefix: "!",
    }).run(values({}), conversation);
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
        erased: { messages: 2, hadFiles: true },
      };
    });
    await command.run(values({}), conversation);
    expect(forgotten).toEqual([ME]);
    expect(conversation.text).toContain(
      "Erased: 1 account with its session, what your files said, and what I kept of 2 messages to you.",
    );
    expect(conversation.text).not.toContain("@a:x.org");
    expect(conversation.said).toMatchObject([{ options: { leavesNoTrace: true } }]);
  });
});

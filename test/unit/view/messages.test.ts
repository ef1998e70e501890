import { describe, expect, it } from "vitest";
import { specifications } from "../../../src/commands/registry.ts";
import type { CommandMistake, CommandSpecification } from "../../../src/grammar/specification.ts";
import type { Account, Side } from "../../../src/model/account.ts";
import type { FilesOverview } from "../../../src/model/room-file.ts";
import type { UnreachableReason } from "../../../src/network/unreachable-error.ts";
import type { DiscoveryErrorCode } from "../../../src/platforms/matrix/api/discovery-error.ts";
import { DiscoveryError } from "../../../src/platforms/matrix/api/discovery-error.ts";
import type { AccountRefusal } from "../../../src/platforms/sign-in.ts";
import type {
  AccountState,
  LinkNews,
  SignedIn,
  SignOutResult,
  WaitingLink,
} from "../../../src/service/accounts/results.ts";
import * as accounts from "../../../src/view/account/accounts.ts";
import * as signInLink from "../../../src/view/account/sign-in-link.ts";
import * as signIn from "../../../src/view/account/sign-in.ts";
import * as help from "../../../src/view/dialogue/help.ts";
import * as mistakes from "../../../src/view/dialogue/mistakes.ts";
import * as notes from "../../../src/view/dialogue/room-notes.ts";
import type { Message } from "../../../src/view/document/message.ts";
import { messageContent } from "../../../src/view/document/message.ts";
import { renderPlainText } from "../../../src/view/document/plain-text.ts";
import { EVIL, EVIL_USER, READER, keepsTheRulesOfMessages } from "../../support/view/message-rules.ts";

/** Addresses that people are meant to open. */
const ADDRESSES = ["https://auth.example/link?action=a&device_id=b", "https://mover.example.org/"] as const;

const sides: Side[] = ["source", "target"];
const account = (side: Side, method: Account["method"] = "password"): Account => ({
  owner: READER,
  side,
  userId: EVIL_USER,
  baseUrl: "https://x",
  method,
  deviceId: EVIL,
  signedInAt: 0,
});

const reasons: Record<UnreachableReason, true> = {
  invalid_address: true,
  forbidden_address: true,
  insecure: true,
  dns: true,
  refused: true,
  tls: true,
  timeout: true,
  reset: true,
  too_large: true,
  not_json: true,
  unexpected_answer: true,
  too_many_redirects: true,
  redirect_refused: true,
  aborted: true,
};
const discoveryCodes: Record<DiscoveryErrorCode, true> = {
  invalid_server_name: true,
  well_known_invalid: true,
  unreachable: true,
  insecure: true,
  forbidden_address: true,
  not_a_homeserver: true,
  too_old: true,
};
const refusals: Record<AccountRefusal["code"], AccountRefusal[]> = {
  wrong_password: [{ code: "wrong_password" }],
  password_not_offered: [{ code: "password_not_offered" }],
  session_ended: [{ code: "session_ended" }],
  guest: [{ code: "guest" }],
  account_locked: [{ code: "account_locked" }],
  account_deactivated: [{ code: "account_deactivated" }],
  account_suspended: [{ code: "account_suspended" }],
  wrong_account: [{ code: "wrong_account", expected: EVIL_USER, actual: EVIL }],
  page_of_other_server: [{ code: "page_of_other_server", page: EVIL, other: EVIL }],
  same_account: [{ code: "same_account", userId: EVIL_USER }],
  limited: [
    { code: "limited", retryAfterMs: null },
    { code: "limited", retryAfterMs: 61_000 },
  ],
  consent_needed: [{ code: "consent_needed", consentUri: "https://evil.example/" }],
  unreachable: keysOf(reasons).map((reason) => ({ code: "unreachable", reason, host: EVIL })),
  server_trouble: [
    { code: "server_trouble", status: 502, retryAfterMs: null },
    { code: "server_trouble", status: 500, retryAfterMs: 2_000 },
  ],
  server_refused: [
    { code: "server_refused", status: 403, errcode: "M_EVIL", text: EVIL },
    { code: "server_refused", status: 403, errcode: EVIL, text: "" },
  ],
  no_homeserver: keysOf(discoveryCodes).flatMap((code): AccountRefusal[] => [
    { code: "no_homeserver", error: new DiscoveryError(code, EVIL, { stage: null, action: "error" }) },
    {
      code: "no_homeserver",
      error: new DiscoveryError(code, EVIL, { stage: null, action: "error", reason: "dns" }),
    },
    {
      code: "no_homeserver",
      error: new DiscoveryError(code, EVIL, { stage: null, action: "error", status: 503 }),
    },
  ]),
};
const [command = absent()] = specifications.filter(({ words }) => words[0] === "login");
const mistakesByCode: Record<CommandMistake["code"], CommandMistake[]> = {
  empty: [{ code: "empty" }],
  too_long: [{ code: "too_long" }],
  only_one_of: [{ code: "only_one_of", command, flags: ["password", "token"] }],
  unbalanced_quote: [{ code: "unbalanced_quote", command }],
  unknown_command: [
    { code: "unknown_command", word: EVIL, nearest: null },
    { code: "unknown_command", word: EVIL, nearest: ["migrate", "plan"] },
    { code: "unknown_command", word: null, nearest: ["login"] },
  ],
  incomplete_command: [
    { code: "incomplete_command", words: ["migrate"], choices: ["migrate plan", "migrate start"] },
  ],
  unknown_flag: [
    { code: "unknown_flag", command, flag: EVIL, nearest: null },
    { code: "unknown_flag", command, flag: EVIL, nearest: "token" },
  ],
  flag_value_missing: [{ code: "flag_value_missing", command, flag: "password" }],
  flag_takes_no_value: [{ code: "flag_takes_no_value", command, flag: "send" }],
  bad_choice: [
    { code: "bad_choice", command, name: "account", value: EVIL, choices: ["old", "new"], nearest: "old" },
  ],
  bad_duration: [{ code: "bad_duration", command, flag: "active", value: EVIL }],
  bad_user_id: [{ code: "bad_user_id", command, value: EVIL_USER }],
  missing_argument: [
    { code: "missing_argument", command, name: "account", choices: ["old", "new"] },
    { code: "missing_argument", command, name: "room", choices: [] },
  ],
  extra_argument: [{ code: "extra_argument", command, value: EVIL }],
  stray_secret: [{ code: "stray_secret", command }],
};
const stateKinds: AccountState["sessionState"][] = [
  { kind: "works" },
  { kind: "not_checked", problem: { code: "limited", retryAfterMs: 1 } },
  { kind: "ended", problem: { code: "session_ended" } },
  { kind: "ended", problem: { code: "account_locked" } },
  { kind: "ended", problem: { code: "account_suspended" } },
  { kind: "ended", problem: { code: "account_deactivated" } },
  { kind: "ended", problem: { code: "consent_needed", consentUri: null } },
];
const endings: SignOutResult[] = sides.flatMap((side) => [
  { account: account(side), ending: "logged_out" as const },
  { account: account(side, "token"), ending: "left_alone" as const },
  {
    account: account(side),
    ending: "not_reached" as const,
    problem: { code: "account_locked" as const },
    page: null,
  },
  { account: account(side, "link"), ending: "not_checked" as const, page: ADDRESSES[0] },
  { account: { ...account(side, "link"), deviceId: null }, ending: "not_checked" as const, page: null },
]);
const files: FilesOverview = { userId: EVIL_USER, writtenAt: 0, rooms: 412, people: 1, hasData: true };
const madeUp: CommandSpecification = {
  ...command,
  aliases: [["log", "in"]],
  details: ["Say `!login` or `x`.", "plain"],
};

/** Every message there is, by the function that says it. */
const messages: Record<string, Message[]> = {
  askingServers: [accounts.askingServers()],
  accountStates: [
    accounts.accountStates({}, { files: null, prefix: "!" }),
    accounts.accountStates({}, { files, prefix: "!" }),
    accounts.accountStates(
      { source: { account: account("source"), sessionState: { kind: "works" }, page: null } },
      { files: { ...files, people: 38, hasData: false }, prefix: "!" },
    ),
    ...stateKinds.flatMap((sessionState) =>
      (["link", "password", "token"] as const).map((method) =>
        accounts.accountStates(
          {
            source: {
              account: account("source", method),
              sessionState,
              page: method === "link" ? ADDRESSES[0] : null,
            },
          },
          { files: null, prefix: "!" },
        ),
      ),
    ),
  ],
  signedOut: [
    ...[null, files].flatMap((known) => [
      accounts.signedOut([], { chosen: ["source"], files: known, prefix: "!" }),
      accounts.signedOut([], { chosen: sides, files: known, prefix: "!" }),
      accounts.signedOut(endings, { chosen: sides, files: known, prefix: "!" }),
    ]),
  ],
  forgotten: [
    accounts.forgotten({ signedOut: [], erased: { messages: 0, hadFiles: false } }),
    accounts.forgotten({ signedOut: endings, erased: { messages: 1, hadFiles: true } }),
  ],
  helpMessage: [help.helpMessage([...specifications, madeUp], "!")],
  commandHelpMessage: [...specifications, madeUp].map((each) => help.commandHelpMessage(each, "!")),
  mistakeMessage: Object.values(mistakesByCode)
    .flat()
    .map((mistake) => mistakes.mistakeMessage(mistake, "!")),
  helpHint: [notes.helpHint("!")],
  notPermitted: [notes.notPermitted()],
  noLongerPermitted: [notes.noLongerPermitted(["forget", "logout"], "!")],
  notListeningHere: [notes.notListeningHere("!")],
  secretInSharedRoom: [notes.secretInSharedRoom(true), notes.secretInSharedRoom(false)],
  secretNotRemovable: [notes.secretNotRemovable()],
  secretWithoutCommand: [notes.secretWithoutCommand("!")],
  secretInEdit: [notes.secretInEdit("!")],
  unexpectedError: [notes.unexpectedError("0123abcd")],
  onlyTyped: [notes.onlyTyped(["sign out"]), notes.onlyTyped(["leave #1", "leave #2"])],
  questionNotOpen: [notes.questionNotOpen()],
  cannotDecrypt: [notes.cannotDecrypt(1), notes.cannotDecrypt(2)],
  askingServer: [signIn.askingServer(EVIL)],
  signInOffer: sides.flatMap((side) =>
    (["direct", "control"] as const).flatMap((roomKind) =>
      [true, false].map((password) =>
        signIn.signInOffer({
          side,
          userId: EVIL_USER,
          options: { password, token: false, sso: true, oauth: true },
          roomKind,
          prefix: "!",
        }),
      ),
    ),
  ),
  signedIn: sides.flatMap((side) =>
    [true, false].flatMap((isEncrypted) =>
      [null, account("target")].flatMap((other) =>
        [null, ...endings].flatMap((replaced) =>
          (["password", "token"] as const).map((method) =>
            signIn.signedIn({
              account: account(side, method),
              other,
              replaced,
              ...(other !== null && isEncrypted && { continues: true as const }),
              isShortLived: method === "token",
              isEncrypted,
              prefix: "!",
            }),
          ),
        ),
      ),
    ),
  ),
  signInRefused: Object.values(refusals)
    .flat()
    .flatMap((refusal) =>
      [null, EVIL].map((leftoverDeviceId) =>
        signIn.signInRefused({
          side: "source",
          userId: EVIL_USER,
          refusal,
          leftoverDeviceId,
          files:
            leftoverDeviceId === null
              ? { kind: "none" }
              : { kind: "imported", userId: EVIL_USER, writtenAt: 0 },
          prefix: "!",
        }),
      ),
    ),
};
const waitingLink: WaitingLink = {
  side: "source",
  userId: EVIL_USER,
  verificationUri: ADDRESSES[0],
  userCode: EVIL,
  remainingMs: 1_200_000,
  askedBy: EVIL,
  foreignHost: EVIL,
  clientName: "Matrix Mover",
  clientUri: ADDRESSES[1],
};
const newsByKind: Record<LinkNews["kind"], LinkNews[]> = {
  waiting: [true, false].map((isServerAway) => ({ kind: "waiting", link: waitingLink, isServerAway })),
  signed_in: [null, ...endings].flatMap((replaced) =>
    [null, account("target")].map((other) => ({
      kind: "signed_in" as const,
      account: account("source", "link"),
      other,
      replaced,
    })),
  ),
  refusal: Object.values(refusals)
    .flat()
    .flatMap((refusal) =>
      [null, EVIL].map((leftoverDeviceId) => ({ kind: "refusal" as const, refusal, leftoverDeviceId })),
    ),
  denied: [{ kind: "denied" }],
  expired: [{ kind: "expired" }],
  cancelled: [{ kind: "cancelled" }],
  replaced: [{ kind: "replaced" }],
  lost: [{ kind: "lost", deviceId: EVIL }],
};
const linkMessages: Record<string, Message[]> = {
  linkWaiting: [signInLink.linkWaiting(waitingLink)],
  linkNews: Object.values(newsByKind)
    .flat()
    .flatMap((news) =>
      sides.map((side) => signInLink.linkNews(news, { side, userId: EVIL_USER, prefix: "!" })),
    ),
  linksCancelled: [[], sides.slice(0, 1), sides].map((ended) =>
    signInLink.linksCancelled(ended, { prefix: "!" }),
  ),
};
const all = Object.entries({ ...messages, ...linkMessages }).flatMap(([name, each]) =>
  each.map((message, index) => ({ name: `${name} ${index}`, message })),
);

describe("every message", () => {
  it("is among those looked at here", () => {
    const written = [accounts, help, mistakes, notes, signIn, signInLink].flatMap((module) =>
      Object.keys(module),
    );
    const pieces = [
      ...["refusalSentence", "sideName", "sideWord", "usageLine", "removedToBeSafe", "endings"],
      ...["success", "leftSession", "leftover", "nextStep", "refusalBlocks"],
    ];
    expect(Object.keys({ ...messages, ...linkMessages }).toSorted()).toEqual(
      written.filter((name) => !pieces.includes(name)).toSorted(),
    );
  });
});

keepsTheRulesOfMessages(all, ADDRESSES);

describe("a failure or a question", () => {
  it.each(["signInRefused", "secretInSharedRoom", "secretNotRemovable", "unexpectedError"])(
    "%s calls the person",
    (name) => {
      for (const message of messages[name] ?? [])
        expect(messageContent(message, [READER])).toMatchObject({ msgtype: "m.text" });
    },
  );

  it("everything routine is a notice that mentions nobody", () => {
    const routine = [
      "helpMessage",
      "accountStates",
      "signedIn",
      "signedOut",
      "forgotten",
      "askingServer",
      "mistakeMessage",
    ];
    for (const name of [...routine, "linkWaiting", "linkNews", "linksCancelled"])
      for (const message of { ...messages, ...linkMessages }[name] ?? [])
        expect(messageContent(message, [READER])).toMatchObject({ msgtype: "m.notice", "m.mentions": {} });
  });
});

describe("help for the next step", () => {
  it("a sign-in offers a plan unless work goes on by itself", () => {
    const result = { account: account("source"), other: account("target"), replaced: null };
    const said = (view: SignedIn): string =>
      renderPlainText(
        signIn.signedIn({ ...view, isShortLived: false, isEncrypted: true, prefix: "!" }).document,
      );
    expect(said(result)).toContain("Next: !migrate plan, which changes nothing.");
    const continued = said({ ...result, continues: true });
    expect(continued).toContain("I continue by myself. !migrate status shows where it stands.");
    expect(continued).not.toContain("!migrate plan");
  });

  it.each(Object.values(mistakesByCode).flat())(
    "mistake $code names one help line and says that nothing was changed",
    (mistake) => {
      const { body } = messageContent(mistakes.mistakeMessage(mistake, "§"), []);
      expect(body).toMatch(/Write it like this: §login old\|new |See §help/u);
      expect(body).toMatch(/Nothing was changed\.$/u);
      expect(body).not.toContain("!login");
    },
  );

  it("after a file of the old account, the new one is enough for a plan", () => {
    const result = { account: account("target"), other: null, replaced: null, filesOf: 0 };
    const said = renderPlainText(
      signIn.signedIn({ ...result, isShortLived: false, isEncrypted: true, prefix: "!" }).document,
    );
    expect(said).toContain(
      "Next: !migrate plan, which uses your files of 1 January 1970 in place of your old account, and changes nothing.",
    );
    expect(said).not.toContain("sign in your old");
  });

  it("an old account known from files is shown as such, and only the new one is asked for", () => {
    const known = { ...files, userId: "@a:old.example" };
    const said = renderPlainText(accounts.accountStates({}, { files: known, prefix: "!" }).document);
    expect(said).toContain("- Old account: @a:old.example, known from your files; nobody is signed in");
    expect(said).toContain(
      "I keep your files of 1 January 1970: 412 rooms, 1 person, with settings. !import --clear forgets them.",
    );
    expect(said).toContain("Next: !login new @you:server");
    expect(said).not.toContain("does not use them");
  });

  it("files about another account than the one that is signed in are said to be of no use", () => {
    const states = {
      source: { account: account("source"), sessionState: { kind: "works" }, page: null },
    } as const;
    const of = (userId: string): string =>
      renderPlainText(accounts.accountStates(states, { files: { ...files, userId }, prefix: "!" }).document);
    expect(of("@other:old.example")).toContain("Your move does not use them. !import --clear forgets them.");
    expect(of(states.source.account.userId)).not.toContain("does not use them");
  });

  it("a sign-out that has nothing to end leads to the files", () => {
    const known = { ...files, userId: "@a:old.example" };
    const said = renderPlainText(
      accounts.signedOut([], { chosen: ["source"], files: known, prefix: "!" }).document,
    );
    expect(said).toContain("Your old account is not signed in here, so there was nothing to log out.");
    expect(said).toContain(
      "I know @a:old.example from your files of 1 January 1970. !migrate plan uses them, !import --clear forgets them.",
    );
  });

  it("a server that is gone leads to a file", () => {
    const refusal = { code: "unreachable", reason: "dns", host: "old.example" } as const;
    const refused = { side: "source", userId: "@a:x", refusal, leftoverDeviceId: null, prefix: "!" } as const;
    const said = (view: Partial<signIn.RefusedView>): string =>
      renderPlainText(signIn.signInRefused({ ...refused, ...view }).document);
    expect(said({ files: { kind: "none" } })).toContain(
      "If your old server is gone for good, send me a file",
    );
    expect(said({ files: { kind: "imported", userId: "@a:x", writtenAt: 0 } })).toContain(
      "If your old server is gone for good: !migrate plan uses your files of 1 January 1970 about @",
    );
    expect(said({})).not.toContain("gone for good");
    expect(said({ side: "target", files: { kind: "none" } })).not.toContain("gone for good");
  });

  it("the wait that a server asks for is shown", () => {
    const refusal = { code: "limited", retryAfterMs: 61_000 } as const;
    const message = signIn.signInRefused({
      side: "source",
      userId: "@a:x",
      refusal,
      leftoverDeviceId: null,
      prefix: "!",
    });
    expect(messageContent(message, []).body).toContain("wait 61 seconds before the next sign-in");
  });

  it("a session that may be left is named", () => {
    const refusal = { code: "server_trouble", status: 500, retryAfterMs: null } as const;
    const message = signIn.signInRefused({
      side: "source",
      userId: "@a:x",
      refusal,
      leftoverDeviceId: "DEVICE",
      prefix: "!",
    });
    expect(messageContent(message, []).body).toContain("A session of mine, DEVICE, may be left");
  });

  it("details of a command show the prefix of this bot", () => {
    const { formatted_body: html } = messageContent(help.commandHelpMessage(madeUp, "§"), []);
    expect(html).toContain("Say <code>§login</code> or <code>x</code>.");
    expect(html).toContain("The same: <code>§log in</code>.");
  });
});

function keysOf<Key extends string>(record: Record<Key, unknown>): Key[] {
  return Object.keys(record) as Key[];
}

function absent(): never {
  throw new Error("there is no !login");
}

import { parseDocument } from "htmlparser2";
import { describe, expect, it } from "vitest";
import { specifications } from "../../../src/commands/registry.ts";
import type { CommandMistake, CommandSpecification } from "../../../src/commands/specification.ts";
import type { Account, Side } from "../../../src/migration/account.ts";
import { DiscoveryError } from "../../../src/platforms/matrix/discovery-error.ts";
import type { DiscoveryErrorCode } from "../../../src/platforms/matrix/discovery-error.ts";
import type { UnreachableReason } from "../../../src/platforms/matrix/network/unreachable-error.ts";
import type { AccountState, Refusal, SignOutResult } from "../../../src/service/sign-in-results.ts";
import { editContent, messageContent } from "../../../src/view/message.ts";
import type { Message } from "../../../src/view/message.ts";
import * as accounts from "../../../src/view/messages/accounts.ts";
import * as help from "../../../src/view/messages/help.ts";
import * as mistakes from "../../../src/view/messages/mistakes.ts";
import * as notes from "../../../src/view/messages/room-notes.ts";
import * as signIn from "../../../src/view/messages/sign-in.ts";

/** What a hostile person, room or server could call itself. */
const EVIL = `<img src=x onerror=alert(1)> \u202Egnp.exe\u2066 @room @victim:x.org https://evil.example/ www.evil.example\n<a href="https://matrix.to/#/@victim:x.org">you</a>&lt;`;
/** Still a user ID: localparts may hold anything but a colon. */
const EVIL_USER = `@<b>"'&\u202E@room\n</b>:old.example`;
const READER = "@me:example.org";

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
const refusals: Record<Refusal["code"], Refusal[]> = {
  wrong_password: [{ code: "wrong_password" }],
  password_not_offered: [{ code: "password_not_offered" }],
  expired_token: [{ code: "expired_token" }],
  guest: [{ code: "guest" }],
  locked: [{ code: "locked" }],
  deactivated: [{ code: "deactivated" }],
  suspended: [{ code: "suspended" }],
  wrong_account: [{ code: "wrong_account", expected: EVIL_USER, actual: EVIL }],
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
  no_homeserver: keysOf(discoveryCodes).flatMap((code): Refusal[] => [
    { code: "no_homeserver", error: new DiscoveryError(code, EVIL, { stage: null, action: "error" }) },
    { code: "no_homeserver", error: new DiscoveryError(code, EVIL, { stage: null, action: "error", reason: "dns" }) },
    { code: "no_homeserver", error: new DiscoveryError(code, EVIL, { stage: null, action: "error", status: 503 }) },
  ]),
};
const [command = absent()] = specifications.filter(({ words }) => words[0] === "login");
const mistakesByCode: Record<CommandMistake["code"], CommandMistake[]> = {
  empty: [{ code: "empty" }],
  too_long: [{ code: "too_long" }],
  unbalanced_quote: [{ code: "unbalanced_quote", command }],
  unknown_command: [
    { code: "unknown_command", word: EVIL, nearest: null },
    { code: "unknown_command", word: EVIL, nearest: ["migrate", "plan"] },
    { code: "unknown_command", word: null, nearest: ["login"] },
  ],
  incomplete_command: [{ code: "incomplete_command", words: ["migrate"], choices: ["migrate plan", "migrate start"] }],
  unknown_flag: [
    { code: "unknown_flag", command, flag: EVIL, nearest: null },
    { code: "unknown_flag", command, flag: EVIL, nearest: "token" },
  ],
  flag_value_missing: [{ code: "flag_value_missing", command, flag: "password" }],
  flag_takes_no_value: [{ code: "flag_takes_no_value", command, flag: "send" }],
  bad_choice: [{ code: "bad_choice", command, name: "account", value: EVIL, choices: ["old", "new"], nearest: "old" }],
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
  { kind: "ended", problem: { code: "expired_token" } },
  { kind: "ended", problem: { code: "locked" } },
  { kind: "ended", problem: { code: "suspended" } },
  { kind: "ended", problem: { code: "deactivated" } },
];
const endings: SignOutResult[] = sides.flatMap((side) => [
  { account: account(side), ending: "logged_out" as const },
  { account: account(side, "token"), ending: "left_alone" as const },
  { account: account(side), ending: "not_reached" as const, problem: { code: "locked" as const } },
]);
const madeUp: CommandSpecification = { ...command, aliases: [["log", "in"]], details: ["Say `!login` or `x`.", "plain"] };

/** Every message there is, by the function that says it. */
const messages: Record<string, Message[]> = {
  askingServers: [accounts.askingServers()],
  accountStates: [
    accounts.accountStates({}, "!"),
    ...stateKinds.flatMap((sessionState) =>
      (["password", "token"] as const).map((method) =>
        accounts.accountStates({ source: { account: account("source", method), sessionState } }, "!"),
      ),
    ),
  ],
  signedOut: [
    accounts.signedOut([], { chosen: ["source"], prefix: "!" }),
    accounts.signedOut([], { chosen: sides, prefix: "!" }),
    accounts.signedOut(endings, { chosen: sides, prefix: "!" }),
  ],
  forgotten: [
    accounts.forgotten({ signedOut: [], erased: { messages: 0 } }),
    accounts.forgotten({ signedOut: endings, erased: { messages: 1 } }),
  ],
  helpMessage: [help.helpMessage([...specifications, madeUp], "!")],
  commandHelpMessage: [...specifications, madeUp].map((each) => help.commandHelpMessage(each, "!")),
  mistakeMessage: Object.values(mistakesByCode)
    .flat()
    .map((mistake) => mistakes.mistakeMessage(mistake, "!")),
  helpHint: [notes.helpHint("!")],
  notPermitted: [notes.notPermitted()],
  notListeningHere: [notes.notListeningHere("!")],
  secretInSharedRoom: [notes.secretInSharedRoom(true), notes.secretInSharedRoom(false)],
  secretNotRemovable: [notes.secretNotRemovable()],
  secretWithoutCommand: [notes.secretWithoutCommand("!")],
  secretInEdit: [notes.secretInEdit("!")],
  unexpectedError: [notes.unexpectedError("0123abcd")],
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
            signIn.signedIn({ account: account(side, method), other, replaced, isEncrypted, prefix: "!" }),
          ),
        ),
      ),
    ),
  ),
  signInRefused: Object.values(refusals)
    .flat()
    .flatMap((refusal) =>
      [null, EVIL].map((leftoverDeviceId) =>
        signIn.signInRefused({ side: "source", userId: EVIL_USER, refusal, leftoverDeviceId, prefix: "!" }),
      ),
    ),
};
const all = Object.entries(messages).flatMap(([name, each]) =>
  each.map((message, index) => ({ name: `${name} ${index}`, message })),
);

const SAFE_TAGS = ["p", "br", "strong", "em", "code", "pre", "blockquote", "a", "ul", "ol", "li"];

interface Read {
  tags: string[];
  attributes: string[];
  /** Text that a client shows, and of it what stands outside of code, where clients make links. */
  text: string;
  textOutsideCode: string;
}

function read(html: string): Read {
  const found: Read = { tags: [], attributes: [], text: "", textOutsideCode: "" };
  const visit = (nodes: ReturnType<typeof parseDocument>["children"], isCode: boolean): void => {
    for (const node of nodes) {
      if ("name" in node && "attribs" in node) {
        found.tags.push(node.name);
        found.attributes.push(...Object.entries(node.attribs).map(([name, value]) => `${name}=${value}`));
      }
      if ("children" in node) visit(node.children, isCode || ("name" in node && node.name === "code"));
      else if ("data" in node) {
        found.text += node.data;
        if (!isCode) found.textOutsideCode += node.data;
      }
    }
  };
  visit(parseDocument(html).children, false);
  return found;
}

const withoutLayout = (text: string): string => text.replace(/^(?:- |> |\d+\. )/gmu, "").replace(/\s+/gu, "");

describe("every message", () => {
  it("is among those looked at here", () => {
    const written = [accounts, help, mistakes, notes, signIn].flatMap((module) => Object.keys(module));
    const pieces = ["refusalSentence", "sideName", "sideWord", "usageLine", "removedToBeSafe", "refusalSentence"];
    expect(Object.keys(messages).toSorted()).toEqual(written.filter((name) => !pieces.includes(name)).toSorted());
  });

  it.each(all)("$name says the same in plain text and in HTML", ({ message }) => {
    const { body, formatted_body: html } = messageContent(message, [READER]);
    expect(withoutLayout(body)).toBe(withoutLayout(read(html).text));
    expect(body.trim()).not.toBe("");
    expect(body + html).not.toMatch(/undefined|\[object|null/u);
  });

  it.each(all)("$name keeps to the tags that every client shows, and to no attribute from elsewhere", ({ message }) => {
    const { tags, attributes } = read(messageContent(message, [READER]).formatted_body);
    for (const tag of tags) expect(SAFE_TAGS).toContain(tag);
    expect(attributes).toEqual([]);
  });

  it.each(all)("$name makes no link and no mention of what others called themselves", ({ message }) => {
    const content = messageContent(message, [READER]);
    const { textOutsideCode } = read(content.formatted_body);
    expect(textOutsideCode).not.toMatch(/https?:\/\/|www\.\w|\w\.(?:org|example)|@\w|matrix\.to/u);
    expect(content.body).not.toMatch(/[\u202A-\u202E\u2066-\u2069\u200E\u200F\u0000-\u0009\u000B-\u001F]/u);
    const { user_ids: mentioned } = content["m.mentions"];
    expect(mentioned).toEqual(message.tone === "alert" ? [READER] : undefined);
    expect(content["m.mentions"]).not.toHaveProperty("room");
  });

  it.each(all)("$name, as an edit, carries its mentions on both layers", ({ message }) => {
    const content = messageContent(message, [READER]);
    const edit = editContent({ ...content, "m.relates_to": { rel_type: "m.thread", event_id: "$root" } }, "$original");
    expect(edit).toMatchObject({
      body: `* ${content.body}`,
      formatted_body: `* ${content.formatted_body}`,
      "m.mentions": content["m.mentions"],
      "m.new_content": { ...content },
      "m.relates_to": { rel_type: "m.replace", event_id: "$original" },
    });
    expect(edit["m.new_content"]).not.toHaveProperty("m.relates_to");
  });

  it.each(all)("$name ends its sentences and doubles no space", ({ message }) => {
    const { body } = messageContent(message, []);
    expect(body).not.toMatch(/ {2}|\.\.(?!\.)| [.,]/u);
  });
});

describe("a failure or a question", () => {
  it.each(["signInRefused", "secretInSharedRoom", "secretNotRemovable", "unexpectedError"])("%s calls the person", (name) => {
    for (const message of messages[name] ?? []) expect(messageContent(message, [READER])).toMatchObject({ msgtype: "m.text" });
  });

  it("everything routine is a notice that mentions nobody", () => {
    for (const name of ["helpMessage", "accountStates", "signedIn", "signedOut", "forgotten", "askingServer", "mistakeMessage"])
      for (const message of messages[name] ?? [])
        expect(messageContent(message, [READER])).toMatchObject({ msgtype: "m.notice", "m.mentions": {} });
  });
});

describe("help for the next step", () => {
  it.each(Object.values(mistakesByCode).flat())(
    "mistake $code names one help line and says that nothing was changed",
    (mistake) => {
      const { body } = messageContent(mistakes.mistakeMessage(mistake, "§"), []);
      expect(body).toMatch(/It goes like this: §login old\|new |See §help/u);
      expect(body).toMatch(/Nothing was changed\.$/u);
      expect(body).not.toContain("!login");
    },
  );

  it("the wait that a server asks for is told", () => {
    const refusal = { code: "limited", retryAfterMs: 61_000 } as const;
    const message = signIn.signInRefused({ side: "source", userId: "@a:x", refusal, leftoverDeviceId: null, prefix: "!" });
    expect(messageContent(message, []).body).toContain("wait 61 seconds before the next sign-in");
  });

  it("a session that may be left is named", () => {
    const refusal = { code: "server_trouble", status: 500, retryAfterMs: null } as const;
    const message = signIn.signInRefused({ side: "source", userId: "@a:x", refusal, leftoverDeviceId: "DEVICE", prefix: "!" });
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

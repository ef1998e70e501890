import { describe, expect, it } from "vitest";
import { KeyedQueue } from "../../../../../../src/model/keyed-queue.ts";
import type { StepOutcome } from "../../../../../../src/model/step-outcome.ts";
import { UnreachableError } from "../../../../../../src/network/unreachable-error.ts";
import { directChatsStep } from "../../../../../../src/platforms/matrix/categories/direct-chats/step.ts";
import { openChatStep } from "../../../../../../src/platforms/matrix/contact/chats/open-chat.ts";
import type { OpenChatPayload } from "../../../../../../src/platforms/matrix/contact/payloads.ts";
import { convertRoom } from "../../../../../../src/platforms/matrix/convert-room.ts";
import type { StepContext } from "../../../../../../src/platforms/matrix/steps/step-context.ts";
import type {
  Answer,
  ScriptedContextOptions,
  ScriptedRequest,
} from "../../../../../support/fakes/scripted-context.ts";
import {
  content,
  DONE,
  NOT_FOUND,
  NOT_INSIDE,
  refused,
  scriptedContext,
} from "../../../../../support/fakes/scripted-context.ts";
import { SOURCE, TARGET } from "../../../../../support/plans/planned-rooms.ts";
import { problem } from "../../steps/entry-answers.ts";

const HELPER = "@admin:far.example";
const CHAT = "!chat:old.example";
const NOW = Date.UTC(2026, 0, 1);
const MARKER = "io.github.matrix-mover.chat";

const CREATE = "source POST /createRoom";
const SYNC = "source GET /sync";
const MEMBER = `source GET /rooms/${CHAT}/state/m.room.member/${HELPER}`;
const INVITE = `source PUT /rooms/${CHAT}/state/m.room.member/${HELPER}`;
const ENCRYPTION = `source GET /rooms/${CHAT}/state/m.room.encryption`;
const SEND = `source PUT /rooms/${CHAT}/send/m.room.message/step-1`;
const READ_LIST = `source GET /user/${SOURCE}/account_data/m.direct`;
const WRITE_LIST = `source PUT /user/${SOURCE}/account_data/m.direct`;
const LEAVE = `source POST /rooms/${CHAT}/leave`;
const FORGET = `source POST /rooms/${CHAT}/forget`;

const PAYLOAD: OpenChatPayload = {
  partner: HELPER,
  isEncrypted: false,
  text: "Please let me in.",
  reason: "Please let me",
  purpose: { kind: "direct_chat", partner: HELPER },
};

const GOOD: Readonly<Record<string, Answer>> = {
  [CREATE]: content({ room_id: CHAT }),
  [MEMBER]: NOT_FOUND,
  [INVITE]: DONE,
  [ENCRYPTION]: NOT_FOUND,
  [SEND]: DONE,
  [READ_LIST]: NOT_FOUND,
  [WRITE_LIST]: DONE,
  [LEAVE]: DONE,
  [FORGET]: DONE,
};

const LIMITED: Answer = { status: 429, json: { errcode: "M_LIMIT_EXCEEDED", retry_after_ms: 4_000 } };
const UNREACHABLE = refused(502, "M_UNKNOWN");
const INVITE_NEXT = { next: "invite", roomId: CHAT };

interface Story {
  readonly outcomes: readonly StepOutcome[];
  readonly lines: readonly string[];
  readonly requests: readonly ScriptedRequest[];
  readonly saved: unknown;
}

/**
 * Tries the step until it is over, as a run does. Between two tries only what it saved is kept.
 * @param answers replace the good ones
 */
async function tellStory(
  answers: Readonly<Record<string, Answer | readonly Answer[]>>,
  {
    payload = PAYLOAD,
    savedUndo = null,
    ...options
  }: ScriptedContextOptions & { payload?: OpenChatPayload } = {},
): Promise<Story> {
  const scripted = scriptedContext({ ...GOOD, ...answers }, { side: "source", ...options });
  const outcomes: StepOutcome[] = [];
  let saved: unknown = savedUndo;
  let failures = options.failures ?? 0;
  for (let tries = 0; tries < 12; tries += 1) {
    const outcome = await openChatStep.run(payload, {
      ...scripted.context,
      canSkipCheck: tries === 0,
      failures,
      savedUndo: JSON.parse(JSON.stringify(saved)) as unknown,
      saveUndo: async (undo) => void (saved = undo),
    });
    outcomes.push(outcome);
    if (outcome.status === "retry") failures += 1;
    if (["done", "failed", "needs_user", "held"].includes(outcome.status)) break;
  }
  return { outcomes, lines: scripted.lines(), requests: scripted.requests, saved };
}

function last({ outcomes }: Story): StepOutcome | undefined {
  return outcomes.at(-1);
}

function body({ requests }: Story, path: string): unknown {
  return requests.find((request) => request.method !== "GET" && request.path === path)?.body;
}

function count({ lines }: Story, line: string): number {
  return lines.filter((each) => each === line).length;
}

describe("a new direct chat", () => {
  it("is made alone, then the partner is invited, told, and listed", async () => {
    const story = await tellStory({ [READ_LIST]: content({ "@bo:x": ["!1"], [HELPER]: ["!2"], junk: 3 }) });
    expect(story.outcomes).toEqual([
      { status: "continues", limits: ["messages"] },
      { status: "continues", limits: ["messages"] },
      { status: "done", undo: { roomId: CHAT } },
    ]);
    expect(story.lines).toEqual([CREATE, MEMBER, INVITE, ENCRYPTION, SEND, READ_LIST, WRITE_LIST]);
    expect(body(story, "/createRoom")).toEqual({
      preset: "private_chat",
      creation_content: { [MARKER]: "step-1" },
      initial_state: [],
    });
    expect(body(story, `/rooms/${CHAT}/state/m.room.member/${HELPER}`)).toEqual({
      membership: "invite",
      is_direct: true,
      reason: "Please let me",
    });
    expect(body(story, `/rooms/${CHAT}/send/m.room.message/step-1`)).toMatchObject({
      body: "Please let me in.",
    });
    expect(body(story, `/user/${SOURCE}/account_data/m.direct`)).toEqual({
      "@bo:x": ["!1"],
      [HELPER]: ["!2", CHAT],
      junk: 3,
    });
  });

  it("has its text only in the reason if it is made encrypted", async () => {
    const story = await tellStory({}, { payload: { ...PAYLOAD, isEncrypted: true } });
    expect(last(story)).toEqual({ status: "done", undo: { roomId: CHAT } });
    expect(story.lines).toEqual([CREATE, MEMBER, INVITE, READ_LIST, WRITE_LIST]);
    expect(body(story, "/createRoom")).toMatchObject({
      initial_state: [{ type: "m.room.encryption", content: { algorithm: "m.megolm.v1.aes-sha2" } }],
    });
  });

  it("gets no plain text if the server has encrypted it by itself", async () => {
    const story = await tellStory({ [ENCRYPTION]: content({ algorithm: "m.megolm.v1.aes-sha2" }) });
    expect(last(story)?.status).toBe("done");
    expect(story.lines).not.toContain(SEND);
  });

  it.each<{ name: string; answers: Readonly<Record<string, Answer>> }>([
    { name: "cannot be read", answers: { [READ_LIST]: content([]) } },
    { name: "may not be written", answers: { [WRITE_LIST]: refused(403, "M_FORBIDDEN") } },
    { name: "has it already", answers: { [READ_LIST]: content({ [HELPER]: [CHAT] }) } },
  ])("is there also if the list of direct chats $name", async ({ answers }) => {
    const story = await tellStory(answers);
    expect(last(story)?.status).toBe("done");
    expect(count(story, WRITE_LIST)).toBe(answers[WRITE_LIST] === undefined ? 0 : 1);
  });

  it("is there also if the text is refused, because the reason tells it", async () => {
    const story = await tellStory({ [SEND]: refused(403, "M_FORBIDDEN") });
    expect(last(story)?.status).toBe("done");
    expect(story.lines.slice(-2)).toEqual([READ_LIST, WRITE_LIST]);
  });
});

describe("chats that are opened side by side", () => {
  it("are all listed, also beside a move and a command that list chats", async () => {
    const inTurn = new KeyedQueue();
    const rooms = ["!a:x", "!b:x", "!c:x"];
    let stored: Record<string, unknown> = {};
    const server = ({ method, body }: ScriptedRequest): Answer => {
      if (method === "PUT") stored = body as Record<string, unknown>;
      return content(stored);
    };
    const contextOf = (savedUndo: unknown) => scriptedContext(server, { savedUndo, inTurn }).context;
    const { target: client } = contextOf(null).client;
    const converted = { roomId: "!named:x", partner: "@di:x", toDirect: true, excluded: [] };
    await Promise.all([
      ...rooms.map((roomId, index) =>
        openChatStep.run({ ...PAYLOAD, partner: `@p${index}:x` }, contextOf({ next: "list", roomId })),
      ),
      directChatsStep.run({ chats: [{ roomId: "!moved:x", counterpart: "@bo:x" }] }, contextOf(null)),
      convertRoom({ client, userId: TARGET, inTurn }, converted),
    ]);
    expect(stored).toEqual({
      "@p0:x": ["!a:x"],
      "@p1:x": ["!b:x"],
      "@p2:x": ["!c:x"],
      "@bo:x": ["!moved:x"],
      "@di:x": ["!named:x"],
    });
  });
});

describe("a partner who cannot be invited", () => {
  it.each<{ name: string; answer: Answer; problem: object }>([
    {
      name: "blocks invitations",
      answer: refused(403, "M_INVITE_BLOCKED"),
      problem: problem("partner_refused"),
    },
    {
      name: "is on a server that forbids it",
      answer: refused(403, "M_FORBIDDEN"),
      problem: problem("partner_refused"),
    },
    {
      name: "is on a server without this room version",
      answer: refused(400, "M_UNSUPPORTED_ROOM_VERSION"),
      problem: problem("partner_refused"),
    },
    { name: "is on a server that is away", answer: UNREACHABLE, problem: problem("unreachable_server") },
    {
      name: "is on a server that never answers",
      answer: new UnreachableError("timeout", "old.example"),
      problem: problem("unreachable_server", "old.example: timeout"),
    },
    {
      name: "gets errors only",
      answer: refused(500, "M_UNKNOWN"),
      problem: problem("unreachable_server"),
    },
  ])("leaves no empty room behind: $name", async ({ answer, problem: expected }) => {
    const story = await tellStory({ [INVITE]: answer });
    expect(last(story)).toEqual({ status: "failed", problem: expected });
    expect(story.lines.slice(-2)).toEqual([LEAVE, FORGET]);
    expect([count(story, CREATE), count(story, SEND), story.saved]).toEqual([1, 0, null]);
  });

  it("is asked again after an error that may pass", async () => {
    const story = await tellStory({ [INVITE]: [refused(500, "M_UNKNOWN"), DONE] });
    expect(story.outcomes.map(({ status }) => status)).toEqual(["continues", "retry", "continues", "done"]);
    expect([count(story, CREATE), count(story, INVITE)]).toEqual([1, 2]);
  });

  it("has declined before the step heard that the invitation was sent", async () => {
    const story = await tellStory({
      [INVITE]: new UnreachableError("reset", "x"),
      [MEMBER]: [NOT_FOUND, content({ membership: "leave" })],
    });
    expect(last(story)).toEqual({ status: "failed", problem: problem("partner_refused", null) });
    expect([count(story, INVITE), story.lines.slice(-2)]).toEqual([1, [LEAVE, FORGET]]);
  });

  it("does not count as refusing if the room cannot be made", async () => {
    const story = await tellStory({ [CREATE]: refused(403, "M_FORBIDDEN") });
    expect(story.outcomes).toEqual([{ status: "failed", problem: problem("refused") }]);
    expect([story.lines, story.saved]).toEqual([[CREATE], null]);
  });

  it("does not count as refusing if the account has left the room", async () => {
    const story = await tellStory({ [MEMBER]: NOT_INSIDE }, { savedUndo: INVITE_NEXT });
    expect(story.outcomes).toEqual([{ status: "failed", problem: problem("gone", null) }]);
    expect(story.lines).toEqual([MEMBER]);
  });

  it("is over also if the room is already left", async () => {
    const story = await tellStory({
      [INVITE]: refused(403, "M_FORBIDDEN"),
      [LEAVE]: refused(403, "M_FORBIDDEN"),
    });
    expect(last(story)).toEqual({ status: "failed", problem: problem("partner_refused") });
  });
});

describe("a limit while a chat is opened", () => {
  it.each([CREATE, INVITE, SEND, WRITE_LIST, LEAVE])("goes on from there: %s", async (line) => {
    const isRefusal = line === LEAVE;
    const story = await tellStory({
      ...(isRefusal ? { [INVITE]: refused(403, "M_FORBIDDEN") } : {}),
      [line]: [LIMITED, GOOD[line] ?? DONE],
    });
    expect(story.outcomes).toContainEqual({
      status: "wait",
      waitingFor: "limit",
      waitMs: 4_000,
      problem: null,
    });
    expect(last(story)?.status).toBe(isRefusal ? "failed" : "done");
    for (const each of [CREATE, INVITE, SEND, LEAVE, FORGET])
      expect(count(story, each)).toBeLessThanOrEqual(each === line ? 2 : 1);
    expect(story.lines).not.toContain(SYNC);
  });
});

describe("the daily limit", () => {
  it.each([
    { name: "an hour ahead", nextAt: NOW + 3_600_000, waitMs: 3_600_000 },
    { name: "past by now", nextAt: NOW - 1, waitMs: 0 },
  ])("keeps a chat from being opened before anything is sent: $name", async ({ nextAt, waitMs }) => {
    const asked: unknown[] = [];
    const reserveChat: StepContext["reserveChat"] = async (chat) => {
      asked.push(chat);
      return { status: "full", nextAt };
    };
    const { context, lines } = scriptedContext({}, { side: "source", now: () => NOW, reserveChat });
    const outcome = await openChatStep.run(PAYLOAD, context);
    expect(outcome).toEqual({ status: "wait", waitingFor: "daily_limit", waitMs, problem: null });
    expect([asked, lines()]).toEqual([[{ partner: HELPER, purpose: "direct_chat" }], []]);
  });

  it("gets no record from a run that has ended", async () => {
    const asked: unknown[] = [];
    const { context, lines } = scriptedContext({}, { side: "source", maxRequests: 0 });
    const reserveChat: typeof context.reserveChat = async (chat) => {
      asked.push(chat);
      return { status: "reserved" };
    };
    expect(await openChatStep.run(PAYLOAD, { ...context, reserveChat })).toEqual({ status: "interrupted" });
    expect([asked, lines()]).toEqual([[], []]);
  });

  it("does not stop a chat that was begun", async () => {
    const { context, lines } = scriptedContext(GOOD, { side: "source", savedUndo: INVITE_NEXT });
    const full = { status: "full", nextAt: NOW + 60_000 } as const;
    expect(await openChatStep.run(PAYLOAD, { ...context, reserveChat: async () => full })).toEqual({
      status: "continues",
      limits: ["messages"],
    });
    expect(lines()).toEqual([MEMBER, INVITE]);
  });
});

describe("an account that cannot go on", () => {
  it.each<{ name: string; line: string; answer: Answer; status: string }>([
    { name: "session ended", line: CREATE, answer: refused(401, "M_UNKNOWN_TOKEN"), status: "needs_user" },
    { name: "suspended", line: INVITE, answer: refused(403, "M_USER_SUSPENDED"), status: "needs_user" },
    { name: "locked", line: SEND, answer: refused(401, "M_USER_LOCKED"), status: "needs_user" },
    { name: "limit of rooms", line: CREATE, answer: refused(403, "M_USER_LIMIT_EXCEEDED"), status: "held" },
    {
      name: "limit of invitations",
      line: INVITE,
      answer: refused(403, "M_USER_LIMIT_EXCEEDED"),
      status: "needs_user",
    },
  ])("waits for its owner and goes on from there: $name", async ({ line, answer, status }) => {
    const first = await tellStory({ [line]: answer });
    expect(last(first)?.status).toBe(status);
    const second = await tellStory({}, { savedUndo: first.saved });
    expect(last(second)?.status).toBe("done");
    for (const each of [CREATE, INVITE, SEND])
      expect(count(first, each) + count(second, each)).toBe(each === line ? 2 : 1);
  });
});

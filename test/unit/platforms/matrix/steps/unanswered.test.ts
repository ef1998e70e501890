import { describe, expect, it } from "vitest";
import type { PlannedStep } from "../../../../../src/model/step.ts";
import { UnreachableError } from "../../../../../src/network/unreachable-error.ts";
import { runStep } from "../../../../../src/platforms/matrix/runs/run-step.ts";
import type { Answer } from "../../../../support/fakes/scripted-context.ts";
import { DONE, refused, ROOM, scriptedContext } from "../../../../support/fakes/scripted-context.ts";
import { TARGET } from "../../../../support/plans/planned-rooms.ts";

type Tried = Pick<PlannedStep, "kind" | "payload" | "side" | "roomId">;

const WHOAMI = "/account/whoami";
const PAGE = "<html><h1>Checking your browser</h1></html>";

const STEPS = {
  join: {
    kind: "join",
    side: "target",
    roomId: ROOM,
    payload: { kind: "join", roomId: ROOM, via: ["old.example"], through: null },
  },
  invite: { kind: "invite", side: "source", roomId: ROOM, payload: { roomId: ROOM } },
  knock: { kind: "knock", side: "target", roomId: ROOM, payload: { roomId: ROOM, via: ["old.example"] } },
  accountData: {
    kind: "account_data",
    side: "target",
    roomId: null,
    payload: { roomId: null, type: "org.example", content: { a: 1 }, isMerged: false },
  },
} as const satisfies Record<string, Tried>;

const AWAY = { status: "wait", waitingFor: "server" } as const;
const OWN = { status: "wait", waitingFor: "server", isServerAnswering: true } as const;
const SLOW_ROOM = { status: "wait", waitingFor: "room", problem: { code: "unreachable_server" } } as const;

/** Tries a step whose writes get one answer, while `whoami` gets another. */
async function tryStep(step: Tried, { given, whoami }: { given: Answer; whoami: Answer }) {
  const script = scriptedContext(({ path, method }) => {
    if (path === WHOAMI) return whoami;
    return method === "GET" ? undefined : given;
  });
  return { outcome: await runStep(step, script.context), requests: script.requests };
}

describe("an answer without JSON", () => {
  const statuses = [400, 401, 403, 404, 405, 409, 500, 502, 503, 521];
  const bodies: { name: string; answer: { bytes: string } }[] = [
    { name: "a page", answer: { bytes: PAGE } },
    { name: "plain text", answer: { bytes: "404 page not found" } },
    { name: "nothing", answer: { bytes: "" } },
    { name: "JSON of a gateway", answer: { bytes: '"Forbidden"' } },
  ];
  const cases = Object.values(STEPS).flatMap((step) => bodies.map((body) => ({ ...body, step })));

  it.each(cases)("is no verdict on $step.kind where it is $name", async ({ step, answer }) => {
    for (const status of statuses) {
      const given = { ...answer, status };
      const away = await tryStep(step, { given, whoami: given });
      expect(away.outcome, `${status}`).toMatchObject(AWAY);
      expect(away.outcome).not.toHaveProperty("isServerAnswering");
      const { outcome } = await tryStep(step, { given, whoami: DONE });
      expect(outcome, `${status}`).toMatchObject(OWN);
      expect(JSON.stringify(outcome)).not.toMatch(/html|Checking|page not found|Forbidden/);
    }
  });

  it("is a refusal of this request where it says that the request is too large", async () => {
    const { outcome } = await tryStep(STEPS.accountData, {
      given: { status: 413, bytes: PAGE },
      whoami: DONE,
    });
    expect(outcome).toMatchObject({ status: "failed", problem: { code: "refused" } });
  });

  it("is a limit with 429", async () => {
    const { outcome } = await tryStep(STEPS.join, { given: { status: 429, bytes: PAGE }, whoami: DONE });
    expect(outcome).toMatchObject({ status: "wait", waitingFor: "limit" });
  });
});

describe("JSON without a code", () => {
  it.each([
    { name: "no verdict as a refusal", status: 403, outcome: OWN },
    { name: "Dendrite's internal error with 500", status: 500, outcome: { status: "retry" } },
  ])("is $name", async ({ status, outcome }) => {
    const given = { status, json: { message: "Forbidden" } };
    expect((await tryStep(STEPS.accountData, { given, whoami: DONE })).outcome).toMatchObject(outcome);
  });
});

describe("a request that takes too long", () => {
  const timeout = new UnreachableError("timeout", "new.example");

  it.each<{ name: string; step: Tried; given: Answer; whoami: Answer; outcome: object }>([
    { name: "a room's, by our clock", step: STEPS.join, given: timeout, whoami: DONE, outcome: SLOW_ROOM },
    {
      name: "a room's, by a proxy's clock",
      step: STEPS.join,
      given: { status: 504, bytes: PAGE },
      whoami: DONE,
      outcome: SLOW_ROOM,
    },
    {
      name: "a room's, by Cloudflare's clock",
      step: STEPS.invite,
      given: { status: 524, bytes: PAGE },
      whoami: DONE,
      outcome: SLOW_ROOM,
    },
    {
      name: "a room's, where the account is refused by then",
      step: STEPS.knock,
      given: timeout,
      whoami: refused(401, "M_UNKNOWN_TOKEN"),
      outcome: SLOW_ROOM,
    },
    { name: "the account's", step: STEPS.accountData, given: timeout, whoami: DONE, outcome: OWN },
    { name: "every request's", step: STEPS.join, given: timeout, whoami: timeout, outcome: AWAY },
  ])("is $name", async ({ step, given, whoami, outcome }) => {
    const tried = await tryStep(step, { given, whoami });
    expect(tried.outcome).toMatchObject(outcome);
    expect(tried.outcome).not.toHaveProperty("isSlow");
  });

  it("is the room's for its read marker, while the server has to fetch the history", async () => {
    const step = {
      kind: "read_marker",
      side: "target",
      roomId: ROOM,
      payload: { roomId: ROOM, eventId: "$event" },
    } as const;
    const { context } = scriptedContext(({ path }) => {
      if (path.endsWith("/messages")) return timeout;
      if (path.endsWith("/read_markers")) return refused(404, "M_UNKNOWN");
      return path === WHOAMI ? { json: { user_id: TARGET } } : undefined;
    });
    expect(await runStep(step, context)).toMatchObject(SLOW_ROOM);
  });
});

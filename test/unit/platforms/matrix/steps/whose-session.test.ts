import { describe, expect, it } from "vitest";
import type { StepOutcome } from "../../../../../src/model/step-outcome.ts";
import { UnreachableError } from "../../../../../src/network/unreachable-error.ts";
import { roomSteps } from "../../../../../src/platforms/matrix/steps/registry.ts";
import type { StepContext } from "../../../../../src/platforms/matrix/steps/step-context.ts";
import type { Answer } from "../../../../support/fakes/scripted-context.ts";
import {
  content,
  NOT_FOUND,
  refused,
  ROOM,
  scriptedContext,
} from "../../../../support/fakes/scripted-context.ts";
import { SOURCE, TARGET } from "../../../../support/plans/planned-rooms.ts";

const JOIN = `target POST /join/${ROOM}`;
const SEEN_MEMBER = `source GET /rooms/${ROOM}/state/m.room.member/${TARGET}`;
const SOURCE_MEMBER = `source GET /rooms/${ROOM}/state/m.room.member/${SOURCE}`;
const OWN_MEMBER = `target GET /rooms/${ROOM}/state/m.room.member/${TARGET}`;
const KNOCK = `target POST /knock/${ROOM}`;
const LEAVE = `target POST /rooms/${ROOM}/leave`;
const LEVELS = `source GET /rooms/${ROOM}/state/m.room.power_levels`;

const entered = { roomId: ROOM };
const joined = { kind: "join_invited", roomId: ROOM, via: ["old.example"], through: null };
const knocked = { roomId: ROOM, via: ["old.example"], reason: null };
const levelled = { roomId: ROOM, level: 50, roomVersion: "11", creators: [], before: null };

interface AskingStep {
  readonly name: string;
  readonly canSkipCheck: boolean;
  readonly run: (context: StepContext) => Promise<StepOutcome>;
}

/** Steps of the new account that ask the old one's server as well. */
const STEPS: readonly AskingStep[] = [
  {
    name: "a join that is not let in yet",
    canSkipCheck: false,
    run: (context) => roomSteps.join_invited.run(joined, context),
  },
  {
    name: "a join that was refused",
    canSkipCheck: true,
    run: (context) => roomSteps.join_invited.run(joined, context),
  },
  {
    name: "a knock that may have been made",
    canSkipCheck: false,
    run: (context) => roomSteps.knock.run(knocked, context),
  },
  {
    name: "a knock that was refused",
    canSkipCheck: true,
    run: (context) => roomSteps.knock.run(knocked, context),
  },
  {
    name: "an invitation to be declined",
    canSkipCheck: false,
    run: (context) => roomSteps.invite.undo(entered, context),
  },
  {
    name: "a knock to be withdrawn",
    canSkipCheck: false,
    run: (context) => roomSteps.knock.undo(entered, context),
  },
  {
    name: "a level to be given back",
    canSkipCheck: false,
    run: (context) => roomSteps.power_level.undo(levelled, context),
  },
];

describe.each(STEPS)("$name", ({ canSkipCheck, run }) => {
  const forbidden = refused(403, "M_FORBIDDEN");
  const contextWith = (answer: Answer) =>
    scriptedContext(
      {
        [OWN_MEMBER]: NOT_FOUND,
        [JOIN]: forbidden,
        [KNOCK]: forbidden,
        [SEEN_MEMBER]: answer,
        [LEVELS]: answer,
      },
      { canSkipCheck, isJoined: () => false },
    ).context;

  it.each<{ name: string; answer: Answer; outcome: object }>([
    {
      name: "session has ended",
      answer: refused(401, "M_UNKNOWN_TOKEN"),
      outcome: { status: "needs_user", problem: { code: "session_ended" } },
    },
    {
      name: "account is locked",
      answer: refused(401, "M_USER_LOCKED"),
      outcome: { status: "needs_user", problem: { code: "account_locked" } },
    },
    {
      name: "server is away",
      answer: new UnreachableError("refused", "old.example"),
      outcome: { status: "wait", waitingFor: "server" },
    },
    {
      name: "server limits it",
      answer: refused(429, "M_LIMIT_EXCEEDED"),
      outcome: { status: "wait", waitingFor: "limit" },
    },
  ])("says that it is the old account's when the $name", async ({ answer, outcome }) => {
    expect(await run(contextWith(answer))).toMatchObject({ ...outcome, side: "source" });
  });
});

describe("a step's own account and server", () => {
  const join = { ...joined, kind: "join" };

  it("are not named when the session has ended", async () => {
    const script = { [OWN_MEMBER]: refused(401, "M_UNKNOWN_TOKEN") };
    const { context } = scriptedContext(script, { canSkipCheck: false });
    const outcome = await roomSteps.join.run(join, context);
    expect(outcome).toMatchObject({ status: "needs_user" });
    expect(outcome).not.toHaveProperty("side");
  });

  it("are not named when the server is away or limits it", async () => {
    const away = scriptedContext({ [JOIN]: new UnreachableError("refused", "new.example") });
    expect(await roomSteps.join.run(join, away.context)).not.toHaveProperty("side");
    const leaving = scriptedContext({
      [SEEN_MEMBER]: content({ membership: "invite" }),
      [SOURCE_MEMBER]: content({ membership: "join" }),
      [LEAVE]: refused(429, "M_LIMIT_EXCEEDED"),
    });
    expect(await roomSteps.invite.undo(entered, leaving.context)).not.toHaveProperty("side");
  });
});

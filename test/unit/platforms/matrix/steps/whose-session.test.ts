import { describe, expect, it } from "vitest";
import type { StepOutcome } from "../../../../../src/model/step-outcome.ts";
import { UnreachableError } from "../../../../../src/network/unreachable-error.ts";
import { roomSteps } from "../../../../../src/platforms/matrix/steps/registry.ts";
import type { StepContext } from "../../../../../src/platforms/matrix/steps/step-context.ts";
import { TARGET } from "../../../../support/plans/planned-rooms.ts";
import { NOT_FOUND, refused, ROOM, scriptedContext } from "../../../../support/fakes/scripted-context.ts";
import type { Answer } from "../../../../support/fakes/scripted-context.ts";

const JOIN = `target POST /join/${ROOM}`;
const SEEN_MEMBER = `source GET /rooms/${ROOM}/state/m.room.member/${TARGET}`;
const OWN_MEMBER = `target GET /rooms/${ROOM}/state/m.room.member/${TARGET}`;
const LEVELS = `source GET /rooms/${ROOM}/state/m.room.power_levels`;

const joined = { kind: "join_invited", roomId: ROOM, via: ["old.example"], through: null };
const knocked = { roomId: ROOM, via: ["old.example"], reason: null };
const levelled = { roomId: ROOM, level: 50, roomVersion: "11", creators: [], before: null };

/** Steps of the new account that ask the old one's server as well. */
const asking: [string, (context: StepContext) => Promise<StepOutcome> | undefined][] = [
  ["a join that is not let in yet", (context) => roomSteps.join_invited.run(joined, context)],
  ["a knock that may have been made", (context) => roomSteps.knock.run(knocked, context)],
  ["an invitation to be turned down", (context) => roomSteps.invite.undo({ roomId: ROOM }, context)],
  ["a knock to be taken back", (context) => roomSteps.knock.undo({ roomId: ROOM }, context)],
  ["a level to be given back", (context) => roomSteps.power_level.undo(levelled, context)],
];

describe.each(asking)("%s", (_, run) => {
  const world = (given: Answer) =>
    scriptedContext(
      { [OWN_MEMBER]: NOT_FOUND, [JOIN]: refused(403, "M_FORBIDDEN"), [SEEN_MEMBER]: given, [LEVELS]: given },
      { canSkipCheck: false, isInside: () => false },
    ).context;

  it.each<[string, Answer, object]>([
    [
      "session has ended",
      refused(401, "M_UNKNOWN_TOKEN"),
      { status: "needs_user", problem: { code: "session_ended" } },
    ],
    [
      "account is locked",
      refused(401, "M_USER_LOCKED"),
      { status: "needs_user", problem: { code: "account_locked" } },
    ],
    [
      "server is away",
      new UnreachableError("refused", "old.example"),
      { status: "wait", waitingFor: "server" },
    ],
  ])("says that it is the old account's when the %s", async (_what, given, outcome) => {
    expect(await run(world(given))).toMatchObject({ ...outcome, side: "source" });
  });
});

it("says nothing else of the step's own account", async () => {
  const { context } = scriptedContext(
    { [OWN_MEMBER]: refused(401, "M_UNKNOWN_TOKEN") },
    { canSkipCheck: false },
  );
  const outcome = await roomSteps.join.run({ ...joined, kind: "join" }, context);
  expect(outcome).toMatchObject({ status: "needs_user" });
  expect(outcome).not.toHaveProperty("side");
});

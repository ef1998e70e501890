import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import { KeyedQueue } from "../../../src/model/keyed-queue.ts";
import type { StepOutcome } from "../../../src/model/step-outcome.ts";
import type { PlannedStep } from "../../../src/model/step.ts";
import { apiPath } from "../../../src/platforms/matrix/api/homeserver-client.ts";
import { HomeserverError } from "../../../src/platforms/matrix/api/homeserver-error.ts";
import { isJsonObject } from "../../../src/platforms/matrix/api/json.ts";
import type { RoomStepKind } from "../../../src/platforms/matrix/planning/room-steps.ts";
import { roomSteps } from "../../../src/platforms/matrix/steps/registry.ts";
import type { StepContext } from "../../../src/platforms/matrix/steps/step-context.ts";
import { joinRules } from "../../lab/population/room-fixture.ts";
import type { PopulationSession } from "../../lab/population/session.ts";
import { createRoom } from "../../lab/population/session.ts";
import { imageCopiesIn } from "../../support/fakes/image-copies.ts";

/** The two accounts, and the rooms that the target has joined as far as the test knows. */
export interface Pair {
  readonly source: PopulationSession;
  readonly target: PopulationSession;
  readonly entered: ReadonlySet<string>;
}

/** The outcome of a step and the number of its tries. */
export interface Ran {
  readonly step: PlannedStep;
  readonly outcome: StepOutcome;
  readonly tries: number;
}

/** A step that is put off again and again ends after this time. Some tests expect that. */
const PUT_OFF_MS = 20_000;
const HEARD_WITHIN_MS = 5 * 60_000;
const POLL_MS = 100;

function contextOf({ source, target, entered }: Pair, canSkipCheck: boolean): StepContext {
  return {
    client: { source: source.client, target: target.client },
    userId: { source: source.userId, target: target.userId },
    side: "target",
    stepId: "step",
    canSkipCheck,
    imageCopies: imageCopiesIn(),
    inTurn: new KeyedQueue(),
    now: Date.now,
    failures: 0,
    savedUndo: null,
    saveUndo: async () => undefined,
    reserveChat: async () => ({ status: "reserved" }),
    isJoined: (roomId) => entered.has(roomId),
    knockReason: "It is me",
    signal: new AbortController().signal,
    mayGoOn: () => true,
  };
}

/**
 * Repeats a step like the runner but without its long pauses. Servers may need time to learn of
 * each other's events.
 */
export async function runStep(step: PlannedStep, pair: Pair): Promise<Ran> {
  const deadline = Date.now() + PUT_OFF_MS;
  for (let tries = 1; ; tries += 1) {
    const outcome = await tryStep(step, pair, tries === 1);
    if ((outcome.status !== "retry" && outcome.status !== "wait") || Date.now() > deadline)
      return { step, outcome, tries };
    await sleep(POLL_MS);
  }
}

export async function tryStep(step: PlannedStep, pair: Pair, canSkipCheck: boolean): Promise<StepOutcome> {
  return await roomSteps[kindOf(step)].run(step.payload, contextOf(pair, canSkipCheck));
}

export async function undoStep(
  { step, outcome }: Ran,
  pair: Pair,
  { leavesAnyway = false }: { leavesAnyway?: boolean } = {},
): Promise<StepOutcome> {
  const { undo } = roomSteps[kindOf(step)];
  // A knock does not return what it did.
  const given = outcome.status === "done" ? outcome.undo : step.payload;
  const confirmed = leavesAnyway && isJsonObject(given) ? { ...given, leavesAnyway } : given;
  return await undo(confirmed, contextOf(pair, true));
}

const isRoomStep = (kind: string): kind is RoomStepKind => Object.hasOwn(roomSteps, kind);

function kindOf({ kind }: PlannedStep): RoomStepKind {
  if (!isRoomStep(kind)) throw new Error(`${kind} is no step on a room`);
  return kind;
}

const eventAnswer = z.object({
  event_id: z.string(),
  content: z.looseObject({ membership: z.string().optional() }),
});
const levelsAnswer = z.looseObject({
  users: z.record(z.string(), z.number()).optional(),
  users_default: z.number().optional(),
});

/** A state event as a person sees it. `null` if it is absent or hidden. */
export async function stateEvent(
  { client }: PopulationSession,
  roomId: string,
  type: string,
  stateKey: string,
): Promise<z.output<typeof eventAnswer> | null> {
  const path =
    apiPath`/_matrix/client/v3/rooms/${roomId}/state/${type}` +
    (stateKey === "" ? "" : apiPath`/${stateKey}`);
  try {
    return await client.request({ method: "GET", path, query: { format: "event" }, schema: eventAnswer });
  } catch (error) {
    if (error instanceof HomeserverError && error.status < 500) return null;
    throw error;
  }
}

export async function membershipOf(
  seenBy: PopulationSession,
  roomId: string,
  userId: string,
): Promise<string | undefined> {
  return (await stateEvent(seenBy, roomId, "m.room.member", userId))?.content.membership;
}

/** A person's level in the room's event, and their own entry in it. */
export async function levelOf(
  seenBy: PopulationSession,
  roomId: string,
  userId: string,
): Promise<{ own: number | undefined; level: number }> {
  const levels = levelsAnswer.parse(
    (await stateEvent(seenBy, roomId, "m.room.power_levels", ""))?.content ?? {},
  );
  const own = levels.users?.[userId];
  return { own, level: own ?? levels.users_default ?? 0 };
}

/**
 * Repeats a request until the answer is right, because events need time between servers.
 * @returns the last answer
 */
export async function until<Answer>(
  ask: () => Promise<Answer>,
  isRight: (answer: Answer) => boolean,
): Promise<Answer> {
  const deadline = Date.now() + HEARD_WITHIN_MS;
  for (;;) {
    const answer = await ask();
    if (isRight(answer) || Date.now() > deadline) return answer;
    await sleep(POLL_MS);
  }
}

/** @param room its join rule, the level for invitations, and the levels of others than the admin */
export async function makeRoom(
  admin: PopulationSession,
  room: { rule: string; level: number; users?: Record<string, number> },
): Promise<string> {
  return await createRoom(admin, {
    preset: "private_chat",
    room_version: "11",
    power_level_content_override: {
      invite: room.level,
      users: { [admin.userId]: 100, ...room.users },
      events: { "m.room.power_levels": 50 },
    },
    initial_state: [{ ...joinRules(room.rule), state_key: "" }],
  });
}

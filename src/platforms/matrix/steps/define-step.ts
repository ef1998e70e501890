import type { z } from "zod";
import type { Side } from "../../../model/account.ts";
import type { StepOutcome } from "../../../model/step-outcome.ts";
import type { HomeserverClient } from "../api/homeserver-client.ts";
import type { StepContext, StepFunction, UndoFunction } from "./step-context.ts";
import { NoSessionError, StepInterruptedError, toOutcome } from "./step-errors.ts";

/**
 * One of the two accounts and the requests of its session. They are aborted when the process stops.
 * Once the run was paused or ended, none is sent any more: the step then ends as `interrupted`,
 * however many requests it has left.
 */
export interface StepSession extends Pick<
  HomeserverClient,
  "request" | "upload" | "download" | "stream" | "baseUrl"
> {
  readonly userId: string;
  /** False for a source that is known from files. Every request fails then (`NoSessionError`). */
  readonly isSignedIn: boolean;
}

/** The context of a step with a session for each account and a typed undo record. */
export interface StepScope<Undo> extends Pick<
  StepContext,
  | "stepId"
  | "canSkipCheck"
  | "failures"
  | "imageCopies"
  | "inTurn"
  | "now"
  | "isJoined"
  | "isServerNew"
  | "isJustJoined"
  | "mayHistoryCome"
  | "reserveChat"
  | "knockReason"
  | "leaving"
  | "isEnding"
  | "signal"
> {
  readonly source: StepSession;
  readonly target: StepSession;
  /** That of the side that acts. */
  readonly own: StepSession;
  /** `savedUndo` of `StepContext`. */
  readonly savedUndo: Undo | null;
  /** `saveUndo` of `StepContext`. */
  readonly saveUndo: (undo: Undo | null) => Promise<void>;
}

type Work<Input, Undo> = (input: Input, scope: StepScope<Undo>) => Promise<StepOutcome>;

interface StepDefinition<Payload, Undo> {
  readonly payload: z.ZodType<Payload>;
  /** The schema of the record that the undo needs. */
  readonly undoRecord: z.ZodType<Undo>;
  readonly run: Work<Payload, Undo>;
  /** `null`: the step cannot be undone. */
  readonly undo: Work<Undo, Undo> | null;
}

/** How a kind of step is done and undone. */
export interface Step {
  readonly run: StepFunction;
  /** `null`: it cannot be undone. */
  readonly undo: UndoFunction | null;
}

/** A kind of step that can be undone. */
export interface UndoableStep extends Step {
  readonly undo: UndoFunction;
}

/**
 * Makes a step of two functions. Stored JSON is read with their schemas, and errors of servers
 * become outcomes.
 */
export function defineStep<Payload, Undo>(
  definition: StepDefinition<Payload, Undo> & { readonly undo: Work<Undo, Undo> },
): UndoableStep;
export function defineStep<Payload, Undo>(definition: StepDefinition<Payload, Undo>): Step;
export function defineStep<Payload, Undo>(definition: StepDefinition<Payload, Undo>): Step {
  const { payload, undoRecord, run, undo } = definition;
  return {
    run: stepFunction(payload, undoRecord, run),
    undo: undo === null ? null : stepFunction(undoRecord, undoRecord, undo),
  };
}

function stepFunction<Input, Undo>(
  input: z.ZodType<Input>,
  undoRecord: z.ZodType<Undo>,
  work: Work<Input, Undo>,
): StepFunction {
  return async (stored, context) => {
    const scope = scopeOf(context, undoRecord.nullable().parse(context.savedUndo));
    try {
      return await work(input.parse(stored), scope);
    } catch (error) {
      return toOutcome(error);
    }
  };
}

function scopeOf<Undo>(context: StepContext, savedUndo: Undo | null): StepScope<Undo> {
  const { client: _client, userId: _userId, side, ...rest } = context;
  const sessions = { source: sessionOf(context, "source"), target: sessionOf(context, "target") };
  // A run that was erased meanwhile gets no record any more.
  const reserveChat: StepContext["reserveChat"] = async (chat) => {
    assertGoesOn(context);
    return await context.reserveChat(chat);
  };
  return { ...rest, ...sessions, savedUndo, reserveChat, own: sessions[side] };
}

function assertGoesOn({ mayGoOn }: Pick<StepContext, "mayGoOn">): void {
  if (!mayGoOn()) throw new StepInterruptedError();
}

function sessionOf(context: StepContext, side: Side): StepSession {
  const { client, userId, signal } = context;
  const session = client[side];
  if (session === null) return noSession(userId[side], side);
  return {
    userId: userId[side],
    isSignedIn: true,
    baseUrl: session.baseUrl,
    request: async (request) => {
      assertGoesOn(context);
      const signals = request.signal === undefined ? [signal] : [signal, request.signal];
      return await session.request({ ...request, signal: AbortSignal.any(signals) });
    },
    upload: async (request) => {
      assertGoesOn(context);
      return await session.upload({ ...request, signal });
    },
    download: async (request) => {
      assertGoesOn(context);
      return await session.download({ ...request, signal });
    },
    stream: async (request) => {
      assertGoesOn(context);
      return await session.stream({ ...request, signal });
    },
  };
}

/** Every request fails, because nobody has signed in the account. */
function noSession(userId: string, side: Side): StepSession {
  const refuse = (): Promise<never> => Promise.reject(new NoSessionError(side));
  return {
    userId,
    isSignedIn: false,
    baseUrl: "",
    request: refuse,
    upload: refuse,
    download: refuse,
    stream: refuse,
  };
}

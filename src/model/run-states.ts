/**
 * The states of a run, the events that can happen to it, and the state that follows. Code that
 * changes the state of a run names the event. The store looks the new state up here, in the
 * transaction that writes it.
 */

/**
 * - `running`: the runner takes its steps.
 * - `paused`: its owner paused it.
 * - `needs_you`: it stopped until its owner has solved a problem with one of the accounts.
 * - `watching`: everything is done, and the rooms that wait for a person are watched.
 * - `over`: nothing more happens.
 */
export const RUN_STATES = ["running", "paused", "needs_you", "watching", "over"] as const;
export type RunState = (typeof RUN_STATES)[number];

/**
 * - `interrupted`: the process ended while it worked on the run; the next process continues.
 * - `revised`: nothing was left to do, both accounts were read again, and missing steps were added.
 * - `settled`: nothing is left to do, and no room waits for a person.
 * - `settled_with_watch`: nothing is left to do, and rooms wait for a person.
 * - `access_changed`: a watched room has opened, or the target was let in.
 * - `needs_owner`: an account cannot be used until its owner acts, for example signs in again.
 * - `held`: an account may not join or invite until its owner acts. All other steps go on.
 * - `signed_in`: the owner has signed in again.
 * - `paused`, `resumed`, `cancelled`: commands of the owner.
 * - `abandoned`: the owner signs out or is forgotten.
 * - `replaced`: the owner has started another run of a whole plan, or an undo.
 */
export const RUN_EVENTS = [
  "interrupted",
  "revised",
  "settled",
  "settled_with_watch",
  "access_changed",
  "needs_owner",
  "held",
  "signed_in",
  "paused",
  "resumed",
  "cancelled",
  "abandoned",
  "replaced",
] as const;
export type RunEvent = (typeof RUN_EVENTS)[number];

/** The state of a newly stored run. */
export const FIRST_RUN_STATE = "running" satisfies RunState;

/** An event that is not listed for a state does not apply and changes nothing. */
const TRANSITIONS: Readonly<Record<RunState, Readonly<Partial<Record<RunEvent, RunState>>>>> = {
  running: {
    interrupted: "running",
    revised: "running",
    settled: "over",
    settled_with_watch: "watching",
    needs_owner: "needs_you",
    held: "running",
    paused: "paused",
    cancelled: "over",
    abandoned: "over",
  },
  paused: { resumed: "running", cancelled: "over", abandoned: "over" },
  needs_you: { signed_in: "running", resumed: "running", cancelled: "over", abandoned: "over" },
  watching: { access_changed: "running", cancelled: "over", abandoned: "over", replaced: "over" },
  over: {},
};

/** @returns `null` if the event does not apply; the state then stays as it is */
export function nextState(state: RunState, event: RunEvent): RunState | null {
  return TRANSITIONS[state][event] ?? null;
}

/** The states in which an event applies. */
export function statesBefore(event: RunEvent): readonly RunState[] {
  return RUN_STATES.filter((state) => nextState(state, event) !== null);
}

/** Whether the runner takes steps of the run. Only such a run can be paused. */
export function isWorkedOn({ state }: { state: RunState }): boolean {
  return nextState(state, "paused") !== null;
}

/** Whether something can still happen to the run. */
export function isUnfinished({ state }: { state: RunState }): boolean {
  return RUN_EVENTS.some((event) => nextState(state, event) !== null);
}

/** Whether the run prevents its owner from starting another one. */
export function isActive(run: { state: RunState }): boolean {
  return isUnfinished(run) && nextState(run.state, "replaced") === null;
}

/** The states in which the runner takes steps. */
export const WORKED_ON_STATES = RUN_STATES.filter((state) => isWorkedOn({ state }));
export const UNFINISHED_RUN_STATES = RUN_STATES.filter((state) => isUnfinished({ state }));
export const ACTIVE_RUN_STATES = RUN_STATES.filter((state) => isActive({ state }));

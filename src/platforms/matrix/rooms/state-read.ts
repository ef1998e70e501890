/**
 * One piece of room state, as far as it is known.
 * - `absent`: there is no event, so the specification's default counts.
 * - `malformed`: there is an event, but it is not valid.
 * - `unread`: it was not requested or not sent (stripped state of an invitation, a room summary).
 *
 * A read that failed is an error, not a value.
 */
export type StateRead<Value> =
  { kind: "present"; value: Value } | { kind: "absent" } | { kind: "malformed" } | { kind: "unread" };

export const ABSENT = { kind: "absent" } as const;
export const MALFORMED = { kind: "malformed" } as const;
export const UNREAD = { kind: "unread" } as const;

/** State that was read and is valid. */
export function present<Value>(value: Value): { kind: "present"; value: Value } {
  return { kind: "present", value };
}

/** The value; `null` if there is no valid one. */
export function valueOf<Value>(state: StateRead<Value>): Value | null {
  return state.kind === "present" ? state.value : null;
}

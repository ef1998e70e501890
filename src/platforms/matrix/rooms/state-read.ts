/**
 * What is known of one piece of room state. The four are never mixed up: `absent` means the
 * specification's default, `malformed` is there but cannot be understood, `unread` was never asked
 * for or not sent (stripped state of an invitation, a room summary). A read that failed is an
 * error, not a value.
 */
export type StateRead<Value> =
  { kind: "present"; value: Value } | { kind: "absent" } | { kind: "malformed" } | { kind: "unread" };

export const ABSENT = { kind: "absent" } as const;
export const MALFORMED = { kind: "malformed" } as const;
export const UNREAD = { kind: "unread" } as const;

export function present<Value>(value: Value): { kind: "present"; value: Value } {
  return { kind: "present", value };
}

/** The value, or `null` when there is none that can be understood. */
export function valueOf<Value>(state: StateRead<Value>): Value | null {
  return state.kind === "present" ? state.value : null;
}

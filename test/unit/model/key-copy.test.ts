import { describe, expect, it } from "vitest";
import type { KeyCopyEvent, KeyCopyState } from "../../../src/model/key-copy.ts";
import {
  KEY_COPY_EVENTS,
  KEY_COPY_STATES,
  holdsKeys,
  isKeyCopyUnfinished,
  nextKeyCopyState,
} from "../../../src/model/key-copy.ts";

/** Every pair that changes something; every other pair changes nothing. */
const changes: readonly { state: KeyCopyState; event: KeyCopyEvent; next: KeyCopyState }[] = [
  { state: "verifying", event: "opened", next: "running" },
  { state: "verifying", event: "stopped", next: "stopped" },
  { state: "verifying", event: "cancelled", next: "cancelled" },
  { state: "verifying", event: "abandoned", next: "cancelled" },
  { state: "running", event: "backup_missing", next: "waiting_for_backup" },
  { state: "running", event: "server_away", next: "waiting_for_server" },
  { state: "running", event: "needs_owner", next: "needs_you" },
  { state: "running", event: "key_erased", next: "needs_key" },
  { state: "running", event: "finished", next: "done" },
  { state: "running", event: "stopped", next: "stopped" },
  { state: "running", event: "cancelled", next: "cancelled" },
  { state: "running", event: "abandoned", next: "cancelled" },
  { state: "waiting_for_backup", event: "backup_missing", next: "waiting_for_backup" },
  { state: "waiting_for_backup", event: "continued", next: "running" },
  { state: "waiting_for_backup", event: "needs_owner", next: "needs_you" },
  { state: "waiting_for_backup", event: "key_erased", next: "needs_key" },
  { state: "waiting_for_backup", event: "stopped", next: "stopped" },
  { state: "waiting_for_backup", event: "cancelled", next: "cancelled" },
  { state: "waiting_for_backup", event: "abandoned", next: "cancelled" },
  { state: "waiting_for_server", event: "continued", next: "running" },
  { state: "waiting_for_server", event: "key_erased", next: "needs_key" },
  { state: "waiting_for_server", event: "stopped", next: "stopped" },
  { state: "waiting_for_server", event: "cancelled", next: "cancelled" },
  { state: "waiting_for_server", event: "abandoned", next: "cancelled" },
  { state: "needs_you", event: "signed_in", next: "running" },
  { state: "needs_you", event: "key_erased", next: "needs_key" },
  { state: "needs_you", event: "cancelled", next: "cancelled" },
  { state: "needs_you", event: "abandoned", next: "cancelled" },
  { state: "needs_key", event: "cancelled", next: "cancelled" },
  { state: "needs_key", event: "abandoned", next: "cancelled" },
];

const pairs = KEY_COPY_STATES.flatMap((state) => KEY_COPY_EVENTS.map((event) => ({ state, event })));

describe("the life of a copy of keys", () => {
  it.each(
    pairs.map(({ state, event }) => ({
      state,
      event,
      next: changes.find((change) => change.state === state && change.event === event)?.next ?? null,
    })),
  )("goes from $state by $event to $next", ({ state, event, next }) => {
    expect(nextKeyCopyState(state, event)).toBe(next);
  });

  it("is unfinished until it is done, stopped or cancelled", () => {
    expect(KEY_COPY_STATES.filter((state) => isKeyCopyUnfinished({ state }))).toEqual([
      "verifying",
      "running",
      "waiting_for_backup",
      "waiting_for_server",
      "needs_you",
      "needs_key",
    ]);
  });

  it("keeps what opens the keys only while it can go on by itself or after a sign-in", () => {
    expect(KEY_COPY_STATES.filter(holdsKeys)).toEqual([
      "running",
      "waiting_for_backup",
      "waiting_for_server",
      "needs_you",
    ]);
  });
});

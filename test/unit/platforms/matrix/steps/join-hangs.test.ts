import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { UnreachableError } from "../../../../../src/network/unreachable-error.ts";
import { LOOKS_AFTER_MS } from "../../../../../src/platforms/matrix/steps/answer-or-seen.ts";
import { roomSteps } from "../../../../../src/platforms/matrix/steps/registry.ts";
import type { Answer } from "../../../../support/fakes/scripted-context.ts";
import { ROOM, scriptedContext } from "../../../../support/fakes/scripted-context.ts";
import { member, OWN_MEMBER } from "./entry-answers.ts";

const JOIN = `target POST /join/${ROOM}`;
const join = { kind: "join", roomId: ROOM, via: ["old.example"], through: null };

beforeEach(() => vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] }));
afterEach(() => vi.useRealTimers());

function hangingJoin(seen: Answer) {
  const script = scriptedContext({ [JOIN]: "hangs", [OWN_MEMBER]: seen });
  const stopping = new AbortController();
  const outcome = roomSteps.join.run(join, { ...script.context, signal: stopping.signal });
  return { ...script, outcome, stopping };
}

it("a join that hangs ends when its server shows that the account is in", async () => {
  const { outcome, lines, savedUndos } = hangingJoin(member("join"));
  await vi.advanceTimersByTimeAsync(LOOKS_AFTER_MS - 1);
  expect(lines()).toEqual([JOIN]);
  await vi.advanceTimersByTimeAsync(1);
  expect(await outcome).toEqual({ status: "done", undo: { roomId: ROOM } });
  expect([lines(), savedUndos]).toEqual([[JOIN, OWN_MEMBER], [{ roomId: ROOM }]]);
});

it.each<{ name: string; seen: Answer }>([
  { name: "shows that the account is not in", seen: member("invite") },
  { name: "does not answer", seen: new UnreachableError("timeout", "new.example") },
])("a join that hangs goes on where its server $name, and is looked at once", async ({ seen }) => {
  const { outcome, lines, stopping } = hangingJoin(seen);
  await vi.advanceTimersByTimeAsync(10 * LOOKS_AFTER_MS);
  expect(lines()).toEqual([JOIN, OWN_MEMBER]);
  stopping.abort();
  expect(await outcome).toMatchObject({ status: "wait" });
});

import { describe, expect, it } from "vitest";
import { UnreachableError } from "../../../../../src/network/unreachable-error.ts";
import { roomSteps } from "../../../../../src/platforms/matrix/steps/registry.ts";
import type { Answer } from "../../../../support/fakes/scripted-context.ts";
import {
  content,
  NOT_FOUND,
  NOT_INSIDE,
  refused,
  ROOM,
  scriptedContext,
} from "../../../../support/fakes/scripted-context.ts";
import { TARGET } from "../../../../support/plans/planned-rooms.ts";

const OWN_MEMBER = `target GET /rooms/${ROOM}/state/m.room.member/${TARGET}`;
const SEEN_MEMBER = `source GET /rooms/${ROOM}/state/m.room.member/${TARGET}`;
const SUMMARY = `target GET /_matrix/client/v1/room_summary/${ROOM}`;

const undo = { roomId: ROOM };
const joining = (kind: string, through: string | null = null) => ({
  kind,
  roomId: ROOM,
  via: ["one.example"],
  through,
});

const steps = {
  join: { payload: joining("join"), write: `target POST /join/${ROOM}`, look: OWN_MEMBER },
  join_restricted: {
    payload: joining("join_restricted", "!space"),
    write: `target POST /join/${ROOM}`,
    look: OWN_MEMBER,
  },
  invite: { payload: undo, write: `source POST /rooms/${ROOM}/invite`, look: SEEN_MEMBER },
  knock: {
    payload: { roomId: ROOM, via: [], reason: null },
    write: `target POST /knock/${ROOM}`,
    look: SEEN_MEMBER,
  },
} as const;

type Kind = keyof typeof steps;

/**
 * One try.
 * @param answer the answer to the write
 * @param seen the answers to reads of the membership: before the write in a later try, and after it
 */
async function tryOnce(
  kind: Kind,
  answer: Answer,
  { seen = [NOT_FOUND], isLater = false }: { seen?: Answer[]; isLater?: boolean },
) {
  const { payload, write, look } = steps[kind];
  const scripted = scriptedContext(
    { [write]: answer, [look]: seen, [SUMMARY]: NOT_FOUND },
    isLater ? { canSkipCheck: false, savedUndo: undo } : {},
  );
  return {
    outcome: await roomSteps[kind].run(payload, scripted.context),
    savedUndos: scripted.savedUndos,
    lines: scripted.lines(),
  };
}

const member = (membership: string): Answer => content({ membership });
const everyKind = ["join", "invite", "knock"] as const;
const trouble = refused(502, "M_UNKNOWN");

describe("a server's own error", () => {
  it.each(everyKind)(
    "leaves nothing to undo of %s if the membership shows that nothing was done",
    async (kind) => {
      for (const seen of [NOT_FOUND, member("leave")]) {
        const { outcome, savedUndos } = await tryOnce(kind, trouble, { seen: [seen] });
        expect(outcome.status).toBe("wait");
        expect(savedUndos).toEqual([undo, null]);
      }
    },
  );

  it.each([
    { kind: "invite", status: "failed" },
    { kind: "knock", status: "wait" },
  ] as const)("leaves nothing to undo of $kind if no membership is visible", async ({ kind, status }) => {
    const { outcome, savedUndos } = await tryOnce(kind, trouble, { seen: [NOT_INSIDE] });
    expect(outcome.status).toBe(status);
    expect(savedUndos).toEqual([undo, null]);
  });

  it("leaves nothing to undo at once when no server let the account join", async () => {
    for (const kind of ["join", "join_restricted"] as const) {
      const { savedUndos, lines } = await tryOnce(
        kind,
        refused(502, "M_UNKNOWN", "Failed to make_join via any server"),
        {},
      );
      expect(savedUndos).toEqual([undo, null]);
      expect(lines).toEqual([steps[kind].write]);
    }
  });

  it.each([
    { kind: "join", membership: "join", outcome: { status: "done", undo } },
    { kind: "invite", membership: "invite", outcome: { status: "done", undo } },
    { kind: "knock", membership: "knock", outcome: { status: "needs_moderator" } },
  ] as const)("does not hide that $kind was done", async ({ kind, membership, outcome }) => {
    const tried = await tryOnce(kind, trouble, { seen: [member(membership)] });
    expect(tried.outcome).toEqual(outcome);
    expect(tried.savedUndos).toEqual([undo]);
  });

  it.each(everyKind)("keeps the undo record of %s when a proxy answered", async (kind) => {
    const { savedUndos } = await tryOnce(kind, { status: 504, bytes: "<html>" }, {});
    expect(savedUndos).toEqual([undo]);
  });
});

describe("a second request, while the answer to the first is lost", () => {
  it.each(
    everyKind.flatMap((kind) => [
      { kind, answer: refused(429, "M_LIMIT_EXCEEDED") },
      { kind, answer: trouble },
    ]),
  )("for $kind says nothing about the first one", async ({ kind, answer }) => {
    const { outcome, savedUndos } = await tryOnce(kind, answer, { isLater: true });
    expect(outcome.status).toBe("wait");
    expect(savedUndos.at(-1)).toEqual(undo);
  });

  it.each(everyKind)(
    "for %s deletes the undo record when the step has failed and nothing was done",
    async (kind) => {
      for (const answer of [refused(403, "M_FORBIDDEN"), refused(403, "M_BAD_STATE")]) {
        const { outcome, savedUndos } = await tryOnce(kind, answer, { isLater: true });
        expect(outcome.status).toBe("failed");
        expect(savedUndos.at(-1)).toBeNull();
      }
    },
  );

  it.each([
    { kind: "join", membership: "join", outcome: { status: "done", undo } },
    { kind: "invite", membership: "join", outcome: { status: "done", undo } },
    { kind: "knock", membership: "knock", outcome: { status: "needs_moderator" } },
  ] as const)("for $kind is refused because the first was done", async ({ kind, membership, outcome }) => {
    const seen = [NOT_FOUND, member(membership)];
    const tried = await tryOnce(kind, refused(403, "M_BAD_STATE"), { isLater: true, seen });
    expect(tried.outcome).toEqual(outcome);
    expect(tried.savedUndos.at(-1)).toEqual(undo);
  });

  it.each(["invite", "knock"] as const)("for %s is not made for a banned account", async (kind) => {
    const { outcome, savedUndos } = await tryOnce(kind, new UnreachableError("reset", "old.example"), {
      isLater: true,
      seen: [member("ban")],
    });
    expect(outcome.status).toBe("failed");
    expect(savedUndos).toEqual([null]);
  });
});

import { describe, expect, it } from "vitest";
import { UnreachableError } from "../../../../../src/network/unreachable-error.ts";
import { roomSteps } from "../../../../../src/platforms/matrix/steps/registry.ts";
import { TARGET } from "../../../../support/plans/planned-rooms.ts";
import {
  content,
  NOT_FOUND,
  NOT_INSIDE,
  refused,
  ROOM,
  scriptedContext,
} from "../../../../support/fakes/scripted-context.ts";
import type { Answer } from "../../../../support/fakes/scripted-context.ts";

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
 * One try: what the write is answered, and what is seen of the membership before it, if it is a
 * later one, and after it.
 */
async function tryOnce(
  kind: Kind,
  answer: Answer,
  { seen = [NOT_FOUND], isLater = false }: { seen?: Answer[]; isLater?: boolean },
) {
  const { payload, write, look } = steps[kind];
  const world = scriptedContext(
    { [write]: answer, [look]: seen, [SUMMARY]: NOT_FOUND },
    isLater ? { canSkipCheck: false, savedUndo: undo } : {},
  );
  return {
    outcome: await roomSteps[kind].run(payload, world.context),
    savedUndos: world.savedUndos,
    lines: world.lines(),
  };
}

const member = (membership: string): Answer => content({ membership });
const everyKind = ["join", "invite", "knock"] as const;
const trouble = refused(502, "M_UNKNOWN");

describe("a server's own error", () => {
  it.each(everyKind)(
    "leaves nothing to take back of %s, where it is seen that nothing was done",
    async (kind) => {
      for (const seen of [NOT_FOUND, member("leave")]) {
        const { outcome, savedUndos } = await tryOnce(kind, trouble, { seen: [seen] });
        expect(outcome.status).toBe("wait");
        expect(savedUndos).toEqual([undo, null]);
      }
    },
  );

  it.each([
    ["invite", "failed"],
    ["knock", "wait"],
  ] as const)("leaves nothing to take back of %s, where nothing is seen", async (kind, status) => {
    const { outcome, savedUndos } = await tryOnce(kind, trouble, { seen: [NOT_INSIDE] });
    expect(outcome.status).toBe(status);
    expect(savedUndos).toEqual([undo, null]);
  });

  it("says at once that no server let the account join", async () => {
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
    ["join", "join", { status: "done", undo }],
    ["invite", "invite", { status: "done", undo }],
    ["knock", "knock", { status: "needs_moderator" }],
  ] as const)("does not hide that %s was done", async (kind, membership, outcome) => {
    const tried = await tryOnce(kind, trouble, { seen: [member(membership)] });
    expect(tried.outcome).toEqual(outcome);
    expect(tried.savedUndos).toEqual([undo]);
  });

  it.each(everyKind)("says nothing of %s where it is a proxy's", async (kind) => {
    const { savedUndos } = await tryOnce(kind, { status: 504, bytes: "<html>" }, {});
    expect(savedUndos).toEqual([undo]);
  });
});

describe("a second request, while the answer to the first is lost", () => {
  it.each(
    everyKind.flatMap((kind) => [
      [kind, refused(429, "M_LIMIT_EXCEEDED")] as const,
      [kind, trouble] as const,
    ]),
  )("for %s does not speak of the first one", async (kind, answer) => {
    const { outcome, savedUndos } = await tryOnce(kind, answer, { isLater: true });
    expect(outcome.status).toBe("wait");
    expect(savedUndos.at(-1)).toEqual(undo);
  });

  it.each(everyKind)(
    "for %s ends what is known of it when the step has failed and nothing stands",
    async (kind) => {
      for (const answer of [refused(403, "M_FORBIDDEN"), refused(403, "M_BAD_STATE")]) {
        const { outcome, savedUndos } = await tryOnce(kind, answer, { isLater: true });
        expect(outcome.status).toBe("failed");
        expect(savedUndos.at(-1)).toBeNull();
      }
    },
  );

  it.each([
    ["join", "join", { status: "done", undo }],
    ["invite", "join", { status: "done", undo }],
    ["knock", "knock", { status: "needs_moderator" }],
  ] as const)("for %s is refused because the first was done", async (kind, membership, outcome) => {
    const seen = [NOT_FOUND, member(membership)];
    const tried = await tryOnce(kind, refused(403, "M_BAD_STATE"), { isLater: true, seen });
    expect(tried.outcome).toEqual(outcome);
    expect(tried.savedUndos.at(-1)).toEqual(undo);
  });

  it.each(["invite", "knock"] as const)(
    "for %s is not made for a banned account, of which nothing stands",
    async (kind) => {
      const { outcome, savedUndos } = await tryOnce(kind, new UnreachableError("reset", "old.example"), {
        isLater: true,
        seen: [member("ban")],
      });
      expect(outcome.status).toBe("failed");
      expect(savedUndos).toEqual([null]);
    },
  );
});

import { describe, expect, it } from "vitest";
import type { StepOutcome } from "../../../../../src/model/step-outcome.ts";
import type { StepKind } from "../../../../../src/model/step.ts";
import { UnreachableError } from "../../../../../src/network/unreachable-error.ts";
import { canUndo, runStep } from "../../../../../src/platforms/matrix/runs/run-step.ts";
import type { ScriptedRequest, Answer } from "../../../../support/fakes/scripted-context.ts";
import { NOT_FOUND, DONE, scriptedContext } from "../../../../support/fakes/scripted-context.ts";
import { NEW, OLD } from "../categories/contents-sketch.ts";

const BO = "@bo:old.example";
const ROOM = "!a:old.example";
const IN_ROOM = `/rooms/${ROOM}`;
const DATA = `/user/${NEW}/account_data`;
const DATA_IN_ROOM = `/user/${NEW}${IN_ROOM}/account_data`;
const MEMBER = `${IN_ROOM}/state/m.room.member/${NEW}`;

type Stored = Record<string, unknown>;

/** A server for both accounts that keeps what is written, by path. */
class KeepingServer {
  readonly #stored: Map<string, Stored>;

  constructor(stored: Record<string, Stored>) {
    this.#stored = new Map(Object.entries(stored));
  }

  answer({ method, path, body }: ScriptedRequest): Answer {
    if (method === "GET") {
      const json = this.#stored.get(path);
      return json === undefined ? NOT_FOUND : { json };
    }
    this.#keep(path, body as Stored);
    return DONE;
  }

  #keep(path: string, body: Stored): void {
    const [, tags, tag = ""] = /^(.*\/tags)\/(.*)$/.exec(path) ?? [];
    if (tags !== undefined)
      this.#put(tags, { tags: { ...(this.#stored.get(tags)?.["tags"] as Stored), [tag]: body } });
    else if (path.startsWith("/profile/"))
      this.#put(`/profile/${NEW}`, { ...this.#stored.get(`/profile/${NEW}`), ...body });
    else if (path.endsWith("/read_markers"))
      this.#put(`${DATA_IN_ROOM}/m.fully_read`, { event_id: body["m.fully_read"] });
    else if (path === `/join/${ROOM}`) this.#put(MEMBER, { membership: "join" });
    else if (path.endsWith("/invite")) this.#put(MEMBER, { membership: "invite" });
    else this.#put(path, body);
  }

  #put(path: string, content: Stored): void {
    this.#stored.set(path, content);
  }
}

const profile = {
  displayName: "Maestro",
  avatarUrl: null,
  everywhere: { displayName: null, avatarUrl: null },
};
const tags = ["u.x", "u.y"].map((name) => ({ name, order: 0.5 }));
const data = { roomId: null, type: "org.example.x", content: { a: 1, b: 2 } };

interface WritingStep {
  readonly kind: StepKind;
  readonly payload: unknown;
  /** What the server has at first, by path. */
  readonly stored: Record<string, Stored>;
}

const STEPS: readonly WritingStep[] = [
  { kind: "tags", payload: { roomId: ROOM, tags }, stored: {} },
  { kind: "account_data", payload: { ...data, isMerged: false }, stored: {} },
  {
    kind: "account_data",
    payload: { ...data, isMerged: true },
    stored: { [`${DATA}/org.example.x`]: { a: "own" } },
  },
  { kind: "room_setting", payload: { ...data, roomId: ROOM, isMerged: false }, stored: {} },
  {
    kind: "direct_chats",
    payload: { chats: [{ roomId: ROOM, counterpart: BO }] },
    stored: { [`${DATA}/m.direct`]: { [OLD]: [ROOM] } },
  },
  {
    kind: "ignored_users",
    payload: { userIds: [BO] },
    stored: { [`${DATA}/m.ignored_user_list`]: { ignored_users: { [OLD]: {} } } },
  },
  {
    kind: "profile_field",
    payload: { key: "displayname", value: "Ada", before: "me" },
    stored: { [`/profile/${NEW}`]: { displayname: "me" } },
  },
  {
    kind: "room_profile",
    payload: { roomId: ROOM, ...profile },
    stored: { [MEMBER]: { membership: "join", displayname: null } },
  },
  { kind: "read_marker", payload: { roomId: ROOM, eventId: "$read" }, stored: {} },
  {
    kind: "power_level",
    payload: { roomId: ROOM, level: 50, roomVersion: "11", creators: [] },
    stored: { [`${IN_ROOM}/state/m.room.power_levels`]: { users: { [OLD]: 100, [NEW]: 10 } } },
  },
  { kind: "join", payload: { kind: "join", roomId: ROOM, via: [], through: null }, stored: {} },
  { kind: "invite", payload: { roomId: ROOM }, stored: {} },
];

function undoOf(outcome: StepOutcome): unknown {
  return "undo" in outcome ? outcome.undo : undefined;
}

/** One try and the undo records that it saved; only the first `lost` writes are answered. */
async function tryOnce(
  server: KeepingServer,
  { kind, payload }: WritingStep,
  {
    lost = Infinity,
    refused = false,
    ...options
  }: {
    lost?: number;
    refused?: boolean;
    canSkipCheck?: boolean;
    savedUndo?: unknown;
    maxRequests?: number;
  } = {},
) {
  let writes = 0;
  const script = scriptedContext((request) => {
    if (request.method === "GET") return server.answer(request);
    if (refused) return { status: 403, json: { errcode: "M_FORBIDDEN", error: "no" } };
    const given = server.answer(request);
    writes += 1;
    if (writes > lost) throw new UnreachableError("reset", "new.example");
    return given;
  }, options);
  const outcome = await runStep({ kind, payload, side: "target", roomId: null }, script.context);
  return { outcome, savedUndos: script.savedUndos, writes, requests: script.requests.length };
}

describe.each(STEPS)("what $kind wrote", (step) => {
  const { stored } = step;

  it("is its own on a later try, and can be taken back, whichever answer was lost", async () => {
    const whole = await tryOnce(new KeepingServer(stored), step);
    expect(whole.outcome.status).toBe("done");
    for (let lost = 0; lost < whole.writes; lost += 1) {
      const server = new KeepingServer(stored);
      const first = await tryOnce(server, step, { lost });
      expect(first.outcome.status).toBe("wait");
      const savedUndo = JSON.parse(JSON.stringify(first.savedUndos.at(-1))) as unknown;
      const again = await tryOnce(server, step, { canSkipCheck: false, savedUndo });
      expect(again.outcome).toEqual(whole.outcome);
    }
  });

  it("ends with the request under way when the run is paused, and goes on with the run", async () => {
    const whole = await tryOnce(new KeepingServer(stored), step);
    for (let maxRequests = 0; maxRequests < whole.requests; maxRequests += 1) {
      const server = new KeepingServer(stored);
      const first = await tryOnce(server, step, { maxRequests });
      expect(first.outcome).toEqual({ status: "interrupted" });
      expect(first.requests).toBe(maxRequests);
      const savedUndo = JSON.parse(JSON.stringify(first.savedUndos.at(-1) ?? null)) as unknown;
      if (first.writes === 0) expect(savedUndo).toBeNull();
      const again = await tryOnce(server, step, { canSkipCheck: false, savedUndo });
      expect(again.outcome).toEqual(whole.outcome);
    }
  });

  it("ends in the same way while it is undone", async () => {
    const server = new KeepingServer(stored);
    const { outcome } = await tryOnce(server, step);
    const undone = { kind: "undo", payload: { kind: step.kind, undo: undoOf(outcome) }, stored } as const;
    expect((await tryOnce(server, undone, { maxRequests: 0 })).outcome.status).toBe(
      canUndo(step.kind) ? "interrupted" : "already_done",
    );
  });

  it("is somebody else's doing where no try wrote anything", async () => {
    const server = new KeepingServer(stored);
    await tryOnce(server, step);
    expect((await tryOnce(server, step, { canSkipCheck: false })).outcome).toEqual({
      status: "already_done",
    });
  });

  it("is nothing where the server refused it", async () => {
    const { savedUndos } = await tryOnce(new KeepingServer(stored), step, { refused: true });
    expect(savedUndos.length).toBeGreaterThan(1);
    expect(savedUndos.at(-1)).toBeNull();
  });
});

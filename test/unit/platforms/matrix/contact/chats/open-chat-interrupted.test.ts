import { describe, expect, it } from "vitest";
import type { StepOutcome } from "../../../../../../src/model/step-outcome.ts";
import { UnreachableError } from "../../../../../../src/network/unreachable-error.ts";
import { openChatStep } from "../../../../../../src/platforms/matrix/contact/chats/open-chat.ts";
import type { OpenChatPayload } from "../../../../../../src/platforms/matrix/contact/payloads.ts";
import type { Answer, ScriptedRequest } from "../../../../../support/fakes/scripted-context.ts";
import { DONE, NOT_FOUND, refused, scriptedContext } from "../../../../../support/fakes/scripted-context.ts";
import { SOURCE } from "../../../../../support/plans/planned-rooms.ts";

const HELPER = "@admin:far.example";
const MARKER = "io.github.matrix-mover.chat";

const PAYLOAD: OpenChatPayload = {
  partner: HELPER,
  isEncrypted: false,
  text: "Please let me in.",
  reason: "Please let me",
  purpose: { kind: "direct_chat", partner: HELPER },
};

interface Room {
  readonly mark: unknown;
  partner: string | null;
  isLeft: boolean;
  readonly texts: Map<string, unknown>;
}

/** A homeserver that keeps the rooms of one account. A transaction ID is used once. */
class ChatServer {
  readonly rooms = new Map<string, Room>();
  direct: unknown = null;
  invitations = 0;
  readonly refusesInvitations: boolean;

  constructor(refusesInvitations: boolean) {
    this.refusesInvitations = refusesInvitations;
  }

  answer({ method, path, body }: ScriptedRequest): Answer {
    if (path === "/createRoom") return { json: { room_id: this.#create(body) } };
    if (path === "/sync") return { json: { rooms: { join: this.#joined() } } };
    if (path.endsWith("/account_data/m.direct")) return this.#account(method, body);
    const [, roomId = "", rest = ""] = /^\/rooms\/([^/]+)\/(.*)$/.exec(path) ?? [];
    const room = this.rooms.get(roomId);
    if (room === undefined) throw new Error(`no such room: ${path}`);
    if (rest === "leave") room.isLeft = true;
    if (rest === "leave" || rest === "forget") return DONE;
    if (room.isLeft) return refused(403, "M_FORBIDDEN");
    if (rest === "state/m.room.encryption") return NOT_FOUND;
    if (rest.startsWith("send/")) return this.#send(room, rest, body);
    return method === "GET" ? this.#partner(room) : this.#invite(room);
  }

  #create(body: unknown): string {
    const roomId = `!chat${this.rooms.size}:old.example`;
    const content = (body as { creation_content: Record<string, unknown> }).creation_content;
    this.rooms.set(roomId, { mark: content[MARKER], partner: null, isLeft: false, texts: new Map() });
    return roomId;
  }

  #joined(): Record<string, unknown> {
    const own = [...this.rooms].filter(([, { isLeft }]) => !isLeft);
    const create = ({ mark }: Room) => ({
      type: "m.room.create",
      state_key: "",
      sender: SOURCE,
      content: { [MARKER]: mark },
    });
    return Object.fromEntries(own.map(([roomId, room]) => [roomId, { state: { events: [create(room)] } }]));
  }

  #account(method: string, body: unknown): Answer {
    if (method === "PUT") this.direct = body;
    return this.direct === null ? NOT_FOUND : { json: this.direct };
  }

  #partner({ partner }: Room): Answer {
    return partner === null ? NOT_FOUND : { json: { membership: partner } };
  }

  #invite(room: Room): Answer {
    if (this.refusesInvitations) return refused(403, "M_INVITE_BLOCKED");
    this.invitations += 1;
    room.partner = "invite";
    return DONE;
  }

  #send({ texts }: Room, rest: string, body: unknown): Answer {
    texts.set(rest, body);
    return DONE;
  }
}

interface Interruption {
  /** The request at which the process ends. */
  readonly at: number;
  /** The request has reached the server, and its answer was lost. */
  readonly isReached: boolean;
}

/** Runs the step to its end. The process ends once at a request, and the next one goes on. */
async function openedWith(
  { at, isReached }: Interruption,
  refusesInvitations: boolean,
  { isCancelled }: { isCancelled: boolean } = { isCancelled: false },
): Promise<{ server: ChatServer; outcome: StepOutcome; requests: number }> {
  const server = new ChatServer(refusesInvitations);
  let requests = 0;
  const scripted = scriptedContext(
    (request) => {
      requests += 1;
      const isCut = requests === at;
      const answer = isCut && !isReached ? DONE : server.answer(request);
      return isCut ? new UnreachableError("reset", "old.example") : answer;
    },
    { side: "source" },
  );
  let saved: unknown = null;
  for (let tries = 0; tries < 12; tries += 1) {
    const outcome = await openChatStep.run(PAYLOAD, {
      ...scripted.context,
      savedUndo: saved,
      saveUndo: async (undo) => void (saved = undo),
      isEnding: isCancelled && requests >= at,
    });
    if (outcome.status === "done" || outcome.status === "failed") return { server, outcome, requests };
  }
  throw new Error("the step does not end");
}

/** Every request of a chat that is opened, and one more for the search. */
const POINTS = [1, 2, 3, 4, 5, 6, 7, 8].flatMap((at) =>
  [true, false].map((isReached) => ({ at, isReached })),
);

describe("a chat whose opening is interrupted", () => {
  it.each(POINTS)(
    "has one room, one invitation and one text: request $at, reached: $isReached",
    async (point) => {
      const { server, outcome } = await openedWith(point, false);
      const [[roomId, room] = []] = server.rooms;
      expect(outcome).toEqual({ status: "done", undo: { roomId } });
      expect([server.rooms.size, server.invitations, room?.texts.size]).toEqual([1, 1, 1]);
      expect(server.direct).toEqual({ [HELPER]: [roomId] });
    },
  );

  it.each(POINTS)("leaves no room behind a refusal: request $at, reached: $isReached", async (point) => {
    const { server, outcome } = await openedWith(point, true);
    expect(outcome).toMatchObject({ status: "failed", problem: { code: "partner_refused" } });
    expect([...server.rooms.values()].map(({ isLeft }) => isLeft)).toEqual([true]);
    expect(server.direct).toBeNull();
  });

  it("is cut at every request", async () => {
    const { requests } = await openedWith({ at: Infinity, isReached: false }, false);
    expect(requests).toBeLessThan(POINTS.length / 2);
  });

  it.each(POINTS.flatMap((point) => [true, false].map((refuses) => ({ ...point, refuses }))))(
    "is no empty room after the run was cancelled: request $at, reached: $isReached, refused: $refuses",
    async ({ refuses, ...point }) => {
      const { server, outcome } = await openedWith(point, refuses, { isCancelled: true });
      for (const [roomId, { isLeft, partner }] of server.rooms) {
        expect(isLeft).toBe(partner === null);
        if (!isLeft) expect(server.direct).toEqual({ [HELPER]: [roomId] });
      }
      expect(["done", "failed"]).toContain(outcome.status);
      expect(server.invitations).toBeLessThanOrEqual(1);
    },
  );

  it.each([
    { next: "invite", roomId: "!chat0:old.example" },
    { next: "leave", roomId: "!chat0:old.example", problem: { code: "partner_refused", serverText: null } },
    { next: "create" },
  ])("is left at the end of the run, however far it was: $next", async (savedUndo) => {
    const server = new ChatServer(false);
    const mark = { creation_content: { [MARKER]: "step-1" } };
    server.answer({
      ...{ side: "source", method: "POST", path: "/createRoom", body: mark },
      ...{ query: new URLSearchParams(), type: undefined },
    });
    const script = { side: "source", savedUndo } as const;
    const { context, writes } = scriptedContext((request) => server.answer(request), script);
    expect((await openChatStep.run(PAYLOAD, { ...context, isEnding: true })).status).toBe("failed");
    expect(writes().map((line) => line.split("/").at(-1))).toEqual(["leave", "forget"]);
  });

  it.each([0, 1, 2])("goes on where it was after a pause before request %d of a try", async (maxRequests) => {
    const server = new ChatServer(false);
    let saved: unknown = null;
    const outcomes: StepOutcome["status"][] = [];
    for (let tries = 0; tries < 12 && outcomes.at(-1) !== "done"; tries += 1) {
      // Every second try is cut off.
      const limit = tries % 2 === 0 ? maxRequests : Infinity;
      const { context } = scriptedContext((request) => server.answer(request), {
        side: "source",
        maxRequests: limit,
        savedUndo: saved,
      });
      const saveUndo = async (undo: unknown): Promise<void> => void (saved = undo);
      outcomes.push((await openChatStep.run(PAYLOAD, { ...context, saveUndo })).status);
    }
    const [room] = server.rooms.values();
    expect([outcomes.at(-1), server.rooms.size, server.invitations, room?.texts.size]).toEqual([
      "done",
      1,
      1,
      1,
    ]);
    expect(outcomes).toContain("interrupted");
  });
});

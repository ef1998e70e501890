import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { KeyedQueue } from "../../../src/model/keyed-queue.ts";
import type { StepOutcome } from "../../../src/model/step-outcome.ts";
import { createGuardedFetch } from "../../../src/network/guarded-fetch.ts";
import { apiPath } from "../../../src/platforms/matrix/api/homeserver-client.ts";
import { openChatStep } from "../../../src/platforms/matrix/contact/chats/open-chat.ts";
import type { OpenChatPayload } from "../../../src/platforms/matrix/contact/payloads.ts";
import { openedChatSchema } from "../../../src/platforms/matrix/contact/payloads.ts";
import type { HomeserverPair } from "../../lab/homeservers/pair.ts";
import { startHomeserverPair } from "../../lab/homeservers/pair.ts";
import type { PopulationSession } from "../../lab/population/session.ts";
import { join as joinRoom, openPopulationSession, register } from "../../lab/population/session.ts";
import { imageCopiesIn } from "../../support/fakes/image-copies.ts";
import type { ProxiedRequest } from "../../support/faults/fault-proxy.ts";
import { startFaultProxy } from "../../support/faults/fault-proxy.ts";
import { joinedRooms } from "../../support/join-check/requests.ts";
import { membershipOf, stateEvent, until } from "../steps/run-steps.ts";

interface Fixture {
  folder: string;
  pair: HomeserverPair;
  old: PopulationSession;
  new: PopulationSession;
}

const fixture = {} as Fixture;
const guarded = createGuardedFetch({ allowPrivate: ["127.0.0.0/8"] });

beforeAll(async () => {
  fixture.folder = await mkdtemp(join(tmpdir(), "mover-chats-"));
  fixture.pair = await startHomeserverPair({
    folder: join(fixture.folder, "pair"),
    limits: "unlimited",
    names: { old: "old.localhost", new: "new.localhost" },
    extraConfig: { new: { encryption_enabled_by_default_for_room_type: "invite" } },
  });
  fixture.old = await person("old", "ann");
  fixture.new = await person("new", "ann");
});

afterAll(async () => {
  await guarded.close();
  await fixture.pair.stop();
  await rm(fixture.folder, { recursive: true });
});

async function person(side: "old" | "new", localpart: string): Promise<PopulationSession> {
  const registered = await register(fixture.pair[side], side, { localpart, displayName: localpart });
  return openPopulationSession(fixture.pair[side], registered, guarded);
}

/** Tries the step until it is over, as a run does. Only what it saved is kept between two tries. */
async function openChat(
  partner: string,
  {
    by = fixture.old,
    cancelledAfter = Infinity,
    ...more
  }: Partial<OpenChatPayload> & { by?: PopulationSession; cancelledAfter?: number } = {},
): Promise<StepOutcome> {
  const chat: OpenChatPayload = {
    ...{ partner, isEncrypted: false, text: "Please let me in.", reason: "Let me in?" },
    purpose: { kind: "direct_chat", partner },
    ...more,
  };
  const other = by.side === "old" ? fixture.new : fixture.old;
  const accounts = by.side === "old" ? { source: by, target: other } : { source: other, target: by };
  let saved: unknown = null;
  let failures = 0;
  for (let tries = 0; tries < 20; tries += 1) {
    const outcome = await openChatStep.run(chat, {
      client: { source: accounts.source.client, target: accounts.target.client },
      userId: { source: accounts.source.userId, target: accounts.target.userId },
      side: by.side === "old" ? "source" : "target",
      stepId: `chat-${partner}`,
      canSkipCheck: tries === 0,
      imageCopies: imageCopiesIn(),
      inTurn: new KeyedQueue(),
      now: Date.now,
      failures,
      savedUndo: saved,
      saveUndo: async (undo) => void (saved = undo),
      reserveChat: async () => ({ status: "reserved" }),
      isJoined: () => true,
      signal: new AbortController().signal,
      mayGoOn: () => true,
      isEnding: tries >= cancelledAfter,
    });
    if (outcome.status === "done" || outcome.status === "failed") return outcome;
    if (outcome.status === "retry") failures += 1;
  }
  throw new Error("the chat is not opened in time");
}

function roomIdOf(outcome: StepOutcome): string {
  return openedChatSchema.parse(outcome.status === "done" ? outcome.undo : null).roomId;
}

const messagesAnswer = z.object({
  chunk: z.array(z.object({ type: z.string(), content: z.looseObject({ body: z.string().optional() }) })),
});

/** What people wrote in a room, as a member sees it. */
async function textsIn({ client }: PopulationSession, roomId: string): Promise<(string | undefined)[]> {
  const path = apiPath`/_matrix/client/v3/rooms/${roomId}/messages`;
  const { chunk } = await client.request({
    method: "GET",
    path,
    query: { dir: "b", limit: 50 },
    schema: messagesAnswer,
  });
  return chunk.filter(({ type }) => type === "m.room.message").map(({ content }) => content.body);
}

async function accountData(
  { client, userId }: PopulationSession,
  method: "GET" | "PUT",
  type: string,
  body?: unknown,
): Promise<unknown> {
  const path = apiPath`/_matrix/client/v3/user/${userId}/account_data/${type}`;
  return client.request({ method, path, schema: z.unknown(), ...(body === undefined ? {} : { body }) });
}

describe("a new direct chat on real servers", () => {
  it("has one room, one invitation and one text, although every answer is lost once", async () => {
    const helper = await person("new", "helper");
    const proxy = await startFaultProxy({ target: fixture.pair.old.baseUrl });
    const lost = new Set<string>();
    const losesOnce = ({ method, path }: ProxiedRequest): "lose-answer" | null => {
      const kind = `${method} ${path.split("/").at(-2) ?? ""} ${path.split("/").at(-1) ?? ""}`;
      if (method === "GET" || lost.has(kind)) return null;
      lost.add(kind);
      return "lose-answer";
    };
    proxy.setRule((request) => {
      const kind = losesOnce(request);
      return kind === null ? undefined : { kind };
    });
    await accountData(fixture.old, "PUT", "m.direct", { "@bo:old.localhost": ["!earlier:old.localhost"] });
    const before = await joinedRooms(fixture.old);
    const throughProxy = openPopulationSession(
      { ...fixture.pair.old, baseUrl: proxy.url },
      fixture.old,
      guarded,
    );
    const roomId = roomIdOf(await openChat(helper.userId, { by: throughProxy }));
    await proxy.stop();
    expect(lost.size).toBe(4);
    expect((await joinedRooms(fixture.old)).filter((joined) => !before.includes(joined))).toEqual([roomId]);
    const invited = await stateEvent(fixture.old, roomId, "m.room.member", helper.userId);
    expect(invited?.content).toMatchObject({
      membership: "invite",
      is_direct: true,
      reason: "Let me in?",
    });
    expect(await accountData(fixture.old, "GET", "m.direct")).toEqual({
      "@bo:old.localhost": ["!earlier:old.localhost"],
      [helper.userId]: [roomId],
    });
    await joinRoom(helper, roomId, "old.localhost");
    expect(await textsIn(helper, roomId)).toEqual(["Please let me in."]);
  });

  it.each(["old", "new"] as const)(
    "leaves no room behind if the partner blocks it: %s server",
    async (side) => {
      const blocker = await person(side, `blocker-${side}`);
      const permission = { default_action: "block" };
      await accountData(blocker, "PUT", "m.invite_permission_config", permission);
      await accountData(blocker, "PUT", "org.matrix.msc4155.invite_permission_config", {
        blocked_users: ["*"],
      });
      const before = await joinedRooms(fixture.old);
      expect(await openChat(blocker.userId)).toMatchObject({
        status: "failed",
        problem: { code: "partner_refused" },
      });
      expect(await joinedRooms(fixture.old)).toEqual(before);
      expect(await accountData(fixture.old, "GET", "m.direct")).not.toHaveProperty([blocker.userId]);
    },
  );

  it("leaves no room behind if the run is cancelled before the invitation, and stays after it", async () => {
    const cy = await person("new", "cy");
    const before = await joinedRooms(fixture.old);
    expect((await openChat(cy.userId, { cancelledAfter: 1 })).status).toBe("failed");
    expect(await joinedRooms(fixture.old)).toEqual(before);
    const roomId = roomIdOf(await openChat(cy.userId, { cancelledAfter: 2 }));
    expect(await membershipOf(fixture.old, roomId, cy.userId)).toBe("invite");
    expect(await accountData(fixture.old, "GET", "m.direct")).toHaveProperty([cy.userId], [roomId]);
  });

  it("is encrypted if it is made so, and has no plain text in it", async () => {
    const bo = await person("old", "bo");
    const roomId = roomIdOf(await openChat(bo.userId, { isEncrypted: true }));
    expect(await stateEvent(fixture.old, roomId, "m.room.encryption", "")).not.toBeNull();
    expect(await textsIn(fixture.old, roomId)).toEqual([]);
  });

  it("has no plain text in it if the server encrypts it by itself", async () => {
    const bo = await person("new", "bo");
    const roomId = roomIdOf(await openChat(bo.userId, { by: fixture.new }));
    expect(await stateEvent(fixture.new, roomId, "m.room.encryption", "")).not.toBeNull();
    expect(await textsIn(fixture.new, roomId)).toEqual([]);
    expect(await membershipOf(fixture.new, roomId, bo.userId)).toBe("invite");
  });

  // The last one, because it stops a server.
  it("leaves no room behind if the partner's server is away", async () => {
    const away = await person("new", "away");
    await fixture.pair.new.stop();
    const before = await joinedRooms(fixture.old);
    expect(await openChat(away.userId)).toMatchObject({
      status: "failed",
      problem: { code: "unreachable_server" },
    });
    expect(
      await until(
        () => joinedRooms(fixture.old),
        (rooms) => rooms.length === before.length,
      ),
    ).toEqual(before);
  });
});

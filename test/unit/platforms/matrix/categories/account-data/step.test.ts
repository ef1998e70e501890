import { describe, expect, it } from "vitest";
import { contentStep } from "../../../../../../src/platforms/matrix/categories/account-data/step.ts";
import { directChatsStep } from "../../../../../../src/platforms/matrix/categories/direct-chats/step.ts";
import { ignoredUsersStep } from "../../../../../../src/platforms/matrix/categories/ignored-users/step.ts";
import { readMarkerStep } from "../../../../../../src/platforms/matrix/categories/read-markers/step.ts";
import { tagsStep } from "../../../../../../src/platforms/matrix/categories/tags/step.ts";
import type { StepFunction } from "../../../../../../src/platforms/matrix/steps/step-context.ts";
import type { Answer } from "../../../../../support/fakes/scripted-context.ts";
import { NOT_FOUND, scriptedContext } from "../../../../../support/fakes/scripted-context.ts";
import { NEW, OLD } from "../contents-sketch.ts";

const BO = "@bo:a.example";
const DI = "@di:a.example";
const MERGED = { roomId: null, type: "im.vector.web.settings", content: { a: 1, b: 2 }, isMerged: true };
const COPIED = { roomId: "!a", type: "m.marked_unread", content: { unread: true }, isMerged: false };

/** Every reading has this answer. */
function reads(given: Answer) {
  return ({ method }: { method: string }): Answer | undefined => (method === "GET" ? given : undefined);
}

function deep(levels: number): unknown {
  let value: unknown = {};
  for (let level = 0; level < levels; level += 1) value = { a: value };
  return value;
}

describe("what is read, changed and written back", () => {
  const steps: { name: string; run: StepFunction; payload: unknown }[] = [
    {
      name: "direct chats",
      run: directChatsStep.run,
      payload: { chats: [{ roomId: "!a", counterpart: BO }] },
    },
    { name: "ignored users", run: ignoredUsersStep.run, payload: { userIds: [BO] } },
    { name: "merged account data", run: contentStep.run, payload: MERGED },
    { name: "account data", run: contentStep.run, payload: COPIED },
    {
      name: "direct chats, undone",
      run: directChatsStep.undo,
      payload: { added: [{ roomId: "!a", counterpart: BO, wasSources: false }] },
    },
    { name: "ignored users, undone", run: ignoredUsersStep.undo, payload: { userIds: [BO] } },
    { name: "account data, undone", run: contentStep.undo, payload: COPIED },
  ];
  const limited: Answer = { status: 429, json: { errcode: "M_LIMIT_EXCEEDED", retry_after_ms: 5 } };
  const answers: { name: string; answer: Answer; status: string }[] = [
    { name: "a list", answer: { json: ["!a"] }, status: "failed" },
    { name: "nested without end", answer: { json: deep(300) }, status: "failed" },
    { name: "refused", answer: { status: 403, json: { errcode: "M_FORBIDDEN" } }, status: "failed" },
    {
      name: "the 404 of a proxy",
      answer: { status: 404, bytes: "<h1>Not found</h1>" },
      status: "wait",
    },
    { name: "an error", answer: { status: 500, json: { errcode: "M_UNKNOWN" } }, status: "retry" },
    { name: "a web page", answer: { bytes: "<h1>Welcome</h1>" }, status: "wait" },
    { name: "limited", answer: limited, status: "wait" },
  ];
  it.each(steps)("$name are not written over where they cannot be read", async ({ run, payload }) => {
    for (const { name, answer, status } of answers) {
      const { context, writes } = scriptedContext(reads(answer));
      expect((await run(payload, context)).status, name).toBe(status);
      expect(writes(), name).toEqual([]);
    }
  });
});

describe("direct chats", () => {
  const chats = [
    { roomId: "!a", counterpart: BO },
    { roomId: "!b", counterpart: BO },
    { roomId: "!out", counterpart: BO },
  ];
  const inside = (roomId: string) => roomId !== "!out";

  it("are added to what is there, which stays as it is", async () => {
    const there = { [DI]: ["!b", 17], [OLD]: ["!a", "!else"], junk: ["!a"], [BO]: "no list" };
    const { context, requests } = scriptedContext(reads({ json: there }), { isJoined: inside });
    expect(await directChatsStep.run({ chats }, context)).toEqual({
      status: "done",
      undo: { added: [{ roomId: "!a", counterpart: BO, wasSources: true }] },
    });
    expect(requests.at(-1)?.body).toEqual({ [DI]: ["!b", 17], [OLD]: ["!else"], junk: ["!a"], [BO]: ["!a"] });
  });

  it("begin a list where there is none", async () => {
    const { context, requests } = scriptedContext(reads(NOT_FOUND), { isJoined: inside });
    expect((await directChatsStep.run({ chats }, context)).status).toBe("done");
    expect(requests.at(-1)?.body).toEqual({ [BO]: ["!a", "!b"] });
  });

  it("ask nothing while the target is in none of the rooms", async () => {
    const { context, requests } = scriptedContext(() => undefined, { isJoined: () => false });
    expect(await directChatsStep.run({ chats }, context)).toEqual({ status: "already_done" });
    expect(requests).toEqual([]);
  });

  it("of oneself stay where a client has listed them under the source", async () => {
    const { context, writes } = scriptedContext(reads({ json: { [OLD]: ["!notes"] } }));
    const notes = { chats: [{ roomId: "!notes", counterpart: NEW }] };
    expect(await directChatsStep.run(notes, context)).toEqual({ status: "already_done" });
    expect(writes()).toEqual([]);
  });

  it("are undone only if they are still as they were written", async () => {
    const added = chats.map((chat) => ({ ...chat, wasSources: chat.roomId === "!a" }));
    const { context, requests } = scriptedContext(reads({ json: { [BO]: ["!own", "!a"], [DI]: ["!b"] } }));
    expect(await directChatsStep.undo({ added }, context)).toEqual({ status: "done" });
    expect(requests.at(-1)?.body).toEqual({ [BO]: ["!own"], [DI]: ["!b"], [OLD]: ["!a"] });
  });
});

describe("ignored users", () => {
  it("are added to the list, whatever else is in it", async () => {
    const there = { ignored_users: { [BO]: { since: 1 } }, more: true };
    const { context, requests } = scriptedContext(reads({ json: there }));
    expect(await ignoredUsersStep.run({ userIds: [BO, DI] }, context)).toEqual({
      status: "done",
      undo: { userIds: [DI] },
    });
    expect(requests.at(-1)?.body).toEqual({ ignored_users: { [BO]: { since: 1 }, [DI]: {} }, more: true });
  });

  it("are written without the target itself, which servers refuse", async () => {
    const there = { ignored_users: { [NEW]: {}, [BO]: {} } };
    const first = scriptedContext(reads({ json: there }));
    expect((await ignoredUsersStep.run({ userIds: [DI] }, first.context)).status).toBe("done");
    expect(first.requests.at(-1)?.body).toEqual({ ignored_users: { [BO]: {}, [DI]: {} } });
    const second = scriptedContext(reads({ json: there }));
    expect((await ignoredUsersStep.undo({ userIds: [BO] }, second.context)).status).toBe("done");
    expect(second.requests.at(-1)?.body).toEqual({ ignored_users: {} });
  });

  it("are undone where nobody has said more about them", async () => {
    const { context, requests } = scriptedContext(
      reads({ json: { ignored_users: { [BO]: { since: 1 }, [DI]: {} } } }),
    );
    expect(await ignoredUsersStep.undo({ userIds: [BO, DI] }, context)).toEqual({ status: "done" });
    expect(requests.at(-1)?.body).toEqual({ ignored_users: { [BO]: { since: 1 } } });
  });
});

describe("account data", () => {
  it("is written where the target has none", async () => {
    const { context, lines } = scriptedContext(() => undefined);
    expect(await contentStep.run(COPIED, context)).toEqual({ status: "done", undo: COPIED });
    expect(lines()).toEqual([
      `target GET /user/${NEW}/rooms/!a/account_data/m.marked_unread`,
      `target GET /user/${NEW}/rooms/!a/account_data/com.famedly.marked_unread`,
      `target PUT /user/${NEW}/rooms/!a/account_data/m.marked_unread`,
    ]);
  });

  it.each([{ canSkipCheck: true }, { canSkipCheck: false }])(
    "is kept as the target's own client has written it since the plan (canSkipCheck $canSkipCheck)",
    async (options) => {
      const { context, writes } = scriptedContext(reads({ json: { unread: false } }), options);
      expect(await contentStep.run(COPIED, context)).toEqual({ status: "already_done" });
      expect(writes()).toEqual([]);
    },
  );

  describe("with two forms", () => {
    const STABLE = "m.invite_permission_config";
    const LISTS = "org.matrix.msc4155.invite_permission_config";
    const block = { default_action: "block" };
    const lists = { enabled: true, blocked_users: [BO] };
    const payload = { roomId: null, type: STABLE, content: block, isMerged: false };

    it.each<{
      name: string;
      type: string;
      forms: Record<string, unknown>;
      there: unknown;
      isWritten: boolean;
    }>([
      { name: "nothing in the other form", type: STABLE, forms: {}, there: undefined, isWritten: true },
      { name: "lists of its own", type: STABLE, forms: {}, there: lists, isWritten: false },
      { name: "lists of the source", type: STABLE, forms: { [LISTS]: lists }, there: lists, isWritten: true },
      { name: "empty lists", type: STABLE, forms: {}, there: {}, isWritten: true },
      { name: "an empty stable form", type: LISTS, forms: {}, there: {}, isWritten: false },
    ])("is written or not where the target has $name", async ({ type, forms, there, isWritten }) => {
      const other = type === STABLE ? LISTS : STABLE;
      const { context, writes } = scriptedContext(({ method, path }) =>
        method === "GET" && path.endsWith(`/${other}`) && there !== undefined ? { json: there } : undefined,
      );
      await contentStep.run({ ...payload, type, forms }, context);
      expect(writes()).toHaveLength(isWritten ? 1 : 0);
    });
  });

  it("that is merged adds what is not there", async () => {
    const { context, requests } = scriptedContext(reads({ json: { a: "own", c: 3 } }));
    expect(await contentStep.run(MERGED, context)).toEqual({
      status: "done",
      undo: { ...MERGED, content: { b: 2 } },
    });
    expect(requests.at(-1)?.body).toEqual({ a: "own", c: 3, b: 2 });
  });

  it.each<{ name: string; undo: unknown; there: unknown; written: unknown }>([
    { name: "is emptied if it is as written", undo: COPIED, there: { unread: true }, written: {} },
    { name: "stays if it has changed since", undo: COPIED, there: { unread: false }, written: null },
    {
      name: "loses only the keys that were added",
      undo: { ...MERGED, content: { b: 2 } },
      there: { a: "own", b: 2 },
      written: { a: "own" },
    },
    {
      name: "keeps added keys that were changed",
      undo: { ...MERGED, content: { b: 2 } },
      there: { a: "own", b: 3 },
      written: null,
    },
  ])("undone $name", async ({ undo, there, written }) => {
    const { context, requests, writes } = scriptedContext(reads({ json: there }));
    expect((await contentStep.undo(undo, context)).status).toBe(written === null ? "already_done" : "done");
    if (written === null) expect(writes()).toEqual([]);
    else expect(requests.at(-1)?.body).toEqual(written);
  });
});

describe("tags", () => {
  it("are read before the first write, and keep the target's order", async () => {
    const there = { json: { tags: { "m.favourite": { order: 0.9 } } } };
    const { context, writes } = scriptedContext(reads(there));
    expect(await tagsStep.run(payload, context)).toEqual({
      status: "done",
      undo: { roomId: "!a", tags: [{ name: "u.x", order: null }] },
    });
    expect(writes()).toEqual([`PUT /user/${NEW}/rooms/!a/tags/u.x`]);
  });

  const payload = {
    roomId: "!a",
    tags: [
      { name: "m.favourite", order: 0.5 },
      { name: "u.x", order: null },
    ],
  };

  it("that an earlier try wrote are undone with the others", async () => {
    const there = { json: { tags: { "m.favourite": { order: 0.5 } } } };
    const savedUndo = { roomId: "!a", tags: [{ name: "m.favourite", order: 0.5 }] };
    const { context, writes } = scriptedContext(reads(there), { canSkipCheck: false, savedUndo });
    expect(await tagsStep.run(payload, context)).toEqual({ status: "done", undo: payload });
    expect(writes()).toEqual([`PUT /user/${NEW}/rooms/!a/tags/u.x`]);
  });

  it("are taken off unless their order was changed", async () => {
    const { context, writes } = scriptedContext(
      reads({ json: { tags: { "m.favourite": { order: 0.9 }, "u.x": {} } } }),
    );
    expect(await tagsStep.undo(payload, context)).toEqual({ status: "done" });
    expect(writes()).toEqual([`DELETE /user/${NEW}/rooms/!a/tags/u.x`]);
  });
});

describe("a read marker", () => {
  const payload = { roomId: "!a", eventId: "$read" };
  const unknown: Answer = { status: 404, json: { errcode: "M_UNKNOWN", error: "Could not find event" } };

  /**
   * A server that knows the first events, and the later ones once the room's messages were read.
   */
  function knows(first: string[], later: string[]) {
    const known = new Set(first);
    return ({ method, path, body }: { method: string; path: string; body: unknown }): Answer | undefined => {
      if (path.endsWith("/messages")) {
        for (const eventId of later) known.add(eventId);
        return { json: { chunk: [{ event_id: "$newest" }, { event_id: "$oldest" }] } };
      }
      if (method !== "POST") return undefined;
      return known.has((body as Record<string, string>)["m.fully_read"] ?? "") ? undefined : unknown;
    };
  }

  it.each<{ name: string; first: string[]; later: string[]; marked: string[] }>([
    {
      name: "is set at once where the server knows the event",
      first: ["$read"],
      later: [],
      marked: ["$read"],
    },
    {
      name: "is set once the server has fetched the event",
      first: [],
      later: ["$read"],
      marked: ["$read", "$read"],
    },
    {
      name: "goes to the oldest event that can be had",
      first: [],
      later: ["$oldest", "$newest"],
      marked: [...Array.from({ length: 4 }, () => "$read"), "$oldest"],
    },
  ])("$name", async ({ first, later, marked }) => {
    const { context, requests } = scriptedContext(knows(first, later));
    expect(await readMarkerStep.run(payload, context)).toEqual({ status: "done" });
    const bodies = requests.filter(({ method }) => method === "POST").map(({ body }) => body);
    expect(bodies).toEqual(marked.map((eventId) => ({ "m.fully_read": eventId, "m.read.private": eventId })));
  });

  it("fails where nothing of the room can be had", async () => {
    const { context } = scriptedContext(({ method }) =>
      method === "POST" ? unknown : { json: { chunk: [] } },
    );
    expect(await readMarkerStep.run(payload, context)).toEqual({
      status: "failed",
      problem: { code: "gone", serverText: null },
    });
  });

  it("leaves one of the target's own where it is", async () => {
    const { context, writes } = scriptedContext(reads({ json: { event_id: "$own" } }), {
      canSkipCheck: false,
    });
    expect(await readMarkerStep.run(payload, context)).toEqual({ status: "already_done" });
    expect(writes()).toEqual([]);
  });
});

import { describe, expect, it } from "vitest";
import { KeyedQueue } from "../../../../../src/model/keyed-queue.ts";
import { profileFieldStep } from "../../../../../src/platforms/matrix/categories/profile/step.ts";
import { roomProfileStep } from "../../../../../src/platforms/matrix/categories/room-profiles/step.ts";
import type { ScriptedRequest, Answer } from "../../../../support/fakes/scripted-context.ts";
import { scriptedContext } from "../../../../support/fakes/scripted-context.ts";
import { NEW } from "../categories/contents-sketch.ts";

const PICTURE = Buffer.from("\x89PNG\r\n\x1a\n", "latin1");
const FACE = "mxc://old.example/face";
const UPLOAD = "/_matrix/media/v3/upload";
const COPY = "mxc://new.example/copy";
const MEMBER = `/rooms/!a/state/m.room.member/${NEW}`;

const STEPS = [
  {
    name: "a profile's avatar",
    step: profileFieldStep,
    payload: { key: "avatar_url", value: FACE, before: null },
    write: `PUT /profile/${NEW}/avatar_url`,
    undo: { key: "avatar_url", value: COPY, before: null },
  },
  {
    name: "an avatar of one room",
    step: roomProfileStep,
    payload: {
      roomId: "!a",
      displayName: "Maestro",
      avatarUrl: FACE,
      everywhere: { displayName: "me", avatarUrl: null },
    },
    write: `PUT ${MEMBER}`,
    undo: {
      roomId: "!a",
      written: { displayname: "Maestro", avatar_url: COPY },
      before: { displayname: "Mo" },
    },
  },
];

/** Answers after which the profile is unchanged and the step is tried again. */
const FOR_NOW: readonly (Answer & { name: string })[] = [
  { name: "limits the write", status: 429, json: { errcode: "M_LIMIT_EXCEEDED", retry_after_ms: 900 } },
  { name: "has ended the session", status: 401, json: { errcode: "M_UNKNOWN_TOKEN" } },
  { name: "fails", status: 500, json: { errcode: "M_UNKNOWN" } },
  { name: "is behind a proxy that fails", status: 502, bytes: "<html>" },
];

describe.each(STEPS)("$name", ({ step, payload, write, undo }) => {
  it.each(FOR_NOW)("is not uploaded again after a try in which the server $name", async (refusal) => {
    const copies = new Map<string, string>();
    const first = scriptedContext(server(refusal), { canSkipCheck: false, copies });
    expect((await step.run(payload, first.context)).status).not.toBe("failed");
    expect(first.writes()).toEqual([`POST ${UPLOAD}`, write]);
    const savedUndo = first.savedUndos.at(-1);
    const second = scriptedContext(server(), { canSkipCheck: false, savedUndo, copies });
    expect(await step.run(payload, second.context)).toEqual({ status: "done", undo });
    expect(second.writes()).toEqual([write]);
  });

  it("leaves nothing to take back where the server refuses it for good", async () => {
    const refusal = { status: 403, json: { errcode: "M_FORBIDDEN" } };
    const { context, savedUndos } = scriptedContext(server(refusal), { canSkipCheck: false });
    expect((await step.run(payload, context)).status).toBe("failed");
    expect(savedUndos.at(-1)).toBeNull();
  });
});

describe("a picture", () => {
  const rooms = ["!a", "!b", "!c"].map((roomId) => ({
    roomId,
    displayName: null,
    avatarUrl: FACE,
    everywhere: { displayName: "me", avatarUrl: null },
  }));

  it("of many rooms is uploaded once, also by steps that run side by side", async () => {
    const copies = new Map<string, string>();
    const inTurn = new KeyedQueue();
    const all = rooms.map((payload) => ({ payload, ...scriptedContext(server(), { copies, inTurn }) }));
    const outcomes = await Promise.all(
      all.map(({ payload, context }) => roomProfileStep.run(payload, context)),
    );
    expect(outcomes.map(({ status }) => status)).toEqual(["done", "done", "done"]);
    const writes = all.flatMap((scripted) => scripted.writes());
    expect(writes.filter((write) => write === `POST ${UPLOAD}`)).toHaveLength(1);
    expect(writes.filter((write) => write.startsWith("PUT "))).toHaveLength(3);
  });

  it("keeps its address where both accounts are on one server", async () => {
    const target = "@new:old.example";
    const [payload] = rooms;
    const { context, requests } = scriptedContext(
      ({ method }) => (method === "GET" ? { json: { membership: "join" } } : undefined),
      { target },
    );
    expect((await roomProfileStep.run(payload, context)).status).toBe("done");
    expect(requests.at(-1)?.body).toEqual({ membership: "join", avatar_url: FACE });
    expect(requests.filter(({ path }) => path.includes("/media/"))).toEqual([]);
  });
});

/** @param refusal the answer to the write of the profile */
function server(refusal?: Answer): (request: ScriptedRequest) => Answer | undefined {
  return ({ method, path }) => {
    if (path === UPLOAD) return { json: { content_uri: COPY } };
    if (path.includes("/media/download/")) return { bytes: PICTURE, type: "image/png" };
    if (method === "PUT") return refusal;
    if (path.endsWith(`/state/m.room.member/${NEW}`))
      return { json: { membership: "join", displayname: "Mo" } };
    return path === `/profile/${NEW}` ? { json: { displayname: "Mo" } } : undefined;
  };
}

import { describe, expect, it } from "vitest";
import { profileFieldStep } from "../../../../../src/platforms/matrix/categories/profile/step.ts";
import { roomProfileStep } from "../../../../../src/platforms/matrix/categories/room-profiles/step.ts";
import type { ScriptedRequest, Answer } from "../../../../support/fakes/scripted-context.ts";
import { scriptedContext } from "../../../../support/fakes/scripted-context.ts";
import { NEW } from "../categories/contents-sketch.ts";

const UPLOAD = "/_matrix/media/v3/upload";
const COPY = "mxc://new.example/copy";
const MEMBER = `/rooms/!a/state/m.room.member/${NEW}`;

const STEPS = [
  {
    name: "a profile's avatar",
    step: profileFieldStep,
    payload: { key: "avatar_url", value: "mxc://old.example/face", before: null },
    write: `PUT /profile/${NEW}/avatar_url`,
    undo: { key: "avatar_url", value: COPY, before: null },
  },
  {
    name: "an avatar of one room",
    step: roomProfileStep,
    payload: {
      roomId: "!a",
      displayName: "Maestro",
      avatarUrl: "mxc://old.example/face",
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
    const first = scriptedContext(server(refusal), { canSkipCheck: false });
    expect((await step.run(payload, first.context)).status).not.toBe("failed");
    expect(first.writes()).toEqual([`POST ${UPLOAD}`, write]);
    const second = scriptedContext(server(), { canSkipCheck: false, savedUndo: first.savedUndos.at(-1) });
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

/** @param refusal the answer to the write of the profile */
function server(refusal?: Answer): (request: ScriptedRequest) => Answer | undefined {
  return ({ method, path }) => {
    if (path === UPLOAD) return { json: { content_uri: COPY } };
    if (path.includes("/media/download/")) return { bytes: "an image", type: "image/png" };
    if (method === "PUT") return refusal;
    if (path === MEMBER) return { json: { membership: "join", displayname: "Mo" } };
    return path === `/profile/${NEW}` ? { json: { displayname: "Mo" } } : undefined;
  };
}

import { describe, expect, it } from "vitest";
import { profileFieldStep } from "../../../../../../src/platforms/matrix/categories/profile/step.ts";
import type { Answer } from "../../../../../support/fakes/scripted-context.ts";
import { NOT_FOUND, scriptedContext } from "../../../../../support/fakes/scripted-context.ts";
import { NEW } from "../contents-sketch.ts";

const NAME = { key: "displayname", value: "Mo", before: "me" };
const ZONE = { key: "m.tz", value: "Europe/Lisbon", before: null };
const UNSTABLE = "/_matrix/client/unstable/uk.tcpip.msc4133/profile";

function profile(fields: Record<string, unknown>) {
  return ({ method }: { method: string }): Answer | undefined =>
    method === "GET" ? { json: fields } : undefined;
}

describe("a profile field", () => {
  it("is set where the target has none", async () => {
    const { context, lines, requests } = scriptedContext(() => undefined);
    expect(await profileFieldStep.run(NAME, context)).toEqual({ status: "done", undo: NAME });
    expect(lines()).toEqual([`target GET /profile/${NEW}`, `target PUT /profile/${NEW}/displayname`]);
    expect(requests.at(-1)?.body).toEqual({ displayname: "Mo" });
  });

  it.each<{ name: string; there: Record<string, unknown>; status: string }>([
    { name: "is there already", there: { displayname: "Mo" }, status: "already_done" },
    { name: "was chosen meanwhile", there: { displayname: "Other" }, status: "already_done" },
    { name: "is the one that the server gave", there: { displayname: "me" }, status: "done" },
    { name: "is missing still", there: {}, status: "done" },
  ])("that $name is left or written, on the first try and on later ones", async ({ there, status }) => {
    for (const canSkipCheck of [true, false]) {
      const { context, writes } = scriptedContext(profile(there), { canSkipCheck });
      expect((await profileFieldStep.run(NAME, context)).status).toBe(status);
      expect(writes()).toHaveLength(status === "done" ? 1 : 0);
    }
  });

  it("is written where servers before v1.16 have it", async () => {
    const { context, writes } = scriptedContext(({ method, path }) => {
      if (method === "GET") return NOT_FOUND;
      return path.startsWith(UNSTABLE) ? undefined : { status: 404, json: { errcode: "M_UNRECOGNIZED" } };
    });
    expect((await profileFieldStep.run(ZONE, context)).status).toBe("done");
    expect(writes()).toEqual([`PUT /profile/${NEW}/m.tz`, `PUT ${UNSTABLE}/${NEW}/m.tz`]);
  });

  it.each<{ name: string; undo: unknown; there: Record<string, unknown>; expected: string[] }>([
    {
      name: "puts back what stood there",
      undo: NAME,
      there: { displayname: "Mo" },
      expected: [`PUT /profile/${NEW}/displayname`],
    },
    {
      name: "takes away what was not there",
      undo: ZONE,
      there: { "m.tz": "Europe/Lisbon" },
      expected: [`DELETE /profile/${NEW}/m.tz`],
    },
    {
      name: "leaves a value that has changed since",
      undo: NAME,
      there: { displayname: "Other" },
      expected: [],
    },
    { name: "leaves what is gone", undo: ZONE, there: {}, expected: [] },
  ])("undone $name", async ({ undo, there, expected }) => {
    const { context, writes } = scriptedContext(profile(there));
    expect((await profileFieldStep.undo(undo, context)).status).toBe(
      expected.length === 0 ? "already_done" : "done",
    );
    expect(writes()).toEqual(expected);
  });

  it("that the server refuses says so in the server's words", async () => {
    const { context } = scriptedContext(() => ({
      status: 403,
      json: { errcode: "M_FORBIDDEN", error: "Names are fixed here" },
    }));
    expect(await profileFieldStep.run(NAME, context)).toEqual({
      status: "failed",
      problem: { code: "refused", serverText: "Names are fixed here" },
    });
  });
});

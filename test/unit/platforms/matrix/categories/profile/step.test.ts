import { describe, expect, it } from "vitest";
import {
  runProfileField,
  undoProfileField,
} from "../../../../../../src/platforms/matrix/categories/profile/step.ts";
import { NEW } from "../contents-sketch.ts";
import { scripted } from "../../steps/scripted-context.ts";
import type { Given } from "../../steps/scripted-context.ts";

const NAME = { key: "displayname", value: "Mo", before: "me" };
const ZONE = { key: "m.tz", value: "Europe/Lisbon", before: null };
const UNSTABLE = "/_matrix/client/unstable/uk.tcpip.msc4133/profile";

function profile(fields: Record<string, unknown>) {
  return ({ method }: { method: string }): Given | undefined =>
    method === "GET" ? { json: fields } : undefined;
}

describe("a profile field", () => {
  it("is set at once on a first try", async () => {
    const { context, asked } = scripted(() => undefined);
    expect(await runProfileField(NAME, context)).toEqual({ status: "done", undo: NAME });
    expect(asked).toMatchObject([
      { method: "PUT", path: `/profile/${NEW}/displayname`, body: { displayname: "Mo" } },
    ]);
  });

  it.each<[string, Record<string, unknown>, string]>([
    ["is there already", { displayname: "Mo" }, "already_done"],
    ["was chosen meanwhile", { displayname: "Other" }, "already_done"],
    ["is the one that the server gave", { displayname: "me" }, "done"],
    ["is missing still", {}, "done"],
  ])("that %s is left or written by a later try", async (_name, there, status) => {
    const { context, writes } = scripted(profile(there), { canSkipCheck: false });
    expect((await runProfileField(NAME, context)).status).toBe(status);
    expect(writes()).toHaveLength(status === "done" ? 1 : 0);
  });

  it("is written where servers before v1.16 have it", async () => {
    const { context, writes } = scripted(({ path }) => {
      return path.startsWith(UNSTABLE) ? undefined : { status: 404, json: { errcode: "M_UNRECOGNIZED" } };
    });
    expect((await runProfileField(ZONE, context)).status).toBe("done");
    expect(writes()).toEqual([`PUT /profile/${NEW}/m.tz`, `PUT ${UNSTABLE}/${NEW}/m.tz`]);
  });

  it.each<[string, unknown, Record<string, unknown>, string[]]>([
    ["puts back what stood there", NAME, { displayname: "Mo" }, [`PUT /profile/${NEW}/displayname`]],
    ["takes away what was not there", ZONE, { "m.tz": "Europe/Lisbon" }, [`DELETE /profile/${NEW}/m.tz`]],
    ["leaves what is another by now", NAME, { displayname: "Other" }, []],
    ["leaves what is gone", ZONE, {}, []],
  ])("undone %s", async (_name, undo, there, expected) => {
    const { context, writes } = scripted(profile(there));
    expect((await undoProfileField(undo, context)).status).toBe(
      expected.length === 0 ? "already_done" : "done",
    );
    expect(writes()).toEqual(expected);
  });

  it("that the server refuses says so in the server's words", async () => {
    const { context } = scripted(() => ({
      status: 403,
      json: { errcode: "M_FORBIDDEN", error: "Names are fixed here" },
    }));
    expect(await runProfileField(NAME, context)).toEqual({
      status: "failed",
      problem: { code: "refused", serverText: "Names are fixed here" },
    });
  });
});

import { describe, expect, it } from "vitest";
import { profileFieldStep } from "../../../../../src/platforms/matrix/categories/profile/step.ts";
import { roomProfileStep } from "../../../../../src/platforms/matrix/categories/room-profiles/step.ts";
import type { StepFunction } from "../../../../../src/platforms/matrix/steps/step-context.ts";
import type { ScriptedRequest, Answer } from "../../../../support/fakes/scripted-context.ts";
import { scriptedContext } from "../../../../support/fakes/scripted-context.ts";
import { NEW } from "../categories/contents-sketch.ts";

const AVATAR = { key: "avatar_url", value: "mxc://old.example/face", before: null };
const PICTURE = "\x89PNG\r\n\x1a\n";
const PNG: Answer = { bytes: Buffer.from(PICTURE, "latin1"), type: "image/png; charset=x" };
const UNRECOGNIZED: Answer = { status: 404, json: { errcode: "M_UNRECOGNIZED" } };
const DOWNLOAD = "/_matrix/client/v1/media/download/old.example/face";

interface Script {
  download?: Answer;
  oldDownload?: Answer;
  config?: Answer;
  upload?: Answer;
}

function media({
  download = PNG,
  oldDownload,
  config = { json: { "m.upload.size": 1_000 } },
  upload,
}: Script) {
  return ({ path }: ScriptedRequest): Answer | undefined => {
    if (path === DOWNLOAD) return download;
    if (path === "/_matrix/media/v3/download/old.example/face") return oldDownload;
    if (path.endsWith("/media/config")) return config;
    if (path === "/_matrix/media/v3/upload")
      return upload ?? { json: { content_uri: "mxc://new.example/copy" } };
    return undefined;
  };
}

describe("an avatar", () => {
  it("is fetched with the old session, uploaded with the new one, and then set", async () => {
    const { context, requests } = scriptedContext(media({}));
    expect(await profileFieldStep.run(AVATAR, context)).toEqual({
      status: "done",
      undo: { key: "avatar_url", value: "mxc://new.example/copy", before: null },
    });
    expect(requests.map(({ side, method, path }) => `${side} ${method} ${path}`)).toEqual([
      `target GET /profile/${NEW}`,
      "target GET /_matrix/client/v1/media/config",
      `source GET ${DOWNLOAD}`,
      "target POST /_matrix/media/v3/upload",
      `target GET /profile/${NEW}`,
      `target PUT /profile/${NEW}/avatar_url`,
    ]);
    expect(requests[2]?.query.has("allow_redirect")).toBe(false);
    expect(requests[3]?.query.get("filename")).toBe("avatar.png");
    expect(requests[5]?.body).toEqual({ avatar_url: "mxc://new.example/copy" });
  });

  describe("that the person chooses while the old one is copied", () => {
    const OWN = "mxc://new.example/own";
    const member = `/rooms/!a/state/m.room.member/${NEW}`;
    const room = {
      roomId: "!a",
      displayName: null,
      avatarUrl: AVATAR.value,
      everywhere: { displayName: null, avatarUrl: null },
    };

    it.each<{ name: string; path: string; there: object; run: StepFunction; payload: unknown }>([
      {
        name: "in the profile",
        path: `/profile/${NEW}`,
        there: {},
        run: profileFieldStep.run,
        payload: AVATAR,
      },
      {
        name: "in one room",
        path: member,
        there: { membership: "join" },
        run: roomProfileStep.run,
        payload: room,
      },
    ])("stays $name", async ({ path, there, run, payload }) => {
      let isChosen = false;
      const { context, writes } = scriptedContext((request) => {
        isChosen ||= request.path.endsWith("/upload");
        if (request.method !== "GET" || request.path !== path) return media({})(request);
        return { json: { ...there, ...(isChosen && { avatar_url: OWN }) } };
      });
      expect(await run(payload, context)).toEqual({ status: "already_done" });
      expect(writes()).toEqual(["POST /_matrix/media/v3/upload"]);
    });
  });

  it("comes by the older endpoints where the newer ones are missing", async () => {
    const { context, requests } = scriptedContext(
      media({ download: UNRECOGNIZED, oldDownload: PNG, config: UNRECOGNIZED }),
    );
    expect((await profileFieldStep.run(AVATAR, context)).status).toBe("done");
    expect(requests.map(({ path }) => path)).toContain("/_matrix/media/v3/config");
  });

  it.each<{ name: string; script: Script; code: string; serverText: string | null }>([
    {
      name: "is a web page",
      script: { download: { bytes: "<!DOCTYPE html>", type: "text/html" } },
      code: "no_image",
      serverText: null,
    },
    {
      name: "is a web page under the type of a picture",
      script: { download: { bytes: "<html><svg></svg></html>", type: "image/png" } },
      code: "no_image",
      serverText: null,
    },
    {
      name: "is empty",
      script: { download: { bytes: "", type: "image/png" } },
      code: "no_image",
      serverText: null,
    },
    {
      name: "is larger than the new server takes",
      script: { download: { bytes: "x".repeat(1_001), type: "image/png" } },
      code: "refused",
      serverText: null,
    },
    {
      name: "is gone",
      script: { download: { status: 404, json: { errcode: "M_NOT_FOUND", error: "No such file" } } },
      code: "gone",
      serverText: "No such file",
    },
    {
      name: "is too large after all",
      script: { upload: refusal(413, "M_TOO_LARGE", "Too big for us") },
      code: "refused",
      serverText: "Too big for us",
    },
    {
      name: "is refused",
      script: { upload: refusal(403, "M_FORBIDDEN", "No GIFs") },
      code: "refused",
      serverText: "No GIFs",
    },
  ])("that $name leaves the profile alone", async ({ script, code, serverText }) => {
    const { context, writes } = scriptedContext(media(script));
    expect(await profileFieldStep.run(AVATAR, context)).toEqual({
      status: "failed",
      problem: { code, serverText },
    });
    expect(writes().filter((write) => write.startsWith("PUT"))).toEqual([]);
  });

  it.each<{ name: string; download: Answer; status: string }>([
    { name: "is away", download: { status: 502, bytes: "<html>" }, status: "wait" },
    {
      name: "limits it",
      download: { status: 429, json: { errcode: "M_LIMIT_EXCEEDED", retry_after_ms: 900 } },
      status: "wait",
    },
    {
      name: "has ended the session",
      download: { status: 401, json: { errcode: "M_UNKNOWN_TOKEN" } },
      status: "needs_user",
    },
  ])("says that it is the old server that $name", async ({ download, status }) => {
    const { context } = scriptedContext(media({ download }));
    expect(await profileFieldStep.run(AVATAR, context)).toMatchObject({ status, side: "source" });
  });

  it.each<{ name: string; declared: string; start: string; type: string; filename: string }>([
    {
      name: "a nameless PNG",
      declared: "application/octet-stream",
      start: PICTURE,
      type: "image/png",
      filename: "avatar.png",
    },
    {
      name: "a WebP that is called PNG",
      declared: "image/png",
      start: "RIFF\x10\x00\x00\x00WEBPVP8 ",
      type: "image/webp",
      filename: "avatar.webp",
    },
    {
      name: "a JPEG without a type",
      declared: "",
      start: "\xff\xd8\xff\xe0",
      type: "image/jpeg",
      filename: "avatar.jpeg",
    },
    {
      name: "a GIF whose type holds more",
      declared: "image/gif\r\nx: y",
      start: "GIF89a",
      type: "image/gif",
      filename: "avatar.gif",
    },
    {
      name: "an SVG with a prolog",
      declared: "text/plain",
      start: '<?xml version="1.0"?>\n<!-- made by hand -->\n<svg xmlns="x">',
      type: "image/svg+xml",
      filename: "avatar.svg",
    },
  ])("is uploaded with its true type: $name", async ({ declared, start, type, filename }) => {
    const bytes = Buffer.from(start, "latin1");
    const { context, requests } = scriptedContext(media({ download: { bytes, type: declared } }));
    expect((await profileFieldStep.run(AVATAR, context)).status).toBe("done");
    const upload = requests.find(({ path }) => path === "/_matrix/media/v3/upload");
    expect(upload?.type).toBe(type);
    expect(upload?.query.get("filename")).toBe(filename);
    expect(upload?.body).toEqual(bytes);
  });

  it("is not set to an address that is none", async () => {
    const { context, writes } = scriptedContext(
      media({ upload: { json: { content_uri: "https://evil.example/x.png" } } }),
    );
    expect((await profileFieldStep.run(AVATAR, context)).status).toBe("retry");
    expect(writes()).toEqual(["POST /_matrix/media/v3/upload"]);
  });

  it("is not copied again if the target has one already", async () => {
    const there = { json: { avatar_url: "mxc://new.example/own" } };
    const { context, writes } = scriptedContext(
      ({ path }) => (path === `/profile/${NEW}` ? there : undefined),
      {
        canSkipCheck: false,
      },
    );
    expect(await profileFieldStep.run(AVATAR, context)).toEqual({ status: "already_done" });
    expect(writes()).toEqual([]);
  });
});

describe("a profile in one room", () => {
  const everywhere = { displayName: "me", avatarUrl: null };
  const wanted = { roomId: "!a", displayName: "Maestro", avatarUrl: "mxc://old.example/face", everywhere };
  const member = `/rooms/!a/state/m.room.member/${NEW}`;

  function room(content: unknown, script: Script = {}) {
    return (request: ScriptedRequest): Answer | undefined => {
      if (request.method === "GET" && request.path === member) return { json: content };
      if (request.path === `/profile/${NEW}`) return { json: { displayname: "Mo" } };
      return media(script)(request);
    };
  }

  it("keeps whatever else the member event says", async () => {
    const content = { membership: "join", displayname: "Mo", "org.example.more": [1] };
    const { context, requests } = scriptedContext(room(content));
    expect(await roomProfileStep.run(wanted, context)).toEqual({
      status: "done",
      undo: {
        roomId: "!a",
        written: { displayname: "Maestro", avatar_url: "mxc://new.example/copy" },
        before: { displayname: "Mo" },
      },
    });
    expect(requests.at(-1)?.body).toEqual({
      ...content,
      displayname: "Maestro",
      avatar_url: "mxc://new.example/copy",
    });
  });

  it("replaces a name from before the move that the server has not brought up to date yet", async () => {
    const { context, requests } = scriptedContext(room({ membership: "join", displayname: "me" }));
    expect((await roomProfileStep.run(wanted, context)).status).toBe("done");
    expect(requests.at(-1)?.body).toMatchObject({ displayname: "Maestro" });
  });

  it("is not written for somebody who is not in the room: that would be a join", async () => {
    for (const content of [{ membership: "leave" }, { membership: "invite", displayname: "Mo" }, [], null]) {
      const { context, writes } = scriptedContext(room(content));
      expect(await roomProfileStep.run(wanted, context)).toEqual({
        status: "failed",
        problem: { code: "gone", serverText: null },
      });
      expect(writes()).toEqual([]);
    }
  });

  it("has its name even where the avatar cannot be had", async () => {
    const gone = { download: { status: 404, json: { errcode: "M_NOT_FOUND", error: "No such file" } } };
    const { context, requests } = scriptedContext(room({ membership: "join", displayname: "Mo" }, gone));
    expect(await roomProfileStep.run(wanted, context)).toEqual({
      status: "failed",
      problem: { code: "gone", serverText: "No such file" },
      undo: { roomId: "!a", written: { displayname: "Maestro" }, before: { displayname: "Mo" } },
    });
    expect(requests.at(-1)?.body).toEqual({ membership: "join", displayname: "Maestro" });
  });

  it.each(["written", "taken back"])("is %s without what its entry left in the member event", async (how) => {
    const ofEntry = {
      join_authorised_via_users_server: "@mod:old.example",
      third_party_invite: { display_name: "a@example.org" },
      reason: "Let me in",
      is_direct: true,
    };
    const content = { membership: "join", displayname: how === "written" ? "Mo" : "Maestro", ...ofEntry };
    const { context, requests } = scriptedContext(room(content));
    const undo = { roomId: "!a", written: { displayname: "Maestro" }, before: { displayname: "Mo" } };
    const { status } =
      how === "written"
        ? await roomProfileStep.run({ ...wanted, avatarUrl: null }, context)
        : await roomProfileStep.undo(undo, context);
    expect(status).toBe("done");
    expect(requests.at(-1)).toMatchObject({ method: "PUT", path: member });
    expect(requests.at(-1)?.body).toEqual({
      membership: "join",
      displayname: how === "written" ? "Maestro" : "Mo",
    });
  });

  it("needs one read and one write where a name was chosen", async () => {
    const copied = { displayName: "Mo", avatarUrl: "mxc://old.example/usual" };
    for (const displayname of ["Mo", "me"]) {
      const { context, lines } = scriptedContext(room({ membership: "join", displayname }));
      const payload = { ...wanted, avatarUrl: null, copied };
      expect((await roomProfileStep.run(payload, context)).status).toBe("done");
      expect(lines()).toEqual([`target GET ${member}`, `target PUT ${member}`]);
    }
  });

  it("keeps a name and an avatar that the target has chosen for the room", async () => {
    const { context, writes } = scriptedContext(
      room({ membership: "join", displayname: "Own", avatar_url: "mxc://new.example/own" }),
    );
    expect(await roomProfileStep.run(wanted, context)).toEqual({ status: "already_done" });
    expect(writes()).toEqual([]);
  });
});

function refusal(status: number, errcode: string, error: string): Answer {
  return { status, json: { errcode, error } };
}

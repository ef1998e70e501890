import { expect, it } from "vitest";
import { UnreachableError } from "../../../../../src/network/unreachable-error.ts";
import { lostImages } from "../../../../../src/platforms/matrix/reading/lost-images.ts";
import type { Answer } from "../../../../support/fakes/scripted-context.ts";
import { refused, scriptedContext } from "../../../../support/fakes/scripted-context.ts";

const FACE = "mxc://old.example/face";
const DOWNLOAD = "target GET /_matrix/client/v1/media/download/old.example/face";
const profileWith = (avatarUrl: string | null) => ({
  profile: { displayName: null, avatarUrl, fields: new Map<string, unknown>() },
});

async function lost(answer: Answer, { own = null, old = FACE }: { own?: string | null; old?: string } = {}) {
  const { context, lines } = scriptedContext({ [DOWNLOAD]: answer });
  const readings = { source: profileWith(old), target: profileWith(own) };
  return { urls: [...(await lostImages(context.client.target, readings, new Set()))], lines: lines() };
}

it.each<{ name: string; answer: Answer; urls: string[] }>([
  { name: "the new server has a copy", answer: { bytes: "picture", type: "image/png" }, urls: [] },
  { name: "the new server has none", answer: refused(404, "M_NOT_FOUND"), urls: [FACE] },
  { name: "the new server cannot fetch it", answer: refused(502, "M_UNKNOWN"), urls: [FACE] },
  {
    name: "the new server waits for the old one",
    answer: new UnreachableError("timeout", "new.example"),
    urls: [FACE],
  },
  { name: "the new server limits downloads", answer: refused(429, "M_LIMIT_EXCEEDED"), urls: [] },
  { name: "the new server is away", answer: new UnreachableError("refused", "new.example"), urls: [] },
])("a picture counts as lost as far as a plan can see: $name", async ({ answer, urls }) => {
  expect(await lost(answer)).toEqual({ urls, lines: [DOWNLOAD] });
});

it.each<{ name: string; profiles: Parameters<typeof lost>[1] }>([
  { name: "the new account has a picture", profiles: { own: "mxc://new.example/own" } },
  { name: "the file has no address of a picture", profiles: { old: "https://old.example/face.png" } },
])("nothing is asked where $name", async ({ profiles }) => {
  expect(await lost(refused(404, "M_NOT_FOUND"), profiles)).toEqual({ urls: [], lines: [] });
});

it("a picture that was just lost is not asked for again", async () => {
  const { context, lines } = scriptedContext({ [DOWNLOAD]: refused(404, "M_NOT_FOUND") });
  const readings = { source: profileWith(FACE), target: profileWith(null) };
  const known = new Set<string>();
  for (const _ of [1, 2])
    expect([...(await lostImages(context.client.target, readings, known))]).toEqual([FACE]);
  expect(lines()).toEqual([DOWNLOAD]);
});

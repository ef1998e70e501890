import { describe, expect, it } from "vitest";
import {
  readCapabilities,
  readProfile,
} from "../../../../../src/platforms/matrix/reading/account-details.ts";
import type { Reader } from "../../../../../src/platforms/matrix/reading/reader.ts";
import { readSpaceChildren } from "../../../../../src/platforms/matrix/reading/single-room.ts";
import type { Given } from "./recorded-server.ts";
import { ME, recordedServer } from "./recorded-server.ts";

interface Read {
  readonly name: string;
  /** The answer that means absence. */
  readonly absent: Given;
  readonly read: (reader: Reader) => Promise<unknown>;
  /** What is read then. */
  readonly expected: unknown;
}

const READS: readonly Read[] = [
  {
    name: "capabilities",
    absent: { status: 404, body: { errcode: "M_UNRECOGNIZED" } },
    read: async (reader) => (await readCapabilities(reader)).roomVersions,
    expected: ["1"],
  },
  {
    name: "a profile",
    absent: { status: 404, body: { errcode: "M_NOT_FOUND" } },
    read: (reader) => readProfile(reader, ME),
    expected: { displayName: null, avatarUrl: null, fields: new Map() },
  },
  {
    name: "the children of a space",
    absent: { status: 404, body: { errcode: "M_UNRECOGNIZED" } },
    read: (reader) => readSpaceChildren(reader, "!space:old.example"),
    expected: [],
  },
];

describe.each(READS)("reading $name", ({ absent, read, expected }) => {
  it("finds nothing where the homeserver says so", async () => {
    const { reader } = recordedServer(() => absent);
    expect(await read(reader)).toEqual(expected);
  });

  it.each<{ page: string; given: Given }>([
    { page: "a web server's own 404", given: { status: 404, text: "404 page not found" } },
    { page: "an empty 404", given: { status: 404, text: "" } },
    { page: "a 405 of a proxy", given: { status: 405, text: "<h1>Not allowed</h1>" } },
  ])("fails after $page, which says nothing about absence", async ({ given }) => {
    const { reader } = recordedServer(() => given);
    await expect(read(reader)).rejects.toMatchObject({ reason: "not_json" });
  });

  it("asks again after such a page", async () => {
    let asked = 0;
    const { reader } = recordedServer(() => (asked++ === 0 ? { status: 404, text: "no" } : absent));
    expect(await read(reader)).toEqual(expected);
    expect(asked).toBe(2);
  });
});

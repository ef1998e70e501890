import { describe, expect, it } from "vitest";
import { UnreachableError } from "../../../../../src/network/unreachable-error.ts";
import type { WatchedRoom } from "../../../../../src/platforms/matrix/watch/access-change.ts";
import { lookForAccessChanges } from "../../../../../src/platforms/matrix/watch/look-for-access-changes.ts";
import type { AnswerTable } from "../../../../support/fakes/scripted-context.ts";
import {
  content,
  NOT_FOUND,
  NOT_INSIDE,
  refused,
  scriptedContext,
} from "../../../../support/fakes/scripted-context.ts";
import {
  ANSWERED,
  NOTHING,
  OPEN,
  PLAIN,
  PUBLIC,
  SOURCE_IN,
  SYNC,
  answeredTo,
  event,
  look,
  lookAt,
  refusalOf,
  rule,
  target,
  watched,
  withoutFacts,
} from "../../../../support/fakes/watched-rooms.ts";
import { ADMIN, SOURCE, TARGET } from "../../../../support/plans/planned-rooms.ts";

describe("the invitations that the target's own server shows", () => {
  const stripped = (sentAt?: number) => ({
    invite_state: [event("m.room.create", {}), target("invite", sentAt === undefined ? {} : { sentAt })],
  });

  async function seenByTarget(room: object, more: Partial<WatchedRoom> = {}): Promise<unknown> {
    const script = {
      [`source POST ${SYNC}`]: NOTHING,
      [`target POST ${SYNC}`]: content({ pos: "1", rooms: { "!a": room } }),
    };
    const { changes } = await look(script, [watched("!a", more)], { readsRooms: null });
    return withoutFacts(changes.get("!a"));
  }

  it.each<{ name: string; room: object; change: object | undefined }>([
    { name: "stripped state", room: stripped(), change: OPEN },
    {
      name: "the names of the merged text",
      room: { membership: "invite", stripped_state: [event("m.room.create", {})] },
      change: OPEN,
    },
    { name: "a knock", room: { invite_state: [target("knock")] }, change: undefined },
    { name: "a join", room: { required_state: [target("join")] }, change: { kind: "joined" } },
  ])("are found by $name, whether or not the source is in the room", async ({ room, change }) => {
    expect(await seenByTarget(room)).toEqual(change);
    expect(await seenByTarget(room, { isSourceJoined: false })).toEqual(change);
  });

  it("are told apart by their positions, as they come without a time", async () => {
    const answered = answeredTo({ member: { value: `invite ${ADMIN}`, sentAt: null, position: 4 } });
    const room = { isSourceJoined: false, refusals: [refusalOf("accept_invite", answered)] };
    expect(await seenByTarget({ ...stripped(), bump_stamp: 4 }, room)).toBeUndefined();
    expect(await seenByTarget({ ...stripped(), bump_stamp: 7 }, room)).toEqual(OPEN);
  });

  it("do not count where the room has withdrawn them since", async () => {
    const script = {
      [`source POST ${SYNC}`]: content({
        pos: "1",
        rooms: { "!a": { required_state: [SOURCE_IN, rule("invite"), target("leave", { sentAt: 9 })] } },
      }),
      [`target POST ${SYNC}`]: content({ pos: "1", rooms: { "!a": stripped() } }),
    };
    expect((await look(script, [watched("!a")])).changes).toEqual(new Map());
  });
});

describe("a look without sliding sync", () => {
  const MEMBER = `source GET /rooms/!a/state/m.room.member/${TARGET}`;
  const OWN = `source GET /rooms/!a/state/m.room.member/${SOURCE}`;
  const RULES = "source GET /rooms/!a/state/m.room.join_rules";
  const ACL = "source GET /rooms/!a/state/m.room.server_acl";
  const TARGET_SYNC = "target GET /sync";
  const inside = { [OWN]: content({ membership: "join" }), [TARGET_SYNC]: content({}) };
  const PLAINLY = { features: PLAIN };

  it.each<{ name: string; script: AnswerTable; change: object | undefined }>([
    {
      name: "nothing new",
      script: { ...inside, [MEMBER]: NOT_FOUND, [RULES]: content({ join_rule: "invite" }), [ACL]: NOT_FOUND },
      change: undefined,
    },
    {
      name: "an invitation",
      script: {
        ...inside,
        [MEMBER]: content({ membership: "invite" }),
        [RULES]: content({ join_rule: "invite" }),
        [ACL]: NOT_FOUND,
      },
      change: OPEN,
    },
    {
      name: "a public room",
      script: { ...inside, [MEMBER]: NOT_FOUND, [RULES]: content({ join_rule: "public" }), [ACL]: NOT_FOUND },
      change: PUBLIC,
    },
    {
      name: "a public room whose ACL shuts the server out",
      script: {
        ...inside,
        [MEMBER]: NOT_FOUND,
        [RULES]: content({ join_rule: "public" }),
        [ACL]: content({ allow: ["old.example"] }),
      },
      change: undefined,
    },
    {
      name: "nothing in a room that the source has left",
      script: { [OWN]: NOT_INSIDE, [TARGET_SYNC]: content({}) },
      change: undefined,
    },
    {
      name: "nothing in a room that does not answer",
      script: { [OWN]: new UnreachableError("timeout", "old.example"), [TARGET_SYNC]: content({}) },
      change: undefined,
    },
  ])("shows $name in requests about the room", async ({ script, change }) => {
    const { changes, lines, sides } = await look(script, [watched("!a")], PLAINLY);
    expect(withoutFacts(changes.get("!a"))).toEqual(change);
    expect(lines.toSorted()).toEqual(Object.keys(script).toSorted());
    expect(sides.source).toEqual(ANSWERED);
  });

  it.each<{ name: string; rooms: object; change: object | undefined }>([
    {
      name: "an invitation",
      rooms: { invite: { "!a": { invite_state: { events: [target("invite", { sentAt: 3 })] } } } },
      change: OPEN,
    },
    { name: "a join", rooms: { join: { "!a": {} } }, change: { kind: "joined" } },
    {
      name: "a ban",
      rooms: { leave: { "!a": { state: { events: [target("ban")] } } } },
      change: { kind: "banned" },
    },
    { name: "no other room", rooms: { invite: { "!stranger": {} } }, change: undefined },
  ])("shows $name by one filtered sync of the target", async ({ rooms, change }) => {
    const { changes, lines, sent } = await look(
      { [TARGET_SYNC]: content({ rooms }) },
      [watched("!a"), watched("!b")],
      { ...PLAINLY, readsRooms: null },
    );
    expect(withoutFacts(changes.get("!a"))).toEqual(change);
    expect(lines).toEqual([TARGET_SYNC]);
    const query = Object.fromEntries(sent[0]?.query ?? []);
    expect(query).toEqual({ filter: expect.any(String), set_presence: "offline", timeout: "0" });
    expect(JSON.parse(query["filter"] ?? "")).toMatchObject({
      presence: { types: [] },
      account_data: { types: [] },
      room: { rooms: ["!a", "!b"], state: { types: ["m.room.member"] } },
    });
  });

  it("reads fifty rooms at a look, and others at the next", async () => {
    const rooms = Array.from({ length: 120 }, (_, index) => watched(`!${index}`));
    const read = async (readsRooms: number) => {
      const { context, requests } = scriptedContext(({ path }) =>
        path === "/sync" ? content({}) : NOT_INSIDE,
      );
      const accounts = {
        source: { client: context.client.source, userId: SOURCE, features: PLAIN },
        target: { client: context.client.target, userId: TARGET, features: PLAIN },
      };
      await lookForAccessChanges(lookAt(rooms, accounts, { readsRooms }));
      return requests.filter(({ side }) => side === "source").length;
    };
    expect([await read(0), await read(1), await read(2), await read(3)]).toEqual([50, 50, 20, 50]);
  });

  it("ends at a few rooms that hang, and reads the others at the next looks", async () => {
    const rooms = Array.from({ length: 12 }, (_, index) => watched(`!${index}`));
    const read = async (readsRooms: number, hanging: (path: string) => boolean) => {
      const { context, requests } = scriptedContext(({ path }) => {
        if (path === "/sync") return content({});
        return hanging(path) ? new UnreachableError("timeout", "old.example") : NOT_INSIDE;
      });
      const accounts = {
        source: { client: context.client.source, userId: SOURCE, features: PLAIN },
        target: { client: context.client.target, userId: TARGET, features: PLAIN },
      };
      const { sides } = await lookForAccessChanges(lookAt(rooms, accounts, { readsRooms }));
      return { paths: requests.filter(({ side }) => side === "source").map(({ path }) => path), sides };
    };
    const whole = await read(0, () => true);
    expect([whole.paths.length, whole.sides.source]).toEqual([4, { status: "away" }]);
    const isOneOfFour = (path: string): boolean => /^\/rooms\/!(4|5|6|7)\//u.test(path);
    const seen = new Set<string>();
    for (const readsRooms of [0, 1, 2]) {
      const { paths, sides } = await read(readsRooms, isOneOfFour);
      for (const path of paths.filter((each) => !isOneOfFour(each))) seen.add(path);
      if (readsRooms !== 1) expect(sides.source).toEqual(ANSWERED);
    }
    expect(seen.size).toBe(8);
  });
});

describe("a look at two accounts of which one cannot be used", () => {
  const away = new UnreachableError("refused", "old.example");
  const inviting = content({ pos: "1", rooms: { "!a": { invite_state: [target("invite")] } } });
  const opened = content({ pos: "1", rooms: { "!a": { required_state: [SOURCE_IN, rule("public")] } } });
  const signedOut = refused(401, "M_UNKNOWN_TOKEN");
  const ENDED = { status: "refused", code: "session_ended" };

  it.each<{
    name: string;
    source: AnswerTable[string];
    target: AnswerTable[string];
    change: object;
    sides: object;
  }>([
    {
      name: "the old server is away",
      source: away,
      target: inviting,
      change: OPEN,
      sides: { source: { status: "away" }, target: ANSWERED },
    },
    {
      name: "a proxy answers for the old server",
      source: { status: 502, bytes: "<html>", type: "text/html" },
      target: inviting,
      change: OPEN,
      sides: { source: { status: "away" }, target: ANSWERED },
    },
    {
      name: "the old session has ended",
      source: signedOut,
      target: inviting,
      change: OPEN,
      sides: { source: ENDED, target: ANSWERED },
    },
    {
      name: "the old account is deactivated",
      source: refused(403, "M_USER_DEACTIVATED"),
      target: inviting,
      change: OPEN,
      sides: { source: { status: "refused", code: "account_deactivated" }, target: ANSWERED },
    },
    {
      name: "the new session has ended",
      source: opened,
      target: signedOut,
      change: PUBLIC,
      sides: { source: ANSWERED, target: ENDED },
    },
  ])("finds what the other shows where $name", async ({ source, target: newServer, change, sides }) => {
    const script = { [`source POST ${SYNC}`]: source, [`target POST ${SYNC}`]: newServer };
    const result = await look(script, [watched("!a")]);
    expect([withoutFacts(result.changes.get("!a")), result.sides]).toEqual([change, sides]);
  });

  it("does not ask a side that is away", async () => {
    const { lines, sides } = await look({ [`target POST ${SYNC}`]: NOTHING }, [watched("!a")], {
      asked: new Set(["target"]),
    });
    expect([lines, sides]).toEqual([
      [`target POST ${SYNC}`],
      { source: { status: "not_asked" }, target: ANSWERED },
    ]);
  });
});

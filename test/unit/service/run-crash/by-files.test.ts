import { describe, expect, it } from "vitest";
import type { FileAccountData } from "../../../../src/model/room-file.ts";
import { UnreachableError } from "../../../../src/network/unreachable-error.ts";
import type { FakeBot } from "../../../support/fakes/fake-bot.ts";
import { TARGET, fakePerson, signIn } from "../../../support/fakes/fake-bot.ts";
import type { FakeHomeservers, FakeRequest } from "../../../support/fakes/fake-homeservers.ts";
import { MODERATOR } from "../../../support/fakes/fake-room.ts";
import { fileRoom, importRooms } from "../../../support/fakes/file-rooms.ts";
import type { CrashTime } from "../../../support/faults/crashing-store.ts";
import { nth, partOf, parts, prepareInterruptedMoves } from "../../../support/faults/interrupted-moves.ts";

const helpers = [{ userId: MODERATOR, displayName: null, power: 100 }];

const ROOMS = [
  fileRoom("!public:old.example", "public", { tags: { "m.favourite": { order: 0.5 } } }),
  fileRoom("!space:old.example", "public"),
  fileRoom("!restricted:old.example", "restricted", { allow: ["!space:old.example"] }),
  fileRoom("!invited:old.example", "invite", { direct: true, partner: "@bo:live.example" }),
  fileRoom("!knock:old.example", "knock", { helpers }),
  fileRoom("!closed:old.example", "invite", { helpers, tags: { "u.work": {} } }),
];

const DATA: FileAccountData = {
  accountData: {
    "m.recent_emoji": { recent_emoji: [{ emoji: "🎺", total: 3 }] },
    "m.ignored_user_list": { ignored_users: { "@pest:old.example": {} } },
  },
  pushRules: {},
  tags: {},
  profile: { displayname: "Me" },
  roomAccountData: { "!closed:old.example": { "m.marked_unread": { unread: true } } },
};

async function prepare(bot: FakeBot): Promise<void> {
  await signIn(bot, ["target"]);
  await importRooms(bot, ROOMS, DATA);
}

/** The new server shows what the account is in the room at which it knocks. */
function servers(): FakeHomeservers {
  const person = fakePerson();
  person.summarized.add("!knock:old.example");
  return person;
}

function onRequest({ host }: FakeRequest): void {
  if (host === "old.example") throw new UnreachableError("dns", host);
}

describe("a move by files whose process is killed and started again", () => {
  const moves = prepareInterruptedMoves({ prepare, servers, onRequest });

  it("does everything that it is killed in the midst of", () => {
    const did = moves.whole.join("\n");
    for (const done of [
      `${TARGET} knocks at !knock:old.example`,
      '"m.direct":{"@bo:live.example":["!invited:old.example"]}',
      '"m.favourite"',
      '"u.work"',
      'run: "over"',
    ])
      expect(did).toContain(done);
    const seen = moves.whole.filter((line) => line.startsWith("seen: "));
    expect(new Set(seen).size).toBe(seen.length);
  });

  it.each(parts)(
    "reaches the same end, with nothing done twice, killed just before any write (part %i)",
    async (part) => {
      // Just after a write is as before the next one, or before a request, which is below.
      for (const n of partOf(moves.writes, part)) {
        const { processes, differences } = await moves.move({
          crashTimeOf: nth<CrashTime>(n, "before", "none"),
        });
        expect({ n, processes, differences }).toEqual({ n, processes: 2, differences: [] });
      }
    },
  );

  it.each(parts)(
    "reaches the same end, with nothing done twice, killed before any request is answered (part %i)",
    async (part) => {
      for (const n of partOf(moves.sent, part)) {
        const isNth = nth(n, true, false);
        const { processes, differences } = await moves.move({
          onRequest: ({ method }, crash) => {
            if (method !== "GET" && isNth()) crash();
          },
        });
        expect({ n, processes, differences }).toEqual({ n, processes: 2, differences: [] });
      }
    },
  );
});

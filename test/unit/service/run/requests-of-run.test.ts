import { afterEach, beforeEach, expect, it, vi } from "vitest";
import type { FakeBot } from "../../../support/fakes/fake-bot.ts";
import { TARGET, fakePerson, makePlan, request, startFakeBot } from "../../../support/fakes/fake-bot.ts";
import { temporaryFolder } from "../../../support/store/temporary-store.ts";

const DATA = `/user/${TARGET}`;

let bot: FakeBot;
const sent: string[] = [];

beforeEach(async () => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "Date"] });
  sent.length = 0;
  bot = startFakeBot({
    folder: await temporaryFolder(),
    servers: fakePerson(),
    onRequest: ({ method, path }) => {
      sent.push(`${method} ${decodeURIComponent(path).replace(/^\/_matrix\/client\/v\d/u, "")}`);
    },
  });
});
afterEach(async () => {
  await bot.runServices.stop();
  await bot.store.close();
  vi.useRealTimers();
});

/** The requests from the first write to the last reading of both accounts. */
async function requestsOfMoves(): Promise<string[]> {
  await makePlan(bot);
  await bot.runServices.start();
  const before = sent.length;
  await bot.runServices.starter.start(request);
  await vi.advanceTimersByTimeAsync(0);
  const begin = sent.findIndex((line, index) => index >= before && line.startsWith("PUT /profile/"));
  return sent.slice(begin, sent.lastIndexOf("GET /capabilities"));
}

// In every room of this person, the member event still shows the name that the server gave.
it("asks and writes in each room only what the room needs", async () => {
  const moves = await requestsOfMoves();
  const inRoom = (name: string): string[] =>
    moves.flatMap((line) => {
      const [, before, after] = new RegExp(`^(.*)!${name}:old\\.example(.*)$`, "u").exec(line) ?? [];
      return before === undefined ? [] : [`${before}…${after ?? ""}`];
    });
  const levels = ["GET /rooms/…/state/m.room.power_levels", "PUT /rooms/…/state/m.room.power_levels"];
  const expected = {
    council: levels,
    invited: ["POST /join/…"],
    space: ["POST /join/…"],
    restricted: ["POST /join/…"],
    replacement: ["POST /join/…"],
    knock: ["POST /knock/…"],
    public: ["POST /join/…", ...levels, `PUT ${DATA}/rooms/…/tags/m.favourite`],
    private: [
      "POST /rooms/…/invite",
      "POST /join/…",
      ...levels,
      `PUT ${DATA}/rooms/…/account_data/m.marked_unread`,
      "GET /rooms/…/messages",
      "POST /rooms/…/read_markers",
      // A name that was chosen for this room.
      `GET /rooms/…/state/m.room.member/${TARGET}`,
      `PUT /rooms/…/state/m.room.member/${TARGET}`,
    ],
  };
  const found = Object.fromEntries(Object.keys(expected).map((name) => [name, inRoom(name)]));
  expect(found).toEqual(expected);
});

it("reads no profile after the first join, and copies the picture once", async () => {
  const moves = await requestsOfMoves();
  const firstEntry = moves.findIndex((line) => /^POST \/(?:join|rooms)\//u.test(line));
  expect(moves.slice(firstEntry).filter((line) => line.startsWith("GET /profile/"))).toEqual([]);
  expect(moves.filter((line) => line.includes("/media/"))).toEqual([
    "GET /media/config",
    "GET /media/download/old.example/face",
    "POST /_matrix/media/v3/upload",
  ]);
});

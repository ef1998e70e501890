import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { textOf } from "../lab/person/person.ts";
import { missingRooms } from "../support/environments/entered-rooms.ts";
import type { FaultyMoveEnvironment } from "../support/environments/faulty-move-environment.ts";
import { createFaultyMoveEnvironment } from "../support/environments/faulty-move-environment.ts";
import type { Fault, ProxiedRequest } from "../support/faults/fault-proxy.ts";

/** What the tests of this file share. They run in order, and later ones need earlier ones. */
const story = {} as { move: FaultyMoveEnvironment };

const LIMITS_PAGE = "https://new.example/limits";
const NO_MORE: Fault = {
  kind: "status",
  status: 403,
  errcode: "M_USER_LIMIT_EXCEEDED",
  more: { error: "Two rooms are free.", info_uri: LIMITS_PAGE },
};

function isJoin({ method, path }: ProxiedRequest): boolean {
  return method === "POST" && path.includes("/join/");
}

function isInvitation({ method, path }: ProxiedRequest): boolean {
  return method === "POST" && path.endsWith("/invite");
}

describe("a move that is refused by the account's server or by a firewall", () => {
  beforeAll(async () => {
    story.move = await createFaultyMoveEnvironment({ seed: 43, rooms: { count: 16 } });
    await story.move.ask("!migrate plan");
  });

  afterAll(() => story.move.close());

  it("asks its owner, and nobody in the rooms, where the account may join no more", async () => {
    const { move } = story;
    let joins = 0;
    move.newServer.setRule((request) => (isJoin(request) && ++joins > 2 ? NO_MORE : undefined));
    const after = await move.typist.say(move.chatId, "!migrate start");
    const notice = textOf(await move.waitFor(/lets it join or invite no more/u, { after }));
    expect(notice).toContain("Two rooms are free.");
    expect(notice).toContain(LIMITS_PAGE);
    const refused = move.newServer.requests.filter(({ fault }) => fault === NO_MORE);
    // Requests that were under way with the first one.
    expect(refused.length).toBeLessThanOrEqual(8);
    const atFirst = refused[0]?.arrivedAt ?? 0;
    const answered = move.newServer.requests
      .filter(isJoin)
      .filter(({ arrivedAt }) => arrivedAt > atFirst + 5_000);
    expect(answered).toEqual([]);
    // The rest of the move went on.
    expect(
      move.newServer.requests.some(({ path }) => path.endsWith("/pushrules/") || path.includes("/tags")),
    ).toBe(true);
    const report = await move.askForReport("!report --format json", "report-1.json");
    const held = report.rooms.filter(({ reason }) => reason?.code === "account_limit");
    expect(held.length).toBeGreaterThan(0);
    expect(held.every(({ status, helpers }) => status === "needs_you" && helpers.length === 0)).toBe(true);
  });

  it("goes on with the same routes when it is resumed, and waits for a firewall that answers with pages", async () => {
    const { move } = story;
    const isShown = Promise.withResolvers<undefined>();
    let pages = 0;
    move.newServer.setRule(({ method }) => {
      if (method === "GET" || pages >= 20) return undefined;
      pages += 1;
      isShown.resolve(undefined);
      return { kind: "html", status: pages % 2 === 0 ? 403 : 404 };
    });
    const invitations = move.oldServer.requests.filter(isInvitation).length;
    const after = await move.typist.say(move.chatId, "!migrate resume");
    await isShown.promise;
    const end = textOf(await move.waitFor(/The move is done\./u, { after, timeoutMs: 120_000 }));
    expect(end).not.toContain("What did not work");
    expect(end).not.toContain("It works!");
    expect(await missingRooms(move)).toEqual([]);
    // No invitation was spent on a room that is open.
    const expected = move.population.rooms.filter(({ expected: { route } }) => route === "invite").length;
    expect(move.oldServer.requests.filter(isInvitation).length).toBeLessThanOrEqual(
      Math.max(expected, invitations) + 1,
    );
  });
});

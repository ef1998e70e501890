import { askBot } from "../../lab/bot-answer.ts";
import { textOf } from "../../lab/person/person.ts";
import type { Checks } from "../checks.ts";
import type { DemoEnvironment } from "../environment.ts";
import { ANSWER_TIMEOUT_MS, reportNow } from "../report-now.ts";

/** The plan and the report, both compared with what is known of every room that the demo made. */
export async function playPlan(
  { person, chatId, botUserId, population, pair }: DemoEnvironment,
  checks: Checks,
): Promise<void> {
  const before = await writes();
  const plan = textOf(
    await askBot(person, chatId, "!migrate plan", { botUserId, timeoutMs: ANSWER_TIMEOUT_MS }),
  );
  const rowCount = population.rooms.length;
  await checks.check(`the plan has every one of the ${rowCount} rooms`, () =>
    plan.includes(`${rowCount} rooms:`),
  );
  await askBot(person, chatId, "!report", { botUserId, timeoutMs: ANSWER_TIMEOUT_MS });

  const report = await reportNow({ person, chatId, botUserId });
  const rows = new Map(report.rooms.map((room) => [room.roomId, room]));
  await checks.check("each room has the route, the reason and the helpers that are right for it", () => {
    const wrong = population.rooms.filter(({ roomId, expected }) => {
      const row = rows.get(roomId);
      const helpers = row?.helpers.map((helper) => helper.userId) ?? [];
      const isRight =
        row?.route === expected.route &&
        row.status === expected.status &&
        (row.reason?.code ?? null) === expected.reason;
      return !isRight || !sameHelpers(helpers, expected.helpers);
    });
    if (wrong.length > 0) throw new Error(`wrong for ${wrong.map((room) => room.kind).join(", ")}`);
    return true;
  });
  await checks.check("planning wrote nothing to either account", async () => (await writes()) === before);

  /** Requests that could have changed the two accounts. */
  async function writes(): Promise<number> {
    const logs = await Promise.all([pair.old.accessLog(), pair.new.accessLog()]);
    const owners = new Set([population.source.userId, population.target.userId]);
    return logs
      .flat()
      .filter(
        ({ user, method, path }) =>
          user !== undefined && owners.has(user) && method !== "GET" && !isOfPerson(path),
      ).length;
  }

  /**
   * Two kinds of requests do not count: sliding sync, a POST that reads, and the person's own
   * client, which writes messages and keys into this chat.
   */
  function isOfPerson(path: string): boolean {
    return (
      path.endsWith("/sync") ||
      path.includes(encodeURIComponent(chatId)) ||
      /\/(?:keys|sendToDevice|filter)(?:\/|$)/u.test(path)
    );
  }
}

function sameHelpers(found: readonly string[], expected: readonly string[]): boolean {
  return found.length === expected.length && expected.every((userId) => found.includes(userId));
}

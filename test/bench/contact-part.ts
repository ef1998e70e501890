import { concurrently } from "../../src/platforms/matrix/reading/concurrently.ts";
import { changeLimits } from "../lab/homeservers/change-limits.ts";
import { chatsOpened, moderator, sentSince } from "../support/contact/contact-world.ts";
import type { FaultyMoveEnvironment } from "../support/environments/faulty-move-environment.ts";
import { createFaultyMoveEnvironment } from "../support/environments/faulty-move-environment.ts";
import type { Bench } from "./bench.ts";
import { ratio, seconds, textTable } from "./table.ts";

/** Requests under way while rooms are made. */
const AT_ONCE = 6;

/** So many rooms wait for so many helpers. */
export interface AskSize {
  readonly rooms: number;
  readonly helpers: number;
}

/** So many rooms are left, under limits that refill so many times as fast as by default. */
export interface LeaveSize {
  readonly rooms: number;
  readonly scale: number;
}

/** Measures what it takes to ask for rooms and to leave rooms. */
export async function benchContact({ log }: Bench, ask: AskSize, leave: LeaveSize): Promise<string> {
  return `${await benchAsk(ask, log)}\n\n${await benchLeave(leave, log)}`;
}

async function benchAsk({ rooms, helpers }: AskSize, log: Bench["log"]): Promise<string> {
  const move = await createFaultyMoveEnvironment({
    seed: 71,
    rooms: { count: 1 },
    configuration: { limits: { newChatsPerDay: helpers } },
  });
  try {
    log(`making ${rooms} rooms of ${helpers} helpers`);
    const people = await concurrently(numbers(helpers), AT_ONCE, (n) => moderator(move, `helper${n}`));
    await concurrently(numbers(rooms), AT_ONCE, async (n) => {
      await people[n % helpers]?.makeRoom({ name: `Room ${n}`, members: [move.source] });
    });
    await move.ask("!migrate plan");
    const startedAt = Date.now();
    await move.ask("!ask");
    const previewMs = Date.now() - startedAt;
    const confirmedAt = Date.now();
    await confirmed(move, "ask", /^Asking for help is done\./u);
    const sent = sentSince(move.source, confirmedAt);
    const messages = sent.filter(({ type }) => type === "m.room.message").length;
    const chats = chatsOpened(sent).length;
    const requests = await requestsSince(move, confirmedAt);
    return textTable(
      ["rooms", "helpers", "messages", "new rooms", "events sent", "requests", "preview s", "run s"],
      [
        [rooms, helpers, messages, chats, sent.length, requests.length]
          .map(String)
          .concat([seconds(previewMs), seconds(Date.now() - confirmedAt)]),
      ],
    );
  } finally {
    await move.close();
  }
}

async function benchLeave({ rooms, scale }: LeaveSize, log: Bench["log"]): Promise<string> {
  const move = await createFaultyMoveEnvironment({ seed: 72, rooms: { count: 1 } });
  try {
    log(`making ${rooms} rooms with both accounts`);
    const owner = await moderator(move, "owner");
    await concurrently(numbers(rooms), AT_ONCE, async (n) => {
      const room = { name: `Room ${n}`, members: [move.source, move.target], joinRule: "public" };
      await owner.makeRoom(room);
    });
    log(`leaving ${rooms} rooms under the default limits, ${scale} times as fast`);
    await changeLimits(move.pair.old, { scale });
    await move.ask("!migrate plan");
    const preview = await move.ask("!leave-old moved");
    const planned = /This takes ([^.]+)\./u.exec(preview)?.[1] ?? "not said";
    const confirmedAt = Date.now();
    await confirmed(move, "leave", /^Leaving rooms is done\./u);
    const ms = Date.now() - confirmedAt;
    const left = sentSince(move.source, confirmedAt).filter(
      ({ content }) => content["membership"] === "leave",
    );
    const requests = await requestsSince(move, confirmedAt);
    return textTable(
      ["left", "planned", "measured s", "limits ×", "minutes by the limits", "requests", "per room", "429"],
      [
        [
          String(left.length),
          planned,
          seconds(ms),
          String(scale),
          ((ms * scale) / 60_000).toFixed(1),
          String(requests.length),
          ratio(requests.length, left.length),
          String(requests.filter(({ status }) => status === 429).length),
        ],
      ],
    );
  } finally {
    await move.close();
  }
}

async function confirmed(move: FaultyMoveEnvironment, word: string, end: RegExp): Promise<void> {
  const after = await move.typist.say(move.chatId, word);
  await move.waitFor(end, { after, timeoutMs: 20 * 60_000 });
}

/** What the bot requested with the two accounts since then. */
async function requestsSince({ pair, source, target }: FaultyMoveEnvironment, since: number) {
  const logs = await Promise.all([pair.old.accessLog(), pair.new.accessLog()]);
  return logs
    .flat()
    .filter(
      ({ listener, user, finishedAt }) =>
        listener === "client" && (user === source.userId || user === target.userId) && finishedAt >= since,
    );
}

function numbers(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index);
}

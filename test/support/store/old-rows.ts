import { join } from "node:path";
import Database from "better-sqlite3";

/*
 * Rows as the first version with schema 6 wrote them, before stored JSON had a version: reasons and
 * warnings have their sentences and no data, a knock has its words, and limiters have other names.
 */

export const OLD_OWNER = "@person:old.example";
export const OLD_SOURCE = "@me:old.example";
export const OLD_TARGET = "@me:new.example";
const ADDRESS =
  '{"roomId":"!chat:new.example","eventId":"$start","threadRoot":null,"roomKind":"direct","sender":"@person:old.example","isEncrypted":true}';
const REQUEST =
  '{"filters":{"only":[],"exclude":[],"spaces":[],"servers":[],"isDirect":null,"activeSince":null,"hasRooms":true,"categories":null},"botRoomIds":["!chat:new.example"]}';
const CLOSED_ROW =
  '{"roomId":"!closed:old.example","name":"Choir","alias":null,"direct":false,"space":false,"encrypted":true,"route":"ask_moderator","through":null,"successor":null,"status":"needs_moderator","until":null,"waitingFor":null,"reason":{"code":"no_invite_power","text":"Inviting needs power 50; the old account has 0."},"power":{"source":0,"wanted":0,"target":null},"warnings":[{"code":"history_hidden","text":"New members see only what is written after they join."}],"helpers":[{"userId":"@mo:old.example","displayName":"Mo","power":100}]}';
const OPEN_ROW =
  '{"roomId":"!open:old.example","name":"Open","alias":null,"direct":false,"space":false,"encrypted":false,"route":"join","through":null,"successor":null,"status":"planned","until":null,"waitingFor":null,"reason":null,"power":{"source":50,"wanted":50,"target":null},"warnings":[],"helpers":[]}';
const NO_CATEGORIES = [
  "rooms",
  "power_levels",
  "direct_chats",
  "tags",
  "room_settings",
  "room_profiles",
  "read_markers",
  "profile",
  "push_rules",
  "ignored_users",
  "account_data",
  "room_keys",
]
  .map((name) => `{"name":"${name}","expected":0,"present":0,"missing":[]}`)
  .join(",");
/** The report in the plan, which is also the file that the old version exported. */
export const OLD_REPORT = `{"schema":1,"source":"${OLD_SOURCE}","target":"${OLD_TARGET}","generatedAt":"2026-01-31T12:00:00Z","rooms":[${CLOSED_ROW},${OPEN_ROW}],"categories":[${NO_CATEGORIES}]}`;
const PLAN = `{"report":${OLD_REPORT},"moreHelpers":{"!closed:old.example":2},"via":{"!closed:old.example":["old.example"],"!open:old.example":["old.example"]},"request":${REQUEST}}`;
const work = (roomId: string, routes: string): string =>
  `{"roomId":"${roomId}","routes":${routes},"through":null,"via":["old.example"],"isNewToServer":true}`;

/** Changes the database of a data directory that no store has open. */
export function changeRows(dataDir: string, change: (database: Database.Database) => void): void {
  const database = new Database(join(dataDir, "mover.sqlite"));
  try {
    change(database);
  } finally {
    database.close();
  }
}

/** A plan and a run of it. The open room is joined. The closed room waits for its people. */
export function insertOldRows(database: Database.Database): void {
  database.prepare("INSERT INTO plan VALUES (?, 3, 1000, ?)").run(OLD_OWNER, PLAN);
  database
    .prepare(
      `INSERT INTO run (id, owner, plan_number, purpose, state, stage, source, target, address, request,
        started_at, ended_at, problem, progress_count)
       VALUES (1, ?, 3, 'move', 'watching', 0, ?, ?, ?, ?, 2000, 3000, NULL, 2)`,
    )
    .run(OLD_OWNER, OLD_SOURCE, OLD_TARGET, ADDRESS, REQUEST);
  const room = database.prepare(
    `INSERT INTO run_room (run_id, room_id, position, planned, route, status, is_inside, refusals, joined_at,
      is_replacement) VALUES (1, ?, ?, ?, ?, ?, ?, ?, ?, 0)`,
  );
  const closedWork = work("!closed:old.example", '["invite","knock","ask_moderator"]');
  const refusals = '[{"route":"invite","code":"refused","serverText":"No."}]';
  room.run(
    ...["!closed:old.example", 0, `{"row":${CLOSED_ROW},"work":${closedWork}}`],
    ...["knock", "needs_moderator", 0, refusals, null],
  );
  const openWork = work("!open:old.example", '["join","ask_moderator"]');
  room.run(
    ...["!open:old.example", 1, `{"row":${OPEN_ROW},"work":${openWork}}`, "join", "done", 1, "[]", 2500],
  );
  const step = database.prepare(
    `INSERT INTO step (run_id, key, kind, side, lane, stage, limits, room_id, payload, state, is_blocked,
      attempts, outcome, finished_at) VALUES (1, ?, ?, 'target', ?, 1, ?, ?, ?, ?, 0, 1, ?, 2500)`,
  );
  step.run(
    ...["join:!open:old.example", "join", "target:remote_joins", '["joins","remote_joins"]'],
    "!open:old.example",
    '{"kind":"join","roomId":"!open:old.example","via":["old.example"],"through":null}',
    ...["done", '{"status":"done","undo":{"roomId":"!open:old.example"}}'],
  );
  step.run(
    ...["knock:!closed:old.example", "knock", "target:messages", '["messages"]', "!closed:old.example"],
    '{"roomId":"!closed:old.example","via":["old.example"],"reason":"I am moving."}',
    ...["done", '{"status":"needs_moderator"}'],
  );
  database
    .prepare("INSERT INTO limiter VALUES (?, 'messages', ?)")
    .run(
      OLD_TARGET,
      '{"assumedEmptyAt":9000,"isRefuted":false,"told":{"emptyAt":60000,"periodMs":4000,"edgeAt":null,"named":{"at":24000,"taken":1}},"unnamedRefusals":0}',
    );
  database
    .prepare(
      "INSERT INTO question VALUES ('q', ?, '!chat:new.example', ?, 'yes', 'undo', '{}', 10, 99, NULL, NULL)",
    )
    .run(OLD_OWNER, ADDRESS);
  database.prepare("INSERT INTO shown_list VALUES (?, ?)").run(OLD_OWNER, '["!closed:old.example"]');
}

import type { JsonObject } from "../../api/json.ts";
import { isJsonObject } from "../../api/json.ts";
import { roomVersionRules } from "../room-version.ts";
import { LEVELS_WITHOUT_EVENT } from "./power-levels.ts";
import { readLevel } from "./read-level.ts";

const NAMED_LEVELS = [
  "users_default",
  "events_default",
  "state_default",
  "ban",
  "redact",
  "kick",
  "invite",
] as const;
const LEVEL_MAPS = ["users", "events", "notifications"] as const;

/** The input of the new content, all read just before it is written. */
export interface PowerLevelsRewrite {
  /** The current content of the event; `null` if the room has none. */
  content: unknown;
  roomVersion: string | null;
  /**
   * The room's creators. Before version 12 a first event must keep the creator's 100. From version
   * 12 on creators must not be in it.
   */
  creators: readonly string[];
  userId: string;
  /** `null`: the user's own entry is removed, so that `users_default` counts. */
  level: number | null;
}

/**
 * - `unchanged`: the user already has the level.
 * - `unreadable`: the event has a level that this room's version does not allow. Writing it back
 *   would be refused or would change it.
 * - `is_creator`: the user is above every level and must not be in the event.
 * - `unknown_version`: the version's rules are not known.
 */
export type PowerLevelsContent =
  | { kind: "content"; content: JsonObject }
  | { kind: "unchanged" | "unreadable" | "is_creator" | "unknown_version" };

/**
 * The content that gives one user a level. Other keys stay as they are. Every level becomes an
 * integer: Synapse refuses anything else in new events, whatever the room's version
 * (platforms/matrix/README.md, "Power levels").
 */
export function powerLevelsContent(rewrite: PowerLevelsRewrite): PowerLevelsContent {
  const { content, roomVersion, creators, userId, level } = rewrite;
  const rules = roomVersionRules(roomVersion);
  if (rules === null) return { kind: "unknown_version" };
  if (rules.hasInfiniteCreators && creators.includes(userId)) return { kind: "is_creator" };
  if (content === null) {
    if (level === null) return { kind: "unchanged" };
    return {
      kind: "content",
      content: firstContent(rules.hasInfiniteCreators ? [] : creators, userId, level),
    };
  }
  if (!isJsonObject(content)) return { kind: "unreadable" };
  const integers: Record<string, unknown> = { ...content };
  for (const name of NAMED_LEVELS) {
    if (!(name in content)) continue;
    const value = readLevel(content[name], rules);
    if (value === null) return { kind: "unreadable" };
    integers[name] = value;
  }
  for (const name of LEVEL_MAPS) {
    if (!(name in content)) continue;
    const levels = content[name];
    if (!isJsonObject(levels)) return { kind: "unreadable" };
    const entries = Object.entries(levels).map(([key, value]) => [key, readLevel(value, rules)] as const);
    if (entries.some(([, value]) => value === null)) return { kind: "unreadable" };
    integers[name] = Object.fromEntries(entries);
  }
  const users = integers["users"] ?? {};
  if (!isJsonObject(users)) return { kind: "unreadable" };
  const { [userId]: before, ...others } = users;
  if ((before ?? null) === level) return { kind: "unchanged" };
  integers["users"] = level === null ? others : { ...users, [userId]: level };
  return { kind: "content", content: integers };
}

/** All defaults are written. An event with only `users` would take the creator's power away. */
function firstContent(creators: readonly string[], userId: string, level: number): JsonObject {
  return {
    users: { ...Object.fromEntries(creators.map((creator) => [creator, 100])), [userId]: level },
    users_default: LEVELS_WITHOUT_EVENT.usersDefault,
    events: {},
    events_default: LEVELS_WITHOUT_EVENT.eventsDefault,
    state_default: LEVELS_WITHOUT_EVENT.stateDefault,
    ban: LEVELS_WITHOUT_EVENT.ban,
    kick: LEVELS_WITHOUT_EVENT.kick,
    redact: LEVELS_WITHOUT_EVENT.redact,
    invite: LEVELS_WITHOUT_EVENT.invite,
    notifications: { room: 50 },
  };
}

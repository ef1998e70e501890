import { apiPath } from "../../../src/platforms/matrix/api/homeserver-client.ts";
import type { PopulatedRoom } from "./model.ts";
import type { PopulationSession } from "./session.ts";
import { put } from "./session.ts";

interface Rule {
  readonly kind: "override" | "content" | "room" | "sender";
  readonly id: string;
  readonly body: unknown;
  readonly isDisabled?: boolean;
}

/**
 * Writes rules of every kind: muted rooms both ways (Element's and older clients'), words, a
 * sender, a disabled one, changed defaults.
 * @returns the rules' kinds and IDs; of the same kind the last one written comes first
 */
export async function writePushRules(
  source: PopulationSession,
  rooms: readonly PopulatedRoom[],
): Promise<string[]> {
  const [first, second, third] = rooms.slice(2).map((room) => room.roomId);
  if (first === undefined || second === undefined || third === undefined) return [];
  const rules: readonly Rule[] = [
    {
      kind: "override",
      id: first,
      body: { actions: [], conditions: [{ kind: "event_match", key: "room_id", pattern: first }] },
    },
    { kind: "room", id: second, body: { actions: [] } },
    { kind: "room", id: third, body: { actions: ["notify", { set_tweak: "sound", value: "default" }] } },
    { kind: "sender", id: `@loud:${source.serverName}`, body: { actions: [] } },
    {
      kind: "content",
      id: "harvest",
      body: { actions: ["notify", { set_tweak: "highlight" }], pattern: "harvest" },
    },
    {
      kind: "content",
      id: "rehearsal",
      body: { actions: ["notify"], pattern: "rehearsal*" },
      isDisabled: true,
    },
  ];
  // One after the other, because their order counts.
  for (const { kind, id, body, isDisabled } of rules) {
    const path = apiPath`/_matrix/client/v3/pushrules/global/${kind}/${id}`;
    await put(source, path, body);
    if (isDisabled === true) await put(source, `${path}/enabled`, { enabled: false });
  }
  await put(source, "/_matrix/client/v3/pushrules/global/override/.m.rule.suppress_notices/enabled", {
    enabled: false,
  });
  await put(source, "/_matrix/client/v3/pushrules/global/underride/.m.rule.message/actions", { actions: [] });
  return [
    ...rules.map(({ kind, id }) => `${kind}/${id}`),
    "override/.m.rule.suppress_notices",
    "underride/.m.rule.message",
  ];
}

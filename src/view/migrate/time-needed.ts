import { stringify } from "yaml";
import type { LimitedServer, Remedy, TimeEstimate } from "../../model/time-estimate.ts";
import type { Block } from "../document/document.ts";
import { code, codeBlock, paragraph, strong } from "../document/document.ts";
import { counted } from "../document/numbers.ts";
import { formatDuration } from "../document/time.ts";

/** How long a plan takes, and how administrators can shorten it. */
export function timeNeeded(estimate: TimeEstimate): Block[] {
  const { expectedMs, remedies, requestCounts, isSameServer } = estimate;
  const joins = requestCounts.joinsNewToServer + requestCounts.otherJoins;
  const writes = requestCounts.sourceWrites + requestCounts.targetWrites;
  const spent = [
    ...(requestCounts.invitations > 0 ? [counted(requestCounts.invitations, "invitation")] : []),
    ...(joins > 0
      ? [`${counted(joins, "join")} (${requestCounts.joinsNewToServer} of rooms new to your new server)`]
      : []),
    ...(writes > 0 ? [`${counted(writes, "change")} in rooms`] : []),
  ];
  const limited =
    spent.length === 0
      ? "; no server limit applies"
      : ` under a server's usual limits, for ${spent.join(", ")}`;
  const least = remedies.at(-1)?.expectedMsSoFar;
  return [
    paragraph(strong("Time"), `: ${about(expectedMs)}${limited}.`),
    ...(isSameServer ? [null] : limitedServers).flatMap((server) => forAdministrator(server, estimate)),
    ...(remedies.length > 1 && least !== undefined
      ? [paragraph(`With all these settings it takes ${about(least)}.`)]
      : []),
  ];
}

const limitedServers = ["source", "target"] as const;

/**
 * A text that can be forwarded unchanged to the administrator of one server.
 * @param server null if both accounts are on the same server
 */
function forAdministrator(
  server: LimitedServer | null,
  { expectedMs, limits, remedies }: TimeEstimate,
): Block[] {
  const isItsOwn = (of: LimitedServer): boolean => server === null || of === server;
  const ofServer = remedies.filter((remedy) => isItsOwn(remedy.server));
  if (ofServer.length === 0) return [];
  const otherwise = Math.max(
    0,
    ...limits.filter((limit) => !isItsOwn(limit.server)).map((limit) => limit.durationMs),
  );
  const saved = expectedMs - otherwise;
  const effect =
    saved > 0 ? `they save ${about(saved)}` : "they help once the other server has raised its limits too";
  const canOverride = ofServer.some((remedy) => remedy.means === "config_or_override");
  return [
    paragraph(
      `For the administrator of your ${serverWords(server)}, if it is a Synapse: with these settings for the day of the move, ${effect}.`,
    ),
    codeBlock(stringify(limitSettings(ofServer)).trimEnd()),
    ...(canOverride
      ? [
          paragraph(
            "All these limits",
            server !== null && ofServer.length > 1 ? " except the one on invitations" : "",
            ` can also be lifted for ${server === null ? "each of the two accounts" : "the one account"}, without a restart: `,
            code("POST /_synapse/admin/v1/users/{userId}/override_ratelimit"),
            " with ",
            code('{"messages_per_second":0,"burst_count":0}'),
            ".",
          ),
        ]
      : []),
  ];
}

function serverWords(server: LimitedServer | null): string {
  if (server === null) return "server";
  return server === "source" ? "old server" : "new server";
}

/**
 * The settings as in homeserver.yaml. A limit that counts for each account is set for the account
 * that needs more.
 */
function limitSettings(remedies: readonly Remedy[]): Record<string, Record<string, unknown>> {
  const settings: Record<string, Record<string, unknown>> = {};
  for (const [setting, all] of Map.groupBy(
    remedies.flatMap((remedy) => remedy.settings),
    (each) => each.setting,
  )) {
    const [group = setting, name] = setting.split(".");
    const values = {
      per_second: all[0]?.perSecond,
      burst_count: Math.max(...all.map(({ burstCount }) => burstCount)),
    };
    settings[group] = { ...settings[group], ...(name === undefined ? values : { [name]: values }) };
  }
  return settings;
}

function about(ms: number): string {
  return ms < 60_000 ? "about a minute" : `about ${formatDuration(ms)}`;
}

import { stringify } from "yaml";
import type { LimitedServer, Remedy, TimeEstimate } from "../../migration/time-estimate.ts";
import type { Block } from "../document.ts";
import { code, codeBlock, paragraph, strong } from "../document.ts";
import { counted } from "../numbers.ts";
import { formatDuration } from "../time.ts";

/** How long a plan takes, and what administrators can do about it. */
export function timeNeeded({ expectedMs, limits, remedies, spending }: TimeEstimate): Block[] {
  const joins = spending.joinsNewToServer + spending.otherJoins;
  const writes = spending.sourceWrites + spending.targetWrites;
  const spent = [
    ...(spending.invitations > 0 ? [counted(spending.invitations, "invitation")] : []),
    ...(joins > 0 ? [`${counted(joins, "join")} (${spending.joinsNewToServer} of rooms new to your new server)`] : []),
    ...(writes > 0 ? [`${counted(writes, "change")} in rooms`] : []),
  ];
  const limited =
    spent.length === 0 ? "; servers limit nothing of it" : ` under a server's usual limits, for ${spent.join(", ")}`;
  const least = remedies.at(-1)?.expectedMsSoFar;
  return [
    paragraph(strong("Time"), `: ${about(expectedMs)}${limited}.`),
    ...limitedServers.flatMap((server) => forAdministrator(server, { expectedMs, limits, remedies })),
    ...(remedies.length > 1 && least !== undefined ? [paragraph(`With all of that it takes ${about(least)}.`)] : []),
  ];
}

const limitedServers = ["source", "target"] as const;

/** Text that can be forwarded as it is to one server's administrator. */
function forAdministrator(
  server: LimitedServer,
  { expectedMs, limits, remedies }: Pick<TimeEstimate, "expectedMs" | "limits" | "remedies">,
): Block[] {
  const ofServer = remedies.filter((remedy) => remedy.server === server);
  if (ofServer.length === 0) return [];
  const otherwise = Math.max(0, ...limits.filter((limit) => limit.server !== server).map((limit) => limit.durationMs));
  const saved = expectedMs - otherwise;
  const effect = saved > 0 ? `they save ${about(saved)}` : "they help once the other server has raised its limits too";
  const canOverride = ofServer.some((remedy) => remedy.means === "config_or_override");
  return [
    paragraph(
      `For the administrator of your ${server === "source" ? "old" : "new"} server, if it is a Synapse: with these settings for the day of the move, ${effect}.`,
    ),
    codeBlock(stringify(limitSettings(ofServer)).trimEnd()),
    ...(canOverride
      ? [
          paragraph(
            "All of it",
            ofServer.length > 1 ? " but the limit on invitations" : "",
            " can also be lifted for the one account, without a restart: ",
            code("POST /_synapse/admin/v1/users/{userId}/override_ratelimit"),
            " with ",
            code('{"messages_per_second":0,"burst_count":0}'),
            ".",
          ),
        ]
      : []),
  ];
}

/** The settings as they stand in homeserver.yaml. */
function limitSettings(remedies: readonly Remedy[]): Record<string, Record<string, unknown>> {
  const settings: Record<string, Record<string, unknown>> = {};
  for (const { setting, perSecond, burstCount } of remedies.flatMap((remedy) => remedy.settings)) {
    const [group = setting, name] = setting.split(".");
    const values = { per_second: perSecond, burst_count: burstCount };
    settings[group] = { ...settings[group], ...(name === undefined ? values : { [name]: values }) };
  }
  return settings;
}

function about(ms: number): string {
  return ms < 60_000 ? "about a minute" : `about ${formatDuration(ms)}`;
}

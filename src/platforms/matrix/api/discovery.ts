import type { Logger } from "pino";
import { z } from "zod";
import type { GuardedFetch } from "../../../network/guarded-fetch.ts";
import { UnreachableError } from "../../../network/unreachable-error.ts";
import type { ServerNameParts } from "../ids/server-name.ts";
import { parseServerName } from "../ids/server-name.ts";
import type { DiscoveryErrorCode } from "./discovery-error.ts";
import { DiscoveryError } from "./discovery-error.ts";
import { HomeserverClient } from "./homeserver-client.ts";
import { HomeserverError } from "./homeserver-error.ts";
import { PageError } from "./page-error.ts";

/** A homeserver that answers at its client API address, and the features that it reports. */
export interface DiscoveredHomeserver {
  /** Without a trailing slash. */
  readonly baseUrl: string;
  readonly versions: readonly string[];
  readonly unstableFeatures: Readonly<Record<string, boolean>>;
  /** The operator configured the address. */
  readonly isConfigured: boolean;
}

export interface DiscoveryOptions {
  readonly fetch: GuardedFetch;
  readonly log: Logger;
  /** Server name → client API address, instead of asking the server's .well-known. */
  readonly servers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
  /** The address must be configured or in the .well-known. Default: the server name may be it. */
  readonly mustBeStated?: boolean;
}

const TIMEOUT_MS = 15_000;
const MAX_DISCOVERY_BYTES = 65_536;

const wellKnownSchema = z.object({ "m.homeserver": z.object({ base_url: z.string() }) });

const versionsSchema = z.object({
  versions: z
    .array(z.unknown())
    .transform((versions) => versions.filter((version) => typeof version === "string")),
  unstable_features: z.record(z.string(), z.unknown()).nullish().catch(undefined),
});

/**
 * Finds the client API address of a server name and reads the server's features (CS API, "Server
 * discovery" and "GET /versions").
 * @throws DiscoveryError
 */
export async function discoverHomeserver(
  serverName: string,
  options: DiscoveryOptions,
): Promise<DiscoveredHomeserver> {
  const parts = parseServerName(serverName);
  if (parts === null)
    throw new DiscoveryError("invalid_server_name", serverName.slice(0, 255), {
      stage: null,
      action: "prompt",
    });
  const { servers = {} } = options;
  const configured = Object.entries(servers).find(
    ([name]) => name.toLowerCase() === serverName.toLowerCase(),
  )?.[1];
  const baseUrl =
    configured === undefined ? await askWellKnown(parts, options) : normalizeBaseUrl(configured, serverName);
  return { ...(await askVersions(baseUrl, serverName, options)), isConfigured: configured !== undefined };
}

async function askWellKnown(
  parts: ServerNameParts,
  { fetch, signal, mustBeStated = false }: DiscoveryOptions,
): Promise<string> {
  const { serverName, hostname } = parts;
  const fail = (
    code: DiscoveryErrorCode,
    reason: { reason?: UnreachableError["reason"]; status?: number } = {},
  ) => new DiscoveryError(code, serverName, { stage: "well_known", action: "prompt", ...reason });
  let status: number;
  let body: Uint8Array;
  try {
    // The host without the port: the port of a server name belongs to federation.
    ({ status, body } = await fetch(`https://${hostname}/.well-known/matrix/client`, {
      timeoutMs: TIMEOUT_MS,
      maxBytes: MAX_DISCOVERY_BYTES,
      ...(signal === undefined ? {} : { signal }),
    }));
  } catch (error) {
    if (!(error instanceof UnreachableError)) throw error;
    const code = codeOf(error, "well_known_invalid");
    // If nothing answers at port 443, the port in the name may also serve the client API. The
    // specification leaves this to the client (CS §Well-known URI).
    if (code === "unreachable" && error.reason !== "dns" && parts.port !== null && !mustBeStated)
      return normalizeBaseUrl(`https://${serverName}`, serverName);
    throw fail(code, { reason: error.reason });
  }
  if (status === 404 && !mustBeStated) return normalizeBaseUrl(`https://${serverName}`, serverName);
  if (status !== 200) throw fail("well_known_invalid", { status });
  const wellKnown = wellKnownSchema.safeParse(parseJson(body));
  if (!wellKnown.success) throw fail("well_known_invalid", { reason: "unexpected_answer" });
  return normalizeBaseUrl(wellKnown.data["m.homeserver"].base_url, serverName);
}

function normalizeBaseUrl(text: string, serverName: string): string {
  const url = URL.parse(text);
  if (url === null || !/^https?:$/.test(url.protocol) || url.username !== "" || url.password !== "") {
    throw new DiscoveryError("well_known_invalid", serverName, {
      stage: "well_known",
      action: "error",
      reason: "invalid_address",
    });
  }
  return url.origin + url.pathname.replace(/\/+$/, "");
}

async function askVersions(
  baseUrl: string,
  serverName: string,
  options: DiscoveryOptions,
): Promise<Omit<DiscoveredHomeserver, "isConfigured">> {
  const { fetch, log, signal } = options;
  const fail = (
    code: DiscoveryErrorCode,
    reason: { reason?: UnreachableError["reason"]; status?: number } = {},
  ) => new DiscoveryError(code, serverName, { stage: "versions", action: "error", ...reason });
  const client = new HomeserverClient({ baseUrl, fetch, log });
  try {
    const answer = await client.request({
      method: "GET",
      path: "/_matrix/client/versions",
      schema: versionsSchema,
      timeoutMs: TIMEOUT_MS,
      maxBytes: MAX_DISCOVERY_BYTES,
      ...(signal === undefined ? {} : { signal }),
    });
    if (!answer.versions.some(isSupported))
      throw fail(answer.versions.length === 0 ? "not_a_homeserver" : "too_old");
    return {
      baseUrl,
      versions: answer.versions,
      unstableFeatures: booleansOf(answer.unstable_features ?? {}),
    };
  } catch (error) {
    if (error instanceof PageError || error instanceof HomeserverError) {
      // A server that is overloaded or restarts still exists. Any other refusal of this open
      // endpoint means that there is none.
      const isPassing = error.status >= 500 || error.status === 429;
      throw fail(isPassing ? "unreachable" : "not_a_homeserver", { status: error.status });
    }
    if (error instanceof UnreachableError)
      throw fail(codeOf(error, "not_a_homeserver"), { reason: error.reason });
    throw error;
  }
}

/** v1.1 is the oldest version that the bot supports. Earlier versions were named r0.x. */
function isSupported(version: string): boolean {
  return /^v(?:1\.[1-9]\d*|[2-9]\d*\.\d+)$/.test(version);
}

function booleansOf(features: Readonly<Record<string, unknown>>): Record<string, boolean> {
  const known = Object.entries(features).filter(
    (entry): entry is [string, boolean] => typeof entry[1] === "boolean",
  );
  return Object.fromEntries(known);
}

function codeOf(
  error: UnreachableError,
  wrongAnswer: "well_known_invalid" | "not_a_homeserver",
): DiscoveryErrorCode {
  switch (error.reason) {
    case "forbidden_address":
    case "insecure":
      return error.reason;
    case "dns":
    case "refused":
    case "tls":
    case "timeout":
    case "reset":
    case "aborted":
      return "unreachable";
    case "invalid_address":
    case "too_large":
    case "not_json":
    case "unexpected_answer":
    case "too_many_redirects":
    case "redirect_refused":
      return wrongAnswer;
  }
}

function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    return undefined;
  }
}

import { ACCESS_LOG_FORMAT } from "./access-log.ts";
import type { ServerIdentity } from "./identity.ts";
import type { RateLimits } from "./model.ts";
import { rateLimitConfig } from "./rate-limits.ts";

/**
 * Names inside a server's folder. Every path in the configuration is relative, so a pair's folder
 * can be copied.
 */
export const SERVER_FILES = {
  config: "homeserver.yaml",
  logConfig: "log.yaml",
  signingKey: "signing.key",
  certificate: "tls.crt",
  privateKey: "tls.key",
  database: "homeserver.db",
  log: "homeserver.log",
  output: "output.log",
  accessLog: "access.log",
} as const;

/** The throw-away certificate authority of a pair, in the pair's folder. */
export const CA_CERTIFICATE = "ca.crt";

interface ServerConfigOptions {
  readonly identity: ServerIdentity;
  readonly clientPort: number;
  readonly federatesWith: readonly string[];
  readonly limits: RateLimits;
  readonly roomVersion?: string | undefined;
  readonly extra?: Readonly<Record<string, unknown>> | undefined;
}

/** The content of homeserver.yaml, for a process whose working directory is the server's folder. */
export function serverConfig(options: ServerConfigOptions): Record<string, unknown> {
  const { identity, clientPort } = options;
  const config = {
    server_name: identity.serverName,
    public_baseurl: `http://127.0.0.1:${clientPort}/`,
    pid_file: "homeserver.pid",
    listeners: [
      // `keys` shows a caller that this server answers on the port, and not another that took it.
      listener(clientPort, "client", ["client", "keys"], false),
      listener(identity.federationPort, "federation", ["federation"], true),
    ],
    database: { name: "sqlite3", args: { database: SERVER_FILES.database } },
    log_config: SERVER_FILES.logConfig,
    media_store_path: "media",
    signing_key_path: SERVER_FILES.signingKey,
    tls_certificate_path: SERVER_FILES.certificate,
    tls_private_key_path: SERVER_FILES.privateKey,
    federation_custom_ca_list: [`../${CA_CERTIFICATE}`],
    federation_domain_whitelist: options.federatesWith,
    // Nothing leaves loopback: every other address is refused, also for push gateways and previews.
    // These two hold for federation as well, as long as federation_ip_range_blacklist is absent
    // (synapse/config/server.py).
    ip_range_blacklist: ["0.0.0.0/0", "::/0"],
    ip_range_whitelist: ["127.0.0.0/8", "::1/128"],
    trusted_key_servers: [],
    suppress_key_server_warning: true,
    report_stats: false,
    // A server that was down for a moment is retried at once. The default waits ten minutes.
    federation: {
      destination_min_retry_interval: "1s",
      destination_retry_multiplier: 1,
      destination_max_retry_interval: "5s",
    },
    enable_registration: false,
    registration_shared_secret: identity.registrationSecret,
    macaroon_secret_key: identity.macaroonSecret,
    form_secret: identity.formSecret,
    bcrypt_rounds: 4,
    presence: { enabled: false },
    url_preview_enabled: false,
    soft_file_limit: 0,
    ...(options.roomVersion === undefined ? {} : { default_room_version: options.roomVersion }),
    ...rateLimitConfig(options.limits),
  };
  return merge(config, options.extra ?? {});
}

/** The log configuration: warnings go to one file, every finished request to another. */
export function logConfig(): Record<string, unknown> {
  return {
    version: 1,
    disable_existing_loggers: false,
    formatters: {
      log: { format: "%(asctime)s %(levelname)s %(name)s - %(request)s - %(message)s" },
      access: { format: ACCESS_LOG_FORMAT },
    },
    handlers: {
      log: { class: "logging.FileHandler", formatter: "log", filename: SERVER_FILES.log },
      access: { class: "logging.FileHandler", formatter: "access", filename: SERVER_FILES.accessLog },
    },
    loggers: { "synapse.access": { level: "INFO", handlers: ["access"], propagate: false } },
    root: { level: "WARNING", handlers: ["log"] },
  };
}

function listener(
  port: number,
  tag: string,
  names: readonly string[],
  tls: boolean,
): Record<string, unknown> {
  return {
    type: "http",
    port,
    tls,
    bind_addresses: ["127.0.0.1"],
    x_forwarded: false,
    resources: [{ names, compress: false }],
    tag,
  };
}

function merge(
  base: Readonly<Record<string, unknown>>,
  extra: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  const merged: Record<string, unknown> = { ...base };
  for (const [key, value] of Object.entries(extra)) {
    const present = merged[key];
    merged[key] = isObject(present) && isObject(value) ? merge(present, value) : value;
  }
  return merged;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

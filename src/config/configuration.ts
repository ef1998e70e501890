/** The levels of the log; pino's own names. */
export const LOG_LEVELS = ["fatal", "error", "warn", "info", "debug", "trace", "silent"] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** `json`: one line for each event. `pretty`: coloured lines for people. */
export const LOG_FORMATS = ["json", "pretty"] as const;
export type LogFormat = (typeof LOG_FORMATS)[number];

/** The bot's own account. */
export interface BotAccount {
  /** A client API address (`https://…`), or a server name that is discovered later. */
  readonly homeserver: string;
  readonly userId: string;
  /** At most one of the two is set; neither is needed once the bot has its device. */
  readonly password: string | null;
  readonly accessToken: string | null;
}

/** The whole configuration: checked, with defaults filled in and every path absolute. */
export interface Configuration {
  readonly bot: BotAccount;
  readonly dataDir: string;
  readonly secretKeyFile: string;
  readonly prefix: string;
  /** Aliases or room IDs. */
  readonly controlRooms: readonly string[];
  readonly directChats: boolean;
  readonly access: {
    /** Globs over user IDs (`@*:example.org`) or server names (`*.example.org`). */
    readonly allow: readonly string[];
    /** Globs over user IDs. */
    readonly operators: readonly string[];
    /** Whether people may move by files, without their old account. */
    readonly imports: boolean;
  };
  readonly limits: {
    /** Chats that the bot opens for one old account within 24 hours. */
    readonly newChatsPerDay: number;
  };
  /** Server name to client API address (without a slash at the end), used instead of discovery. */
  readonly servers: Readonly<Record<string, string>>;
  readonly network: {
    /** CIDR ranges. */
    readonly allowPrivate: readonly string[];
  };
  /** How the bot introduces itself on servers' consent pages when people sign in by link. */
  readonly oauth: { readonly clientName: string; readonly clientUri: string };
  readonly http: { readonly host: string; readonly port: number } | null;
  readonly log: { readonly level: LogLevel; readonly format: LogFormat };
  /** Settings that are allowed but deserve attention, for the log at the start. */
  readonly warnings: readonly ConfigurationFault[];
}

/** One fault of the configuration, or one warning. */
export interface ConfigurationFault {
  /** The key with dots (`bot.userId`), an environment variable, or empty for the whole file. */
  readonly path: string;
  readonly message: string;
  /** Line in the YAML file, counted from 1; null when the key is not in it. */
  readonly line: number | null;
}

/** The configuration cannot be used. Carries every fault, not only the first. */
export class ConfigurationError extends Error {
  readonly faults: readonly ConfigurationFault[];

  constructor(faults: readonly ConfigurationFault[]) {
    super(formatFaults(faults).join("; "));
    this.name = "ConfigurationError";
    this.faults = faults;
  }
}

/** One readable line for each fault: `bot.userId (line 3): is required`. */
export function formatFaults(faults: readonly ConfigurationFault[]): string[] {
  return faults.map(({ path, message, line }) => {
    const where = [
      path,
      line === null ? "" : path === "" ? `line ${String(line)}` : `(line ${String(line)})`,
    ];
    const prefix = where.filter((part) => part !== "").join(" ");
    return prefix === "" ? message : `${prefix}: ${message}`;
  });
}

/** One finished request, from the server's side. */
export interface AccessLogLine {
  /** When the request finished, milliseconds since 1970. */
  readonly finishedAt: number;
  /** The port's purpose: `client`, `federation`. */
  readonly listener: string;
  /** Who asked: a user ID, for federation a server name, `undefined` where the request carried no valid credentials. */
  readonly user: string | undefined;
  readonly method: string;
  /** Path without its query, percent-encoded as sent. */
  readonly path: string;
  readonly status: number;
  /** Whether the whole answer was sent; `false` where the connection was lost before. */
  readonly isComplete: boolean;
  /** Size of the answer's body. */
  readonly bytes: number;
  /** From the request's arrival to the end of its answer; `finishedAt - durationMs` is its start. */
  readonly durationMs: number;
}

/** The format of the access log's lines: the time in seconds, then Synapse's own message. */
export const ACCESS_LOG_FORMAT = "%(created).3f %(message)s";

// https://element-hq.github.io/synapse/latest/usage/administration/request_log.html
const LINE = new RegExp(
  [
    /^(?<finished>\d+\.\d+) \S+ - (?<listener>\S+) - \{(?<user>[^}]*)\}/,
    / Processed request: (?<duration>-?\d+\.\d+)sec\/(?<sending>-?\d+\.\d+)sec .*?/,
    / (?<bytes>\d+)B (?<status>\d+)(?<cut>!?) "(?<method>[A-Z]+) (?<uri>\S*) [^"]*"/,
  ]
    .map((part) => part.source)
    .join(""),
);

/** Reads Synapse's access log; lines of another form (a half-written last one) are left out. */
export function parseAccessLog(text: string): AccessLogLine[] {
  return text.split("\n").flatMap((line) => parseLine(line) ?? []);
}

function parseLine(line: string): AccessLogLine | undefined {
  const found = LINE.exec(line)?.groups;
  if (found === undefined) return undefined;
  const { finished, listener = "", user = "", duration, sending, bytes, status, cut, method = "", uri = "" } = found;
  return {
    finishedAt: Math.round(Number(finished) * 1000),
    listener,
    user: user === "None" || user === "" ? undefined : user,
    method,
    path: uri.split("?", 1)[0] ?? "",
    status: Number(status),
    isComplete: cut === "",
    bytes: Number(bytes),
    durationMs: Math.max(0, Math.round((Number(duration) + Number(sending)) * 1000)),
  };
}

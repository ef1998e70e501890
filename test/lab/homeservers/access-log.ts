import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";

/** One finished request, from the server's side. */
export interface AccessLogLine {
  /** When the request finished, milliseconds since 1970. */
  readonly finishedAt: number;
  /** The port's purpose: `client`, `federation`. */
  readonly listener: string;
  /**
   * Who made the request: a user ID, for federation a server name. `undefined` where the request
   * had no valid credentials.
   */
  readonly user: string | undefined;
  readonly method: string;
  /** Path without its query, percent-encoded as sent. */
  readonly path: string;
  readonly status: number;
  /** `false` where the connection was lost before the whole answer was sent. */
  readonly isComplete: boolean;
  /** Size of the answer's body. */
  readonly bytes: number;
  /**
   * From the request's arrival to the end of its answer; `finishedAt - durationMs` is its start.
   */
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

/** Begins the query of the requests with which `settledAccessLog` finds its place in the log. */
const MARK = "access-log-mark";
const WRITTEN_WITHIN_MS = 3 * 60_000;
const POLL_MS = 20;

/** Reads Synapse's access log. Lines of another form (a half-written last one) are left out. */
export function parseAccessLog(text: string): AccessLogLine[] {
  return text.split("\n").flatMap((line) => (line.includes(`?${MARK}=`) ? [] : (parseLine(line) ?? [])));
}

/**
 * Reads the log once it holds every request that has been answered. A server logs a request after
 * its answer, so an answer may arrive before its line is written. One more request is made. Once
 * the log holds it, it holds all that were answered before.
 */
export async function settledAccessLog(baseUrl: string, read: () => Promise<string>): Promise<string> {
  const mark = `?${MARK}=${randomUUID()}`;
  await fetch(`${baseUrl}/_matrix/client/versions${mark}`);
  const deadline = Date.now() + WRITTEN_WITHIN_MS;
  for (;;) {
    const text = await read();
    if (text.includes(mark)) return text;
    if (Date.now() > deadline)
      throw new Error(`${baseUrl} did not write down a request within ${WRITTEN_WITHIN_MS / 1000} s`);
    await sleep(POLL_MS);
  }
}

function parseLine(line: string): AccessLogLine | undefined {
  const found = LINE.exec(line)?.groups;
  if (found === undefined) return undefined;
  const {
    finished,
    listener = "",
    user = "",
    duration,
    sending,
    bytes,
    status,
    cut,
    method = "",
    uri = "",
  } = found;
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

import { type DestinationStream, type Logger, pino } from "pino";
import { prettyFactory } from "pino-pretty";
import { redacted, redactedFields, withoutSecrets } from "./redaction.ts";

/**
 * The options of the log. `json` writes one line for each event, `pretty` coloured lines for
 * people.
 */
export interface LogOptions {
  readonly level: string;
  readonly format: "json" | "pretty";
  /** Where the lines are written. Default: standard output. */
  readonly destination?: DestinationStream;
}

/**
 * Creates the log of all parts.
 * - No secret is written: values under secret names are blanked at any depth, and so is everything
 *   in the finished line that looks like a secret.
 * - Writing is synchronous, so that the last lines before a crash are written.
 */
export function createLog({
  level,
  format,
  destination = pino.destination({ fd: 1, sync: true }),
}: LogOptions): Logger {
  return pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }), log: redactedFields, bindings: redactedFields },
      // redactedFields has already described errors. pino's own serializer would copy all their
      // properties.
      serializers: { err: redacted },
      hooks: { streamWrite: withoutSecrets },
    },
    format === "json" ? destination : prettyDestination(destination),
  );
}

// pino-pretty's own stream is not used: it writes on a later turn and loses the last lines before
// an exit.
function prettyDestination(destination: DestinationStream): DestinationStream {
  const pretty = prettyFactory({
    colorize: process.stdout.isTTY,
    translateTime: "SYS:yyyy-mm-dd HH:MM:ss.l",
  });
  return {
    write: (line) => {
      destination.write(pretty(line));
    },
  };
}

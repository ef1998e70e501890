import { type DestinationStream, type Logger, pino } from "pino";
import { prettyFactory } from "pino-pretty";

import { redacted, redactedFields, withoutSecrets } from "./redaction.ts";

/** pino's levels, and one of two forms: a line of JSON an event, or coloured lines for people. */
export interface LogOptions {
  readonly level: string;
  readonly format: "json" | "pretty";
  /** Where the lines go; standard output if not given. */
  readonly destination?: DestinationStream;
}

/**
 * Makes the log that is handed to everything. No secret gets through it: values under secret names
 * are blanked at any depth, and whatever still looks like one is blanked in the finished line.
 * Writing is synchronous, so the last words before a crash are there.
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
      // redactedFields has described errors by now; pino's own serializer would copy every property
      // they carry.
      serializers: { err: redacted },
      hooks: { streamWrite: withoutSecrets },
    },
    format === "json" ? destination : prettyDestination(destination),
  );
}

// Not pino-pretty's own stream: that one writes on a later turn, and loses the lines before an
// exit.
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

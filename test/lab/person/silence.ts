import type { Logger } from "matrix-js-sdk/lib/logger.js";

/** matrix-js-sdk and its crypto write hundreds of lines a minute. Nobody reads them in a test. */
export const silentLogger: Logger = {
  trace: ignore,
  debug: ignore,
  info: ignore,
  warn: ignore,
  error: ignore,
  getChild: () => silentLogger,
};

function ignore(): undefined {
  return undefined;
}

/**
 * Also silences what bypasses the client's own logger: the library's module-wide logger and the
 * crypto write to the console.
 */
export function silenceEverything(): void {
  for (const method of ["trace", "debug", "log", "info", "warn", "error"] as const) console[method] = ignore;
}

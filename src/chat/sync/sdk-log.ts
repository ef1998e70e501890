import { LogLevel, LogService } from "matrix-bot-sdk";
import type { Logger } from "pino";

/**
 * Writes matrix-bot-sdk's log to our log. Only the message of an error is kept: the SDK logs whole
 * responses with their headers.
 */
export function connectSdkLog(log: Logger): void {
  LogService.setLevel(LogLevel.DEBUG);
  LogService.setLogger({
    trace: (module: string, ...parts: unknown[]) => log.trace({ module }, text(parts)),
    debug: (module: string, ...parts: unknown[]) => log.trace({ module }, text(parts)),
    info: (module: string, ...parts: unknown[]) => log.debug({ module }, text(parts)),
    warn: (module: string, ...parts: unknown[]) => log.warn({ module }, text(parts)),
    error: (module: string, ...parts: unknown[]) => log.warn({ module }, text(parts)),
  });
}

function text(parts: readonly unknown[]): string {
  return parts.map(describe).join(" ").slice(0, 1_000);
}

function describe(part: unknown): string {
  if (part instanceof Error) return part.message;
  if (typeof part === "string") return part;
  return typeof part === "object" && part !== null && "errcode" in part ? String(part.errcode) : typeof part;
}

import { randomInt } from "node:crypto";
import type { SignInOutcome } from "../../platforms/sign-in.ts";

/**
 * Whether a session of the bot may be left on the server. The next try then uses the same device,
 * and the server replaces that session.
 */
export function mayHaveMadeSession({
  problem,
  leftoverDeviceId,
}: Extract<SignInOutcome, { kind: "problem" }>): boolean {
  return leftoverDeviceId !== null || problem.code === "unreachable" || problem.code === "server_trouble";
}

/**
 * Twelve random capital letters, similar to those of servers (the authorization server requires
 * ten). New for each sign-in, because ending one session of a shared device could end the other.
 */
export function randomDeviceId(): string {
  return Array.from({ length: 12 }, () => String.fromCharCode(65 + randomInt(26))).join("");
}

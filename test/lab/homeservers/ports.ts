import { randomInt } from "node:crypto";
import { createServer } from "node:net";

// Below the ports that Linux (32768) and macOS (49152) use for outgoing connections. So none of
// those takes a stopped server's port before its next start.
const LOWEST = 20_000;
const ABOVE_HIGHEST = 32_000;
const ATTEMPTS = 500;

/**
 * Distinct ports of 127.0.0.1 on which nothing listens now. Another process may take one first, so
 * the caller must be ready to try again.
 */
export async function freePorts(count: number): Promise<number[]> {
  const found = new Set<number>();
  for (let attempt = 0; attempt < ATTEMPTS && found.size < count; attempt += 1) {
    const port = randomInt(LOWEST, ABOVE_HIGHEST);
    if (!found.has(port) && (await isFree(port))) found.add(port);
  }
  if (found.size < count) throw new Error(`found only ${found.size} of ${count} free ports on 127.0.0.1`);
  return [...found];
}

/** Whether a listener can bind this port of 127.0.0.1. */
export function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(false));
    server.listen({ port, host: "127.0.0.1", exclusive: true }, () => server.close(() => resolve(true)));
  });
}

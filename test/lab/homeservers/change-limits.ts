import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Homeserver, RateLimits } from "./model.ts";
import { rateLimitConfig } from "./rate-limits.ts";
import { SERVER_FILES } from "./server-config.ts";

/** Restarts a server with other request limits, as its administrator would. */
export async function changeLimits(server: Homeserver, limits: RateLimits): Promise<void> {
  const path = join(server.folder, SERVER_FILES.config);
  const config = JSON.parse(await readFile(path, "utf8")) as Record<string, unknown>;
  await server.stop();
  await writeFile(path, JSON.stringify({ ...config, ...rateLimitConfig(limits) }));
  await server.start();
}

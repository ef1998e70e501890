// The container's health check. It asks the endpoint of the running bot. Without `http` in the
// configuration there is no endpoint. A running process then counts as healthy, because a failing
// one ends.
import { loadConfiguration } from "../config/load.ts";

const TIMEOUT_MS = 4_000;

const { http } = loadConfiguration({ path: process.argv[2] ?? "bot.config.yaml", environment: process.env });
if (http !== null) {
  const host =
    http.host === "0.0.0.0"
      ? "127.0.0.1"
      : http.host === "::"
        ? "[::1]"
        : http.host.includes(":")
          ? `[${http.host}]`
          : http.host;
  const response = await fetch(`http://${host}:${String(http.port)}/health`, {
    signal: AbortSignal.timeout(TIMEOUT_MS),
  });
  if (!response.ok) process.exitCode = 1;
}

import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { Logger } from "pino";
import type { Registry } from "prom-client";
import { StartProblem } from "./start-problem.ts";

/** Whether the bot is healthy, and the result of each check by name. */
export interface HealthReport {
  readonly isHealthy: boolean;
  readonly checks: Readonly<Record<string, "ok" | "failing">>;
}

/** Healthy only if every check is. */
export function healthReport(checks: Readonly<Record<string, boolean>>): HealthReport {
  return {
    isHealthy: Object.values(checks).every(Boolean),
    checks: Object.fromEntries(
      Object.entries(checks).map(([name, isOk]) => [name, isOk ? ("ok" as const) : ("failing" as const)]),
    ),
  };
}

export interface HealthEndpointOptions {
  readonly listen: { readonly host: string; readonly port: number };
  /** Called at every request. An exception counts as unhealthy. */
  readonly health: () => HealthReport | Promise<HealthReport>;
  readonly metrics: Registry;
  readonly log: Logger;
}

/** The running endpoint. */
export interface HealthEndpoint {
  /** The bound address. The port is the real one if 0 was asked for. */
  readonly address: { readonly host: string; readonly port: number };
  stop(): Promise<void>;
}

/**
 * Serves `GET /health` (200 or 503, JSON) and `GET /metrics` (Prometheus text). There is no access
 * control. So the address should be loopback, or behind a proxy with access control.
 * @throws StartProblem if the address cannot be bound
 */
export async function startHealthEndpoint(options: HealthEndpointOptions): Promise<HealthEndpoint> {
  const server = createServer({ requestTimeout: 5_000, headersTimeout: 5_000 }, (request, response) => {
    answer(request, response, options).catch((error: unknown) => {
      options.log.error({ err: error }, "answering a health or metrics request failed");
      if (!response.headersSent) reply(response, 500, "text/plain", "internal error\n");
    });
  });
  const address = await listen(server, options.listen);
  options.log.info(address, "health and metrics are served");
  return { address, stop: () => close(server) };
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  { health, metrics, log }: HealthEndpointOptions,
): Promise<void> {
  const path = (request.url ?? "").replace(/\?.*$/, "");
  if (path !== "/health" && path !== "/metrics") {
    reply(response, 404, "text/plain", "there is /health and /metrics\n");
  } else if (request.method !== "GET" && request.method !== "HEAD") {
    response.setHeader("Allow", "GET, HEAD");
    reply(response, 405, "text/plain", "only GET\n");
  } else if (path === "/metrics") {
    reply(response, 200, metrics.contentType, await metrics.metrics());
  } else {
    const report = await reportOrFailure(health, log);
    const body = { status: report.isHealthy ? "ok" : "failing", checks: report.checks };
    reply(response, report.isHealthy ? 200 : 503, "application/json", `${JSON.stringify(body)}\n`);
  }
}

async function reportOrFailure(health: HealthEndpointOptions["health"], log: Logger): Promise<HealthReport> {
  try {
    return await health();
  } catch (error) {
    log.error({ err: error }, "the health check failed");
    return { isHealthy: false, checks: {} };
  }
}

function reply(response: ServerResponse, status: number, contentType: string, body: string): void {
  response.writeHead(status, {
    "Content-Type": contentType,
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
  });
  response.end(body);
}

function listen(
  server: Server,
  { host, port }: HealthEndpointOptions["listen"],
): Promise<HealthEndpoint["address"]> {
  return new Promise((resolve, reject) => {
    server.once("error", (error) => {
      reject(
        new StartProblem(
          `Health and metrics cannot be served at ${host}:${String(port)} (http.listen): ${error.message}`,
          {
            cause: error,
          },
        ),
      );
    });
    server.listen(port, host, () => {
      const bound = server.address();
      resolve(
        typeof bound === "object" && bound !== null
          ? { host: bound.address, port: bound.port }
          : { host, port },
      );
    });
  });
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => {
      resolve();
    });
    // Scrapers keep their connections open. Waiting for them would use up the time of a stop.
    server.closeAllConnections();
  });
}

import { UnreachableError } from "../../../network/unreachable-error.ts";
import type { HomeserverClient, Medium } from "./homeserver-client.ts";
import { apiPath } from "./homeserver-client.ts";
import { HomeserverError, isUnrecognized } from "./homeserver-error.ts";
import type { Mxc } from "./mxc.ts";

/**
 * A server sends a copy at once. Without one, it waits for the server that is gone
 * (platforms/matrix/README.md, "A move from files").
 */
export const KEPT_COPY_TIMEOUT_MS = 20_000;

/** The authenticated endpoint came with v1.11. Older servers have only the old one. */
export async function downloadMedium(
  client: Pick<HomeserverClient, "download">,
  { serverName, mediaId }: Mxc,
  request: { maxBytes: number; timeoutMs: number },
): Promise<Medium> {
  try {
    return await client.download({
      path: apiPath`/_matrix/client/v1/media/download/${serverName}/${mediaId}`,
      ...request,
    });
  } catch (error) {
    if (!isUnrecognized(error)) throw error;
    return await client.download({
      path: apiPath`/_matrix/media/v3/download/${serverName}/${mediaId}`,
      ...request,
    });
  }
}

/** Whether a server has no copy of a medium whose own server is gone. */
export function isLostMedium(error: unknown): boolean {
  if (error instanceof UnreachableError) return error.reason === "timeout";
  return error instanceof HomeserverError && (error.status === 404 || error.status >= 500);
}

import { UnreachableError } from "../../../network/unreachable-error.ts";
import type { HomeserverClient } from "../api/homeserver-client.ts";
import { HomeserverError } from "../api/homeserver-error.ts";
import { downloadMedium, isLostMedium, KEPT_COPY_TIMEOUT_MS } from "../api/media.ts";
import { parseMxc } from "../api/mxc.ts";
import type { AccountReading } from "./account-reading.ts";

/** A larger picture is not copied either. */
const MAX_BYTES = 50 * 1_048_576;

/**
 * The images of a source that nobody has signed in, of which the target's server has no copy. Only
 * the picture of the profile is an image, and a target with a picture of its own does not get it.
 * @param client requests of the target
 * @param lost images that were lost a short time ago; servers look for them for some seconds
 */
export async function lostImages(
  client: Pick<HomeserverClient, "download">,
  { source, target }: Readonly<Record<"source" | "target", Pick<AccountReading, "profile">>>,
  lost: Set<string>,
): Promise<ReadonlySet<string>> {
  const url = source.profile.avatarUrl;
  const mxc = url === null ? null : parseMxc(url);
  if (url === null || mxc === null || target.profile.avatarUrl !== null) return new Set();
  if (lost.has(url)) return new Set([url]);
  try {
    await downloadMedium(client, mxc, { maxBytes: MAX_BYTES, timeoutMs: KEPT_COPY_TIMEOUT_MS });
    return new Set();
  } catch (error) {
    if (isLostMedium(error)) {
      lost.add(url);
      return new Set([url]);
    }
    // The step that copies the picture tries again.
    if (error instanceof HomeserverError || error instanceof UnreachableError) return new Set();
    throw error;
  }
}

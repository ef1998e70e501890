import { isServerName } from "../ids/server-name.ts";

/**
 * The two parts of the address of a medium (CS §Content repository, "Matrix Content (mxc://)
 * URIs").
 */
export interface Mxc {
  readonly serverName: string;
  readonly mediaId: string;
}

/**
 * Reads the address of a medium.
 * @returns `null` for any other text, which must not become part of a path
 */
export function parseMxc(text: string): Mxc | null {
  const [, serverName = "", mediaId = ""] = /^mxc:\/\/([^/]+)\/([A-Za-z0-9_-]{1,255})$/.exec(text) ?? [];
  return mediaId === "" || !isServerName(serverName) ? null : { serverName, mediaId };
}

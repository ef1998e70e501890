import { matchesGlob } from "../model/glob.ts";
import { serverNameOf } from "../platforms/matrix/ids/identifiers.ts";

/**
 * Creates the check whether a person may use the bot. The globs of the configuration match user IDs
 * (`@*:example.org`) or server names (`*.example.org`).
 */
export function createPermission({
  allow,
  operators,
}: {
  allow: readonly string[];
  operators: readonly string[];
}): (userId: string) => boolean {
  const globs = [...allow, ...operators];
  return (userId) => {
    const serverName = serverNameOf(userId);
    if (serverName === null) return false;
    return globs.some((glob) => matchesGlob(glob, glob.startsWith("@") ? userId : serverName));
  };
}

import { serverNameOf } from "../platforms/matrix/ids/identifiers.ts";

/**
 * Checks whether a person may use the bot. The globs of the configuration match user IDs
 * (`@*:example.org`) or server names (`*.example.org`).
 */
export function createPermission({
  allow,
  operators,
}: {
  allow: readonly string[];
  operators: readonly string[];
}): (userId: string) => boolean {
  const patterns = [...allow, ...operators].map((glob) => ({
    isOverUserIds: glob.startsWith("@"),
    pattern: globPattern(glob),
  }));
  return (userId) => {
    const serverName = serverNameOf(userId);
    if (serverName === null) return false;
    return patterns.some(({ isOverUserIds, pattern }) => pattern.test(isOverUserIds ? userId : serverName));
  };
}

/** Matrix globs: `*` is any text, `?` any one character (appendices §Glob-style matching). */
function globPattern(glob: string): RegExp {
  const source = glob
    .replace(/[\\^$+.()|[\]{}]/gu, "\\$&")
    .replace(/\*+/gu, ".*")
    .replace(/\?/gu, ".");
  return new RegExp(`^${source}$`, "su");
}

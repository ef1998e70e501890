import { serverNameOf } from "../platforms/matrix/ids/identifiers.ts";

/**
 * Who may use the bot, by the globs of the configuration: `@*:example.org` over user IDs,
 * `*.example.org` over server names.
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

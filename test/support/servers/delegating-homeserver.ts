import type { AuthorizationServer } from "../../lab/authorization-server/authorization-server.ts";
import type { BySide, Homeserver, HomeserverPair } from "../../lab/homeservers/pair.ts";

/** What each homeserver delegates signing in to, if it does. */
export type AuthorizationServers = Partial<BySide<AuthorizationServer>>;

/**
 * A running pair, connected with the authorization servers it was configured for: accounts are made
 * there, for such a homeserver makes none by itself.
 */
export function delegatingTo(
  { old: ofOld, new: ofNew }: AuthorizationServers,
  pair: HomeserverPair,
): HomeserverPair {
  return {
    ...pair,
    old: ofOld === undefined ? pair.old : delegating(pair.old, ofOld),
    new: ofNew === undefined ? pair.new : delegating(pair.new, ofNew),
  };
}

/** Its people have no passwords, only the session that comes with their account. */
function delegating(homeserver: Homeserver, authorizationServer: AuthorizationServer): Homeserver {
  authorizationServer.connect(homeserver);
  return {
    ...homeserver,
    get pid() {
      return homeserver.pid;
    },
    registerUser: async ({ localpart, displayName }) => {
      await authorizationServer.addUser(localpart, displayName);
      return authorizationServer.openSession(localpart);
    },
  };
}

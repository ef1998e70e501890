import type { AuthorizationServer } from "../../lab/authorization-server/authorization-server.ts";
import type { BySide, Homeserver, HomeserverPair } from "../../lab/homeservers/pair.ts";

/** The authorization server of each homeserver that delegates signing in. */
export type AuthorizationServers = Partial<BySide<AuthorizationServer>>;

/**
 * A running pair, connected with the authorization servers that it was configured for. Accounts are
 * made there, because a delegating homeserver makes none itself.
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

/** Its people have no passwords. They have only the session that is opened with their account. */
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

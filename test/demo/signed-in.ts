import { parseUserId } from "../../src/platforms/matrix/ids/identifiers.ts";
import type { PopulatedPerson } from "../lab/population/population.ts";
import { AccountOnServer } from "../support/servers/account-on-server.ts";
import type { DemoEnvironment } from "./environment.ts";

/**
 * Signs a person of the population in. The old server delegates sign-in, and no longer knows the
 * tokens from before.
 */
export async function signedIn(
  { pair, authorizationServer }: Pick<DemoEnvironment, "pair" | "authorizationServer">,
  person: PopulatedPerson,
): Promise<AccountOnServer> {
  if (person.side === "new") return new AccountOnServer(pair, person);
  const localpart = parseUserId(person.userId)?.localpart ?? "";
  await authorizationServer.addUser(localpart);
  const { accessToken } = await authorizationServer.openSession(localpart);
  return new AccountOnServer(pair, { ...person, accessToken });
}

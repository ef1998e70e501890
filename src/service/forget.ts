import type { Store } from "../store/store.ts";
import type { SignIn } from "./sign-in.ts";
import type { Forgotten } from "./sign-in-results.ts";

/** Ends the bot's sessions of a person and erases everything that the bot stores about them. */
export async function forgetPerson(
  owner: string,
  { signIn, store }: { signIn: SignIn; store: Pick<Store, "forget"> },
): Promise<Forgotten> {
  const { signedOut, result: erased } = await signIn.signOutBoth(owner, () => store.forget(owner));
  return { signedOut, erased };
}

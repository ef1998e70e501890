import type { Store } from "../store/store.ts";
import type { Forgotten } from "./accounts/results.ts";
import type { SignIn } from "./accounts/sign-in.ts";
import type { RunControl } from "./run/control.ts";

/** Ends the bot's sessions of a person and erases everything that the bot stores about them. */
export async function forgetPerson(
  owner: string,
  {
    control,
    signIn,
    store,
  }: { control: Pick<RunControl, "abandon" | "abandonThen">; signIn: SignIn; store: Pick<Store, "forget"> },
): Promise<Forgotten> {
  // Started at once, so that a sign-in that arrives meanwhile counts as a later one.
  const abandoned = control.abandon(owner);
  // A failure is reported below. Without a handler until then, it would end the process.
  void abandoned.catch(() => undefined);
  const { signedOut, result: erased } = await signIn.signOutBoth(owner, async () => {
    await abandoned;
    // A run that was started meanwhile is ended as well.
    return control.abandonThen(owner, () => store.forget(owner));
  });
  return { signedOut, erased };
}

import { setTimeout as sleep } from "node:timers/promises";

const HEARD_WITHIN_MS = 20_000;
const POLL_MS = 100;

/**
 * Whether somebody whom the room lets in does get in. An invitation is handed to a server in
 * person, but one that is in the room already waits for the event, as do all for a join, a leave or
 * a lifted ban elsewhere; so a refusal counts only once it stays.
 * @param join throws what the server answers
 * @param onRefusal gets each refusal that did not stay
 * @throws what `join` throws, unless it is a refusal
 */
export async function canJoin<Refusal>(
  join: () => Promise<unknown>,
  isRefusal: (error: unknown) => error is Refusal,
  onRefusal: (refusal: Refusal) => void = () => undefined,
): Promise<boolean> {
  const deadline = Date.now() + HEARD_WITHIN_MS;
  for (;;) {
    try {
      await join();
      return true;
    } catch (error) {
      if (!isRefusal(error)) throw error;
      if (Date.now() > deadline) return false;
      onRefusal(error);
      await sleep(POLL_MS);
    }
  }
}

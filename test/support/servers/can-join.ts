import { setTimeout as sleep } from "node:timers/promises";

const TIMEOUT_MS = 20_000;
const POLL_MS = 100;

/**
 * Whether an account that the room lets in can join it. A server that is in the room already learns
 * of an invitation, a leave or a lifted ban elsewhere only when the event reaches it. So joins that
 * are refused are repeated, and only a refusal that stays counts.
 * @param join throws the error of the server
 * @throws what `join` throws, unless it is a refusal
 */
export async function canJoin(
  join: () => Promise<unknown>,
  isRefusal: (error: unknown) => boolean,
): Promise<boolean> {
  const deadline = Date.now() + TIMEOUT_MS;
  for (;;) {
    try {
      await join();
      return true;
    } catch (error) {
      if (!isRefusal(error)) throw error;
      if (Date.now() > deadline) return false;
      await sleep(POLL_MS);
    }
  }
}

const MINUTE_MS = 60_000;
const FIRST_LOOKS_MS = 60 * MINUTE_MS;
const FIRST_PAUSE_MS = MINUTE_MS / 2;
const LATER_PAUSE_MS = 5 * MINUTE_MS;
/** The share of a pause by which it is shortened or prolonged at most. */
const JITTER = 0.1;

/** Sessions a batch, until the server of the new account has taken or refused some. */
export const FIRST_BATCH_SIZE = 100;

/** How long an opened backup key is kept. A person is waited for as long. */
export const KEPT_OPEN_MS = 24 * 60 * MINUTE_MS;

/**
 * The pause before the backup of the new account is looked for again. It differs a little each
 * time, so that the looks for many people spread out.
 * @param waitedMs the time since the first look
 * @param random from 0 to 1
 */
export function pauseBeforeLook(waitedMs: number, random: number): number {
  const pauseMs = waitedMs < FIRST_LOOKS_MS ? FIRST_PAUSE_MS : LATER_PAUSE_MS;
  return Math.round(pauseMs * (1 + JITTER * (2 * random - 1)));
}

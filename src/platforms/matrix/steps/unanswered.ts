import { z } from "zod";
import type { Side } from "../../../model/account.ts";
import type { StepOutcome } from "../../../model/step-outcome.ts";
import type { HomeserverClient } from "../api/homeserver-client.ts";
import { HomeserverError } from "../api/homeserver-error.ts";

const TIMEOUT_MS = 10_000;

/** The step of an outcome. `roomId`: the room that it is about, `null` for none. */
interface TriedStep {
  readonly side: Side;
  readonly roomId: string | null;
}

/**
 * Finds the cause of a missing answer of a homeserver, by one small request to the same server.
 * - It does not answer either: the server is away, for every step.
 * - It answers, and a request about a room took too long: other servers of the room are slow.
 * - It answers, and this request gets something else: only this request fails, for example because
 *   of a firewall. The tries are counted, so that they end.
 */
export async function resolveUnanswered(
  outcome: StepOutcome,
  { side, roomId }: TriedStep,
  client: Readonly<Record<Side, Pick<HomeserverClient, "request"> | null>>,
  signal: AbortSignal,
): Promise<StepOutcome> {
  if (outcome.status !== "wait" || outcome.waitingFor !== "server" || signal.aborted) return outcome;
  const { isSlow = false, ...wait } = outcome;
  const asked = client[outcome.side ?? side];
  if (asked === null || !(await isAnswering(asked, signal))) return wait;
  if (!isSlow || roomId === null) return { ...wait, isServerAnswering: true };
  const serverText = wait.problem?.serverText ?? null;
  return { ...wait, waitingFor: "room", waitMs: null, problem: { code: "unreachable_server", serverText } };
}

/** A refusal is an answer too. */
async function isAnswering(client: Pick<HomeserverClient, "request">, signal: AbortSignal): Promise<boolean> {
  const path = "/_matrix/client/v3/account/whoami";
  try {
    await client.request({ method: "GET", path, schema: z.unknown(), timeoutMs: TIMEOUT_MS, signal });
    return true;
  } catch (error) {
    return error instanceof HomeserverError;
  }
}

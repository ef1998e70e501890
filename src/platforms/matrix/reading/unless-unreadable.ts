import { UnreachableError } from "../../../network/unreachable-error.ts";
import { anyAnswer } from "../api/any-answer.ts";
import { HomeserverError } from "../api/homeserver-error.ts";
import type { Reader } from "./reader.ts";
import { isTimeout } from "./with-retries.ts";

/** Sends requests about one room. */
export type RoomReader = Pick<Reader, "request" | "host">;

/** Homeservers answer questions about one room at once, unless they still fetch the room. */
const FIRST_TIMEOUT_MS = 10_000;
const SECOND_TIMEOUT_MS = 20_000;

/**
 * Reads one room. A failure makes only that room unreadable: a time-out, an error of the server, a
 * refusal, an answer that is too large or malformed.
 *
 * If the failure may concern the whole account, `whoami` is asked, because servers pass on errors
 * of other servers of the room.
 * @returns `null` if the room cannot be read now
 * @throws HomeserverError, UnreachableError if the account cannot be read either
 */
export async function unlessUnreadable<Answer>(
  reader: Reader,
  roomId: string,
  read: (ofRoom: RoomReader) => Promise<Answer>,
): Promise<Answer | null> {
  if (reader.roomFailures.isSpent) return null;
  try {
    return await read(roomReader(reader));
  } catch (error) {
    if (!isFailedRead(error)) throw error;
    reader.roomFailures.failed();
    reader.log.warn({ roomId, err: error }, "a room cannot be read");
    if (!isRefusedForRoom(error)) await checkAccount(reader);
    return null;
  }
}

/** Whether an error is an unsuccessful or a missing answer. False after an abort. */
export function isFailedRead(error: unknown): boolean {
  if (error instanceof UnreachableError) return error.reason !== "aborted";
  return error instanceof HomeserverError;
}

/**
 * The cheapest request with the account's token.
 * @throws HomeserverError, UnreachableError if the server is away or the session has ended
 */
export async function checkAccount(reader: Pick<Reader, "request">): Promise<void> {
  await reader.request({ method: "GET", path: "/_matrix/client/v3/account/whoami", schema: anyAnswer });
}

/** Whether the server itself refuses to show the room or does not know it. */
export function isRefusedForRoom(error: unknown): boolean {
  return (
    error instanceof HomeserverError &&
    (error.status === 403 || error.status === 404) &&
    (error.errcode === "M_FORBIDDEN" || error.errcode === "M_NOT_FOUND")
  );
}

/** A request that times out is repeated once, with more time, unless many have timed out. */
function roomReader(reader: Reader): RoomReader {
  const { roomFailures } = reader;
  return {
    host: reader.host,
    async request(request, { isTimeoutFinal = false } = {}) {
      const options = { retries: roomFailures.retries, isTimeoutFinal: true };
      const timeouts = [request.timeoutMs ?? FIRST_TIMEOUT_MS, SECOND_TIMEOUT_MS];
      for (;;) {
        const timeoutMs = timeouts.shift() ?? SECOND_TIMEOUT_MS;
        try {
          return await reader.request({ ...request, timeoutMs }, options);
        } catch (error) {
          if (!isTimeout(error)) throw error;
          roomFailures.timedOut();
          if (isTimeoutFinal || timeouts.length === 0 || !roomFailures.isTimeoutRepeated) throw error;
        }
      }
    },
  };
}

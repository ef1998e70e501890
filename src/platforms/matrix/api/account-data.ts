import { z } from "zod";
import type { HomeserverClient } from "./homeserver-client.ts";
import { apiPath } from "./homeserver-client.ts";
import { unlessAbsent } from "./homeserver-error.ts";
import type { JsonObject } from "./json.ts";
import { isJsonObject, isTooComplex } from "./json.ts";

/** A type of account data: of one room or, with `roomId: null`, of the account. */
export interface AccountDataPlace {
  readonly roomId: string | null;
  readonly type: string;
}

/** The session that reads and writes account data, and its user. */
export interface AccountDataSession extends Pick<HomeserverClient, "request"> {
  readonly userId: string;
}

/** Far more than any client writes. */
const MAX_ACCOUNT_DATA_BYTES = 8 * 1_048_576;

/**
 * @returns `{}` for none; `null` for content that must not be overwritten, because it is not an
 * object or is too large or too deep to be sent again
 * @throws HomeserverError, UnreachableError
 */
export async function readAccountData(
  session: AccountDataSession,
  place: AccountDataPlace,
): Promise<JsonObject | null> {
  const content = await findAccountData(session, place);
  return content === undefined ? {} : content;
}

/**
 * Like `readAccountData`, but distinguishes missing account data from empty account data.
 * @returns `undefined` for none
 * @throws HomeserverError, UnreachableError
 */
export async function findAccountData(
  session: AccountDataSession,
  place: AccountDataPlace,
): Promise<JsonObject | null | undefined> {
  const path = pathOf(session, place);
  const request = session.request({
    method: "GET",
    path,
    schema: z.unknown(),
    maxBytes: MAX_ACCOUNT_DATA_BYTES,
  });
  const content = await unlessAbsent(request);
  if (content === undefined) return undefined;
  return isJsonObject(content) && !isTooComplex(content) ? content : null;
}

/** @throws HomeserverError, UnreachableError */
export async function writeAccountData(
  session: AccountDataSession,
  place: AccountDataPlace,
  content: JsonObject,
): Promise<void> {
  await session.request({ method: "PUT", path: pathOf(session, place), body: content, schema: z.unknown() });
}

function pathOf({ userId }: AccountDataSession, { roomId, type }: AccountDataPlace): string {
  return roomId === null
    ? apiPath`/_matrix/client/v3/user/${userId}/account_data/${type}`
    : apiPath`/_matrix/client/v3/user/${userId}/rooms/${roomId}/account_data/${type}`;
}

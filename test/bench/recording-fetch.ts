import { sides } from "../../src/model/account.ts";
import type { GuardedFetch, GuardedRequest } from "../../src/network/guarded-fetch.ts";
import type { MoveCase, SentRequest } from "./move-case.ts";

/**
 * Records every request of people's sessions. Requests without a session, such as asking for
 * versions, are left out.
 */
export function recordingFetch(
  guarded: GuardedFetch,
  movers: MoveCase["movers"],
): { fetch: GuardedFetch; requests: SentRequest[] } {
  const requests: SentRequest[] = [];
  const sessions = new Map<string, Pick<SentRequest, "side" | "userId">>(
    movers.flatMap((mover) =>
      sides.map(
        (side) => [`Bearer ${mover[side].accessToken}`, { side, userId: mover[side].userId }] as const,
      ),
    ),
  );
  const fetch = async (url: string, options: GuardedRequest = {}) => {
    const session = sessions.get(options.headers?.["authorization"] ?? "");
    const sentAt = performance.now();
    const note = (status: number, bytes: number): void => {
      if (session === undefined) return;
      const { pathname, search } = new URL(url);
      const { method = "GET", headers, body } = options;
      const contentType = headers?.["content-type"] ?? null;
      const encoded = body === undefined ? null : Buffer.from(body).toString("base64");
      const sent = { ...session, method, path: pathname + search, contentType, body: encoded };
      requests.push({ ...sent, status, sentAt, answeredAt: performance.now(), bytes });
    };
    try {
      const response = await guarded(url, options);
      note(response.status, response.body.byteLength);
      return response;
    } catch (error) {
      note(0, 0);
      throw error;
    }
  };
  return { fetch: Object.assign(fetch, { stream: guarded.stream, close: () => guarded.close() }), requests };
}

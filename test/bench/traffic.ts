import { setTimeout as sleep } from "node:timers/promises";
import type { Homeserver } from "../lab/homeservers/model.ts";

const WRITTEN_WITHIN_MS = 10_000;
const POLL_MS = 50;

/** Bytes of the answers to some accounts, from their server's own log. */
export interface Traffic {
  /**
   * @param requests number of requests since the last call
   * @param more number of requests after those
   * @returns once the server has logged them all
   */
  take(requests: number, more: number): Promise<{ bytes: number; moreBytes: number }>;
}

/** Watches the requests of some users to their server. */
export async function openTraffic(server: Homeserver, ...userIds: readonly string[]): Promise<Traffic> {
  async function answers(): Promise<number[]> {
    const lines = await server.accessLog();
    return lines
      .filter(({ listener, user }) => listener === "client" && user !== undefined && userIds.includes(user))
      .map(({ bytes }) => bytes);
  }
  let taken = (await answers()).length;
  return {
    async take(requests, more) {
      const deadline = Date.now() + WRITTEN_WITHIN_MS;
      let found = (await answers()).slice(taken);
      while (found.length < requests + more && Date.now() < deadline) {
        await sleep(POLL_MS);
        found = (await answers()).slice(taken);
      }
      if (found.length !== requests + more) {
        throw new Error(
          `${requests + more} requests were sent, ${found.length} are in the log of ${server.serverName}`,
        );
      }
      taken += found.length;
      return { bytes: sum(found.slice(0, requests)), moreBytes: sum(found.slice(requests)) };
    },
  };
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}

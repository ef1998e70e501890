import type { RequestType } from "@matrix-org/matrix-sdk-crypto-wasm";
import type { ServerRequest } from "./requests.ts";

/** Sends a request and resolves to the server's answer. */
export type SendRequest = (request: ServerRequest) => Promise<unknown>;
type MarkAsSent = (id: string, type: RequestType, response: string) => Promise<unknown>;

/**
 * Sends the requests that matrix-bot-sdk cannot send. Each is sent once at a time, and again while
 * the library asks for it.
 */
export class OwnRequests {
  readonly #send: SendRequest | undefined;
  readonly #markAsSent: MarkAsSent;
  readonly #underWay = new Set<string>();

  constructor(send: SendRequest | undefined, markAsSent: MarkAsSent) {
    this.#send = send;
    this.#markAsSent = markAsSent;
  }

  /** Does not wait: the caller holds matrix-bot-sdk's sync lock. */
  send(requests: readonly ServerRequest[]): void {
    for (const request of requests) void this.#sendOne(request);
  }

  async #sendOne(request: ServerRequest): Promise<void> {
    const { id, type } = request;
    if (!this.#send || id === undefined || type === undefined || this.#underWay.has(id)) return;
    this.#underWay.add(id);
    try {
      const response = await this.#send(request);
      await this.#markAsSent(id, type, JSON.stringify(response));
    } catch {
      // Not lost: the library returns the request again with the next sync. The sender has reported
      // the failure.
    } finally {
      this.#underWay.delete(id);
    }
  }
}

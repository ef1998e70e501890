import type { Fault, FaultProxy, ProxiedRequest } from "./fault-proxy.ts";

/** Requests of a sign-in, as `callOf` writes them. */
export const LOGIN = "POST /_matrix/client/v3/login";
export const WHOAMI = "GET /_matrix/client/v3/account/whoami";

/** Method and path of a request. */
export function callOf({ method, path }: ProxiedRequest): string {
  return `${method} ${path}`;
}

/**
 * Applies a fault to the next request of this kind and lets all others pass. Resolves when the
 * request arrives. Replaces the proxy's rule.
 */
export function onNext(proxy: FaultProxy, call: string, fault?: Fault): Promise<ProxiedRequest> {
  return new Promise((resolve) => {
    let isOver = false;
    proxy.setRule((request) => {
      if (isOver || callOf(request) !== call) return undefined;
      isOver = true;
      resolve(request);
      return fault;
    });
  });
}

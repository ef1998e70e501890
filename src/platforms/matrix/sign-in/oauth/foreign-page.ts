import { getDomain } from "tldts";

/**
 * The host of a sign-in page that shares no domain with the homeserver it is for; null if it shares
 * one. A homeserver can name the authorization server of another homeserver as its own. The person
 * then sees a genuine page, and the session would go to the wrong server. Hosts share a domain if
 * they are the same, or if they lie below the same registrable domain (https://publicsuffix.org/).
 * @param pages the issuer and the page that the person opens
 */
export function foreignPage(
  pages: readonly string[],
  { serverName, baseUrl }: { serverName: string; baseUrl: string },
): string | null {
  const own = [hostOf(`https://${serverName}`), hostOf(baseUrl)];
  for (const page of pages) {
    const host = hostOf(page);
    if (!own.some((each) => isSameOwner(each, host))) return host;
  }
  return null;
}

function isSameOwner(one: string, other: string): boolean {
  const domain = getDomain(one, { allowPrivateDomains: true });
  return one === other || (domain !== null && domain === getDomain(other, { allowPrivateDomains: true }));
}

function hostOf(address: string): string {
  return URL.parse(address)?.hostname ?? "";
}

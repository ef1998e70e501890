/**
 * What the library does not do about tokens and the production server does (oauth.md, "Refresh").
 */
export class Tokens {
  /** Access tokens that Synapse has asked about: the pair they came with is in use. */
  readonly #used = new Set<string>();
  readonly #dead = new Set<string>();
  /** By refresh token: the access token it came with, and the refresh token that came after it. */
  readonly #pairs = new Map<string, { accessToken: string; next?: string }>();

  /** @param sent the refresh token that the client sent for the pair */
  issued(pair: { accessToken: string; refreshToken: string }, sent?: string): void {
    this.#pairs.set(pair.refreshToken, { accessToken: pair.accessToken });
    const before = sent === undefined ? undefined : this.#pairs.get(sent);
    if (!before) return;
    const lost = this.#pairs.get(before.next ?? "");
    before.next = pair.refreshToken;
    // The access token before is dead at once; Synapse goes on with one it knows for a while. So is
    // that of a pair which nobody got.
    for (const { accessToken } of [before, ...(lost === undefined ? [] : [lost])])
      this.#dead.add(accessToken);
  }

  /**
   * What to give the library for a refresh token: itself, or, for one whose answer was lost, the
   * one that nobody got. Null for one that was replaced by a pair in use; the session lives on.
   */
  effective(refreshToken: string): string | null {
    const pair = this.#pairs.get(refreshToken);
    if (pair?.next === undefined) return refreshToken;
    const lost = this.#pairs.get(pair.next);
    if (lost === undefined || lost.next !== undefined || this.#used.has(lost.accessToken)) return null;
    return pair.next;
  }

  /** Whether an access token is still good for the homeserver, which asks. */
  ask(accessToken: string): boolean {
    this.#used.add(accessToken);
    return !this.#dead.has(accessToken);
  }
}

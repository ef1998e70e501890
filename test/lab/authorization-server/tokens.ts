/** The production server's token rules that the library lacks. */
export class Tokens {
  /** Access tokens that Synapse has introspected. Their token pair is in use. */
  readonly #used = new Set<string>();
  readonly #dead = new Set<string>();
  /** Refresh token → the access token of its pair, and the next refresh token. */
  readonly #pairs = new Map<string, { accessToken: string; next?: string }>();

  /** @param sent the refresh token that the client sent for the pair */
  issued(pair: { accessToken: string; refreshToken: string }, sent?: string): void {
    this.#pairs.set(pair.refreshToken, { accessToken: pair.accessToken });
    const before = sent === undefined ? undefined : this.#pairs.get(sent);
    if (!before) return;
    const lost = this.#pairs.get(before.next ?? "");
    before.next = pair.refreshToken;
    // The previous access token is invalid at once; Synapse accepts one that it knows for a while
    // longer. So is the token of a pair that reached nobody.
    for (const { accessToken } of [before, ...(lost === undefined ? [] : [lost])])
      this.#dead.add(accessToken);
  }

  /**
   * The refresh token to give to the library: the same one, or, if its answer was lost, the one
   * that reached nobody. Null for one that was replaced by a pair in use; the session lives on.
   */
  effective(refreshToken: string): string | null {
    const pair = this.#pairs.get(refreshToken);
    if (pair?.next === undefined) return refreshToken;
    const lost = this.#pairs.get(pair.next);
    if (lost === undefined || lost.next !== undefined || this.#used.has(lost.accessToken)) return null;
    return pair.next;
  }

  /** Answers the homeserver whether an access token is still valid. */
  ask(accessToken: string): boolean {
    this.#used.add(accessToken);
    return !this.#dead.has(accessToken);
  }
}

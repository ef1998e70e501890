import { Resolver } from "node:dns/promises";

/**
 * - `offered`: the name has an SRV record.
 * - `none`: it has none, or only one that says so (RFC 2782: the target is the root).
 * - `unknown`: no name server said.
 */
export type ServiceAnswer = "offered" | "none" | "unknown";

/**
 * Looks for the SRV records of a name such as `_matrix-fed._tcp.example.org`. Nothing but name
 * servers is contacted: a record is not followed. So it cannot lead to a forbidden address.
 */
export type FindService = (name: string, signal: AbortSignal) => Promise<ServiceAnswer>;

/** How long one name server is waited for, and how often it is asked. */
const NAME_SERVER = { timeout: 2_000, tries: 2 };

/**
 * A name server has no such record, or such a name cannot exist. `ESERVFAIL` is what the name
 * servers of a domain say through others when they are gone.
 */
const NO_RECORD: ReadonlySet<unknown> = new Set(["ENOTFOUND", "ENODATA", "EBADNAME", "ESERVFAIL"]);

/** Asks the system's name servers. */
export async function findService(
  name: string,
  signal: AbortSignal,
  resolver: Pick<Resolver, "resolveSrv" | "cancel"> = new Resolver(NAME_SERVER),
): Promise<ServiceAnswer> {
  if (signal.aborted) return "unknown";
  const cancel = (): void => resolver.cancel();
  signal.addEventListener("abort", cancel, { once: true });
  try {
    const records = await resolver.resolveSrv(name);
    return records.some((record) => record.name !== "" && record.name !== ".") ? "offered" : "none";
  } catch (error) {
    if (!(error instanceof Error) || !("code" in error)) throw error;
    return NO_RECORD.has(error.code) ? "none" : "unknown";
  } finally {
    signal.removeEventListener("abort", cancel);
  }
}

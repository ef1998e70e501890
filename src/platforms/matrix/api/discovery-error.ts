import type { UnreachableReason } from "../../../network/unreachable-error.ts";
import type { ServerNotFound } from "../../sign-in.ts";

export type DiscoveryErrorCode = ServerNotFound["code"];

/** The details of a failed discovery. */
export interface DiscoveryErrorFields {
  /** The request that failed; null if none was made. */
  readonly stage: "well_known" | "versions" | null;
  /**
   * The action that the specification gives a client (CS API, "Server discovery").
   * - `prompt` (FAIL_PROMPT): a person who knows the address can still name it; for the bot, the
   *   operator under `servers`.
   * - `error` (FAIL_ERROR): the information that was found is wrong.
   */
  readonly action: "prompt" | "error";
  readonly reason?: UnreachableReason | null;
  /** The error status of the server's answer, if that was the reason. */
  readonly status?: number | null;
}

/**
 * Why no homeserver was found for a server name. Holds the name and codes, and no text of a server.
 */
export class DiscoveryError extends Error implements ServerNotFound {
  override readonly name = "DiscoveryError";
  readonly code: DiscoveryErrorCode;
  readonly serverName: string;
  readonly stage: "well_known" | "versions" | null;
  readonly action: "prompt" | "error";
  readonly reason: UnreachableReason | null;
  readonly status: number | null;

  constructor(code: DiscoveryErrorCode, serverName: string, fields: DiscoveryErrorFields) {
    const cause = fields.reason ?? (typeof fields.status === "number" ? `status ${fields.status}` : null);
    super(`discovery of ${serverName}: ${code}${cause === null ? "" : ` (${cause})`}`);
    this.code = code;
    this.serverName = serverName;
    this.stage = fields.stage;
    this.action = fields.action;
    this.reason = fields.reason ?? null;
    this.status = fields.status ?? null;
  }
}

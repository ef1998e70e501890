import type { UnreachableReason } from "../../network/unreachable-error.ts";
import type { ServerNotFound } from "../../platforms/sign-in.ts";
import type { Inline } from "../document/document.ts";
import { code } from "../document/document.ts";
import { untrustedCode } from "../document/untrusted-text.ts";

/** Why a server gave no usable answer, and what helps. */
export function unreachableSentence(host: string, reason: UnreachableReason): Inline[] {
  const server = code(untrustedCode(host));
  switch (reason) {
    case "invalid_address":
      return [server, " is not an address I can use. Please check the spelling."];
    case "forbidden_address":
      return [
        server,
        " leads to a private address, which I don't contact. If this is a test server, my operator can allow it in the configuration.",
      ];
    case "insecure":
      return [server, " answers without encryption. I send secrets over HTTPS only."];
    case "dns":
      return ["There is no server named ", server, ". Please check the spelling."];
    case "refused":
      return [server, " does not accept connections just now. Please try again later."];
    case "tls":
      return [server, " has a certificate that I can't trust. Its administrator has to fix that."];
    case "timeout":
      return [server, " did not answer in time. Please try again later."];
    case "reset":
      return ["The connection to ", server, " broke off. Please try again in a minute."];
    case "too_large":
      return [server, " sent far more than a homeserver would. Please check the spelling."];
    case "not_json":
    case "unexpected_answer":
      return [
        server,
        " answers, but not like a Matrix homeserver. Please check the spelling, or ask its administrator.",
      ];
    case "too_many_redirects":
    case "redirect_refused":
      return [
        server,
        " sends me on to an address that I must not follow. Its administrator has to fix that.",
      ];
    case "aborted":
      return ["I was stopped while I asked ", server, ". Please try again."];
  }
}

/** Why no homeserver was found behind a server name. */
export function discoverySentence({ code: problem, serverName, reason, status }: ServerNotFound): Inline[] {
  const server = code(untrustedCode(serverName));
  switch (problem) {
    case "invalid_server_name":
      return [server, " can't be the name of a server. A user ID looks like ", code("@you:example.org"), "."];
    case "unreachable":
      return reason === null
        ? [
            server,
            ` is in trouble just now${status === null ? "" : ` (it answered with status ${status})`}. Please try again later.`,
          ]
        : unreachableSentence(serverName, reason);
    case "insecure":
      return unreachableSentence(serverName, "insecure");
    case "forbidden_address":
      return unreachableSentence(serverName, "forbidden_address");
    case "well_known_invalid":
      return [
        server,
        " names its homeserver in an invalid form (",
        code("/.well-known/matrix/client"),
        "). Its administrator has to fix that.",
      ];
    case "not_a_homeserver":
      return [
        "There is no Matrix homeserver at ",
        server,
        ". Please check the spelling, or ask its administrator.",
      ];
    case "too_old":
      return ["The homeserver ", server, " is too old for me: I need version 1.1 of Matrix or newer."];
  }
}

import { describe, expect, it } from "vitest";
import { pageErrorOf } from "../../../../../src/platforms/matrix/api/page-error.ts";

describe("an error answer", () => {
  it.each<{ name: string; status: number; body: unknown; reason: string | null }>([
    { name: "a refusal", status: 403, body: { errcode: "M_FORBIDDEN" }, reason: null },
    { name: "a failed join of Synapse", status: 502, body: { errcode: "M_UNKNOWN" }, reason: null },
    { name: "an error of Dendrite without a code", status: 500, body: { message: "x" }, reason: null },
    { name: "a limit without JSON", status: 429, body: undefined, reason: null },
    { name: "a page", status: 404, body: undefined, reason: "not_json" },
    { name: "a refusal in JSON of another kind", status: 403, body: { success: false }, reason: "not_json" },
    { name: "a gateway's own JSON", status: 502, body: { message: "x" }, reason: "not_json" },
    { name: "a gateway without a homeserver", status: 503, body: { message: "x" }, reason: "not_json" },
    { name: "a gateway that waited too long", status: 504, body: { message: "x" }, reason: "timeout" },
    { name: "Cloudflare's time-out", status: 524, body: { title: "x" }, reason: "timeout" },
    { name: "Cloudflare without a homeserver", status: 521, body: { title: "x" }, reason: "not_json" },
  ])("is a homeserver's own or not: $name", ({ status, body, reason }) => {
    const error = pageErrorOf({ status, headers: {}, body }, "new.example", new Date(0));
    expect(error?.reason ?? null).toBe(reason);
  });
});

import { encodeRecoveryKey } from "matrix-js-sdk/lib/crypto-api/recovery-key.js";
import { describe, expect, it } from "vitest";
import { createLog } from "../../../src/operations/log.ts";
import { isSecretName } from "../../../src/operations/redaction.ts";

const SECRET = "hunter2-correct-horse";

function logged(
  write: (log: ReturnType<typeof createLog>) => void,
  options: { level?: string; format?: "json" | "pretty" } = {},
): string {
  const lines: string[] = [];
  const destination = { write: (line: string) => void lines.push(line) };
  write(createLog({ level: options.level ?? "info", format: options.format ?? "json", destination }));
  return lines.join("");
}

describe("the log", () => {
  it("writes one line of JSON an event, with the level by name", () => {
    const line: unknown = JSON.parse(logged((log) => log.info({ roomId: "!a:b", attempts: 2 }, "joined")));
    expect(line).toMatchObject({ level: "info", roomId: "!a:b", attempts: 2, msg: "joined" });
  });

  it("writes for people if configured so, and errors with their stack", () => {
    const text = logged((log) => log.error({ err: new Error("broken") }, "failed"), { format: "pretty" });
    expect(text).toContain("ERROR");
    expect(text).toContain("failed");
    expect(text).toMatch(/at .*log\.test\.ts/);
  });

  it("is quiet below its level", () => {
    expect(logged((log) => log.debug("detail"))).toBe("");
  });

  it.each(["json", "pretty"] as const)("keeps every secret out (%s)", (format) => {
    const error = Object.assign(new Error("refused", { cause: new Error(`GET /x?access_token=${SECRET}`) }), {
      errcode: "M_FORBIDDEN",
      options: { headers: { Authorization: `Bearer ${SECRET}` } },
      body: { password: SECRET },
    });
    const text = logged(
      (log) => {
        log.child({ accessToken: SECRET }).info("child");
        log.info(
          { password: SECRET, nested: { list: [{ refresh_token: SECRET }] }, content: { body: SECRET } },
          "fields",
        );
        log.warn({ err: error }, "error");
        log.warn(error);
        log.info(`Authorization: Bearer ${SECRET}`);
        log.info(`{"password":"${SECRET}"}`);
        log.child({ password: `"quoted\\" ${SECRET}` }).info("quotes");
        log.info(
          { text: JSON.stringify({ inner: JSON.stringify({ password: `"${SECRET}`, after: "kept" }) }) },
          "three deep",
        );
        log.info({ text: JSON.stringify({ access_token: SECRET }) }, "JSON inside of JSON");
        log.info("syt_hunter2-correct-horse_abc and mat_hunter2-correct-horse");
        log.info(
          { url: new URL(`https://example.org/?access_token=${SECRET}`), bytes: Buffer.from(SECRET) },
          "objects",
        );
      },
      { format },
    );
    expect(text).not.toContain("hunter2");
    expect(text).not.toContain(Buffer.from(SECRET).toString("base64"));
    expect(text).toContain("kept");
    expect(text).toContain("M_FORBIDDEN");
    expect(text).toContain("GET /x");
  });

  it("keeps recovery keys and room keys out, in any spelling", () => {
    const key = encodeRecoveryKey(Buffer.alloc(32, 7)) ?? "";
    const text = logged((log) => {
      log.info(`the key ${key} is wrong`);
      log.info(`the key ${key.replaceAll(" ", "")} is wrong`);
      log.warn(new Error(`not stored: {"session_key":"${SECRET}","sender_key":"kept"}`));
    });
    expect(key).toMatch(/^Es/u);
    expect(text).not.toContain(key.slice(5, 9));
    expect(text).not.toContain(SECRET);
    expect(text).toContain("kept");
  });

  it("survives what cannot be written as it is", () => {
    const circular: Record<string, unknown> = { name: "loop" };
    circular["self"] = circular;
    expect(
      logged((log) => log.info({ circular, nothing: null, missing: undefined, at: new Date(0) }, "odd")),
    ).toContain("1970-01-01");
  });
});

describe("a name", () => {
  it.each([
    "password",
    "accessToken",
    "access_token",
    "X-Authorization",
    "secretKey",
    "pickle_key",
    "formatted_body",
    "botPassword",
    "tokens",
  ])("%s is secret", (name) => {
    expect(isSecretName(name)).toBe(true);
  });

  it.each(["key", "stepKey", "roomId", "passwordFile", "tokenExpiresAt", "userId", "secretKeyFile"])(
    "%s is not",
    (name) => {
      expect(isSecretName(name)).toBe(false);
    },
  );
});

import { readFileSync, statSync } from "node:fs";
import { resolve } from "node:path";
import type { KeyFault } from "./schema-faults.ts";

/** The keys of the file that can hold the bot's password or access token. */
export interface SecretKeys {
  readonly password?: string | undefined;
  readonly passwordFile?: string | undefined;
  readonly accessToken?: string | undefined;
  readonly accessTokenFile?: string | undefined;
}

export interface SecretContext {
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Relative paths are relative to this folder. */
  readonly directory: string;
  /** Nothing is stored yet, so the bot needs a secret to sign in. */
  readonly isFirstStart: boolean;
}

/** The bot's password or token, and the faults found on the way. */
export interface BotSecret {
  readonly password: string | null;
  readonly accessToken: string | null;
  readonly faults: readonly KeyFault[];
  readonly warnings: readonly KeyFault[];
}

const SOURCES = ["password", "passwordFile", "accessToken", "accessTokenFile"] as const;

/**
 * Finds the bot's own secret. If the environment has one, the file's secrets are not read at all.
 */
export function readBotSecret(keys: SecretKeys, context: SecretContext): BotSecret {
  return fromEnvironment(context.environment) ?? fromFile(keys, context);
}

function fromEnvironment(environment: SecretContext["environment"]): BotSecret | null {
  // Tools such as Compose pass a variable that was never set as an empty one.
  const password = environment["BOT_PASSWORD"] ?? "";
  const accessToken = environment["BOT_ACCESS_TOKEN"] ?? "";
  if (password !== "" && accessToken !== "") {
    const message = "is set beside BOT_PASSWORD; set only one of the two";
    return secretOf({ faults: [{ path: ["BOT_ACCESS_TOKEN"], message }] });
  }
  if (password !== "") return secretOf({ password });
  return accessToken === "" ? null : withTokenCheck(accessToken, ["BOT_ACCESS_TOKEN"], []);
}

function fromFile(keys: SecretKeys, context: SecretContext): BotSecret {
  const given = SOURCES.filter((source) => keys[source] !== undefined);
  const [source, second] = given;
  if (source === undefined) {
    const message =
      "needs passwordFile, password, accessTokenFile or accessToken (or BOT_PASSWORD or BOT_ACCESS_TOKEN in the environment) for the first start";
    return secretOf({ faults: context.isFirstStart ? [{ path: ["bot"], message }] : [] });
  }
  if (second !== undefined)
    return secretOf({
      faults: [{ path: ["bot", second], message: `is set together with ${source}; keep only one of them` }],
    });
  const value = keys[source] ?? "";
  // The schema has already reported this fault.
  if (value === "") return secretOf({});
  if (source === "password") return secretOf({ password: value });
  if (source === "accessToken") return withTokenCheck(value, ["bot", source], []);
  return fromSecretFile(source, value, context);
}

function fromSecretFile(
  source: "passwordFile" | "accessTokenFile",
  name: string,
  context: SecretContext,
): BotSecret {
  const path = ["bot", source];
  const file = resolve(context.directory, name);
  const read = readSecretFile(file);
  if (read.kind === "missing") {
    const message = `there is no file ${file}`;
    // Once the bot has its device, the operator may have deleted the password.
    if (!context.isFirstStart)
      return secretOf({
        warnings: [{ path, message: `${message}; the bot can only use the device it already has` }],
      });
    return secretOf({ faults: [{ path, message }] });
  }
  if (read.kind === "unusable") return secretOf({ faults: [{ path, message: `${file} ${read.message}` }] });
  const warnings = read.isReadableByOthers
    ? [{ path, message: `other users of this machine can read ${file}; chmod 600 it` }]
    : [];
  return source === "passwordFile"
    ? secretOf({ password: read.secret, warnings })
    : withTokenCheck(read.secret, path, warnings);
}

type SecretFile =
  | { readonly kind: "missing" }
  | { readonly kind: "unusable"; readonly message: string }
  | { readonly kind: "read"; readonly secret: string; readonly isReadableByOthers: boolean };

function readSecretFile(file: string): SecretFile {
  try {
    const secret = readFileSync(file, "utf8").replace(/\r?\n$/, "");
    if (secret === "") return { kind: "unusable", message: "is empty" };
    return { kind: "read", secret, isReadableByOthers: isReadableByOthers(file) };
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : undefined;
    if (code === "ENOENT" || code === "ENOTDIR") return { kind: "missing" };
    if (code === "EISDIR") return { kind: "unusable", message: "is a folder" };
    return {
      kind: "unusable",
      message: `cannot be read: ${error instanceof Error ? error.message : String(error)}`,
    };
  }
}

/**
 * Whether the mode of the file lets its group or every user read it. False if there is no file.
 */
export function isReadableByOthers(file: string): boolean {
  const mode = statSync(file, { throwIfNoEntry: false })?.mode ?? 0;
  // Windows reports 0666, whatever the real rights are.
  return process.platform !== "win32" && (mode & 0o044) !== 0;
}

function withTokenCheck(
  accessToken: string,
  path: readonly string[],
  warnings: readonly KeyFault[],
): BotSecret {
  // A token is sent in an HTTP header. Anything but visible ASCII would fail there, far from its
  // cause.
  if (!/^[\x21-\x7e]+$/.test(accessToken))
    return secretOf({
      faults: [
        { path, message: "is not an access token: it contains spaces or other characters that no token has" },
      ],
    });
  return secretOf({ accessToken, warnings });
}

function secretOf(parts: Partial<BotSecret>): BotSecret {
  return { password: null, accessToken: null, faults: [], warnings: [], ...parts };
}

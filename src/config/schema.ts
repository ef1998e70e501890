import { z } from "zod";
import { parseRoomAlias, parseRoomId, parseUserId } from "../platforms/matrix/ids/identifiers.ts";
import { isServerName } from "../platforms/matrix/ids/server-name.ts";
import { isServerNameGlob, isUserIdGlob } from "./access-globs.ts";
import { parseAddressRange, parseListenAddress } from "./address-rules.ts";
import { LOG_FORMATS, LOG_LEVELS } from "./configuration.ts";

/** Shown on servers' consent pages unless the operator sets another page. */
const PROJECT_PAGE = "https://github.com/matrix-mover/matrix-mover";

function text(isRight: (value: string) => boolean, message: string) {
  return z.string().refine(isRight, { error: message });
}

const pathName = text((value) => value.trim() !== "", "must name a file or folder");
const secret = text((value) => value !== "", "must not be empty");
const serverNameOrAddress = text(
  (value) => value.includes("://") || isServerName(value),
  "must be an address that begins with https://, or a server name",
);
const userId = text(
  (value) => parseUserId(value) !== null && !/\s/.test(value),
  "must be a user ID such as @mover:example.org",
);
const room = text(
  (value) => parseRoomAlias(value) !== null || parseRoomId(value) !== null,
  "must be an alias such as #moving:example.org, or a room ID that begins with !",
);
const allowGlob = text(
  (value) => (value.startsWith("@") ? isUserIdGlob(value) : isServerNameGlob(value)),
  "must be a user ID such as @*:example.org, or a server such as *.example.org (* and ? stand for anything)",
);
const operatorGlob = text(isUserIdGlob, "must be a user ID such as @admin:example.org");
const addressRange = text(
  (value) => parseAddressRange(value) !== null,
  "must be an address range such as 10.0.0.0/8 or fd00::/8",
);
const listenAddress = text(
  (value) => parseListenAddress(value) !== null,
  "must be host:port, such as 127.0.0.1:9464",
);
const httpsPage = text(
  (value) => URL.parse(value)?.protocol === "https:",
  "must be an address that begins with https://",
);
const prefix = text((value) => /^\S{1,10}$/u.test(value), "must be 1 to 10 characters without spaces");

const bot = z.strictObject({
  homeserver: serverNameOrAddress,
  userId,
  password: secret.optional(),
  passwordFile: pathName.optional(),
  accessToken: secret.optional(),
  accessTokenFile: pathName.optional(),
});

/** The configuration file as people write it. Rules over several keys are in load.ts. */
export const configurationSchema = z.strictObject({
  bot,
  dataDir: pathName.default("data"),
  secretKeyFile: pathName.default("secrets/store.key"),
  prefix: prefix.default("!"),
  controlRooms: z.array(room).default([]),
  directChats: z.boolean().default(true),
  access: z
    .strictObject({
      allow: z.array(allowGlob).default([]),
      operators: z.array(operatorGlob).default([]),
      imports: z.boolean().default(true),
    })
    .prefault({}),
  limits: z.strictObject({ newChatsPerDay: z.int().min(1).default(10) }).prefault({}),
  servers: z.record(text(isServerName, "must be a server name"), z.string()).default({}),
  network: z.strictObject({ allowPrivate: z.array(addressRange).default([]) }).prefault({}),
  oauth: z
    .strictObject({
      clientName: text((value) => value.trim() !== "", "must not be empty").default("Matrix Mover"),
      clientUri: httpsPage.default(PROJECT_PAGE),
    })
    .prefault({}),
  http: z.strictObject({ listen: listenAddress }).optional(),
  log: z
    .strictObject({ level: z.enum(LOG_LEVELS).default("info"), format: z.enum(LOG_FORMATS).default("json") })
    .prefault({}),
});

/**
 * Every key, with dots: `bot`, `bot.userId`, …. Made from the schema, so that it cannot become
 * outdated.
 */
export const KNOWN_KEYS: readonly string[] = knownKeys(configurationSchema, "");

function knownKeys(schema: z.core.$ZodType, prefixPath: string): string[] {
  if (schema instanceof z.ZodObject) {
    return Object.entries<z.core.$ZodType>(schema.shape).flatMap(([key, child]) => {
      const path = prefixPath === "" ? key : `${prefixPath}.${key}`;
      return [path, ...knownKeys(child, path)];
    });
  }
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodDefault || schema instanceof z.ZodPrefault) {
    return knownKeys(schema.def.innerType, prefixPath);
  }
  return [];
}

// An empty text replaces a value of the wrong kind.
const lenientText = z.string().optional().catch("");

/**
 * The parts that rules over several keys read. Faulty values are skipped, so that these rules still
 * find their own faults in a file with others: all faults are reported at once.
 */
export const salvageSchema = z.object({
  bot: z
    .object({
      homeserver: lenientText,
      password: lenientText,
      passwordFile: lenientText,
      accessToken: lenientText,
      accessTokenFile: lenientText,
    })
    .catch({}),
  dataDir: z.string().catch("data"),
  secretKeyFile: z.string().catch("secrets/store.key"),
  controlRooms: z.array(z.unknown()).catch([]),
  directChats: z.boolean().catch(true),
  access: z.object({ allow: z.array(z.unknown()).catch([]) }).catch({ allow: [] }),
  servers: z.record(z.string(), z.unknown()).catch({}),
  network: z.object({ allowPrivate: z.array(z.unknown()).catch([]) }).catch({ allowPrivate: [] }),
  http: z.object({ listen: z.string() }).optional().catch(undefined),
});

export type SalvagedConfiguration = z.infer<typeof salvageSchema>;

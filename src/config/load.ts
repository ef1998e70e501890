import { readdirSync } from "node:fs";
import { dirname, resolve, sep } from "node:path";
import type { z } from "zod";
import {
  type AddressRange,
  clientAddressFault,
  isLoopbackHost,
  parseAddressRange,
  parseListenAddress,
} from "./address-rules.ts";
import { type Configuration, ConfigurationError, type ConfigurationFault } from "./configuration.ts";
import { checkAgainstSchema, type KeyFault } from "./schema-faults.ts";
import { type configurationSchema, type SalvagedConfiguration, salvageSchema } from "./schema.ts";
import { type BotSecret, isReadableByOthers, readBotSecret } from "./secret-sources.ts";
import { readYamlFile } from "./yaml-file.ts";

/** Where a configuration comes from. */
export interface ConfigurationSource {
  /** The YAML file. */
  readonly path: string;
  /** BOT_PASSWORD and BOT_ACCESS_TOKEN are read from here. */
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/**
 * Reads, checks and completes the configuration; writes nothing.
 * @throws ConfigurationError with all faults at once
 */
export function loadConfiguration({ path, environment }: ConfigurationSource): Configuration {
  const file = readYamlFile(path);
  const directory = dirname(resolve(path));
  const { values, faults: schemaFaults } = checkAgainstSchema(file.content);
  const salvaged = salvageSchema.catch(salvageSchema.parse({})).parse(file.content);
  const isFirstStart = isMissingOrEmpty(resolve(directory, salvaged.dataDir));
  const secret = readBotSecret(salvaged.bot, { environment, directory, isFirstStart });

  const withLine = ({ path: keys, message }: KeyFault): ConfigurationFault => ({
    path: dotted(keys),
    message,
    line: file.lineOf(keys),
  });
  const faults = [...schemaFaults, ...addressFaults(salvaged), ...secret.faults];
  if (faults.length > 0 || values === null) throw new ConfigurationError(faults.map(withLine));
  return complete({
    values,
    secret,
    directory,
    warnings: [...secret.warnings, ...doubts(salvaged, directory)].map(withLine),
  });
}

interface Parts {
  readonly values: z.infer<typeof configurationSchema>;
  readonly secret: BotSecret;
  readonly directory: string;
  readonly warnings: readonly ConfigurationFault[];
}

function complete({ values, secret, directory, warnings }: Parts): Configuration {
  return {
    bot: {
      homeserver: withoutSlash(values.bot.homeserver),
      userId: values.bot.userId,
      password: secret.password,
      accessToken: secret.accessToken,
    },
    dataDir: resolve(directory, values.dataDir),
    secretKeyFile: resolve(directory, values.secretKeyFile),
    prefix: values.prefix,
    controlRooms: values.controlRooms,
    directChats: values.directChats,
    access: values.access,
    limits: values.limits,
    servers: Object.fromEntries(
      Object.entries(values.servers).map(([name, address]) => [name, withoutSlash(address)]),
    ),
    network: {
      allowPrivate: values.network.allowPrivate
        .flatMap(parsedRange)
        .map(([address, bits]) => `${address.toString()}/${String(bits)}`),
    },
    oauth: values.oauth,
    http: values.http === undefined ? null : parseListenAddress(values.http.listen),
    log: values.log,
    warnings,
  };
}

function addressFaults(salvaged: SalvagedConfiguration): KeyFault[] {
  const ranges = salvaged.network.allowPrivate.flatMap(parsedRange);
  const candidates: [string[], unknown][] = Object.entries(salvaged.servers).map(([name, address]) => [
    ["servers", name],
    address,
  ]);
  // A homeserver without a scheme is a server name. It is checked when it is discovered.
  if (salvaged.bot.homeserver?.includes("://") === true)
    candidates.unshift([["bot", "homeserver"], salvaged.bot.homeserver]);
  return candidates.flatMap(([path, address]) => {
    const message = typeof address === "string" ? clientAddressFault(address, ranges) : null;
    return message === null ? [] : [{ path, message }];
  });
}

function doubts(salvaged: SalvagedConfiguration, directory: string): KeyFault[] {
  const dataDir = resolve(directory, salvaged.dataDir);
  const keyFile = resolve(directory, salvaged.secretKeyFile);
  const listen = salvaged.http === undefined ? null : parseListenAddress(salvaged.http.listen);
  const found: [boolean, string[], string][] = [
    [
      keyFile.startsWith(dataDir + sep),
      ["secretKeyFile"],
      "is inside dataDir: anyone with a copy of that folder can read the sealed secrets",
    ],
    [
      isReadableByOthers(keyFile),
      ["secretKeyFile"],
      `other users of this machine can read ${keyFile}; chmod 600 it`,
    ],
    [salvaged.access.allow.length === 0, ["access", "allow"], "is empty: nobody may use the bot"],
    [
      !salvaged.directChats && salvaged.controlRooms.length === 0,
      ["controlRooms"],
      "is empty and directChats is off: there is nowhere to talk to the bot",
    ],
    [
      listen !== null && !isLoopbackHost(listen.host),
      ["http", "listen"],
      "is not a loopback address: other machines can read the bot's health and metrics",
    ],
  ];
  return found.filter(([isDoubtful]) => isDoubtful).map(([, path, message]) => ({ path, message }));
}

function parsedRange(text: unknown): AddressRange[] {
  const range = typeof text === "string" ? parseAddressRange(text) : null;
  return range === null ? [] : [range];
}

function isMissingOrEmpty(folder: string): boolean {
  try {
    return readdirSync(folder).length === 0;
  } catch {
    // The folder is missing or is not a folder. In both cases the bot has stored nothing in it.
    return true;
  }
}

function dotted(keys: readonly PropertyKey[]): string {
  return keys.reduce<string>(
    (path, key) =>
      typeof key === "number"
        ? `${path}[${String(key)}]`
        : path === ""
          ? String(key)
          : `${path}.${String(key)}`,
    "",
  );
}

function withoutSlash(address: string): string {
  return address.replace(/\/+$/, "");
}

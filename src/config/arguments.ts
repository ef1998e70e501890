import parseArgv from "yargs-parser";
import { nearestWord } from "../grammar/nearest-word.ts";

/** What the command line asks for. */
export type Invocation =
  | { readonly kind: "start" | "check"; readonly configPath: string }
  | { readonly kind: "help" | "version" }
  | { readonly kind: "mistake"; readonly message: string };

const FLAGS = ["config", "check-config", "help", "version"];
const SHORT_FLAGS = ["h", "v"];
const DEFAULT_CONFIG_PATH = "bot.config.yaml";

/** The exit statuses of the process; 64 and 78 as in BSD's sysexits.h. */
export const EXIT_STATUS = { ok: 0, failure: 1, usage: 64, configuration: 78 } as const;

/** The answer to `--help`. */
export const HELP = `Usage: npm start -- [--config FILE] [--check-config]

  --config FILE    the configuration (default: ${DEFAULT_CONFIG_PATH} in the working directory)
  --check-config   prints every fault of the configuration; starts and writes nothing
  --help           this text
  --version        the version

Environment: BOT_PASSWORD or BOT_ACCESS_TOKEN win over what the configuration says.
Signals:     SIGTERM or SIGINT stops within seconds; a second one ends at once.
Exit status: ${String(EXIT_STATUS.ok)} stopped as asked, ${String(EXIT_STATUS.failure)} could not start or failed, ${String(EXIT_STATUS.usage)} mistake on the command line, ${String(EXIT_STATUS.configuration)} fault in the configuration
`;

/** Reads the command line (without the program's own name). Pure. */
export function parseArguments(argv: readonly string[]): Invocation {
  const parsed = parseArgv([...argv], {
    string: ["config"],
    boolean: ["check-config", "help", "version"],
    alias: { help: ["h"], version: ["v"] },
    configuration: {
      "camel-case-expansion": false,
      "dot-notation": false,
      "boolean-negation": false,
      "duplicate-arguments-array": true,
      "parse-positional-numbers": false,
      "short-option-groups": false,
    },
  });
  const [stray] = parsed._;
  if (stray !== undefined) return mistake(`"${String(stray)}" is not understood${suggestion(String(stray))}`);
  const unknown = Object.keys(parsed).find(
    (key) => key !== "_" && !FLAGS.includes(key) && !SHORT_FLAGS.includes(key),
  );
  if (unknown !== undefined)
    return mistake(`There is no ${unknown.length === 1 ? "-" : "--"}${unknown}${suggestion(unknown)}`);
  if (parsed["help"] === true) return { kind: "help" };
  if (parsed["version"] === true) return { kind: "version" };
  const configPath: unknown = parsed["config"] ?? DEFAULT_CONFIG_PATH;
  if (Array.isArray(configPath)) return mistake("--config is given more than once");
  if (typeof configPath !== "string" || configPath === "")
    return mistake("--config needs the name of a file");
  return { kind: parsed["check-config"] === true ? "check" : "start", configPath };
}

function suggestion(typed: string): string {
  const nearest = nearestWord(typed, FLAGS);
  return nearest === null ? "" : `; did you mean --${nearest}?`;
}

function mistake(message: string): Invocation {
  return { kind: "mistake", message: `${message.endsWith("?") ? message : `${message}.`} See --help.` };
}

import { readFileSync } from "node:fs";
import { isMap, isNode, isScalar, isSeq, LineCounter, parseDocument, type Document } from "yaml";
import { ConfigurationError } from "./configuration.ts";
import { KNOWN_KEYS } from "./schema.ts";

/** A parsed YAML file, before its values are checked. */
export interface YamlFile {
  readonly content: unknown;
  /**
   * The line of a key, counted from 1. Null if neither the key nor a key above it is in the file.
   */
  lineOf(path: readonly PropertyKey[]): number | null;
}

/**
 * Reads a YAML file.
 * @throws ConfigurationError with every syntax fault, or if the file cannot be read
 */
export function readYamlFile(path: string): YamlFile {
  const text = readText(path);
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  if (document.errors.length > 0) {
    throw new ConfigurationError(
      document.errors.map((error) => ({
        path: "",
        message: `not valid YAML: ${error.message}`,
        line: lines.linePos(error.pos[0]).line,
      })),
    );
  }
  return {
    content: withoutEmptyKeys(toPlain(document), ""),
    lineOf: (path) => {
      const offset = offsetOf(document, path);
      return offset === null ? null : lines.linePos(offset).line;
    },
  };
}

function readText(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    const isMissing = error instanceof Error && "code" in error && error.code === "ENOENT";
    const message = isMissing
      ? `There is no configuration file at ${path}. Copy bot.config.example.yaml there and edit it, or name another with --config.`
      : `The configuration file ${path} cannot be read: ${error instanceof Error ? error.message : String(error)}`;
    throw new ConfigurationError([{ path: "", message, line: null }]);
  }
}

function toPlain(document: Document.Parsed): unknown {
  try {
    const content: unknown = document.toJS();
    return content ?? {};
  } catch (error) {
    // Only this step finds aliases that point nowhere or expand without end.
    const message = `not valid YAML: ${error instanceof Error ? error.message : String(error)}`;
    throw new ConfigurationError([{ path: "", message, line: null }]);
  }
}

// A key without a value ("http:" with its lines commented out) counts as absent. Unknown keys are
// kept, so that they are refused.
function withoutEmptyKeys(value: unknown, path: string): unknown {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  const kept = Object.entries(value).flatMap(([key, child]): [string, unknown][] => {
    const childPath = path === "" ? key : `${path}.${key}`;
    return child === null && KNOWN_KEYS.includes(childPath)
      ? []
      : [[key, withoutEmptyKeys(child, childPath)]];
  });
  return Object.fromEntries(kept);
}

function offsetOf(document: Document.Parsed, path: readonly PropertyKey[]): number | null {
  let node: unknown = document.contents;
  let offset: number | null = null;
  for (const segment of path) {
    if (isMap(node)) {
      const pair = node.items.find(
        (item) => isScalar(item.key) && String(item.key.value) === String(segment),
      );
      if (pair === undefined) return offset;
      offset = startOf(pair.key) ?? offset;
      node = pair.value;
    } else if (isSeq(node)) {
      node = node.items[Number(segment)];
      offset = startOf(node) ?? offset;
    } else {
      return offset;
    }
  }
  return offset;
}

function startOf(node: unknown): number | null {
  return isNode(node) ? (node.range?.[0] ?? null) : null;
}

/**
 * What a command looks like, as data: the parser, `!help`, the nearest-word answers and the table
 * in the README are all made from it.
 */
export interface CommandSpecification {
  /** `["login"]`, `["migrate", "plan"]`. */
  words: readonly [string, ...string[]];
  /** Other words for the same command. */
  aliases?: readonly (readonly [string, ...string[]])[];
  /** One line for the list, no full stop. */
  summary: string;
  /** What follows the words: `old|new [@user:server] [--password …]`. */
  usage: string;
  /**
   * Paragraphs of `!help <command>`; a line that starts with the prefix sign `!` is set as code.
   */
  details: readonly string[];
  /** A whole command line. */
  example: string;
  positionals: readonly PositionalSpecification[];
  flags: Readonly<Record<string, FlagSpecification>>;
}

export interface PositionalSpecification {
  name: string;
  kind: "choice" | "userId" | "word";
  /** The words allowed, for `choice`. */
  choices?: readonly string[];
  isOptional?: boolean;
  isRepeatable?: boolean;
}

export interface FlagSpecification {
  /**
   * `secret` takes the rest of the message as it stands, and makes the whole message one that must
   * be redacted.
   */
  /** `duration`: `90d`, `1y`. `choices`: some of the choices, with commas between them. */
  kind: "boolean" | "text" | "choice" | "choices" | "duration" | "secret";
  choices?: readonly string[];
  isRepeatable?: boolean;
}

/** A command line understood, or what is wrong with it. Nothing in it echoes a secret. */
export type ParsedMessage =
  | { kind: "not_addressed"; hasSecret: boolean }
  | { kind: "command"; specification: CommandSpecification; values: CommandValues; hasSecret: boolean }
  | { kind: "mistake"; mistake: CommandMistake; hasSecret: boolean };

export interface CommandValues {
  /** By the positional's name; repeatable ones in order. */
  positionals: Readonly<Record<string, readonly string[]>>;
  flags: Readonly<Record<string, string | true>>;
  /** Flags that can be given more than once, or take several choices. */
  lists: Readonly<Record<string, readonly string[]>>;
  /** The secret flag given and its value. */
  secret: { flag: string; value: string } | null;
}

export type CommandMistake =
  | { code: "empty" }
  | { code: "too_long" }
  | { code: "unbalanced_quote"; command: CommandSpecification }
  /** `word` is null where it is better not repeated. */
  | { code: "unknown_command"; word: string | null; nearest: readonly string[] | null }
  | { code: "incomplete_command"; words: readonly string[]; choices: readonly string[] }
  | { code: "unknown_flag"; command: CommandSpecification; flag: string; nearest: string | null }
  | { code: "flag_value_missing"; command: CommandSpecification; flag: string }
  | { code: "flag_takes_no_value"; command: CommandSpecification; flag: string }
  | {
      code: "bad_choice";
      command: CommandSpecification;
      name: string;
      value: string;
      choices: readonly string[];
      nearest: string | null;
    }
  | { code: "bad_duration"; command: CommandSpecification; flag: string; value: string }
  | { code: "bad_user_id"; command: CommandSpecification; value: string }
  | { code: "missing_argument"; command: CommandSpecification; name: string; choices: readonly string[] }
  | { code: "extra_argument"; command: CommandSpecification; value: string }
  /** Something stands where a secret may have been meant; it is not echoed. */
  | { code: "stray_secret"; command: CommandSpecification };

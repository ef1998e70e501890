/**
 * What a command looks like, as data. The parser, `!help`, the suggestions for mistyped commands
 * and the table in README.md are made from it.
 */
export interface CommandSpecification {
  /** `["login"]`, `["migrate", "plan"]`. */
  words: readonly [string, ...string[]];
  /** Other words for the same command. */
  aliases?: readonly (readonly [string, ...string[]])[];
  /** One line for the list, without a full stop. */
  summary: string;
  /** The text after the words: `old|new [@user:server] [--password …]`. */
  usage: string;
  /**
   * Paragraphs of `!help <command>`. A text in backticks that starts with `!` gets the bot's
   * prefix.
   */
  details: readonly string[];
  /** A whole command line. */
  example: string;
  positionals: readonly PositionalSpecification[];
  flags: Readonly<Record<string, FlagSpecification>>;
  /** Groups of flags of which at most one can be given. */
  alternatives?: readonly (readonly string[])[];
}

/** A word of a command line that is not a flag. */
export interface PositionalSpecification {
  name: string;
  /** `text`: only a text in quotes, anywhere among the words. No other positional takes it then. */
  kind: "choice" | "userId" | "word" | "text";
  /** The allowed words, for `choice`. */
  choices?: readonly string[];
  isOptional?: boolean;
  isRepeatable?: boolean;
}

/** A flag of a command. */
export interface FlagSpecification {
  /**
   * - `duration`: `90d`, `1y`.
   * - `choices`: some of the choices, separated by commas.
   * - `words`: all words up to the next flag or text in quotes.
   * - `secret`: a text in quotes, or all text up to the next flag of the command or the end of the
   *   message, unchanged. The whole message must then be redacted.
   */
  kind: "boolean" | "text" | "words" | "choice" | "choices" | "duration" | "secret";
  choices?: readonly string[];
  isRepeatable?: boolean;
}

/** The result of parsing a message. Nothing in it repeats a secret. */
export type ParsedMessage =
  | { kind: "not_addressed"; hasSecret: boolean }
  | { kind: "command"; specification: CommandSpecification; values: CommandValues; hasSecret: boolean }
  | { kind: "mistake"; mistake: CommandMistake; hasSecret: boolean };

/** The values that a command line gives. */
export interface CommandValues {
  /** By the name of the positional. Repeatable ones are in order. */
  positionals: Readonly<Record<string, readonly string[]>>;
  flags: Readonly<Record<string, string | true>>;
  /** Flags that can be repeated, or take several words or choices. */
  lists: Readonly<Record<string, readonly string[]>>;
  /** The values of the secret flags given, by name. */
  secrets: Readonly<Record<string, string>>;
}

/** A mistake in a command line. */
export type CommandMistake =
  | { code: "empty" }
  | { code: "too_long" }
  | { code: "unbalanced_quote"; command: CommandSpecification }
  /** `word` is null if it must not be repeated to the room. */
  | { code: "unknown_command"; word: string | null; nearest: readonly string[] | null }
  | { code: "incomplete_command"; words: readonly string[]; choices: readonly string[] }
  | { code: "unknown_flag"; command: CommandSpecification; flag: string; nearest: string | null }
  | { code: "flag_value_missing"; command: CommandSpecification; flag: string }
  | { code: "only_one_of"; command: CommandSpecification; flags: readonly string[] }
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
  /** A word is in a place where a secret may have been meant. It is not repeated. */
  | { code: "stray_secret"; command: CommandSpecification };

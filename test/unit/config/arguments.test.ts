import { expect, it } from "vitest";
import { parseArguments } from "../../../src/config/arguments.ts";

it.each([
  [[], { kind: "start", configPath: "bot.config.yaml" }],
  [["--config", "a.yaml"], { kind: "start", configPath: "a.yaml" }],
  [["--config=a.yaml", "--check-config"], { kind: "check", configPath: "a.yaml" }],
  [["--config", "1"], { kind: "start", configPath: "1" }],
  [["--help"], { kind: "help" }],
  [["-h"], { kind: "help" }],
  [["--version", "--check-config"], { kind: "version" }],
])("understands %j", (argv, expected) => {
  expect(parseArguments(argv)).toEqual(expected);
});

it.each([
  [["--confg", "a.yaml"], "There is no --confg; did you mean --config? See --help."],
  [["--no-help"], "There is no --no-help; did you mean --help? See --help."],
  [["--frobnicate"], "There is no --frobnicate. See --help."],
  [["-x"], "There is no -x. See --help."],
  [["help"], '"help" is not understood; did you mean --help? See --help.'],
  [["--config"], "--config needs the name of a file. See --help."],
  [["--config", "a", "--config", "b"], "--config is given more than once. See --help."],
  [["--", "a.yaml"], '"a.yaml" is not understood. See --help.'],
])("refuses %j", (argv, message) => {
  expect(parseArguments(argv)).toEqual({ kind: "mistake", message });
});

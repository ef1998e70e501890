import { describe, expect, it } from "vitest";
import { createCommands, specifications } from "../../../src/commands/registry.ts";
import { parseMessage } from "../../../src/grammar/parse.ts";
import { commandServices } from "../../support/fakes/command-services.ts";
import { FakeConversation } from "./fake-conversation.ts";

const names = { prefix: "!", userId: "@mover:example.org", displayName: null };
const commands = createCommands(commandServices());

async function answerTo(line: string): Promise<string> {
  const parsed = parseMessage({ body: line, formattedBody: null }, names, specifications);
  if (parsed.kind !== "command") throw new Error(`no command: ${line}`);
  const conversation = new FakeConversation();
  await commands
    .find(({ specification }) => specification === parsed.specification)
    ?.run(parsed.values, conversation);
  return conversation.text;
}

describe("the registry", () => {
  it("has one command for each specification, in the same order", () => {
    expect(commands.map(({ specification }) => specification)).toEqual(specifications);
  });

  it("has each word once", () => {
    const words = specifications.flatMap(({ words, aliases = [] }) =>
      [words, ...aliases].map((each) => each.join(" ")),
    );
    expect(new Set(words).size).toBe(words.length);
  });

  it.each(specifications.map((specification) => [specification.words.join(" "), specification] as const))(
    "the example of %s is a command that the parser understands",
    (_words, specification) => {
      const parsed = parseMessage(
        { body: `!${specification.example}`, formattedBody: null },
        names,
        specifications,
      );
      expect(parsed).toMatchObject({ kind: "command", specification });
    },
  );

  it.each(specifications.map(({ words, summary, usage }) => [words.join(" "), summary, usage] as const))(
    "!help lists %s and explains it",
    async (words, summary, usage) => {
      expect(await answerTo("!help")).toContain(`!${words} – ${summary}`);
      const explained = await answerTo(`!help ${words}`);
      expect(explained).toContain(`!${[words, usage].join(" ").trim()}`);
      expect(explained).toContain("Example: !");
      expect(await answerTo(`!help !${words}`)).toBe(explained);
    },
  );

  it("every flag and every choice of a command is in its usage", () => {
    for (const { usage, flags, positionals } of specifications) {
      for (const name of Object.keys(flags)) expect(usage).toContain(`--${name}`);
      for (const choice of positionals.flatMap(({ choices = [] }) => choices))
        expect(usage).toContain(choice);
    }
  });

  it("help for an unknown word names the nearest", async () => {
    expect(await answerTo("!help logn")).toContain("Did you mean !login?");
    expect(await answerTo("!help xyzzy")).toContain("See !help.");
  });
});

// The few rules of this project that no published plugin has.
import { basename, relative } from "node:path";

import { brokenCitations, repositoryAt } from "./citations.ts";

const KEBAB_CASE = /^[a-z0-9]+(?:-[a-z0-9]+)*(?:\.[a-z0-9-]+)*$/;
const EMPTY_WORDS = /(?:^|-)(?:utils?|helpers?|managers?|misc|common)(?:-|\.|$)/;

const fileName = {
  meta: { type: "suggestion", schema: [] },
  create: (context) => ({
    Program(node) {
      const name = basename(context.filename);
      if (!KEBAB_CASE.test(name))
        context.report({ node, message: `The file name ${name} is not in kebab-case.` });
      if (EMPTY_WORDS.test(name))
        context.report({ node, message: `The file name ${name} does not say what is inside.` });
    },
  }),
};

const disableReason = {
  meta: { type: "suggestion", schema: [] },
  create: (context) => ({
    Program() {
      for (const comment of context.sourceCode.getAllComments()) {
        if (/^\s*eslint-disable/.test(comment.value) && !/\s--\s+\S{2,}/.test(comment.value)) {
          context.report({
            loc: comment.loc,
            message: "A disabled rule needs its reason: eslint-disable-next-line rule -- reason.",
          });
        }
      }
    },
  }),
};

const noClock = {
  meta: { type: "problem", schema: [] },
  create: (context) => ({
    "NewExpression[callee.name='Date'][arguments.length=0]"(node) {
      context.report({
        node,
        message: "The present moment is an argument here: planners, verifiers, parsers and views are pure.",
      });
    },
  }),
};

/**
 * The longest line that the formatter makes is no fault where a literal, which cannot be broken,
 * fills it.
 */
const lineLength = {
  meta: {
    type: "layout",
    schema: [{ type: "object", properties: { code: { type: "integer" }, comments: { type: "integer" } } }],
  },
  create: (context) => ({
    Program(node) {
      const [{ code, comments }] = context.options;
      const { sourceCode } = context;
      const isComment = new Set();
      for (const { loc } of sourceCode.getAllComments())
        for (let line = loc.start.line; line <= loc.end.line; line += 1) isComment.add(line);
      const isUnbreakable = new Set();
      for (const { type, loc } of node.tokens)
        if (["String", "Template", "RegularExpression"].includes(type))
          for (let line = loc.start.line; line <= loc.end.line; line += 1) isUnbreakable.add(line);
      for (const [index, text] of sourceCode.lines.entries()) {
        const line = index + 1;
        const max = isComment.has(line) ? comments : code;
        if (text.length <= max || isUnbreakable.has(line) || /https?:\/\/\S{60,}/.test(text)) continue;
        context.report({
          loc: { line, column: max },
          message: `The line is ${text.length} wide, more than ${max}.`,
        });
      }
    },
  }),
};

let repository;

/** A file or section that a comment names is one that a reader of the repository can open. */
const citation = {
  meta: { type: "problem", schema: [] },
  create: (context) => ({
    Program() {
      repository ??= repositoryAt(context.cwd);
      const place = { from: relative(context.cwd, context.filename).replaceAll("\\", "/"), repository };
      for (const { loc, text } of commentsOf(context.sourceCode))
        for (const message of brokenCitations(text, place)) context.report({ loc, message });
    },
  }),
};

/** Comments in which a sentence may continue on the next `//` line. */
function commentsOf(sourceCode) {
  const comments = [];
  for (const { type, value, loc } of sourceCode.getAllComments()) {
    const last = comments.at(-1);
    if (type === "Line" && last?.type === "Line" && last.loc.end.line === loc.start.line - 1) {
      last.text += `\n// ${value}`;
      last.loc = { start: last.loc.start, end: loc.end };
    } else comments.push({ type, text: value, loc });
  }
  return comments;
}

/** Node's modules, then packages, then this repository from far to near, each in order. */
const importOrder = {
  meta: { type: "suggestion", schema: [] },
  create: (context) => ({
    Program({ body }) {
      const imports = body.filter(
        ({ type, specifiers }) => type === "ImportDeclaration" && specifiers.length > 0,
      );
      for (const [index, node] of imports.slice(1).entries()) {
        const [before, here] = [imports[index], node].map(({ source }) => orderOf(source.value));
        if (before > here)
          context.report({ node, message: "Imports are in order: node:, packages, then from far to near." });
      }
    },
  }),
};

/** A text by which imports are sorted. */
function orderOf(name) {
  const group = name.startsWith("node:") ? "0" : name.startsWith(".") ? "2" : "1";
  const distance = name.startsWith(".") ? 9 - (name.match(/\.\.\//g)?.length ?? 0) : 0;
  return `${group} ${distance} ${name.toLowerCase()}`;
}

export default {
  rules: {
    "import-order": importOrder,
    "file-name": fileName,
    "line-length": lineLength,
    citation,
    "disable-reason": disableReason,
    "no-clock": noClock,
  },
};

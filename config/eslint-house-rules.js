// The few rules of this project that no published plugin has.
import { basename } from "node:path";

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

export default { rules: { "file-name": fileName, "disable-reason": disableReason, "no-clock": noClock } };

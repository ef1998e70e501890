import { fileURLToPath } from "node:url";

import { defineConfig, globalIgnores } from "eslint/config";
import tseslint from "typescript-eslint";

import house from "./eslint-house-rules.js";

const PURE = [
  "src/{model,grammar,view}/**",
  "src/platforms/*/{ids,rooms,planning,report}/**",
  "src/platforms/*/categories/**",
];
/** The requests of a category, and the list of all step functions. */
const NOT_PURE = ["src/platforms/*/categories/registry.ts", "src/platforms/*/categories/*/step.ts"];

const notPure = (what) => `${what} makes this depend on more than its arguments, and this folder is pure.`;

const RESTRICTED_SYNTAX = [
  { selector: "ExportDefaultDeclaration", message: "Exports have names." },
  { selector: "ExportAllDeclaration", message: "Import from the file that defines it." },
  {
    selector:
      ":matches(ImportDeclaration, ExportNamedDeclaration, ImportExpression)[source.value=/^\\.{1,2}\\u002F.*(?<!\\.ts)$/]",
    message: "Node runs the sources as they stand: a relative import ends in .ts.",
  },
];

export default defineConfig(
  globalIgnores(["node_modules/", ".cache/", "data/", "**/*.json"]),
  { linterOptions: { reportUnusedDisableDirectives: "error", reportUnusedInlineConfigs: "error" } },
  {
    files: ["**/*.ts"],
    extends: [tseslint.configs.strictTypeChecked, tseslint.configs.stylisticTypeChecked],
    languageOptions: {
      parserOptions: {
        project: "tsconfig.json",
        tsconfigRootDir: fileURLToPath(new URL("..", import.meta.url)),
      },
    },
    plugins: { house },
    rules: {
      "house/file-name": "error",
      "house/import-order": "error",
      "house/disable-reason": "error",
      "house/line-length": ["error", { code: 110, comments: 100 }],
      "house/citation": "error",
      "max-lines": ["error", { max: 300, skipBlankLines: false, skipComments: false }],
      "max-depth": ["error", 4],
      "max-params": ["error", 5],
      "func-style": ["error", "declaration", { allowArrowFunctions: true }],
      eqeqeq: "error",
      "no-console": "error",
      "no-param-reassign": "error",
      "no-warning-comments": ["error", { terms: ["todo", "fixme", "xxx"] }],
      "object-shorthand": "error",
      "prefer-template": "error",
      "@typescript-eslint/consistent-type-imports": ["error", { fixStyle: "inline-type-imports" }],
      // `as` checks nothing: a border is parsed with zod, a union is narrowed by a test. What is
      // left needs a reason beside it.
      "@typescript-eslint/consistent-type-assertions": [
        "error",
        { assertionStyle: "as", objectLiteralTypeAssertions: "never" },
      ],
      "@typescript-eslint/no-unsafe-type-assertion": "error",
      "@typescript-eslint/switch-exhaustiveness-check": [
        "error",
        { requireDefaultForNonUnion: true, considerDefaultExhaustiveForUnions: true },
      ],
      "@typescript-eslint/no-unused-vars": [
        "error",
        { argsIgnorePattern: "^_", varsIgnorePattern: "^_", caughtErrors: "all" },
      ],
      "@typescript-eslint/restrict-template-expressions": ["error", { allowNumber: true }],
      // () => call() and () => {} say what they mean as callbacks.
      "@typescript-eslint/no-confusing-void-expression": ["error", { ignoreArrowShorthand: true }],
      "@typescript-eslint/no-empty-function": [
        "error",
        { allow: ["arrowFunctions", "methods", "asyncMethods", "asyncFunctions"] },
      ],
      // Index signatures are read with brackets. So a reader sees whether a name is known or comes
      // from a server or a user.
      "@typescript-eslint/dot-notation": "off",
      "no-restricted-syntax": ["error", ...RESTRICTED_SYNTAX],
    },
  },
  {
    files: ["config/*.ts"],
    // The tools look for a default export.
    rules: { "no-restricted-syntax": "off" },
  },
  {
    files: ["test/{demo,lab,bench}/**", "test/gate.ts", "test/support/gate/**"],
    // Programs for people at a terminal: the printed line is their output.
    rules: { "no-console": "off" },
  },
  {
    files: ["test/**"],
    rules: {
      "no-restricted-syntax": [
        "error",
        ...RESTRICTED_SYNTAX,
        {
          selector:
            "CallExpression[callee.type='MemberExpression'][callee.property.name=/^(skip|only|todo|fails|skipIf|runIf)$/]",
          message: "No test vanishes: what cannot run says so by name and fails.",
        },
        {
          selector: "CallExpression[callee.name=/^(it|test|describe)$/] Property[key.name='retry']",
          message: "No test is retried.",
        },
        {
          selector: "CallExpression[callee.object.name='vi'][callee.property.name=/^wait(For|Until)$/]",
          message: "It gives up after a second. Use expect.poll.",
        },
        {
          selector:
            "CallExpression:matches([callee.name=/^(it|test|describe)$/], [callee.property.name='poll']) > ObjectExpression > Property[key.name='timeout']",
          message:
            "The limits of config/vitest.config.ts hold for all: a shorter one fails on a busy machine.",
        },
        {
          selector:
            "CallExpression:matches([callee.name=/^(it|test|(before|after)(All|Each))$/], [callee.callee.property.name=/^(each|for)$/]) > Literal[raw=/^[0-9]/].arguments",
          message:
            "The limits of config/vitest.config.ts hold for all: a shorter one fails on a busy machine.",
        },
      ],
      // A test may build half a thing on purpose.
      "@typescript-eslint/no-unsafe-type-assertion": "off",
      "@typescript-eslint/consistent-type-assertions": "off",
      "@typescript-eslint/unbound-method": "off",
      // Answers of a test's own server, and expect.anything(): what is wrong with them, the test
      // itself finds.
      "@typescript-eslint/no-unsafe-argument": "off",
      "@typescript-eslint/no-unsafe-assignment": "off",
      "@typescript-eslint/no-unsafe-member-access": "off",
      "@typescript-eslint/no-unsafe-return": "off",
      // A fake has the signature of the function that it replaces.
      "@typescript-eslint/require-await": "off",
      "max-lines": ["error", { max: 500 }],
    },
  },
  {
    files: PURE,
    ignores: NOT_PURE,
    rules: {
      "no-restricted-globals": [
        "error",
        ...[
          "fetch",
          "process",
          "setTimeout",
          "setInterval",
          "setImmediate",
          "queueMicrotask",
          "performance",
          "crypto",
          "WebSocket",
        ].map((name) => ({ name, message: notPure(name) })),
      ],
      "no-restricted-properties": [
        "error",
        { object: "Date", property: "now", message: notPure("The clock") },
        { object: "Math", property: "random", message: notPure("Chance") },
      ],
      "house/no-clock": "error",
    },
  },
  {
    files: ["src/overrides/**/*.ts"],
    // They have the shape, the names and the default exports of the packages that they replace.
    rules: { "no-restricted-syntax": "off" },
  },
);

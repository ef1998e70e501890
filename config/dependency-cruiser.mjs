// Who may import whom. The README's architecture section has the picture; type-only imports count
// as well.

const APP = "^src/(app|main|create-services)\\.ts$";

/** Folders whose functions depend on their arguments alone. */
const PURE = [
  "^src/(model|grammar|view)/",
  "^src/platforms/[^/]+/(ids|rooms|planning|report)/",
  "^src/platforms/[^/]+/categories/",
];

/** The requests of a category, and the list of all step functions. */
const NOT_PURE = "^src/platforms/[^/]+/categories/(registry|[^/]+/step)\\.ts$";

/** Node's modules that neither talk to anything outside nor know the time. */
const PURE_CORE_MODULES = ["^(node:)?(assert|path|url|util|string_decoder|querystring|punycode|buffer)(/|$)"];

/** Packages that are functions of their arguments. */
const PURE_PACKAGES = [
  "^node_modules/(entities|fastest-levenshtein|htmlparser2|domhandler|ipaddr\\.js|yargs-parser|zod|yaml|csv-stringify)/",
];

/** @type {import("dependency-cruiser").IConfiguration} */
export default {
  forbidden: [
    { name: "no-cycles", severity: "error", from: {}, to: { circular: true } },
    { name: "no-unresolvable", severity: "error", from: {}, to: { couldNotResolve: true } },
    {
      name: "nobody-imports-app-or-main",
      comment: "Only main.ts starts app.ts, which starts what create-services.ts creates.",
      severity: "error",
      from: { pathNot: "^src/(app|main)\\.ts$" },
      to: { path: APP },
    },
    { name: "nobody-imports-main", severity: "error", from: {}, to: { path: "^src/main\\.ts$" } },
    { name: "src-never-imports-test", severity: "error", from: { path: "^src/" }, to: { path: "^test/" } },
    {
      name: "product-needs-no-dev-dependency",
      comment: "The container image has production dependencies only.",
      severity: "error",
      from: { path: "^src/" },
      to: { dependencyTypes: ["npm-dev", "npm-no-pkg", "npm-unknown"] },
    },
    {
      name: "pure-uses-no-io-module",
      comment:
        "Planners, comparisons, the parser, the report and view: no file, network, process, clock or chance.",
      severity: "error",
      from: { path: PURE, pathNot: NOT_PURE },
      to: { dependencyTypes: ["core"], pathNot: PURE_CORE_MODULES },
    },
    {
      name: "pure-uses-no-io-package",
      comment: "No logger, HTTP client, database or SDK in what only decides.",
      severity: "error",
      from: { path: PURE, pathNot: NOT_PURE },
      to: { path: "^node_modules/", pathNot: PURE_PACKAGES },
    },
    {
      name: "pure-uses-no-io-layer",
      severity: "error",
      from: { path: PURE, pathNot: NOT_PURE },
      to: { path: "^src/(chat|store|queue|operations)/" },
    },
    {
      name: "pure-runs-no-io-layer",
      comment:
        "Types of the results of use cases and servers are data and may be imported; functions may not.",
      severity: "error",
      from: { path: PURE, pathNot: NOT_PURE },
      to: {
        path: [
          "^src/service/",
          "^src/config/(load|secret|yaml)",
          "^src/network/",
          "^src/platforms/[^/]+/api/[^/]*client",
        ],
        dependencyTypesNot: ["type-only"],
      },
    },
    {
      name: "grammar-and-model-import-nothing-above",
      severity: "error",
      from: { path: "^src/(grammar|model)/" },
      to: { path: "^src/(commands|dialogue|view|service|store|queue|chat|config|operations)/" },
    },
    {
      name: "network-imports-only-model",
      severity: "error",
      from: { path: "^src/network/" },
      to: { path: "^src/(?!network/|model/)" },
    },
    {
      name: "platform-imports-no-other-platform",
      severity: "error",
      from: { path: "^src/platforms/([^/]+)/" },
      to: { path: "^src/platforms/[^/]+/", pathNot: "^src/platforms/$1/" },
    },
    {
      name: "platform-imports-nothing-above",
      severity: "error",
      from: { path: "^src/platforms/" },
      to: { path: "^src/(chat|store|queue|service|dialogue|commands|view|operations)/" },
    },
    {
      name: "platform-interfaces-know-no-platform",
      comment: "platforms/*.ts has the interfaces of a platform; it imports no platform.",
      severity: "error",
      from: { path: "^src/platforms/[^/]+\\.ts$" },
      to: { path: "^src/(?!model/|network/|platforms/[^/]+\\.ts$)" },
    },
    {
      name: "platforms-are-known-by-their-interface",
      comment: "Type-only imports count as well; create-services.ts passes the platforms in.",
      severity: "error",
      from: { path: "^src/(service|queue|store|chat|dialogue|view|model)/" },
      to: { path: "^src/platforms/[^/]+/" },
    },
    {
      name: "people-type-addresses-of-platforms",
      comment: "What people type and configure has Matrix addresses, and nothing else of a platform.",
      severity: "error",
      from: { path: "^src/(commands|grammar|config)/" },
      to: { path: "^src/platforms/[^/]+/", pathNot: "^src/platforms/[^/]+/ids/" },
    },
    {
      name: "service-says-nothing",
      comment:
        "Use cases report facts to listeners that create-services.ts connects (service/run/run-listener.ts).",
      severity: "error",
      from: { path: "^src/service/" },
      to: { path: "^src/(view|dialogue|chat|commands)/" },
    },
    {
      name: "only-chat-imports-the-bot-sdk",
      comment: "The accounts being moved are reached through our own HomeserverClient only.",
      severity: "error",
      from: { path: "^src/", pathNot: ["^src/chat/", "^src/overrides/"] },
      to: { path: "^node_modules/matrix-bot-sdk/" },
    },
    {
      name: "only-store-imports-the-database",
      severity: "error",
      from: { path: "^src/", pathNot: ["^src/store/", "^src/overrides/"] },
      to: { path: "^node_modules/(@types/)?(better-sqlite3|kysely)/" },
    },
  ],
  options: {
    doNotFollow: { path: ["^node_modules/"] },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: "tsconfig.json" },
    combinedDependencies: true,
    enhancedResolveOptions: {
      exportsFields: ["exports"],
      conditionNames: ["import", "types", "node", "default"],
    },
  },
};

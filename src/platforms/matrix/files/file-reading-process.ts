// The process in which one file of an unknown person is read.

import { z } from "zod";
import { readFile } from "./read-file.ts";

// A terminal and a service manager signal all processes. The bot decides when this one ends.
for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => undefined);
process.once("disconnect", () => process.exit());
process.once("message", (bytes) => {
  process.send?.(readFile(z.instanceof(Uint8Array).parse(bytes)));
});

/*
 * The bare loop. It sends known requests with a fixed number under way. It checks only that each
 * status is the recorded one. `BareCase` is JSON on standard input, `BareMeasured` is JSON on
 * standard output.
 */
import { text } from "node:stream/consumers";
import { Agent, request } from "undici";
import type { BareCase, BareMeasured } from "./bare-case.ts";
import { bareCaseSchema } from "./bare-case.ts";
import type { SentRequest } from "./move-case.ts";

type Unit = BareCase["units"][number];

async function measure({ units, baseUrl, tokens, concurrency }: BareCase): Promise<BareMeasured> {
  const agent = new Agent();
  const open = new Map(units.map((unit) => [unit.key, unit]));
  const waiting = new Set(units);
  const different: string[] = [];
  let requests = 0;
  let underWay = 0;
  const startedAt = performance.now();
  const { promise: done, resolve, reject } = Promise.withResolvers<undefined>();
  const fill = (): void => {
    if (open.size === 0) resolve(undefined);
    for (const unit of waiting) {
      if (underWay >= concurrency) return;
      if (unit.after.some((key) => open.has(key))) continue;
      waiting.delete(unit);
      underWay += 1;
      run(unit)
        .then(() => {
          underWay -= 1;
          open.delete(unit.key);
          fill();
        })
        .catch(reject);
    }
  };
  fill();
  await done;
  const ms = performance.now() - startedAt;
  await agent.close();
  return { ms, requests, different };

  async function run(unit: Unit): Promise<void> {
    for (const sent of unit.requests) {
      requests += 1;
      const status = await send(sent);
      if (status !== sent.status) different.push(`${status} ${sent.method} ${sent.path}`);
    }
  }

  async function send({ side, userId, method, path, contentType, body }: SentRequest): Promise<number> {
    const { statusCode, body: answer } = await request(baseUrl[side] + path, {
      dispatcher: agent,
      method,
      headers: {
        authorization: `Bearer ${tokens[userId] ?? ""}`,
        ...(contentType === null ? {} : { "content-type": contentType }),
      },
      body: body === null ? null : Buffer.from(body, "base64"),
    });
    await answer.dump();
    return statusCode;
  }
}

const result = await measure(bareCaseSchema.parse(JSON.parse(await text(process.stdin))));
process.stdout.write(JSON.stringify(result));

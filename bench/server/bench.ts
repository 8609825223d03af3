/** A server, the load, and beside it what the same would cost at best: Node's own server, and the driver alone. */
import { request as ask } from "node:http";
import type { Captured } from "./bare.ts";
import { type Child, start } from "./child.ts";
import type { Inserting } from "./inserts.ts";
import type { Carried, Load, Sent } from "./load.ts";
import type { Served } from "./served.ts";

export interface Run {
  count: number;
  perSecond: number;
  /** Of the processor, by the process that answers, microseconds for each. */
  cpu: number;
  /** The same of the process that asks: where it is as busy as can be, it is the load that sets the pace. */
  loadCpu?: number;
  latency?: Carried["latency"];
}

export interface Bench {
  served: Served;
  /** Asks the server once, so that Node's own server knows the answer to the letter. */
  learn(request: Sent): Promise<void>;
  ours(load: Omit<Load, "url">): Promise<Run>;
  bare(load: Omit<Load, "url">): Promise<Run>;
  raw(inserting: Inserting): Promise<Run>;
  /** All but the server. */
  stop(): Promise<void>;
}

export async function openBench(served: Served): Promise<Bench> {
  const [loader, bare, inserter] = ["load.ts", "bare.ts", "inserts.ts"].map(start) as [Child, Child, Child];
  const bareUrl = await bare.ask<string>("listen");
  await inserter.ask("open", served.beside);
  const carry = async (child: Child, load: Load): Promise<Run> => {
    const before = await loader.usage();
    const run = await timed(child, load.count, () => loader.ask<Carried>("carry", load));
    const after = await loader.usage();
    return { ...run, loadCpu: (after.cpu - before.cpu) / load.count };
  };
  return {
    served,
    learn: async (request) => bare.ask("learn", await capture(served.url, request)),
    ours: (load) => carry(served.child, { url: served.url, ...load }),
    bare: (load) => carry(bare, { url: bareUrl, ...load }),
    raw: (inserting) =>
      timed(inserter, inserting.count, () => inserter.ask<{ seconds: number }>("run", inserting)),
    async stop() {
      for (const each of [loader, bare, inserter]) await each.stop();
    },
  };
}

/** Headers that are of the connection are for whoever answers to say. */
const OF_CONNECTION = /^(date|connection|keep-alive|transfer-encoding)$/i;

function capture(url: string, { method, path, headers, body }: Sent): Promise<Captured> {
  const { promise, resolve, reject } = Promise.withResolvers<Captured>();
  const asked = ask(url + path, { method, headers }, async (response) => {
    let text = "";
    for await (const chunk of response.setEncoding("utf8")) text += chunk;
    const { statusCode: status = 0, rawHeaders: raw } = response;
    const kept = raw.filter((_, index) => !OF_CONNECTION.test(raw[index - (index % 2)] as string));
    if (status === 200) resolve({ method, path, status, headers: kept, body: text });
    else reject(new Error(`${method} ${path}: ${status} ${text}`));
  });
  asked.once("error", reject).end(body);
  return promise;
}

async function timed(
  child: Child,
  count: number,
  work: () => Promise<{ seconds: number; latency?: Carried["latency"] }>,
): Promise<Run> {
  const before = await child.usage();
  const { seconds, ...more } = await work();
  const after = await child.usage();
  return { count, perSecond: count / seconds, cpu: (after.cpu - before.cpu) / count, ...more };
}

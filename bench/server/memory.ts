/** What a server holds in memory while it is asked. */
import type { Child, Usage } from "./child.ts";
import type { Carried, Sent } from "./load.ts";
import type { Served } from "./served.ts";
import { minting, open, opening, recording, regulars } from "./visitors.ts";

export type Memory = Pick<NodeJS.MemoryUsage, "rss" | "heapUsed">;

/** Of how many requests one makes something that lasts: who visits is asked for their flow and minted for far more often. */
const LASTING = 10;
const SEVERAL = 64;
/** How often is looked, ms. */
const EVERY = 50;

/** So many requests, of which each tenth is about a visit that is new. */
async function mixed(served: Served, count: number): Promise<Sent[]> {
  const customers = await regulars(served, SEVERAL);
  const asked = [
    ...customers.map((each) => minting(served, each)),
    ...(await open(served, customers)).map(({ token }) => opening(token)),
  ];
  const told = recording(await open(served, await regulars(served, Math.ceil(count / LASTING / 2))));
  return Array.from({ length: count }, (_, index) => {
    const own = index % LASTING === 0 ? told[index / LASTING] : undefined;
    return own ?? (asked[index % asked.length] as Sent);
  });
}

/** What is left when all that nobody needs has been thrown away. */
export async function settled({ child }: Served): Promise<Memory> {
  // What the first time lets go of, the second may find.
  await child.ask("collect");
  await child.ask("collect");
  return (await child.usage()).memory;
}

export interface Loaded {
  count: number;
  /** While it was asked, the most that was seen. */
  peak: Memory;
  /** When it was over. */
  after: Memory;
}

export async function load(
  served: Served,
  loader: Child,
  { connections, count }: { connections: number; count: number },
): Promise<Loaded> {
  const requests = await mixed(served, count);
  const peak: Memory = { rss: 0, heapUsed: 0 };
  const { promise: over, resolve: end } = Promise.withResolvers<"over">();
  const watching = watch(served.child, over, ({ memory }) => {
    peak.rss = Math.max(peak.rss, memory.rss);
    peak.heapUsed = Math.max(peak.heapUsed, memory.heapUsed);
  });
  try {
    await loader.ask<Carried>("carry", { url: served.url, connections, requests, count });
  } finally {
    end("over");
    await watching;
  }
  return { count, peak, after: await settled(served) };
}

async function watch(child: Child, over: Promise<"over">, see: (usage: Usage) => void): Promise<void> {
  const pause = () => new Promise<"pause">((resolve) => setTimeout(resolve, EVERY, "pause"));
  do see(await child.usage());
  while ((await Promise.race([over, pause()])) === "pause");
}

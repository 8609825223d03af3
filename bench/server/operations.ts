/** What is asked of a server all day. */
import { forget, settle } from "./customers.ts";
import type { Sent } from "./load.ts";
import type { Served } from "./served.ts";
import { mint, minting, open, opening, recording, regulars, saving } from "./visitors.ts";

export interface Operation {
  name: string;
  /** Requests that have not been sent before, at least so many; fewer where the same can be sent again. */
  prepare(served: Served, count: number): Promise<Sent[]>;
  /** The same request can be sent again. */
  repeats?: true;
  /** It leaves the JSON of the request in the database: also beside the driver alone. */
  writes?: true;
  /** Parts of what Node's own server, or the driver alone, does. */
  aims?: { bare?: number; raw?: number };
}

const SEVERAL = 64;

export const operations: readonly Operation[] = [
  {
    name: "session mint",
    repeats: true,
    prepare: async (served) => (await regulars(served, SEVERAL)).map((each) => minting(served, each)),
    aims: { bare: 0.5 },
  },
  {
    name: "configuration",
    repeats: true,
    prepare: async (served) =>
      (await open(served, await regulars(served, SEVERAL))).map(({ token }) => opening(token)),
    aims: { bare: 0.5 },
  },
  {
    name: "first configuration",
    prepare: async (served, count) => (await mint(served, await regulars(served, count))).map(opening),
  },
  {
    name: "events",
    writes: true,
    prepare: async (served, count) =>
      recording(await open(served, await regulars(served, Math.ceil(count / 2)))),
    aims: { raw: 0.7 },
  },
  {
    name: "save",
    writes: true,
    async prepare(served, count) {
      const customers = await settle(served.location, count);
      const visits = await open(served, customers);
      await forget(served.location, customers);
      return saving(visits);
    },
  },
];

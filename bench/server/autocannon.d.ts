/** What is used of autocannon, which has no types of its own. */
declare module "autocannon" {
  import type { EventEmitter } from "node:events";

  export interface Sent {
    readonly method: string;
    readonly path: string;
    readonly headers: Readonly<Record<string, string>>;
    readonly body?: string;
  }

  export interface Client extends EventEmitter {
    setRequests(requests: readonly Sent[]): void;
  }

  export interface Options {
    url: string;
    connections: number;
    /** Requests over all connections: the first ones make one more where it cannot be divided. */
    amount: number;
    /** How often is looked whether it is over, ms. */
    sampleInt: number;
    /** For one answer, seconds. */
    timeout: number;
    setupClient(client: Client): void;
  }

  export interface Counted {
    readonly errors: number;
    readonly non2xx: number;
    readonly statusCodeStats: Readonly<Record<string, { readonly count: number }>>;
    /** Milliseconds. */
    readonly latency: { readonly p50: number; readonly p99: number };
  }

  export default function autocannon(
    options: Options,
    done: (error: Error | null, counted: Counted) => void,
  ): EventEmitter;
}

/** The load: sends requests over so many connections, each as soon as the one before is answered. */
import autocannon, { type Sent } from "autocannon";
import { answer } from "./answering.ts";

export type { Sent };

export interface Load {
  url: string;
  connections: number;
  /** The first of them first. Sent again from the start where there are fewer than `count`. */
  requests: readonly Sent[];
  count: number;
}

export interface Carried {
  /** From the first request to the last answer. */
  seconds: number;
  /** Milliseconds. */
  latency: { p50: number; p99: number };
}

/** For one answer, seconds: of a busy machine. */
const LONGEST = 60;

/** Shared out like cards: the order is kept, however many connections there are. */
const shareOf = (requests: readonly Sent[], connection: number, connections: number): readonly Sent[] =>
  requests.length < connections
    ? requests
    : requests.filter((_, index) => index % connections === connection);

/** @throws if one is not answered, or with anything but 2xx */
function carry({ url, connections, requests, count }: Load): Promise<Carried> {
  const { promise, resolve, reject } = Promise.withResolvers<Carried>();
  let [connection, answered, begun, ended] = [0, 0, 0, 0];
  let fault: Error | undefined;
  const running = autocannon(
    {
      url,
      connections,
      amount: count,
      sampleInt: 20,
      timeout: LONGEST,
      // Written out beforehand: what it costs to make a request is no part of what it costs to answer one.
      setupClient: (client) =>
        client.setRequests(shareOf(requests, connection++, connections).map((each) => ({ ...each }))),
    },
    (error, { errors, non2xx, statusCodeStats, latency: { p50, p99 } }) => {
      if (error) reject(error);
      else if (errors || non2xx || answered !== count)
        reject(
          new Error(
            `${answered} of ${count} answered, ${JSON.stringify(statusCodeStats)}; ${errors} failed: ${fault?.message}`,
          ),
        );
      else resolve({ seconds: (ended - begun) / 1000, latency: { p50, p99 } });
    },
  );
  begun = performance.now();
  running.on("reqError", (problem: Error) => {
    fault ??= problem;
  });
  running.on("response", () => {
    answered++;
    ended = performance.now();
  });
  return promise;
}

answer({ carry });

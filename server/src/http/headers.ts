/**
 * Headers of an answer, gathered as they are until it is made. A `Headers` checks and sorts what it is given, for every
 * answer anew: half of what an answer costs. Pages, which set many of their own, may use the context's as well.
 */
import type { Context } from "hono";

type Gathered = Record<string, string>;

const GATHERED = "gathered";

function gathered(context: Context): Gathered {
  const known: Gathered | undefined = context.get(GATHERED);
  if (known) return known;
  const fresh: Gathered = {};
  context.set(GATHERED, fresh);
  return fresh;
}

/** @param name always in the same spelling @param value ours, or one that came in as a header */
export function setHeader(context: Context, name: string, value: string): void {
  gathered(context)[name] = value;
}

/** An answer with all that was gathered. What was set on the context itself is not in it. */
export function respond(
  context: Context,
  body: string | ReadableStream<Uint8Array> | null,
  status: number,
): Response {
  const headers = gathered(context);
  context.set(GATHERED, undefined);
  return new Response(body, { status, headers });
}

/** Puts what no answer has taken yet onto the one that was made without it. */
export function completeHeaders(context: Context): void {
  const left: Gathered | undefined = context.get(GATHERED);
  if (!left) return;
  for (const [name, value] of Object.entries(left)) context.res.headers.set(name, value);
}

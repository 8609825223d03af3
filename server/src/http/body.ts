/** What a caller sends, read within limits and checked against its schema. */
import type { IncomingMessage } from "node:http";
import type { Context } from "hono";
import type { z } from "zod";
import { type FieldFault, Problem } from "../domain/problem.ts";

const MAX_BODY = 65_536;

export const JSON_TYPE = "application/json";
/** What a page may send to another origin without asking first. */
export const TEXT_TYPE = "text/plain";

interface Reading {
  /** Bytes. */
  max?: number;
  /** What the body may call itself; it is JSON in any case. */
  types?: readonly string[];
  /** What stands for no body at all, which is refused otherwise. */
  absent?: object;
}

/** What the body calls itself, without parameters. */
export const typeOf = ({ req }: Context): string | undefined =>
  req.raw.headers.get("content-type")?.split(";")[0]?.trim().toLowerCase();

/** @throws Problem content_type_unsupported, body_too_large, body_malformed */
export async function readJson(
  context: Context,
  { max = MAX_BODY, types = [JSON_TYPE], absent }: Reading = {},
): Promise<unknown> {
  const type = typeOf(context);
  const isNamed = types.includes(type ?? "");
  if (!isNamed && (type || !absent)) throw new Problem("content_type_unsupported");
  const text = decode(await bytesOf(context, max));
  if (absent && text === "") return absent;
  if (!isNamed) throw new Problem("content_type_unsupported");
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new Problem("body_malformed", { cause });
  }
}

/** @throws Problem body_too_large, body_malformed where it breaks off: then nobody waits for an answer, and it is no fault of ours */
export async function bytesOf(context: Context, max: number): Promise<Uint8Array> {
  if (Number(context.req.raw.headers.get("content-length") ?? 0) > max) throw new Problem("body_too_large");
  try {
    return await (isCounted(context) ? whole : counting)(context.req.raw, max);
  } catch (cause) {
    throw cause instanceof Problem ? cause : new Problem("body_malformed", { cause });
  }
}

/** Whether it came over a connection whose parser takes as much as was announced and no more. */
function isCounted({ env }: Context): boolean {
  const { incoming } = (env ?? {}) as { incoming?: IncomingMessage };
  return (
    incoming?.headers["content-length"] !== undefined && incoming.headers["transfer-encoding"] === undefined
  );
}

/** A stream of its own for each request would cost more than all the rest of it. */
async function whole(request: Request, max: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(await request.arrayBuffer());
  if (bytes.byteLength > max) throw new Problem("body_too_large");
  return bytes;
}

/** Counts what really arrives: a length header can be absent or wrong. */
async function counting(request: Request, max: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of request.body ?? []) {
    size += chunk.byteLength;
    if (size > max) throw new Problem("body_too_large");
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

const utf8 = new TextDecoder("utf-8", { fatal: true });

function decode(bytes: Uint8Array): string {
  try {
    return utf8.decode(bytes);
  } catch (cause) {
    throw new Problem("body_malformed", { cause });
  }
}

/** As many faults as anybody reads of one request. */
const MOST_FAULTS = 20;

/** @throws Problem parameter_missing, parameter_invalid, parameter_unknown: of the first fault, with all of them */
export function parse(schema: z.ZodType, value: unknown): unknown {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const faults = result.error.issues.slice(0, MOST_FAULTS).map((issue) => faultOf(issue, value));
  const { code, param, message } = faults[0] as FieldFault;
  throw new Problem(code, { param, message, faults });
}

function faultOf(first: z.core.$ZodIssue, sent: unknown): FieldFault {
  let issue = first;
  const path = [...issue.path];
  // Within a union the issue that matters is the one of the member that came furthest.
  while (issue.code === "invalid_union" && issue.errors.length) {
    const deepest = issue.errors
      .flat()
      .reduce((best, each) => (each.path.length > best.path.length ? each : best));
    path.push(...deepest.path);
    issue = deepest;
  }
  if (issue.code === "unrecognized_keys") {
    const param = [...path, issue.keys[0] as string].map(String).join("/");
    return { code: "parameter_unknown", param, message: `${param} is not a known parameter.` };
  }
  const param = path.map(String).join("/");
  const absent = param !== "" && valueAt(sent, path) === undefined;
  return {
    code: absent ? "parameter_missing" : "parameter_invalid",
    param,
    message: absent ? `${param} is required.` : `${param || "The body"}: ${issue.message}`,
  };
}

const valueAt = (value: unknown, path: readonly PropertyKey[]): unknown =>
  path.reduce<unknown>(
    (each, key) =>
      Object.hasOwn(Object(each), key) ? (each as Record<PropertyKey, unknown>)[key] : undefined,
    value,
  );

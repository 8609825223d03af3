/** What a caller sends, read within limits and checked against its schema. */
import type { z } from "zod";
import { Problem } from "../domain/problem.ts";

const MAX_BODY = 65_536;

export const JSON_TYPE = "application/json";

/**
 * @param types what the body may call itself; it is JSON in any case
 * @throws Problem content_type_unsupported, body_too_large, body_malformed
 */
export async function readJson(
  request: Request,
  max = MAX_BODY,
  types: readonly string[] = [JSON_TYPE],
): Promise<unknown> {
  const type = request.headers.get("content-type")?.split(";")[0]?.trim().toLowerCase();
  if (!types.includes(type ?? "")) throw new Problem("content_type_unsupported");
  const text = await readText(request, max);
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new Problem("body_malformed", { cause });
  }
}

/** Counts what really arrives: a length header can be absent or wrong. */
async function readText(request: Request, max: number): Promise<string> {
  if (Number(request.headers.get("content-length") ?? 0) > max) throw new Problem("body_too_large");
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of request.body ?? []) {
    size += chunk.byteLength;
    if (size > max) throw new Problem("body_too_large");
    chunks.push(chunk);
  }
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(Buffer.concat(chunks));
  } catch (cause) {
    throw new Problem("body_malformed", { cause });
  }
}

/** @throws Problem parameter_missing, parameter_invalid, parameter_unknown */
export function parse(schema: z.ZodType, value: unknown): unknown {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  let issue = result.error.issues[0] as z.core.$ZodIssue;
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
    throw new Problem("parameter_unknown", { param, message: `${param} is not a known parameter.` });
  }
  const param = path.map(String).join("/");
  const absent =
    issue.code === "invalid_type" && issue.input === undefined && /received undefined/.test(issue.message);
  throw new Problem(absent ? "parameter_missing" : "parameter_invalid", {
    param,
    message: absent ? `${param} is required.` : `${param || "The body"}: ${issue.message}`,
  });
}

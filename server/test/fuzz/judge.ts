/** What has to be true of every answer, whatever was asked. */
import assert from "node:assert/strict";
import type { Operation } from "./document.ts";

/**
 * @param outage whether billing answers nobody: then, and only then, a 503 is right, where the document lists it
 * @returns the body where it is a success of the operation, so that its words can be used again
 */
export async function judge(
  operation: Operation,
  request: Request,
  response: Response,
  outage = false,
): Promise<unknown> {
  const { status, headers } = response;
  const text = await response.text();
  assert.match(headers.get("request-id") ?? "", /^[\w-]{1,64}$/, "it has a request id");
  assert.ok(status < 500 || (outage && status === 503), `${status} ${text}`);
  const isHead = request.method === "HEAD";
  const isPreflight = request.method === "OPTIONS" && status === 204;
  if (status === 405) assert.ok(headers.get("allow"), "it says what is allowed");
  if (isHead || isPreflight) {
    assert.equal(text, "");
    return undefined;
  }
  const isItsOwn =
    request.method === operation.method && pattern(operation).test(new URL(request.url).pathname);
  const type = (headers.get("content-type") ?? "").split(";")[0] as string;
  const described = Object.keys((isItsOwn && operation.responses[status]?.content) || {});
  assert.ok((described.length ? described : ["application/json"]).includes(type), `${status} as ${type}`);
  const body: unknown = type === "application/json" ? JSON.parse(text) : text;
  if (isItsOwn) {
    const shape = operation.shape(status) ?? assert.fail(`${status} is not in the document: ${text}`);
    const { success, error } = shape.safeParse(body);
    assert.ok(success, `${status} ${text} has not the shape of the document: ${error?.message}`);
  } else if (status >= 400) {
    assert.match((body as { error?: { code?: string } }).error?.code ?? "", /^[a-z_]+$/, text);
  }
  return isItsOwn && status < 300 ? body : undefined;
}

const pattern = ({ path }: Operation) => new RegExp(`^${path.replace(/\{\w+\}/g, "[^/]+")}$`);

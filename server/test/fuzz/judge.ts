/** What has to be true of every answer, whatever was asked. */
import assert from "node:assert/strict";
import type { Operation } from "./document.ts";
import type { Draft } from "./requests.ts";

/** Bad Request and Request Header Fields Too Large. */
const UNREAD = [400, 431];

/**
 * @param how.outage whether billing answers nobody: then, and only then, a 503 is right, where the document lists it
 * @param how.connected whether Node read it first: what it cannot take it refuses by itself, in no words
 * @returns the body where it is a success of the operation, so that its words can be used again, or the code of the refusal
 */
export async function judge(
  operation: Operation,
  request: Draft,
  response: Response,
  { outage = false, connected = false }: { outage?: boolean; connected?: boolean | undefined } = {},
): Promise<{ body?: unknown; code?: string }> {
  const { status, headers } = response;
  const text = await response.text();
  if (connected && UNREAD.includes(status) && text === "" && !headers.has("request-id")) return {};
  assert.match(headers.get("request-id") ?? "", /^[\w-]{1,64}$/, "it has a request id");
  assert.ok(status < 500 || (outage && status === 503), `${status} ${text}`);
  const isHead = request.method === "HEAD";
  const isPreflight = request.method === "OPTIONS" && status === 204;
  if (status === 405) assert.ok(headers.get("allow"), "it says what is allowed");
  if (isHead || isPreflight) {
    assert.equal(text, "");
    return {};
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
  if (status < 300) return isItsOwn ? { body } : {};
  const { code } = Object((body as { error?: unknown }).error ?? body) as { code?: string };
  return code === undefined ? {} : { code };
}

const pattern = ({ path }: Operation) => new RegExp(`^${path.replace(/\{\w+\}/g, "[^/]+")}$`);

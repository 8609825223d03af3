/** Requests for an operation: most of them nearly right, so that they come far. */
import fc from "fast-check";
import type { Operation, Schema } from "./document.ts";
import type { Example } from "./examples.ts";
import { hostile, hostileText, type Spoil, spoil, spoiled, TOO_LONG, torn } from "./hostile.ts";
import type { Knowledge } from "./known.ts";
import { valid } from "./valid.ts";

export interface Credentials {
  /** For a business's own server. */
  keys: readonly string[];
  /** For a widget. */
  sessions: readonly string[];
  /** Good for nothing, or for something else. */
  others: readonly string[];
}

/** A request before it is one: it can be sent in more than one way, and shown. */
export interface Draft {
  method: string;
  url: string;
  headers: Headers;
  body?: string | Uint8Array<ArrayBuffer>;
}

export interface Plan {
  /** Made of a request that would succeed as it is. */
  isExemplary: boolean;
  method: string;
  params: Record<string, unknown>;
  query: Record<string, unknown>;
  /** Put behind the address as it is. */
  rest: string;
  body: unknown;
  spoils: Spoil[];
  /** Which of the ways to tear the text; -1 is none. */
  tear: number;
  type: string | undefined;
  /** What a page does to be spared the preflight; of what a session opens. */
  isText: boolean;
  credential: { good: boolean; at: number; header: number; isDouble: boolean };
  headers: Record<string, string>;
}

const rarely = <Value>(usual: Value, other: fc.Arbitrary<Value>, weight = 12): fc.Arbitrary<Value> =>
  fc.oneof({ weight, arbitrary: fc.constant(usual) }, { weight: 1, arbitrary: other });

const TYPES = [
  undefined,
  "application/json; charset=utf-8",
  "APPLICATION/JSON",
  "application/json;;",
  "text/plain",
  "text/plain;charset=UTF-8",
  "application/problem+json",
  "application/x-www-form-urlencoded",
  "multipart/form-data",
  "*/*",
  ",",
];
const METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "PROPFIND", "get", "BREW"];
const REST = ["?", "?%", "?%ff=%ff", "?a=%ud800", "?__proto__=1", `?${"a=1&".repeat(500)}`, "/", "//", "%00"];

/** What other programs, and other pages, send along. */
const strange = fc.dictionary(
  fc.constantFrom(
    "Origin",
    "Accept",
    "Accept-Language",
    "Content-Length",
    "Content-Encoding",
    "Cookie",
    "Host",
    "Idempotency-Key",
    "If-None-Match",
    "Range",
    "Referer",
    "Request-Id",
    "X-Forwarded-For",
    "X-HTTP-Method-Override",
  ),
  fc.oneof(
    fc.constantFrom(
      "null",
      "https://shop.example",
      "https://evil.example",
      "0",
      "-1",
      "99999999",
      "gzip",
      "DELETE",
      "*",
    ),
    hostileText,
  ),
  { maxKeys: 3 },
);

/** An `id` in a path is one of what stands before it: `/api/v1/issues/{id}`, `/api/v1/recoveries/{id}`. */
function nameIn(path: string, name: string): string {
  const [, before, ending] = /(\w+?)(ies|s)\/\{id\}/.exec(path) ?? [];
  return name === "id" && before ? `${before}${ending === "ies" ? "y" : ""}_id` : name;
}

export function plans({
  method,
  path,
  parameters = [],
  requestBody,
  schemas,
}: Operation): fc.Arbitrary<Plan> {
  const of = (place: "path" | "query") => {
    const here = parameters.filter((each) => each.in === place);
    // What stands in an address is text, whatever it means.
    const values = here.map(({ name, schema }): [string, fc.Arbitrary<unknown>] => {
      const right = valid(schema, schemas, nameIn(path, name));
      return [name, fc.oneof({ weight: 5, arbitrary: right }, { weight: 1, arbitrary: hostile })];
    });
    const requiredKeys = here.filter(({ required }) => required).map(({ name }) => name);
    return fc.record(Object.fromEntries(values), { requiredKeys });
  };
  const contents = Object.entries(requestBody?.content ?? {});
  const [type, { schema }] = contents[0] ?? [undefined, { schema: {} as Schema }];
  const body = type ? valid(schema, schemas) : rarely<unknown>(undefined, hostile, 30);
  return fc.record({
    isExemplary: rarely(false, fc.constant(true), 5),
    method: rarely(method, fc.constantFrom(...METHODS), 40),
    params: of("path"),
    query: of("query"),
    rest: rarely("", fc.constantFrom(...REST), 30),
    body,
    spoils: fc.oneof(
      { weight: 4, arbitrary: fc.constant<Spoil[]>([]) },
      { weight: 3, arbitrary: fc.array(spoil, { minLength: 1, maxLength: 3 }) },
    ),
    tear: rarely(-1, fc.nat(torn.length - 1), 8),
    type: rarely<string | undefined>(type ?? "application/json", fc.constantFrom(...TYPES), 25),
    isText: rarely(false, fc.constant(true), 4),
    credential: fc.record({
      good: rarely(true, fc.constant(false), 14),
      at: fc.noBias(fc.nat(1000)),
      header: fc.nat(2),
      // Now and then there are two of them.
      isDouble: rarely(false, fc.constant(true), 30),
    }),
    headers: rarely({}, strange, 10),
  });
}

const textOf = (value: unknown): string =>
  typeof value === "object" ? JSON.stringify(value) : String(value);
/** A lone half of a pair cannot be written into an address. */
const encoded = (value: unknown): string => encodeURIComponent(textOf(value).toWellFormed());

/** Nothing is wrong with it. */
export const asItIs: Plan = {
  isExemplary: true,
  method: "",
  params: {},
  query: {},
  rest: "",
  body: undefined,
  spoils: [],
  tear: -1,
  type: "application/json",
  isText: false,
  credential: { good: true, at: 0, header: 0, isDouble: false },
  headers: {},
};

/** What chance seldom does to a request that is right otherwise, with the status that it leads to where that is documented. */
export const edges: readonly { change: Partial<Plan>; status?: number; of?: "body" | "credential" }[] = [
  { change: { tear: TOO_LONG }, status: 413, of: "body" },
  { change: { type: "text/csv" }, status: 415, of: "body" },
  { change: { credential: { ...asItIs.credential, good: false } }, status: 401, of: "credential" },
  { change: { headers: { Origin: "https://evil.example" } } },
  { change: { method: "OPTIONS" }, status: 204 },
  { change: { isText: true } },
  { change: { method: "BREW" }, status: 405 },
  { change: { rest: "/" } },
];

/** With what is known, or what the example has, in its places. */
function filled(plan: Plan, knowledge: Knowledge, example: Example | undefined): Plan {
  const given = example ?? { params: plan.params, query: plan.query, body: plan.body };
  return {
    ...plan,
    params: knowledge.fill({ ...plan.params, ...given.params }) as Plan["params"],
    query: knowledge.fill(given.query ?? {}) as Plan["query"],
    body: knowledge.fill(given.body),
  };
}

export function requestOf(
  { method, path, security }: Operation,
  plan: Plan,
  {
    knowledge,
    credentials,
    publicUrl,
  }: { knowledge: Knowledge; credentials: Credentials; publicUrl: string },
  example?: Example,
): Draft {
  const { params, query, body, ...rest } = filled(plan, knowledge, example);
  if (plan.isText && security.some((each) => "session" in each)) {
    const headers = headersOf(security, plan, credentials, example?.token);
    const token = headers.get("Authorization")?.replace("Bearer ", "");
    for (const name of ["Authorization", "X-Brand-Key", "X-API-Key"]) headers.delete(name);
    headers.set("Content-Type", "text/plain;charset=UTF-8");
    const said = { ...Object(body ?? query), token };
    return { method: "POST", url: `${publicUrl}${path}${plan.rest}`, headers, body: written(said, rest) };
  }
  const inQuery = Object.entries(query);
  const address =
    path.replace(/\{(\w+)\}/g, (_, name: string) => encoded(params[name])) +
    (inQuery.length ? `?${inQuery.map(([name, value]) => `${name}=${encoded(value)}`).join("&")}` : "");
  const headers = headersOf(security, plan, credentials, example?.token);
  const hasBody = body !== undefined && !/^(GET|HEAD)$/i.test(plan.method || method);
  if (hasBody && plan.type) headers.set("Content-Type", plan.type);
  const url = `${publicUrl}${address}${plan.rest}`;
  // As every client writes it.
  const draft = { method: new Request(publicUrl, { method: plan.method || method }).method, url, headers };
  return hasBody ? { ...draft, body: written(body, rest) } : draft;
}

export function sendable({ method, url, headers, body }: Draft): Request {
  const request = new Request(url, { method, headers, ...(body === undefined ? {} : { body }) });
  // Otherwise a text body would name its type by itself.
  if (!headers.has("content-type")) request.headers.delete("Content-Type");
  return request;
}

function written(body: unknown, { spoils, tear }: Pick<Plan, "spoils" | "tear">) {
  const text = JSON.stringify(spoils.reduce(spoiled, body)) ?? "";
  return torn[tear]?.(text) ?? text;
}

function headersOf(
  security: Operation["security"],
  { credential: { good, at, header, isDouble }, headers: more }: Plan,
  { keys, sessions, others }: Credentials,
  token: string | undefined,
): Headers {
  const headers = new Headers();
  const set = (name: string, value: string) => {
    try {
      headers.set(name, value);
    } catch {
      // Not every text can stand in a header.
    }
  };
  for (const [name, value] of Object.entries(more)) set(name, value);
  const isForKeys = security.some((each) => "brandKey" in each);
  const isForSessions = security.some((each) => "session" in each || "delivery" in each);
  const right = token ? [token] : [...(isForKeys ? keys : []), ...(isForSessions ? sessions : [])];
  const from = good ? right : [...others, ...keys, ...sessions, ""];
  const value = from[at % from.length];
  const names = ["Authorization", "X-Brand-Key", "X-API-Key"];
  const put = (which: number, text: string) =>
    set(names[which % 3] as string, which % 3 === 0 ? `Bearer ${text}` : text);
  const isAnyHeader = !good || keys.includes(value as string);
  if (value !== undefined) put(isAnyHeader ? header : 0, value);
  if (isDouble) put(header + 1, [...keys, ...others][at % (keys.length + others.length)] as string);
  return headers;
}

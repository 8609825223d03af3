import assert from "node:assert/strict";
import { before, describe, it } from "node:test";
import { routes } from "../../src/app.ts";
import { EVENT_TYPES } from "../../src/contract/event-types.ts";
import { errors } from "../../src/http/errors.ts";
import { createWorld, type Reply, type World } from "../harness.ts";
import { stores } from "../stores.ts";

interface Operation {
  operationId: string;
  summary: string;
  description?: string;
  security: Record<string, unknown>[];
  parameters?: { name: string; schema: object }[];
  requestBody?: { required: boolean; content: Record<string, object> };
  tags: string[];
  responses: Record<string, Answered>;
}
interface Answered {
  description: string;
  headers?: Record<string, object>;
  content: Record<string, { schema: { $ref?: string } }>;
}
interface Sent {
  schema: { properties: Record<string, { const?: string; $ref?: string; properties?: object }> };
}
interface Told {
  summary: string;
  parameters: { name: string; in: string; required: boolean }[];
  requestBody: { content: Record<string, Sent> };
}
interface Document {
  openapi: string;
  tags: { name: string; description: string }[];
  info: { title: string; version: string };
  paths: Record<string, Record<string, Operation>>;
  webhooks: Record<string, { post: Told }>;
  components: {
    schemas: Record<string, object>;
    headers: Record<string, object>;
    securitySchemes: Record<string, object>;
  };
}

/** Every `$ref` below a value. */
function* refs(value: unknown): Generator<string> {
  if (typeof value !== "object" || value === null) return;
  for (const [key, each] of Object.entries(value)) {
    if (key === "$ref") yield each as string;
    else yield* refs(each);
  }
}

/** As OpenAPI writes an address. */
const asTemplate = (path: string): string => path.replace(/:(\w+)/g, "{$1}");

describe("The description of the API", () => {
  let world: World;
  let document: Document;
  let page: Reply;
  before(async () => {
    // It says the same whatever the database.
    const store = await (stores[0] ?? assert.fail()).open();
    world = await createWorld(store);
    document = (await world.request("/openapi.json")).body as unknown as Document;
    page = await world.request("/docs");
    await store.drop();
  });

  it("is OpenAPI 3.1 with every route and nothing else", () => {
    assert.match(document.openapi, /^3\.1\.\d$/);
    assert.ok(document.info.title && document.info.version);
    const described = Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method} ${path}`),
    );
    assert.deepEqual(
      described.sort(),
      routes.map(({ method, path }) => `${method} ${asTemplate(path)}`).sort(),
    );
  });

  it("refers to nothing that is not there, and describes nothing that nobody refers to", () => {
    const known = (["schemas", "headers"] as const).flatMap((kind) =>
      Object.keys(document.components[kind]).map((name) => `#/components/${kind}/${name}`),
    );
    assert.deepEqual([...new Set(refs(document))].sort(), known.sort());
    for (const methods of Object.values(document.paths)) {
      for (const { security } of Object.values(methods)) {
        for (const name of security.flatMap((each) => Object.keys(each))) {
          assert.ok(document.components.securitySchemes[name], name);
        }
      }
    }
  });

  it("names each operation once, and each answer with its status, shape and codes", () => {
    const operations = Object.values(document.paths).flatMap((methods) => Object.values(methods));
    assert.equal(new Set(operations.map(({ operationId }) => operationId)).size, operations.length);
    for (const { operationId, summary, responses } of operations) {
      assert.ok(summary);
      const route = routes.find((each) => each.operationId === operationId);
      const success = String(route?.success ?? 200);
      const good = Object.keys(responses).filter((status) => status.startsWith("2"));
      const others = Object.keys(route?.statuses ?? {}).filter((status) => status.startsWith("2"));
      assert.deepEqual(
        good,
        [...new Set([success, ...others])].sort(),
        `${operationId}: no success that never is`,
      );
      for (const [status, { description, content }] of Object.entries(responses)) {
        const media = (status === success ? route?.media : undefined) ?? "application/json";
        assert.ok(content[media]?.schema, `${operationId} ${status}`);
        for (const [, code] of description.matchAll(/^`(\w+)`:/gm)) {
          assert.equal(String(errors[code as keyof typeof errors]?.status), status, `${operationId} ${code}`);
        }
      }
    }
  });

  it("has every event that webhooks carry, each with what it holds", () => {
    assert.deepEqual(Object.keys(document.webhooks), [...EVENT_TYPES]);
    const sent = (type: string) => {
      const { summary, requestBody } = document.webhooks[type]?.post ?? assert.fail(type);
      assert.ok(summary);
      return requestBody.content["application/json"]?.schema.properties ?? assert.fail(type);
    };
    for (const type of EVENT_TYPES) {
      const { data, ...head } = sent(type);
      assert.deepEqual(Object.keys(head), ["id", "type", "timestamp", "workspace_id"]);
      assert.equal(head.type?.const, type);
      assert.ok(data?.$ref || Object.keys(data?.properties ?? {}).length, type);
    }
    const { parameters } = document.webhooks["cancel.saved"]?.post ?? assert.fail();
    assert.deepEqual(
      parameters.filter((each) => each.in === "header" && each.required).map(({ name }) => name),
      ["webhook-id", "webhook-timestamp", "webhook-signature", "x-retainly-signature", "x-retainly-event"],
    );
    assert.ok("offer_value" in (sent("cancel.saved").data?.properties ?? {}));
    // The same objects that routes answer.
    assert.equal(sent("issue.opened").data?.$ref, "#/components/schemas/Issue");
    assert.equal(sent("cancellation.updated").data?.$ref, "#/components/schemas/Cancellation");
    assert.ok(!Object.keys(document.components.schemas).some((name) => name.endsWith("Output")));
  });

  it("lists each status beside 200 that is no refusal, with the shape of the answer", () => {
    const health = document.paths["/api/health"]?.get?.responses ?? assert.fail();
    const schema = health["200"]?.content["application/json"]?.schema;
    assert.deepEqual(health["503"]?.content["application/json"]?.schema, schema);
    const report = document.paths["/api/v1/cancellations"]?.post?.responses ?? assert.fail();
    assert.equal(report["201"]?.description, "It is new.");
    for (const route of routes) {
      const listed = document.paths[asTemplate(route.path)]?.[route.method]?.responses ?? {};
      const others = Object.keys(route.statuses ?? {});
      const refused = [...others, String(route.success ?? 200)].filter((each) =>
        /^`\w+`:/.test(listed[each]?.description ?? ""),
      );
      assert.deepEqual(refused, [], `${route.operationId}: a status is an answer or a refusal`);
    }
  });

  it("says which statuses making something is answered with, and which body may be left out", () => {
    const { post } = document.paths["/api/v1/webhook-endpoints"] ?? assert.fail();
    const statuses = Object.keys(post?.responses ?? {}).filter((status) => status < "300");
    assert.deepEqual([statuses, post?.requestBody?.required], [["201"], true]);
    const rotate = document.paths["/api/v1/webhook-endpoints/{id}/rotate-secret"]?.post;
    assert.equal(rotate?.requestBody?.required ?? false, false);
  });

  it("says of numbers in queries from where to where they go", () => {
    const { parameters } = document.paths["/api/v1/issues"]?.get ?? assert.fail();
    const schema = (name: string) => parameters?.find((each) => each.name === name)?.schema;
    assert.deepEqual(schema("limit"), { default: 50, type: "integer", minimum: 1, maximum: 200 });
    const { description: _, ...offset } = schema("offset") as { description?: string };
    assert.deepEqual(offset, { default: 0, type: "integer", minimum: 0, maximum: 100_000 });
  });

  it("names the headers of an answer where they are sent", async () => {
    const headersOf = (path: string, method: string, status: number) =>
      Object.keys(document.paths[path]?.[method]?.responses[status]?.headers ?? {});
    const report = "/api/v1/cancellations";
    const counted = ["RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset"];
    const repeated = ["Idempotent-Replayed", "X-Idempotency-Mismatch"];
    assert.deepEqual(headersOf(report, "post", 200), [...counted, ...repeated]);
    assert.deepEqual(headersOf(report, "post", 201), counted);
    assert.deepEqual(headersOf(report, "post", 429), [...counted, "Retry-After"]);
    assert.deepEqual(headersOf("/api/health", "get", 200), []);
    const store = await (stores[0] ?? assert.fail()).open();
    const limited = await createWorld(store, { limits: { perKey: 2, perAddress: 2 } });
    const { key } = limited;
    const json = { eventId: "evt_1", reasonKey: "too_expensive" };
    const other = { ...json, reasonText: "dear" };
    for (const [path, status, asked] of [
      [report, 201, { key, json }],
      [report, 200, { key, json: other }],
      [report, 429, { key, json }],
      [report, 401, { json }],
      ["/api/health?deep=1", 401, {}],
      ["/api/health?deep=1", 429, {}],
    ] as const) {
      const reply = await limited.request(path, asked);
      assert.equal(reply.status, status, reply.text);
      const [address = ""] = path.split("?");
      const named = headersOf(address, path === report ? "post" : "get", status);
      assert.ok(named.length > 0);
      for (const name of named) assert.ok(reply.headers.has(name), `${path} ${status} ${name}`);
    }
    await store.drop();
  });

  it("sorts operations by whose language they speak", () => {
    const byTag = Object.groupBy(
      Object.entries(document.paths).flatMap(([path, methods]) =>
        Object.values(methods).map(({ tags }) => ({ path, tags })),
      ),
      ({ tags }) => tags.join(),
    );
    assert.deepEqual(Object.keys(byTag).sort(), document.tags.map(({ name }) => name).sort());
    const pathsOf = (name: string) => [...new Set(byTag[name]?.map(({ path }) => path))].sort();
    const sessions = ["/v1/retention/session", "/v1/session/exchange", "/v1/subscription/session"];
    assert.deepEqual(pathsOf("Renumerate"), sessions);
    assert.ok(pathsOf("RetentBase").every((path) => path.startsWith("/api/v1/cancel")));
    assert.deepEqual(pathsOf("Monitoring"), ["/api/health"]);
    for (const { name, description } of document.tags)
      assert.ok(description && page.text.includes(`>${name}</h2>`), name);
  });

  it("says what each route refuses with", () => {
    for (const { method, path, refusals = [], auth, body } of routes) {
      const text = JSON.stringify(document.paths[asTemplate(path)]?.[method]?.responses);
      const expected = [
        ...refusals,
        ...(auth === "none" ? [] : ["rate_limited"]),
        ...(auth === "key" ? ["key_invalid"] : []),
        ...(auth === "session" ? ["session_expired"] : []),
        ...(auth === "session" || auth === "body" ? ["origin_not_allowed"] : []),
        ...(body ? ["body_malformed", "parameter_unknown"] : []),
      ];
      for (const code of expected) assert.ok(text.includes(`\`${code}\``), `${method} ${path} ${code}`);
    }
  });

  it("says where each credential goes, and what a body may call itself", () => {
    const securityOf = (path: string) =>
      Object.values(document.paths[path] ?? {}).map(({ security }) => security);
    const names = (path: string) =>
      securityOf(path)
        .flat()
        .flatMap((each) => Object.keys(each));
    for (const path of ["/v1/widget/flow", "/v1/widget/hub"]) assert.deepEqual(names(path), ["session"]);
    for (const path of ["/v1/widget/events", "/v1/widget/decision"])
      assert.deepEqual(names(path), ["session", "delivery"]);
    const path = "/v1/session/exchange";
    assert.deepEqual(names(path), []);
    const { description, requestBody } = document.paths[path]?.post ?? assert.fail(path);
    assert.match(description ?? "", /\bhandshakeToken\b/);
    assert.deepEqual(Object.keys(requestBody?.content ?? {}), ["application/json", "text/plain"]);
  });

  it("is a page as well, which runs no script and loads nothing from elsewhere", async () => {
    assert.equal(page.status, 200);
    assert.match(page.headers.get("content-type") ?? "", /^text\/html/);
    assert.match(page.headers.get("content-security-policy") ?? "", /default-src 'none'/);
    assert.ok(page.text.startsWith("<!doctype html>"));
    assert.doesNotMatch(page.text, /<script|<style| style=| on\w+=|javascript:|src="|href="http/i);
    assert.doesNotMatch(page.text, /undefined|\[object/);
    for (const { path, operationId, summary } of routes) {
      for (const text of [asTemplate(path), `id="${operationId}"`, summary])
        assert.ok(page.text.includes(text), text);
    }
    const anchors = new Set(Array.from(page.text.matchAll(/ id="([^"]+)"/g), ([, id]) => id));
    for (const [, id] of page.text.matchAll(/href="#([^"]+)"/g)) assert.ok(anchors.has(id), `#${id}`);
    const style = await world.request("/docs.css");
    assert.match(style.headers.get("content-type") ?? "", /^text\/css/);
  });
});

import assert from "node:assert/strict";
import { before, describe, it } from "node:test";
import { routes } from "../../src/app.ts";
import { errors } from "../../src/http/errors.ts";
import { createWorld, type Reply, type World } from "../harness.ts";
import { stores } from "../stores.ts";

interface Operation {
  operationId: string;
  summary: string;
  description?: string;
  security: Record<string, unknown>[];
  requestBody?: { content: Record<string, object> };
  responses: Record<string, { description: string; content: Record<string, { schema: object }> }>;
}
interface Document {
  openapi: string;
  info: { title: string; version: string };
  paths: Record<string, Record<string, Operation>>;
  components: { schemas: Record<string, object>; securitySchemes: Record<string, object> };
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
    const known = Object.keys(document.components.schemas).map((name) => `#/components/schemas/${name}`);
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
      assert.ok(responses["200"]);
      for (const [status, { description, content }] of Object.entries(responses)) {
        assert.ok(content["application/json"]?.schema, `${operationId} ${status}`);
        for (const [, code] of description.matchAll(/^`(\w+)`:/gm)) {
          assert.equal(String(errors[code as keyof typeof errors]?.status), status, `${operationId} ${code}`);
        }
      }
    }
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
    for (const [path, field, types] of [
      ["/v1/widget/beacon", "token", ["application/json", "text/plain"]],
      ["/v1/session/exchange", "handshakeToken", ["application/json"]],
    ] as const) {
      assert.deepEqual(names(path), []);
      const { description, requestBody } = document.paths[path]?.post ?? assert.fail(path);
      assert.match(description ?? "", new RegExp(`\\b${field}\\b`));
      assert.deepEqual(Object.keys(requestBody?.content ?? {}), types);
    }
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

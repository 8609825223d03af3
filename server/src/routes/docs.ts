/** `/docs`: the OpenAPI document as one page of plain HTML. It needs no script, so the strictest policy applies. */
import { html, raw } from "hono/html";

interface Schema {
  $ref?: string;
  type?: string | string[];
  const?: unknown;
  enum?: unknown[];
  description?: string;
  properties?: Record<string, Schema>;
  required?: string[];
  items?: Schema;
  oneOf?: Schema[];
  anyOf?: Schema[];
  additionalProperties?: Schema | boolean;
}
interface Header {
  $ref?: string;
  description?: string;
}
interface Content {
  description?: string;
  headers?: Record<string, Header>;
  content?: Record<string, { schema: Schema }>;
}
interface Operation {
  operationId: string;
  tags: string[];
  summary: string;
  description?: string;
  security: Record<string, unknown>[];
  parameters?: { name: string; in: string; required?: boolean; schema: Schema; description?: string }[];
  requestBody?: Content;
  responses: Record<string, Content>;
}
interface Webhook {
  summary: string;
  requestBody: Content;
}
interface Document {
  info: { title: string; version: string };
  tags: { name: string; description: string }[];
  paths: Record<string, Record<string, Operation>>;
  webhooks: Record<string, { post: Webhook }>;
  components: { schemas: Record<string, Schema>; headers: Record<string, Header> };
}

type Html = ReturnType<typeof html>;

/** How a credential of the document's security schemes is sent. */
const CREDENTIALS: Readonly<Record<string, string>> = {
  brandKey: "the secret key as X-Brand-Key",
  apiKey: "as X-API-Key",
  bearer: "as Authorization: Bearer",
  session: "a session id as Authorization: Bearer",
  delivery: "a delivery token in the same place",
};

/** Descriptions may be Markdown for other readers of the document. */
const plain = (text: string) => text.replaceAll("`", "");

const nameOf = (ref: string) => ref.replace(/^.*\//, "");

function typeOf(schema: Schema): Html {
  if (schema.$ref) return html`<a href="#${nameOf(schema.$ref)}">${nameOf(schema.$ref)}</a>`;
  if (schema.const !== undefined) return html`<code>${JSON.stringify(schema.const)}</code>`;
  if (schema.enum) return html`<code>${schema.enum.map((value) => JSON.stringify(value)).join(" | ")}</code>`;
  const options = schema.oneOf ?? schema.anyOf;
  if (options) {
    return html`one of
      <ul>
        ${options.map((option) => html`<li>${typeOf(option)}</li>`)}
      </ul>`;
  }
  if (schema.items) return html`list of ${typeOf(schema.items)}`;
  if (schema.properties) return fields(schema);
  if (typeof schema.additionalProperties === "object")
    return html`map of ${typeOf(schema.additionalProperties)}`;
  return html`${[schema.type ?? "anything"].flat().join(" | ")}`;
}

function fields({ properties = {}, required = [] }: Schema): Html {
  return html`<dl>
    ${Object.entries(properties).map(
      ([key, schema]) => html`<dt><code>${key}</code>${required.includes(key) ? "" : " (optional)"}</dt>
        <dd>${typeOf(schema)}${schema.description ? html` — ${plain(schema.description)}` : ""}</dd>`,
    )}
  </dl>`;
}

const body = (content: Content | undefined): Html | string => {
  const schema = Object.values(content?.content ?? {})[0]?.schema;
  return schema ? typeOf(schema) : "";
};

const headers = ({ headers: named }: Content, { components }: Document): Html | string =>
  named
    ? html`<p>Headers:</p>
        <dl>
          ${Object.entries(named).map(([name, { $ref, description }]) => {
            const words = $ref ? components.headers[nameOf($ref)]?.description : description;
            return html`<dt><code>${name}</code></dt>
              <dd>${plain(words ?? "")}</dd>`;
          })}
        </dl>`
    : "";

interface Row {
  path: string;
  method: string;
  spec: Operation;
}

const list = (rows: readonly Row[]): Html => html`<ul>
  ${rows.map(
    ({ path, method, spec }) =>
      html`<li><a href="#${spec.operationId}"><code>${method.toUpperCase()} ${path}</code></a> ${spec.summary}</li>`,
  )}
</ul>`;

function operation({ method, path, spec }: Row, document: Document): Html {
  const credentials = spec.security.flatMap((scheme) => Object.keys(scheme)).map((name) => CREDENTIALS[name]);
  return html`<section id="${spec.operationId}">
    <h3><code>${method.toUpperCase()} ${path}</code></h3>
    <p>${spec.summary}</p>
    ${spec.description ? html`<p>${plain(spec.description)}</p>` : ""}
    ${credentials.length ? html`<p>Credential: ${credentials.join(" or ")}</p>` : ""}
    ${
      spec.parameters?.length
        ? html`<h4>Parameters</h4>
          ${fields({ properties: Object.fromEntries(spec.parameters.map((each) => [each.name, { ...each.schema, ...(each.description ? { description: each.description } : {}) }])) })}`
        : ""
    }
    ${spec.requestBody ? html`<h4>Body</h4>${body(spec.requestBody)}` : ""}
    <h4>Answers</h4>
    <dl>
      ${Object.entries(spec.responses).map(
        ([status, response]) => html`<dt><code>${status}</code></dt>
          <dd>
            ${body(response)}
            ${(response.description ?? "").split("\n\n").map((line) => html`<p>${plain(line)}</p>`)}
            ${headers(response, document)}
          </dd>`,
      )}
    </dl>
  </section>`;
}

const webhook = ([type, { post }]: [string, { post: Webhook }]): Html => html`<section id="${type}">
  <h3><code>${type}</code></h3>
  <p>${plain(post.summary)}</p>
  ${body(post.requestBody)}
</section>`;

export function docsPage(made: object): Html {
  const document = made as Document;
  const { info, tags, paths, webhooks, components } = document;
  const operations = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, spec]) => ({ path, method, spec })),
  );
  const groups = tags.map((tag) => ({
    ...tag,
    rows: operations.filter(({ spec }) => spec.tags.includes(tag.name)),
  }));
  return html`${raw("<!doctype html>")}
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width" />
        <title>${info.title} API ${info.version}</title>
        <link rel="stylesheet" href="/docs.css" />
      </head>
      <body>
        <main>
          <h1>${info.title} API</h1>
          <p>Version ${info.version}. The same as a document for machines: <a href="/openapi.json">openapi.json</a>.</p>
          <nav aria-label="Operations">
            ${groups.map(
              ({ name, description, rows }) => html`<h2>${name}</h2>
                <p>${description}.</p>
                ${list(rows)}`,
            )}
            <h2>Webhooks sent</h2>
            <p>What your own endpoints get, by the type of what happened.</p>
            <ul>
              ${Object.entries(webhooks).map(
                ([type, { post }]) =>
                  html`<li><a href="#${type}"><code>${type}</code></a> ${post.summary}</li>`,
              )}
            </ul>
          </nav>
          ${groups.map(
            ({ name, rows }) => html`<h2>${name}</h2>
              ${rows.map((row) => operation(row, document))}`,
          )}
          <h2>Webhooks sent</h2>
          ${Object.entries(webhooks).map(webhook)}
          <h2>Shapes</h2>
          ${Object.entries(components.schemas).map(
            ([name, schema]) => html`<section id="${name}">
              <h3>${name}</h3>
              ${schema.description ? html`<p>${plain(schema.description)}</p>` : ""}${typeOf(schema)}
            </section>`,
          )}
        </main>
      </body>
    </html>`;
}

export const docsStyle = `
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
body { margin: 0; }
main { max-width: 50rem; margin: auto; padding: 2rem 1rem; overflow-wrap: anywhere; }
section { border-top: 1px solid #8886; padding-block: 1rem; }
h2 { margin: 1.5rem 0 0; font-size: 1.3rem; }
h3 { margin: 0; font-size: 1.15rem; }
h4 { margin: 1rem 0 0; font-size: 1rem; }
dt { margin-top: 0.5rem; }
dd { margin-inline-start: 1.25rem; }
dd p { margin: 0.25rem 0; }
`;

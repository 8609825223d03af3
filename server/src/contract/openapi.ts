/** The OpenAPI document, made from the rows that the router itself serves, and from what events carry. */
import { z } from "zod";
import { createDocument, type ZodOpenApiPathsObject } from "zod-openapi";
import { JSON_TYPE, TEXT_TYPE } from "../http/body.ts";
import type { Route } from "../http/route.ts";
import { EVENT_TYPES, type EventType } from "./event-types.ts";
import { EVENT_DATA, EVENT_MEANINGS, envelopeOf } from "./events.ts";
import { HEADERS, responsesOf } from "./responses.ts";
import { tagOf, tags } from "./tags.ts";

/** Of credentials of pages. */
const IN_BODY =
  "A page is spared the preflight by a POST of `text/plain` instead, also where the method is GET: an object with the credential as `token` beside the fields of the body or of the query.";

/** Nothing for a credential in the body: OpenAPI has no word for it, so the operation's description says it. */
function securityOf({ auth, delivery, guarded }: Route): Record<string, []>[] {
  const keys: Record<string, []>[] = [{ brandKey: [] }, { apiKey: [] }, { bearer: [] }];
  if (guarded) return [{}, ...keys];
  if (auth === "key") return keys;
  if (auth === "either") return [...keys, { session: [] }];
  if (auth !== "session") return [];
  return [{ session: [] }, ...(delivery ? [{ delivery: [] as [] }] : [])];
}

/** An object that routes answer as well is described there. */
function dataOf(type: EventType): z.ZodType {
  const { id } = EVENT_DATA[type].meta() ?? {};
  return id ? z.unknown().meta({ override: { $ref: `#/components/schemas/${id}` } }) : EVENT_DATA[type];
}

/** See outbox/webhook-signature.ts. */
const SentHeaders = z.object({
  "webhook-id": z.string().describe("`id` of the event, the same in every attempt"),
  "webhook-timestamp": z.string().describe("Seconds since 1970: when this attempt was made"),
  "webhook-signature": z.string().describe("`v1,…` of each secret that is good, with spaces between them"),
  "x-retainly-signature": z
    .string()
    .describe("`t=…,v1=…`: the timestamp, and one signature of each secret that is good"),
  "x-retainly-event": z.string().describe("`type` of the event"),
});

/** What the business's own endpoints get. */
const webhooks = (): ZodOpenApiPathsObject =>
  Object.fromEntries(
    EVENT_TYPES.map((type) => {
      const schema = envelopeOf(type).extend({ data: dataOf(type) });
      const post = {
        summary: EVENT_MEANINGS[type],
        description:
          "Sent to your endpoints, signed in `webhook-signature`, as Standard Webhooks say, and in `x-retainly-signature`.",
        requestParams: { header: SentHeaders },
        requestBody: { required: true, content: { [JSON_TYPE]: { schema } } },
        responses: { "2XX": { description: "Taken. After any other answer it is sent again." } },
      };
      return [type, { post }];
    }),
  );

export function openApiDocument(
  routes: readonly Route[],
  info: { version: string; publicUrl: string },
): object {
  const paths: ZodOpenApiPathsObject = {};
  for (const route of routes) {
    const { operationId, summary, description } = route;
    const types = route.auth === "body" ? [JSON_TYPE, TEXT_TYPE] : [JSON_TYPE];
    const path = route.path.replace(/:(\w+)/g, "{$1}");
    paths[path] = {
      ...paths[path],
      [route.method]: {
        operationId,
        tags: [tagOf(route.path)],
        summary,
        ...(description ? { description } : {}),
        security: securityOf(route),
        ...(route.query || route.params
          ? {
              requestParams: {
                ...(route.query ? { query: route.query as z.ZodObject } : {}),
                ...(route.params ? { path: route.params as z.ZodObject } : {}),
              },
            }
          : {}),
        ...(route.body
          ? {
              requestBody: {
                required: !route.optionalBody,
                content: Object.fromEntries(types.map((type) => [type, { schema: route.body }])),
              },
            }
          : {}),
        responses: responsesOf(route),
      },
    };
  }
  const header = (name: string) => ({ type: "apiKey" as const, in: "header" as const, name });
  return createDocument({
    openapi: "3.1.0",
    info: {
      title: "Renumerate",
      version: info.version,
      description: "Open, self-hosted subscription retention.",
    },
    servers: [{ url: info.publicUrl }],
    tags: tags.map(({ name, description }) => ({ name, description })),
    paths,
    webhooks: webhooks(),
    components: {
      headers: HEADERS,
      securitySchemes: {
        brandKey: header("X-Brand-Key"),
        apiKey: header("X-API-Key"),
        bearer: { type: "http", scheme: "bearer", description: "The secret key" },
        session: {
          type: "http",
          scheme: "bearer",
          description: `A session id (ret_…, sub_… or r10_…). ${IN_BODY}`,
        },
        delivery: { type: "http", scheme: "bearer", description: `A delivery token (dlv_…). ${IN_BODY}` },
      },
    },
  });
}

/** The OpenAPI document as a tester reads it. */
import assert from "node:assert/strict";
import { z } from "zod";

/** As much of JSON Schema as the document uses. */
export interface Schema {
  $ref?: string;
  type?: string | string[];
  const?: unknown;
  enum?: unknown[];
  oneOf?: Schema[];
  anyOf?: Schema[];
  properties?: Record<string, Schema>;
  required?: string[];
  additionalProperties?: Schema | boolean;
  propertyNames?: Schema;
  maxProperties?: number;
  items?: Schema;
  minItems?: number;
  maxItems?: number;
  minLength?: number;
  maxLength?: number;
  pattern?: string;
  format?: string;
  minimum?: number;
  maximum?: number;
}

interface Content {
  content?: Record<string, { schema: Schema }>;
}

interface Described {
  operationId: string;
  security: Record<string, unknown>[];
  parameters?: { in: "path" | "query"; name: string; required?: boolean; schema: Schema }[];
  requestBody?: Content;
  responses: Record<string, Content>;
}

export interface ApiDocument {
  paths: Record<string, Record<string, Described>>;
  components: { schemas: Record<string, Schema> };
}

export interface Operation extends Described {
  method: string;
  path: string;
  schemas: Record<string, Schema>;
  /** Of a status that it lists: whether a body has the shape that is described for it. */
  shape(status: number): z.ZodType | undefined;
}

export function operationsOf({ paths, components: { schemas } }: ApiDocument): Operation[] {
  const $defs = JSON.parse(JSON.stringify(schemas).replaceAll("#/components/schemas/", "#/$defs/"));
  const shapes = new Map<string, z.ZodType>();
  const shapeOf = ({ content }: Content) => {
    const [described] = Object.values(content ?? {});
    const schema = described?.schema ?? assert.fail("every answer has a schema");
    const text = JSON.stringify(schema).replaceAll("#/components/schemas/", "#/$defs/");
    const shape = shapes.get(text) ?? z.fromJSONSchema({ ...JSON.parse(text), $defs });
    shapes.set(text, shape);
    return shape;
  };
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, described]) => {
      return {
        ...described,
        method: method.toUpperCase(),
        path,
        schemas,
        shape: (status) => {
          const response = described.responses[status];
          return response && shapeOf(response);
        },
      };
    }),
  );
}

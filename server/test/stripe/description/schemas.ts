/** JSON Schemas of parameters and of answers, each interface compiled when it is first met. */
import { Ajv2020, type ErrorObject, type ValidateFunction } from "ajv/dist/2020.js";
import type { Declaration } from "./declarations.ts";
import { alternatives, type Field, fieldsOf, indexOf, type Shape } from "./shapes.ts";

type Schema = Record<string, unknown>;

/** Parameters come as text and say exactly what they may be; answers are JSON and must have all that is promised. */
export type Use = "asked" | "answered";

/** https://docs.stripe.com/api/metadata */
const METADATA = { keys: 50, keyLength: 40, valueLength: 500 };
/** What Stripe's own description says of almost every text. */
const TEXT_LENGTH = 5000;
const DECIMAL = "^-?\\d+(\\.\\d+)?$";
/** The types say `number` for both; all but shares of a hundred, rates and places on a map are whole. */
const FRACTIONS = /percent|rate$|latitude|longitude/;

/** Lets an interface stand in a schema by its id, so that an answer does not compile all of Stripe. */
const KEYWORD = "declared";

class Schemas {
  readonly #use: Use;
  readonly #ajv: Ajv2020;
  readonly #declarations = new Map<string, Declaration>();
  readonly #compiled = new Map<string, ValidateFunction>();

  constructor(use: Use) {
    this.#use = use;
    const asked = use === "asked";
    // The schemas are made here: to check and to optimise them would take longer than they are used.
    const quick = { validateSchema: false, code: { optimize: false } };
    this.#ajv = new Ajv2020({ coerceTypes: asked, allErrors: !asked, allowUnionTypes: true, ...quick });
    this.#ajv.addKeyword({
      keyword: KEYWORD,
      schemaType: "string",
      errors: true,
      compile: (id: string) => {
        const check = (data: unknown, context?: Parameters<ValidateFunction>[1]) => {
          const compiled = this.#interface(id);
          const fits = compiled.call(this, data, context);
          check.errors = compiled.errors ?? [];
          return fits as boolean;
        };
        check.errors = [] as Partial<ErrorObject>[];
        return check;
      },
    });
  }

  compile(shape: Shape): ValidateFunction {
    return this.#ajv.compile(this.#schema(shape, ""));
  }

  #interface(id: string): ValidateFunction {
    let compiled = this.#compiled.get(id);
    const declaration = this.#declarations.get(id);
    if (!compiled) {
      if (!declaration) throw new Error(`${id} was never referred to`);
      compiled = this.#ajv.compile(this.#objectSchema(declaration));
      this.#compiled.set(id, compiled);
    }
    return compiled;
  }

  #objectSchema(declaration: Declaration): Schema {
    const index = indexOf(declaration);
    if (index) return this.#schema({ kind: "map", of: index }, "");
    const fields = [...fieldsOf(declaration)];
    return {
      type: "object",
      properties: Object.fromEntries(fields.map(([name, field]) => [name, this.#fieldSchema(name, field)])),
      required: fields.filter(([, field]) => !field.optional).map(([name]) => name),
      // An answer without a field is a hash of which nothing is promised.
      additionalProperties: this.#use === "answered" && fields.length === 0,
    };
  }

  /** What must be given must also say something; the rest may be emptied where it is text. */
  #fieldSchema(name: string, field: Field): Schema {
    const schema = this.#schema(field.shape, name);
    const demanded = this.#use === "asked" && !field.optional && field.shape.kind === "string";
    return demanded ? { ...schema, minLength: 1 } : schema;
  }

  #schema(shape: Shape, name: string): Schema {
    switch (shape.kind) {
      case "union":
        return this.#unionSchema(shape, name);
      case "string":
        return this.#use === "asked" ? { type: "string", maxLength: TEXT_LENGTH } : { type: "string" };
      case "number":
        return { type: FRACTIONS.test(name) ? "number" : "integer" };
      case "boolean":
      case "null":
        return { type: shape.kind };
      case "decimal":
        return { type: "string", pattern: DECIMAL };
      case "literal":
        return { const: shape.value };
      case "array":
        return { type: "array", items: this.#schema(shape.of, name) };
      case "map":
        return { type: "object", required: [], additionalProperties: this.#schema(shape.of, name) };
      case "list":
      case "search":
        return this.#pageSchema(shape.of, shape.kind === "search");
      case "metadata":
        return metadataSchema;
      case "object":
        this.#declarations.set(shape.declaration.id, shape.declaration);
        return { type: "object", [KEYWORD]: shape.declaration.id };
      case "never":
        return { not: {} };
      case "any":
        return {};
    }
  }

  #unionSchema(shape: Shape, name: string): Schema {
    const all = alternatives(shape).filter(({ kind }) => this.#use === "answered" || kind !== "null");
    const literals = all.flatMap((each) => (each.kind === "literal" ? [each.value] : []));
    // Values first: numbers and booleans are made of text where text is not meant.
    const schemas = [
      ...(literals.length ? [{ enum: [...new Set(literals)] }] : []),
      ...all.filter((each) => each.kind !== "literal").map((each) => this.#schema(each, name)),
    ];
    const [first, second] = schemas;
    return first && !second ? first : { anyOf: schemas };
  }

  #pageSchema(of: Shape, search: boolean): Schema {
    const properties = {
      object: { const: search ? "search_result" : "list" },
      data: { type: "array", items: this.#schema(of, "") },
      has_more: { type: "boolean" },
      url: { type: "string" },
      ...(search ? { next_page: { type: ["string", "null"] } } : {}),
    };
    return { type: "object", properties, required: Object.keys(properties), additionalProperties: false };
  }
}

const metadataSchema: Schema = {
  type: "object",
  maxProperties: METADATA.keys,
  propertyNames: { type: "string", maxLength: METADATA.keyLength },
  additionalProperties: { type: "string", maxLength: METADATA.valueLength },
};

const schemas = { asked: new Schemas("asked"), answered: new Schemas("answered") };

/** A check of this shape. Of parameters it makes numbers and booleans in place. */
export const checkOf = (shape: Shape, use: Use): ValidateFunction => schemas[use].compile(shape);

/** Types of the package in the few kinds that parameters and answers are made of. */
import type { ESTree } from "vite";
import { type Declaration, fileScope, namesOf, resolve, type Scope } from "./declarations.ts";

export type Shape =
  | { kind: "string" | "number" | "boolean" | "null" | "any" | "never" | "decimal" | "metadata" }
  | { kind: "literal"; value: string | number | boolean }
  | { kind: "array" | "map" | "list" | "search"; of: Shape }
  | { kind: "object"; declaration: Declaration }
  | { kind: "union"; of: Shape[] };

export interface Field {
  shape: Shape;
  optional: boolean;
}

/** What the library adds around an answer. */
const WRAPPERS = new Set(["Promise", "Response"]);
const HOLDERS: Readonly<Record<string, "array" | "list" | "search">> = {
  Array: "array",
  ApiList: "list",
  ApiListPromise: "list",
  ApiSearchResult: "search",
  ApiSearchResultPromise: "search",
};
const EMPTY: Shape[] = [{ kind: "null" }, { kind: "literal", value: "" }];

/** The names of shared.d.ts that say more than their declarations. */
const SHARED: Readonly<Record<string, Shape>> = {
  Decimal: { kind: "decimal" },
  MetadataParam: { kind: "metadata" },
  // Stands in a union for values that Stripe may add one day: today there are none.
  OtherString: { kind: "union", of: [] },
};

function referenceShape(node: ESTree.TSTypeReference, scope: Scope): Shape {
  const names = namesOf(node.typeName);
  const name = names.join(".");
  const argument = node.typeArguments?.params[0];
  if (argument) {
    const of = shapeOf(argument, scope);
    if (WRAPPERS.has(name)) return of;
    if (name === "Emptyable") return { kind: "union", of: [...EMPTY, of] };
    const kind = HOLDERS[name];
    if (kind) return { kind, of };
  }
  const shared = SHARED[name];
  if (shared) return shared;
  const declaration = resolve(scope, names);
  if (!declaration || argument) throw new Error(`${scope.id}: ${name} is not understood`);
  return declarationShape(declaration);
}

export function declarationShape(declaration: Declaration): Shape {
  const { node, scope } = declaration;
  // A union of some 250 interfaces that differ only in what `data.object` is.
  if (declaration.name === "Event" && scope.file === "resources/Events.d.ts") {
    const base = resolve(scope, ["EventBase"]);
    if (base) return { kind: "object", declaration: base };
  }
  if (node.type === "TSTypeAliasDeclaration") return shapeOf(node.typeAnnotation, scope);
  return { kind: "object", declaration };
}

function literalShape(literal: ESTree.TSLiteral): Shape {
  if (literal.type !== "Literal" || typeof literal.value === "bigint") throw new Error("No such literal");
  return { kind: "literal", value: literal.value };
}

export function shapeOf(node: ESTree.TSType, scope: Scope): Shape {
  switch (node.type) {
    case "TSStringKeyword":
      return { kind: "string" };
    case "TSNumberKeyword":
      return { kind: "number" };
    case "TSBooleanKeyword":
      return { kind: "boolean" };
    case "TSNullKeyword":
      return { kind: "null" };
    case "TSUnknownKeyword":
      return { kind: "any" };
    case "TSVoidKeyword":
      return { kind: "never" };
    case "TSLiteralType":
      return literalShape(node.literal);
    case "TSUnionType":
      return { kind: "union", of: node.types.map((type) => shapeOf(type, scope)) };
    case "TSTypeLiteral": {
      const [member] = node.members;
      if (member?.type !== "TSIndexSignature")
        throw new Error(`${scope.id}: a type literal without an index`);
      return { kind: "map", of: shapeOf(member.typeAnnotation.typeAnnotation, scope) };
    }
    case "TSTypeReference":
      return referenceShape(node, scope);
    default:
      throw new Error(`${scope.id}: ${node.type} is not understood`);
  }
}

/** Everything that a value may be, with no union left. */
export function alternatives(shape: Shape): Exclude<Shape, { kind: "union" }>[] {
  return shape.kind === "union" ? shape.of.flatMap(alternatives) : [shape];
}

/** What one of `Metadata` holds for each key, if it is such an interface. */
export function indexOf({ node, scope }: Declaration): Shape | undefined {
  if (node.type !== "TSInterfaceDeclaration") return undefined;
  const member = node.body.body.find((each) => each.type === "TSIndexSignature");
  return member && shapeOf(member.typeAnnotation.typeAnnotation, scope);
}

const known = new Map<string, Map<string, Field>>();

/** Of an interface, with those that it extends. */
export function fieldsOf(declaration: Declaration): Map<string, Field> {
  const { id, node, scope } = declaration;
  const before = known.get(id);
  if (before) return before;
  const fields = new Map<string, Field>();
  if (node.type === "TSInterfaceDeclaration") {
    for (const { expression } of node.extends) {
      const base = resolve(scope, namesOf(expression));
      if (!base) throw new Error(`${id}: what it extends is not understood`);
      for (const [name, field] of fieldsOf(base)) fields.set(name, field);
    }
    for (const member of node.body.body) {
      if (member.type !== "TSPropertySignature" || !member.typeAnnotation) continue;
      const { key } = member;
      const name = key.type === "Identifier" ? key.name : String((key as { value?: unknown }).value);
      fields.set(name, {
        shape: shapeOf(member.typeAnnotation.typeAnnotation, scope),
        optional: member.optional,
      });
    }
  }
  known.set(id, fields);
  return fields;
}

/** What a method of a resource takes and answers. @param file `resources/Coupons.d.ts` */
export function signatureOf(file: string, className: string, method: string) {
  const scope = fileScope(file);
  const members = scope.classes.get(className)?.body.body ?? [];
  const found = members.find((member) => member.type === "MethodDefinition" && nameOf(member.key) === method);
  if (found?.type !== "MethodDefinition") throw new Error(`${file}: ${className}.${method} is not declared`);
  const params = found.value.params.find((param) => nameOf(param) === "params");
  const given = params && "typeAnnotation" in params ? params.typeAnnotation : undefined;
  const answer = found.value.returnType?.typeAnnotation;
  if (!answer) throw new Error(`${file}: ${className}.${method} answers nothing`);
  return {
    params: given ? shapeOf(given.typeAnnotation, scope) : undefined,
    answer: shapeOf(answer, scope),
  };
}

const nameOf = (node: object): string | undefined => (node as { name?: string }).name;

/** The declarations of the installed `stripe` package: which interface a name stands for where it is written. */
import { readFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { type ESTree, parseSync } from "vite";

/** Of the package: https://docs.stripe.com/api as types. */
export const PACKAGE = path.dirname(fileURLToPath(import.meta.resolve("stripe")));

/** An interface or a type alias, and the place from which the names in it are seen. */
export interface Declaration {
  /** Unique: file and namespaces. */
  id: string;
  name: string;
  scope: Scope;
  node: ESTree.TSInterfaceDeclaration | ESTree.TSTypeAliasDeclaration;
}

/** A file or a namespace. */
export interface Scope {
  id: string;
  file: string;
  parent: Scope | undefined;
  types: Map<string, Declaration>;
  spaces: Map<string, Scope>;
  /** Names that are imported, or exported from elsewhere; "*" is all of a file. */
  links: Map<string, { file: string; name: string }>;
  classes: Map<string, ESTree.Class>;
}

const scopes = new Map<string, Scope>();

function emptyScope(id: string, file: string, parent?: Scope): Scope {
  return { id, file, parent, types: new Map(), spaces: new Map(), links: new Map(), classes: new Map() };
}

const targetOf = (file: string, source: string): string =>
  path.join(path.dirname(file), source).replace(/\.js$/, ".d.ts");

function addImport(scope: Scope, node: ESTree.ImportDeclaration): void {
  if (!node.source.value.startsWith(".")) return;
  const file = targetOf(scope.file, node.source.value);
  for (const specifier of node.specifiers) {
    if (specifier.type === "ImportDefaultSpecifier") continue;
    const name = specifier.type === "ImportNamespaceSpecifier" ? "*" : nameOf(specifier.imported);
    scope.links.set(specifier.local.name, { file, name });
  }
}

function nameOf(node: { type: string }): string {
  const named = node as { name?: string; value?: unknown };
  return named.name ?? String(named.value);
}

function addNamespace(scope: Scope, node: ESTree.TSModuleDeclaration | ESTree.TSGlobalDeclaration): void {
  const name = nameOf(node.id);
  const inner = scope.spaces.get(name) ?? emptyScope(`${scope.id}.${name}`, scope.file, scope);
  scope.spaces.set(name, inner);
  for (const statement of node.body?.body ?? []) addStatement(inner, statement);
}

function addStatement(scope: Scope, node: ESTree.Directive | ESTree.Statement): void {
  switch (node.type) {
    case "ImportDeclaration":
      addImport(scope, node);
      break;
    case "ExportNamedDeclaration":
      if (node.declaration) addStatement(scope, node.declaration);
      for (const { local, exported } of node.source ? node.specifiers : []) {
        const file = targetOf(scope.file, node.source?.value ?? "");
        scope.links.set(nameOf(exported), { file, name: nameOf(local) });
      }
      break;
    case "TSModuleDeclaration":
      addNamespace(scope, node);
      break;
    case "TSInterfaceDeclaration":
    case "TSTypeAliasDeclaration": {
      const { name } = node.id;
      if (!scope.types.has(name)) scope.types.set(name, { id: `${scope.id}.${name}`, name, scope, node });
      break;
    }
    case "ClassDeclaration":
      if (node.id) scope.classes.set(node.id.name, node);
  }
}

/** @param file from the package's root, `resources/Coupons.d.ts` */
export function fileScope(file: string): Scope {
  let scope = scopes.get(file);
  if (!scope) {
    scope = emptyScope(file, file);
    scopes.set(file, scope);
    const { program } = parseSync(file, readFileSync(path.join(PACKAGE, file), "utf8"));
    for (const statement of program.body) addStatement(scope, statement);
  }
  return scope;
}

/** What a file exports under a name, or sees through its imports. */
function linked<Found>(scope: Scope, name: string, find: (scope: Scope, name: string) => Found | undefined) {
  const link = scope.links.get(name);
  return link && link.name !== "*" ? find(fileScope(link.file), link.name) : undefined;
}

function typeIn(scope: Scope, name: string): Declaration | undefined {
  return scope.types.get(name) ?? linked(scope, name, typeIn);
}

function spaceIn(scope: Scope, name: string): Scope | undefined {
  const link = scope.links.get(name);
  if (link?.name === "*") return fileScope(link.file);
  return scope.spaces.get(name) ?? linked(scope, name, spaceIn);
}

function seenFrom<Found>(scope: Scope | undefined, find: (scope: Scope) => Found | undefined) {
  for (let at = scope; at; at = at.parent) {
    const found = find(at);
    if (found) return found;
  }
  return undefined;
}

/** `Session.Flow` as it is understood in this scope. */
export function resolve(scope: Scope, names: readonly string[]): Declaration | undefined {
  const last = names.at(-1) ?? "";
  const [first, ...between] = names.slice(0, -1);
  if (first === undefined) return seenFrom(scope, (at) => typeIn(at, last));
  let space = seenFrom(scope, (at) => spaceIn(at, first));
  for (const name of between) space = space && spaceIn(space, name);
  return space && typeIn(space, last);
}

/** The parts of `A.B.C`, written as a type or as what an interface extends. */
export function namesOf(node: ESTree.TSTypeName | ESTree.Expression): string[] {
  if (node.type === "TSQualifiedName") return [...namesOf(node.left), node.right.name];
  if (node.type === "MemberExpression") return [...namesOf(node.object), nameOf(node.property)];
  return [nameOf(node)];
}

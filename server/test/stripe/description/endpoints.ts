/** Every request that the library can make: `_makeRequest('POST', '/v1/coupons', …)` in its resources. */
import { globSync, readFileSync } from "node:fs";
import path from "node:path";
import { type ESTree, parseSync } from "vite";
import { PACKAGE } from "./declarations.ts";

export interface Endpoint {
  /** `POST /v1/subscriptions/:id`; every part that is an id is called so. */
  name: string;
  method: string;
  /** Of the address; undefined is an id. */
  parts: readonly (string | undefined)[];
  /** Where its types are. */
  file: string;
  className: string;
  functionName: string;
}

/** The text of `/v1/coupons` or `/v1/coupons/${encodeURIComponent(id)}`. */
function addressOf(node: ESTree.Argument | undefined): string | undefined {
  if (node?.type === "Literal" && typeof node.value === "string") return node.value;
  return node?.type === "TemplateLiteral"
    ? node.quasis.map((quasi) => quasi.value.cooked).join(":id")
    : undefined;
}

function requestOf(member: ESTree.ClassElement): { method: string; address: string } | undefined {
  if (member.type !== "MethodDefinition") return undefined;
  for (const statement of member.value.body?.body ?? []) {
    const call = statement.type === "ReturnStatement" ? statement.argument : null;
    if (call?.type !== "CallExpression" || call.callee.type !== "MemberExpression") continue;
    if ((call.callee.property as { name?: string }).name !== "_makeRequest") continue;
    const [method, address] = call.arguments.map(addressOf);
    if (method && address) return { method, address };
  }
  return undefined;
}

function endpointsOf(file: string): Endpoint[] {
  const { program } = parseSync(file, readFileSync(path.join(PACKAGE, file), "utf8"));
  return program.body.flatMap((node) => {
    const declared = node.type === "ExportNamedDeclaration" ? node.declaration : undefined;
    if (declared?.type !== "ClassDeclaration") return [];
    return declared.body.body.flatMap((member): Endpoint[] => {
      const request = requestOf(member);
      if (!request || member.type !== "MethodDefinition") return [];
      const { method, address } = request;
      const parts = address.split("/").map((part) => (part === ":id" ? undefined : part));
      return [
        {
          name: `${method} ${address}`,
          method,
          parts,
          file: file.replace(/\.js$/, ".d.ts"),
          className: declared.id?.name ?? "",
          functionName: (member.key as { name?: string }).name ?? "",
        },
      ];
    });
  });
}

/** Without /v2, which speaks JSON, and without what other hosts answer. */
export function readEndpoints(): Endpoint[] {
  const files = globSync("resources/**/*.js", { cwd: PACKAGE }).filter((file) => !/[\\/]V2[\\/]/.test(file));
  const endpoints = files.sort().flatMap(endpointsOf);
  return endpoints.filter(({ parts }) => parts[1] === "v1");
}

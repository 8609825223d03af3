/**
 * Secrets are compared in constant time or not at all. Every comparison of the server whose sides are named like a secret is
 * looked at, and every file that makes a signature either compares with `timingSafeEqual` or is known to compare nothing.
 */
import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { describe, it } from "node:test";
import { parseSync, Visitor } from "vite";

const root = new URL("../../../", import.meta.url).pathname;

const SECRET =
  /(secret|signature|hmac|mac|digest|hash|password|passphrase|token|sealed|apiKey|healthToken)$/i;

/** What is compared there is known to whoever sends it, or was compared in constant time before. */
const KNOWN: Readonly<Record<string, string>> = {
  "server/src/settings.ts: open !== secret": "two settings of the operator",
  "server/src/http/credentials.ts: other !== secret": "two headers of one request",
  'server/src/domain/result-token.ts: given.toString("base64url") === signature':
    "its bytes are equal already",
  "server/src/billing/stripe/attempts.ts: other !== hash": "what two requests ask for, in no secret",
  "server/src/domain/cancellations.ts: row.digest !== digestOf(request)":
    "whether a report says the same again",
};

/** What they sign goes out, or names somebody. */
const MAKERS = ["server/src/outbox/webhook-signature.ts", "server/src/domain/aliases.ts"];

interface Node {
  type: string;
  start: number;
  end: number;
  name?: string;
  property?: Node;
  callee?: Node;
  expression?: Node;
}

/** The last name of `a.b.c`, `a.b()` and `a as B`. */
const nameOf = (node: Node | undefined): string =>
  node?.name ?? (node ? nameOf(node.property ?? node.callee ?? node.expression) : "");

const isFixed = (node: Node, text: string) =>
  /Literal$/.test(node.type) || node.type === "UnaryExpression" || text === "undefined";

function comparisons(file: string, text: string): string[] {
  const found: string[] = [];
  new Visitor({
    BinaryExpression(node) {
      if (!/^[!=]==?$/.test(node.operator)) return;
      const sides = [node.left, node.right] as unknown as Node[];
      const said = sides.map(({ start, end }) => text.slice(start, end));
      if (sides.some((side, at) => isFixed(side, said[at] as string))) return;
      if (sides.some((side) => SECRET.test(nameOf(side))))
        found.push(`${file}: ${said[0]} ${node.operator} ${said[1]}`);
    },
  }).visit(parseSync(file, text).program);
  return found;
}

const files = globSync("server/src/**/*.ts", { cwd: root }).map((file) => {
  const text = readFileSync(root + file, "utf8");
  return { file, text };
});

describe("Secrets", () => {
  it("are compared with no operator", () => {
    const found = files.flatMap(({ file, text }) => comparisons(file, text));
    assert.deepEqual(found.sort(), Object.keys(KNOWN).sort());
  });

  it("whose signature is checked are compared in constant time", () => {
    const signing = files.filter(({ text }) => /\bcreateHmac\(/.test(text)).map(({ file }) => file);
    const careful = files.filter(({ text }) => /\btimingSafeEqual\(/.test(text)).map(({ file }) => file);
    assert.deepEqual(signing.filter((file) => !careful.includes(file)).sort(), MAKERS.toSorted());
  });

  it("are found where somebody forgets it", () => {
    const text = `if (given === secret) {} if (a.signature != b) {} if (right.token() == left) {} if (secret === undefined) {}
      if (kind === "token") {} if (count === 3) {}`;
    assert.equal(comparisons("x.ts", text).length, 3);
  });
});

/** Stripe's search language, as far as it is used: https://docs.stripe.com/search#search-query-language */
import { Refusal } from "../state.ts";

interface Clause {
  field: string;
  operator: ":" | "~";
  value: string;
  negated: boolean;
}

const CLAUSE =
  /^(-?)(?:([a-z_]+)|metadata\[(?:'([^']*)'|"([^"]*)")\])([:~])(?:'((?:[^'\\]|\\.)*)'|"((?:[^"\\]|\\.)*)")/;

function unreadable(query: string): Refusal {
  return new Refusal(400, `We were unable to parse your search query: ${query}`, { param: "query" });
}

/** Clauses joined by AND; quotation marks within a value are escaped. @throws Refusal 400 */
export function parseSearch(query: string, fields: readonly string[]): Clause[] {
  const clauses: Clause[] = [];
  let rest = query.trim();
  for (;;) {
    const found = CLAUSE.exec(rest);
    if (!found) throw unreadable(query);
    const [whole, minus, plain, single, double, operator, quoted = found[7] ?? ""] = found;
    const metadata = single ?? double;
    const field = plain ?? `metadata.${metadata}`;
    if (plain !== undefined && !fields.includes(plain)) {
      throw new Refusal(400, `Field \`${plain}\` is an unsupported search field.`, { param: "query" });
    }
    const value = quoted.replace(/\\(.)/g, "$1");
    if (operator === "~" && value.length < 3) {
      throw new Refusal(400, "Substring search needs at least three characters.", { param: "query" });
    }
    clauses.push({ field, operator: operator as Clause["operator"], value, negated: minus === "-" });
    rest = rest.slice(whole.length).trim();
    if (rest === "") return clauses;
    const next = /^AND\s+/.exec(rest);
    if (!next) throw unreadable(query);
    rest = rest.slice(next[0].length);
  }
}

/** Without case, exact with `:` and anywhere within with `~`. */
export function fits(clauses: readonly Clause[], textOf: (field: string) => string | null): boolean {
  return clauses.every(({ field, operator, value, negated }) => {
    const [there, wanted] = [(textOf(field) ?? "").toLowerCase(), value.toLowerCase()];
    return (operator === ":" ? there === wanted : there.includes(wanted)) !== negated;
  });
}

/** What `npm run chaos` is told, and what of it makes no sense. */
import { parseArgs } from "node:util";
import type { Elsewhere } from "./homes.ts";
import { type Kind, kinds, type Plan, planOf } from "./plan.ts";
import { shortPlans } from "./short.ts";

export const USAGE = `Customers cancel while everything around them fails, in scenarios that are each made from one number.

    npm run chaos                              1,000 scenarios
    npm run chaos -- --from 300 --scenarios 50
    npm run chaos -- --only disk               scenarios of one kind
    npm run chaos -- --seed 42                 one again, with all that happened in it
    npm run chaos -- --short                   those that CI plays
    npm run chaos -- --url http://… --database postgres://… --key rk_sk_…
                                               against servers that run already, with simulated billing

    --from N         the first scenario (0)
    --scenarios N    how many (1000)
    --only KIND      ${kinds.slice(0, 7).join(", ")},
                     ${kinds.slice(7).join(", ")}
    --seed N         this one alone
    --plan           print what would happen, and play nothing
    --short          what CI plays
    --lanes N        how many at a time (4)
    --minutes N      begin no more after so long (45)
    --results FILE   append a line of JSON to it for each scenario
    --url URL        of the servers, or of what stands in front of them; may be given more than once
    --servers URLS   more of them, with commas: each is asked in turn, as those of --url are
    --database URL   where the servers keep their data
    --key KEY        a private key; by default RENUMERATE_PRIVATE_KEY
    --help           this
`;

/** Something is wrong with what was asked for, and nothing with the product. */
export class Wrong extends Error {}

export interface Options {
  readonly help: boolean;
  readonly plans: readonly Plan[];
  /** One scenario, which is told in full. */
  readonly isOne: boolean;
  readonly only: Kind | undefined;
  /** Print the plans. */
  readonly plan: boolean;
  readonly lanes: number;
  readonly minutes: number;
  readonly results: string | undefined;
  readonly elsewhere: Elsewhere | undefined;
}

/** What can be played against servers that are not ours to stop: all that happens between them and their customers. */
const OUTSIDE: readonly Kind[] = ["cut", "slow", "gateway", "closed tab", "repeated", "tabs"];

/** What says the same in two ways, or otherwise. */
const APART: readonly (readonly [string, readonly string[]])[] = [
  ["short", ["only", "from", "scenarios", "seed", "url", "servers"]],
  ["seed", ["from", "scenarios"]],
];

function parsed(words: readonly string[]) {
  try {
    const { values } = parseArgs({
      args: [...words],
      options: {
        help: { type: "boolean" },
        scenarios: { type: "string" },
        from: { type: "string" },
        seed: { type: "string" },
        only: { type: "string" },
        plan: { type: "boolean" },
        short: { type: "boolean" },
        lanes: { type: "string" },
        minutes: { type: "string" },
        url: { type: "string", multiple: true },
        servers: { type: "string" },
        database: { type: "string" },
        key: { type: "string" },
        results: { type: "string" },
      },
    });
    return values;
  } catch (error) {
    // Node's advice on words that begin with a dash takes more lines than it helps.
    throw new Wrong(error instanceof Error ? error.message.split(/[.\n]/)[0] : String(error));
  }
}

type Values = ReturnType<typeof parsed>;

/** What is no whole number would be played as some other scenario, or as none. */
function whole(
  values: Values,
  name: "scenarios" | "from" | "seed" | "lanes" | "minutes",
  otherwise: number,
  least = 0,
) {
  const given = values[name];
  if (given === undefined) return otherwise;
  const number = Number(given);
  if (given.trim() && Number.isSafeInteger(number) && number >= least) return number;
  throw new Wrong(`--${name} takes a whole number from ${least} on, not "${given}"`);
}

function kindOf({ only }: Values): Kind | undefined {
  const kind = kinds.find((each) => each === only);
  if (only !== undefined && !kind) throw new Wrong(`--only takes one of: ${kinds.join(", ")}`);
  return kind;
}

function addressOf(text: string): string {
  if (!/^https?:\/\/[^/]/.test(text) || !URL.canParse(text))
    throw new Wrong(`"${text}" is no address of a server`);
  return text.replace(/\/+$/, "");
}

function elsewhereOf(
  values: Values,
  env: Readonly<Record<string, string | undefined>>,
): Elsewhere | undefined {
  const { database, key = env.RENUMERATE_PRIVATE_KEY } = values;
  const urls = [...(values.url ?? []), ...(values.servers?.split(",") ?? [])].map(addressOf);
  if (!urls.length) {
    if (database !== undefined || values.key !== undefined)
      throw new Wrong("--database and --key belong to --url: servers of our own have theirs");
    return undefined;
  }
  if (!database || !key) throw new Wrong("--url needs --database and --key beside it");
  return { urls, database, key };
}

function plansOf(values: Values, only: Kind | undefined, isOutside: boolean): readonly Plan[] {
  if (isOutside && only && !OUTSIDE.includes(only))
    throw new Wrong(`--url plays only: ${OUTSIDE.join(", ")}`);
  if (values.short) return shortPlans();
  const from = whole(values, "seed", whole(values, "from", 0));
  const count = values.seed === undefined ? whole(values, "scenarios", 1_000, 1) : 1;
  const kindAt = (seed: number) => only ?? (isOutside ? OUTSIDE[seed % OUTSIDE.length] : undefined);
  return Array.from({ length: count }, (_, index) => planOf(from + index, kindAt(from + index)));
}

/** @throws Wrong */
export function optionsOf(
  words: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): Options {
  const values = parsed(words);
  for (const [one, others] of APART) {
    const other = others.find((name) => one in values && name in values);
    if (other) throw new Wrong(`--${one} and --${other} do not go together`);
  }
  const only = kindOf(values);
  const elsewhere = elsewhereOf(values, env);
  return {
    help: values.help ?? false,
    plans: values.help ? [] : plansOf(values, only, elsewhere !== undefined),
    isOne: values.seed !== undefined,
    only,
    plan: values.plan ?? false,
    lanes: whole(values, "lanes", 4, 1),
    minutes: whole(values, "minutes", 45, 1),
    results: values.results,
    elsewhere,
  };
}

/** @throws Wrong where one of them does not answer: each scenario would fail, and say something else */
export async function checkThere({ urls }: Pick<Elsewhere, "urls">): Promise<void> {
  for (const url of urls) {
    const response = await fetch(`${url}/api/health`, { signal: AbortSignal.timeout(10_000) }).catch(
      () => undefined,
    );
    if (!response) throw new Wrong(`No server answers at ${url}`);
    if (!response.ok) throw new Wrong(`The server at ${url} is not well: ${response.status}`);
  }
}

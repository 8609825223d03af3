/** `expand[]`: https://docs.stripe.com/api/expanding_objects */
import { alternatives, fieldsOf, type Shape } from "./description/shapes.ts";
import { type Collection, Refusal, type State } from "./state.ts";

const MAX_DEPTH = 4;

interface Expansion {
  /** What `object` says of that for which an id may stand here. */
  kinds: string[];
  next: Expansions;
}

export type Expansions = Map<string, Expansion>;

type Plain = Record<string, unknown>;
type Include = (state: State, owner: { id: string }) => unknown;

const listOf = (data: readonly unknown[], url: string) => ({ object: "list", data, has_more: false, url });
const stored = (): undefined => undefined;

/**
 * What only an answer shows that was asked for it, by the kind of object. The types do not tell; it is what the API's
 * reference calls "includable". A function finds what the object itself does not hold.
 */
const INCLUDABLE: Readonly<Record<string, Readonly<Record<string, Include>>>> = {
  coupon: { applies_to: stored, currency_options: stored },
  price: { currency_options: stored, tiers: stored },
  customer: {
    cash_balance: stored,
    invoice_credit_balance: stored,
    sources: (_, { id }) => listOf([], `/v1/customers/${id}/sources`),
    subscriptions: (state, { id }) => listOf(runningOf(state, id), `/v1/customers/${id}/subscriptions`),
    tax: stored,
    tax_ids: (_, { id }) => listOf([], `/v1/customers/${id}/tax_ids`),
  },
  invoice: {
    confirmation_secret: stored,
    payments: (state, { id }) =>
      listOf(
        state.all("invoice_payments").filter(({ invoice }) => invoice === id),
        "/v1/invoice_payments",
      ),
  },
  charge: {
    refunds: (state, { id }) =>
      listOf(
        state.all("refunds").filter(({ charge }) => charge === id),
        `/v1/charges/${id}/refunds`,
      ),
  },
};

const ENDED = new Set(["canceled", "incomplete_expired"]);

const runningOf = (state: State, customer: string) =>
  state.all("subscriptions").filter((each) => each.customer === customer && !ENDED.has(each.status));

/** The values of `object` that these may have. */
function kindsOf(shapes: readonly Shape[]): string[] {
  const kinds = shapes.flatMap((shape) => {
    if (shape.kind !== "object") return [];
    const named = fieldsOf(shape.declaration).get("object")?.shape;
    return named?.kind === "literal" ? [String(named.value)] : [];
  });
  return [...new Set(kinds)];
}

/** Arrays are walked through: a path does not name their places. */
const opened = (shape: Shape): Shape[] =>
  alternatives(shape).flatMap((each) => (each.kind === "array" ? opened(each.of) : [each]));

function step(shapes: readonly Shape[], name: string): Shape[] {
  return shapes.flatMap((shape) => {
    if (shape.kind === "list" || shape.kind === "search") return name === "data" ? opened(shape.of) : [];
    const field = shape.kind === "object" ? fieldsOf(shape.declaration).get(name) : undefined;
    return field ? opened(field.shape) : [];
  });
}

const isIncludable = (owners: readonly Shape[], name: string): boolean =>
  kindsOf(owners).some((kind) => INCLUDABLE[kind]?.[name]);

function cannot(path: string, answer: Shape): Refusal {
  const list = answer.kind === "list" || answer.kind === "search";
  const advice = list ? ` You may want to try expanding 'data.${path}' instead.` : "";
  return new Refusal(400, `This property cannot be expanded (${path}).${advice}`, { param: "expand" });
}

/** Of what is always shown in full the reference does not say whether it may be named; here it may not. */
function addPath(expansions: Expansions, answer: Shape, path: string): void {
  const names = path.split(".");
  if (names.length > MAX_DEPTH) {
    const message = `You cannot expand more than ${MAX_DEPTH} levels of a property. Property: ${path}`;
    throw new Refusal(400, message, { param: "expand" });
  }
  let shapes = opened(answer);
  let level = expansions;
  for (const [place, name] of names.entries()) {
    const found = step(shapes, name);
    const expandable = found.some(({ kind }) => kind === "string") && kindsOf(found).length > 0;
    const last = place === names.length - 1;
    if (!found.length || (last && !expandable && !isIncludable(shapes, name))) throw cannot(path, answer);
    const entry = level.get(name) ?? { kinds: kindsOf(found), next: new Map() };
    level.set(name, entry);
    level = entry.next;
    shapes = found;
  }
}

/**
 * @param answer what the request answers
 * @throws Refusal 400 for what cannot be expanded
 */
export function expansionsOf(answer: Shape, paths: readonly string[]): Expansions {
  const expansions: Expansions = new Map();
  for (const path of paths) addPath(expansions, answer, path);
  return expansions;
}

const isPlain = (value: unknown): value is Plain =>
  typeof value === "object" && value !== null && !Array.isArray(value);

function objectOf(state: State, kinds: readonly string[], id: string): unknown {
  for (const kind of kinds) {
    const collection = `${kind.replace("test_helpers.", "")}s` as Collection;
    const found = state.data.objects[collection] && state.find(collection, id);
    if (found) return found;
  }
  throw new Error(`There is no ${kinds.join(" or ")} ${id} to expand`);
}

function grown(value: unknown, { kinds, next }: Expansion, state: State): unknown {
  if (Array.isArray(value)) return value.map((each) => grown(each, { kinds, next }, state));
  const object = typeof value === "string" && kinds.length ? objectOf(state, kinds, value) : value;
  return isPlain(object) ? shown(object, next, state) : object;
}

/**
 * An object as an answer shows it: with what was asked for, and without what has to be asked for.
 * @param object as the state holds it; stays as it is
 */
export function shown(object: object, expansions: Expansions, state: State): Plain {
  const includable = INCLUDABLE[String((object as Plain).object)] ?? {};
  const all = { ...object } as Plain;
  for (const name of Object.keys(includable)) {
    if (!expansions.has(name)) delete all[name];
    else all[name] ??= includable[name]?.(state, object as { id: string });
  }
  for (const [name, value] of Object.entries(all)) {
    const expansion = expansions.get(name) ?? { kinds: [], next: new Map() };
    all[name] = grown(value, expansion, state);
  }
  return all;
}

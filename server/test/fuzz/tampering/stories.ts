/** Requests about what was shown, and the same about something else. */
import assert from "node:assert/strict";
import { agree, owners } from "../../domain/changing.ts";
import type { Reply, World } from "../../harness.ts";
import { everything, start } from "../../http/flowing.ts";
import { Visit } from "../../visit.ts";
import { welcome } from "../stage.ts";
import type { Pick } from "./texts.ts";

type Body = Record<string, unknown>;

export interface Story {
  customerId: string;
  subscriptionId: string;
  body: Body;
  ask(body: Body): Promise<Reply>;
}

export interface StoryKind {
  name: string;
  tell(world: World, pick: Pick): Promise<Story>;
  /** Fields whose places are changed: what the customer has been shown or what it is about. */
  fields: readonly string[];
  /** How often one story is changed, each time by something else. */
  times: number;
}

const newcomer = (world: World) =>
  welcome(world.storage, `${world.scope.workspaceId}/${world.scope.environment}`, world.clock.now);

const reasons = ["too_expensive", "half_price", "no_time", "commitment"];

async function accepting(world: World, pick: Pick): Promise<Story> {
  const { customerId, subscriptionId } = await newcomer(world);
  const token = await world.mint(customerId);
  const visit = new Visit(world, token, await world.flow(token));
  const reason = reasons[pick(reasons.length)] as string;
  visit.select(reason).next();
  if (reason === "no_time") visit.choose({ months: 1 });
  visit.act({ type: "accept" });
  const ask = (json: Body) => world.request("/v1/widget/decision", { token, json });
  return { customerId, subscriptionId, body: { ...visit.decision() } as Body, ask };
}

const changes = [
  { type: "pause", choice: { months: 1 } },
  { type: "plan_change", priceId: "price_pro_annual" },
  { type: "annual_switch" },
] as const;

async function changing(world: World, pick: Pick): Promise<Story> {
  const { customerId, subscriptionId } = await newcomer(world);
  const token = await world.mint(customerId, undefined, "subscription");
  const change = changes[pick(changes.length)] as (typeof changes)[number];
  const body = { ...(await agree(world, token, subscriptionId, change as never)) } as Body;
  const ask = (json: Body) => world.request("/v1/widget/hub/change", { token, json });
  return { customerId, subscriptionId, body, ask };
}

const values = [
  { offer_accepted: "discount", offer_value: { percent: 30, duration_months: 3 } },
  { offer_accepted: "discount", offer_value: { percent: 50, duration_months: null, duration: "once" } },
  { offer_accepted: "pause", offer_value: { months: 3 } },
];

async function saving(world: World, pick: Pick): Promise<Story> {
  const { customerId, subscriptionId } = await newcomer(world);
  const names = { customer_id: customerId, subscription_id: subscriptionId };
  const session_id = await start(world, names);
  const ask = (json: Body) => world.request("/api/flows/save", { key: world.key, json });
  return { customerId, subscriptionId, body: { session_id, ...values[pick(values.length)] }, ask };
}

export const storyKinds: readonly StoryKind[] = [
  { name: "a decision", tell: accepting, fields: ["seen", "session"], times: 5 },
  // Once: a decision brings its events, and what is on record stays as it came first.
  { name: "the course of a decision", tell: accepting, fields: ["events"], times: 1 },
  { name: "a change in a hub", tell: changing, fields: ["seen", "change", "subscription"], times: 5 },
  {
    name: "an offer by name",
    tell: saving,
    fields: ["offer_value", "offer_accepted", "session_id"],
    times: 5,
  },
];

/** Of a flow with an offer of each kind. */
export const flowOfStories = everything;

interface Place {
  holder: Record<string, unknown>;
  key: string;
}

function placesIn(value: unknown, here: Place[] = []): Place[] {
  if (typeof value !== "object" || value === null) return here;
  for (const key of Object.keys(value)) {
    const holder = value as Record<string, unknown>;
    here.push({ holder, key });
    placesIn(holder[key], here);
  }
  return here;
}

/** Without a confirmation: beside an offer a customer may always leave as well. */
const WORDS = [
  ...Object.keys(owners),
  ...Object.values(owners),
  "price_team_monthly",
  "price_basic_monthly",
  "forever",
  "half",
  "third",
  "annual",
  "pause",
  "eur",
  "accept",
  "select",
  "",
];
/** Larger than the tolerance for instants, which move with the moment of asking. */
const DAY = 86_400_000;

function otherNumber(value: number, pick: Pick): unknown {
  const isInstant = value > 1e12;
  const all = isInstant
    ? [value + DAY, value - DAY, value * 2, String(value), 0]
    : [value + 1, value - 1, value * 2 + 1, value + 0.5, -value - 1, String(value), null];
  return all[pick(all.length)];
}

function otherValue(value: unknown, pick: Pick): unknown {
  if (typeof value === "number") return otherNumber(value, pick);
  if (typeof value === "boolean") return [!value, String(value), Number(value)][pick(3)];
  if (typeof value === "string") return pick(3) ? WORDS[pick(WORDS.length)] : `${value}x`;
  return [null, [], {}, "", 0, [value]][pick(6)];
}

/** Nothing left out, where nothing is in it, is the same. */
const isEmpty = (value: unknown): boolean => JSON.stringify(value) === "{}";

/**
 * What a client makes up by itself: with another one it is the same request. So it is with the opening, which says nothing: in
 * its place stands what means nothing there, and is passed over.
 */
const isOwn = ({ holder, key }: Place): boolean =>
  "run" in holder && "seq" in holder && (["id", "at", "run"].includes(key) || holder.type === "open");

/**
 * The body with one place changed, taken away or added to.
 * @returns undefined where it has come to the same
 */
export function changed(
  body: Body,
  fields: readonly string[],
  pick: Pick,
): { body: Body; what: string } | undefined {
  // What stands in two places is two things once it is sent.
  const copy = JSON.parse(JSON.stringify(body)) as Body;
  const field = fields[pick(fields.length)] as string;
  const places = [{ holder: copy, key: field }, ...placesIn(copy[field])].filter((each) => !isOwn(each));
  const { holder, key } = places[pick(places.length)] ?? assert.fail("there is a place");
  const what = `${field} ${key}: ${JSON.stringify(holder[key])?.slice(0, 80)}`;
  const how = pick(6);
  if (how === 0 && !Array.isArray(holder) && !isEmpty(holder[key])) delete holder[key];
  else if (how === 1 && typeof holder[key] === "object" && !Array.isArray(holder[key]))
    holder[key] = { ...(holder[key] as object), percentOff: 90, extra: 1 };
  else holder[key] = otherValue(holder[key], pick);
  const isSame = JSON.stringify(copy) === JSON.stringify(body);
  return isSame ? undefined : { body: copy, what: `${what} → ${JSON.stringify(holder[key])?.slice(0, 80)}` };
}

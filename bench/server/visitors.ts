/** What customers' browsers and the business's own server send, ready to be sent. */

import { Visit } from "../../server/test/visit.ts";
import type { FlowConfig } from "../../src/api/wire.ts";
import type { Customer } from "./customers.ts";
import type { Sent } from "./load.ts";
import type { Served } from "./served.ts";

const JSON_TYPE = { "content-type": "application/json" };
/** As a page of the business has it. */
const PAGE = { origin: "http://localhost:3000" };

const AT_ONCE = 8;

type Of = Pick<Served, "url" | "key">;

export const minting = ({ key }: Of, { id, subscription }: Customer): Sent => ({
  method: "POST",
  path: "/v1/retention/session",
  headers: { ...JSON_TYPE, "x-brand-key": key },
  body: JSON.stringify({ retention: { customer_id: id, subscription_id: subscription } }),
});

export const opening = (token: string): Sent => ({
  method: "GET",
  path: "/v1/widget/flow",
  headers: { ...PAGE, authorization: `Bearer ${token}` },
});

const telling = (token: string, path: string, json: object): Sent => ({
  method: "POST",
  path,
  headers: { ...PAGE, ...JSON_TYPE, authorization: `Bearer ${token}` },
  body: JSON.stringify(json),
});

export async function send({ url }: Of, { method, path, headers, body }: Sent): Promise<Response> {
  const answered = await fetch(url + path, { method, headers, ...(body === undefined ? {} : { body }) });
  if (!answered.ok) throw new Error(`${method} ${path}: ${answered.status} ${await answered.text()}`);
  return answered;
}

/** In order, a few at a time. */
async function forEach<Item, Made>(
  items: readonly Item[],
  work: (item: Item) => Promise<Made>,
): Promise<Made[]> {
  const made: Made[] = [];
  let next = 0;
  const worker = async () => {
    while (next < items.length) {
      const index = next++;
      made[index] = await work(items[index] as Item);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  return made;
}

export const mint = (of: Of, customers: readonly Customer[]): Promise<string[]> =>
  forEach(customers, async (customer) => {
    const { id } = (await (await send(of, minting(of, customer))).json()) as { id: string };
    return id;
  });

/** Everybody in front of the first question. */
export async function open(of: Of, customers: readonly Customer[]): Promise<Visit[]> {
  const tokens = await mint(of, customers);
  return forEach(tokens, async (token) => {
    const config = (await (await send(of, opening(token))).json()) as FlowConfig;
    return new Visit(nobody, token, config);
  });
}

/** They only say what is to be sent. */
const nobody: Visit["server"] = {
  clock: {
    get now() {
      return Date.now();
    },
  },
  request: () => Promise.reject(new Error("Nobody asks")),
};

/** As the widget sends them: after the customer has answered, and after they have left. Two requests for each visit. */
export function recording(visits: readonly Visit[]): Sent[] {
  const batch = ({ token, session, events }: Visit, from: number) =>
    telling(token, "/v1/widget/events", { session, events: events.slice(from) });
  const answered = visits.map((visit) => batch(visit.select("too_expensive").next(), 0));
  const left = visits.map((visit) => {
    const from = visit.events.length;
    visit.decline().act({ type: "close" });
    return batch(visit, from);
  });
  return [...answered, ...left];
}

/** Each accepts the discount. */
export const saving = (visits: readonly Visit[]): Sent[] =>
  visits.map((visit) => {
    visit.select("too_expensive").next().act({ type: "accept" });
    return telling(visit.token, "/v1/widget/decision", visit.decision());
  });

/** Of the demo: whoever has a running subscription, again and again. */
export async function regulars(of: Of, count: number): Promise<Customer[]> {
  const { customers } = (await (await fetch(`${of.url}/demo/api/state`)).json()) as {
    customers: {
      id: string;
      subscriptions: { id: string; status: string; cancelAt?: number; discount?: object }[];
    }[];
  };
  const found = customers.flatMap(({ id, subscriptions }) =>
    subscriptions
      .filter(({ status, cancelAt, discount }) => status === "active" && !cancelAt && !discount)
      .map(({ id: subscription }): Customer => ({ id, subscription })),
  );
  return Array.from({ length: count }, (_, index) => found[index % found.length] as Customer);
}

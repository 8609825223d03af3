/** Visits as customers make them: so many a second, however long each takes. */
import { setTimeout as delay } from "node:timers/promises";
import { type Reply, replyOf } from "../../server/test/harness.ts";
import { Visit } from "../../server/test/visit.ts";
import type { FlowConfig } from "../../src/api/wire.ts";
import type { Customer } from "./business.ts";

/** What a customer's page and the business's server ask for. */
export type Kind = "session" | "configuration" | "events" | "decision";

export interface Served {
  visits: number;
  requests: number;
  /** Of each kind, ms. */
  times: Record<Kind, number[]>;
  /** What was answered otherwise than with 200, each once. */
  faults: string[];
}

const kindOf = (path: string): Kind => {
  if (path.includes("/retention/")) return "session";
  if (path.includes("/flow")) return "configuration";
  return path.includes("/decision") ? "decision" : "events";
};

/** As long as the ids that a browser makes up. */
const ID_LENGTH = 52;

class Widget extends Visit {
  override record(event: Parameters<Visit["record"]>[0]): this {
    const id = `${this.run}-${this.events.length}`.padEnd(ID_LENGTH, "-");
    return super.record(event, { id, run: this.run.padEnd(ID_LENGTH, "-") });
  }
}

/** Of ten customers four take an offer, three cancel and three go without a word. */
const stories = [..."accept leave accept close accept leave accept close leave close".split(" ")];

export interface Load {
  url: string;
  key: string;
  customers: Customer[];
  perSecond: number;
  seconds: number;
}

export async function visitAll({ url, key, customers, perSecond, seconds }: Load): Promise<Served> {
  const served: Served = {
    visits: 0,
    requests: 0,
    times: { session: [], configuration: [], events: [], decision: [] },
    faults: [],
  };
  const request = async (path: string, headers: Record<string, string>, json?: object): Promise<Reply> => {
    const started = performance.now();
    const reply = await replyOf(
      await fetch(url + path, {
        method: json ? "POST" : "GET",
        headers: { ...headers, "Content-Type": "application/json" },
        ...(json ? { body: JSON.stringify(json) } : {}),
      }),
    );
    served.requests += 1;
    served.times[kindOf(path)].push(performance.now() - started);
    if (reply.status !== 200) throw new Error(`${path.split("?")[0]}: ${reply.status} ${reply.code}`);
    return reply;
  };
  const server = {
    clock: {
      get now() {
        return Date.now();
      },
    },
    request: (path: string, { token, json }: { token: string; json: unknown }) =>
      request(path, { Authorization: `Bearer ${token}` }, json as object),
  };

  async function visit({ id, subscription }: Customer, story: string | undefined): Promise<void> {
    const wanted = { retention: { customer_id: id, subscription_id: subscription } };
    const { body } = await request("/v1/retention/session", { "X-Brand-Key": key }, wanted);
    const token = body.id as string;
    const flow = await request("/v1/widget/flow", { Authorization: `Bearer ${token}` });
    const widget = new Widget(server, token, flow.body as unknown as FlowConfig);
    await widget.send();
    await widget.select(story === "accept" ? "too_expensive" : "other").send();
    if (story === "close") await widget.close();
    else if (story === "leave") await widget.cancel();
    else await widget.next().accept();
    served.visits += 1;
  }

  const begun = performance.now();
  const underWay: Promise<void>[] = [];
  const total = Math.min(customers.length, Math.round(perSecond * seconds));
  for (let index = 0; index < total; index++) {
    await delay(Math.max(0, begun + (index * 1_000) / perSecond - performance.now()));
    const customer = customers.pop() as Customer;
    underWay.push(
      visit(customer, stories[index % stories.length]).catch((error) => {
        const fault = String(error);
        if (!served.faults.includes(fault)) served.faults.push(fault);
      }),
    );
  }
  await Promise.all(underWay);
  return served;
}

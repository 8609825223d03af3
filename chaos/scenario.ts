/** Plays one plan at one home: faults, recovery, and the look at what holds. */
import { setTimeout as pause } from "node:timers/promises";
import { createFaultProxy, forwardTo } from "../test/e2e/fault-proxy.ts";
import { Customer } from "./customer.ts";
import type { Home } from "./home.ts";
import { Incidents, kindOf } from "./incidents.ts";
import {
  hearingViolations,
  isQuiet,
  type Records,
  recordsOf,
  type Story,
  secretsIn,
  violationsOf,
} from "./invariants.ts";
import type { Plan } from "./plan.ts";

/** Until everybody has come to rest while things fail, ms: what is frozen or hangs for longer is mended first. */
const FAULTS_LIMIT = 12_000;
/** Milliseconds: a request to Stripe that hangs is given up after 30 s, and what concerns the same subscription waits behind it. */
const QUIET_LIMIT = 50_000;
/** A delivery token is good for as long. */
const WEEK = 7 * 86_400_000;

export interface Played {
  readonly violations: string[];
  /** What happened, in words. */
  readonly diary: string[];
  /** Requests that passed by. */
  readonly requests: number;
  readonly acknowledged: number;
  /** What has happened, each time by its name: incidents, and what customers did. */
  readonly happened: readonly string[];
  /** Requests that came after later ones of their session had been answered. */
  readonly overtaken: number;
}

/** One request after the other goes to one server after the other. */
export function inTurns(urls: readonly string[]): ReturnType<typeof forwardTo> {
  const upstreams = urls.map(forwardTo);
  let count = 0;
  return (request, body) =>
    (upstreams[count++ % upstreams.length] as ReturnType<typeof forwardTo>)(request, body);
}

/** The business's endpoint refuses the first messages, and takes them when they come again. */
export function deafen({ receiver, taken }: Home, { deaf }: Pick<Plan, "deaf">): void {
  let left = deaf;
  receiver.answer = ({ body }) => {
    if (left-- > 0) return 503;
    taken.add(body.id);
    return 204;
  };
}

/** Whether what waits in a browser may not be taken any more when it comes. */
export const mayBeTooLate = ({ incidents }: Pick<Plan, "incidents">): boolean =>
  incidents.some((each) => each.what === "clock" && each.by >= WEEK);

export async function play(home: Home, plan: Plan): Promise<Played> {
  const proxy = await createFaultProxy({ kindOf, answer: inTurns(home.parts.urls) });
  const incidents = new Incidents(home, plan);
  const customers: Customer[] = [];
  const violations: string[] = [];
  const diary: string[] = [];
  try {
    for (const each of plan.customers) {
      const person = await home.books.newcomer();
      const token = await home.firstSession(person);
      customers.push(new Customer(person, each, proxy.url, token, () => home.mint(proxy.url, person)));
    }
    deafen(home, plan);
    incidents.watch(proxy);
    const visits = Promise.all(customers.map((customer) => customer.visit()));
    await Promise.race([visits, pause(FAULTS_LIMIT)]);
    await incidents.over();
    proxy.mend();
    await home.recover();
    await visits;
    await Promise.all(customers.map((customer) => customer.goOn()));
    await incidents.deliverLate();
    await Promise.all(customers.map((customer) => customer.comeBack()));
    await home.whileCalm(async () => {
      for (const customer of customers) violations.push(...(await judge(home, customer, plan)));
    });
    violations.push(...logViolations(home));
  } catch (error) {
    violations.push(`it could not be played to its end: ${error instanceof Error ? error.stack : error}`);
    home.isBroken = true;
  } finally {
    await Promise.all(customers.flatMap(({ tabs }) => tabs.map(({ page }) => page.close(true))));
    diary.push(...incidents.diary, ...customers.flatMap((each) => [each.person.id, ...each.diary]));
    await proxy.close();
  }
  const acknowledged = customers.reduce((sum, each) => sum + each.acknowledged.size, 0);
  const happened = [...incidents.happened, ...customers.flatMap((customer) => customer.happened)];
  const { overtaken } = incidents;
  return { violations, diary, requests: proxy.calls.length, acknowledged, happened, overtaken };
}

/** Waits until nothing is under way. */
export async function quiet(home: Home, customerId: string): Promise<Records> {
  const { endpoint } = home;
  const end = Date.now() + QUIET_LIMIT;
  for (let turn = 0; ; turn++) {
    const records = await home.withStore((opened) => recordsOf(opened, { customerId, endpoint }));
    if (isQuiet(records) || Date.now() > end) return records;
    if (turn % 6 === 0) await home.letTimePass();
    await pause(200);
  }
}

export async function judge(home: Home, customer: Story, plan: Plan): Promise<string[]> {
  const { person } = customer;
  const records = await quiet(home, person.id);
  const [billed, effects] = await Promise.all([home.books.billed(person), home.books.effects(person)]);
  const found = [
    ...customer.violations,
    ...(isQuiet(records)
      ? []
      : [`something is still under way: ${records.jobs} jobs, ${records.undelivered} messages`]),
    ...violationsOf({ customer, records, billed, effects, mayBeTooLate: mayBeTooLate(plan) }),
    ...hearingViolations(home, person.id, records),
  ];
  return found.map((each) => `${person.id}: ${each}`);
}

const told = new WeakMap<Home, Set<string>>();

/** What is in a log stays there: it is told once. */
export function logViolations(home: Home): string[] {
  const { secrets, database, servers } = home.parts;
  const falls = servers.flatMap((server) => server.falls.splice(0));
  const known = told.get(home) ?? new Set();
  told.set(home, known);
  const found = secretsIn(home.printed + (database?.log ?? ""), [...secrets, home.receiver.secret]);
  const fresh = found.filter((each) => !known.has(each));
  for (const each of fresh) known.add(each);
  return [...fresh, ...falls.map((words) => `a server has ended by itself:\n${words}`)];
}

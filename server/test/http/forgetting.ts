/** Everything that one customer can leave behind, and what of it is found afterwards. */
import assert from "node:assert/strict";
import { sql } from "kysely";
import type { BillingEvent } from "../../src/billing/billing-event.ts";
import { demoSubscriptions as ids } from "../../src/billing/simulator-demo.ts";
import { keepBillingEvent } from "../../src/domain/billing-events.ts";
import { sendMail } from "../../src/domain/mails.ts";
import { followed, LINK } from "../domain/cancel-linking.ts";
import { make, mintFor } from "../domain/changing.ts";
import { type alone, john, MINUTE, type Reply, type World } from "../harness.ts";
import { report } from "./cancelling.ts";

export const PATH = "/api/v1/customers/data";
export const EMAIL = "john.doe@example.com";
export const USER = "user_of_john";
export const WORDS = "Because my sister left";
export const NOTE = "met at the fair";
export const BACK = "https://shop.example/account/user_of_john?user=user_of_john";

export type TestStore = Awaited<ReturnType<typeof alone>>["store"];

/** Whatever says who it was, or what they wrote. */
export const TRACES = [john, EMAIL, "John Doe", USER, ids.monthly, WORDS, NOTE, "WELCOME20"];

export const look = (world: World, query: string, more: object = {}): Promise<Reply> =>
  world.request(`${PATH}?${query}`, { key: world.key, ...more });
export const forget = (world: World, query: string, more: object = {}): Promise<Reply> =>
  look(world, query, { method: "DELETE", ...more });

export async function dump({ db }: TestStore): Promise<[table: string, text: string][]> {
  const { rows } = await sql<{ name: string }>`select name from sqlite_master where type = 'table'`
    .execute(db)
    .catch(() =>
      sql<{
        name: string;
      }>`select table_name as name from information_schema.tables where table_schema = 'public'`.execute(db),
    );
  // The simulator is billing, which a business lets forget by itself.
  const ours = rows.map(({ name }) => name).filter((name) => !/^(simulator|sqlite)_/.test(name));
  const found: [string, string][] = [];
  for (const name of ours) {
    const { rows: all } = await sql`select * from ${sql.table(name)}`.execute(db);
    found.push([name, JSON.stringify(all)]);
  }
  return found;
}

export const tracesIn = async (store: TestStore): Promise<string[]> =>
  (await dump(store)).flatMap(([table, text]) =>
    TRACES.filter((each) => text.toLowerCase().includes(each.toLowerCase())).map(
      (trace) => `${table}: ${trace}`,
    ),
  );

export const isWaiting = async ({ db }: TestStore): Promise<boolean> =>
  (
    await sql`select 1 from pg_locks where not granted
      and database = (select oid from pg_database where datname = current_database())`.execute(db)
  ).rows.length > 0;

/** What the books say all together. */
export async function figures(world: World): Promise<unknown[]> {
  while (await world.tick());
  const paths = ["/api/v1/analytics", "/api/v1/analytics/revenue", "/api/v1/retention-health"];
  const all = await Promise.all(paths.map((path) => world.request(path, { key: world.key })));
  const saves = await world.request("/api/exports/saves", { key: world.key });
  const sessions = await world.request("/api/exports/sessions", { key: world.key });
  assert.ok([...all, saves, sessions].every(({ status }) => status === 200));
  return [...all.map(({ body }) => body), saves.text, sessions.text.replaceAll(EMAIL, "")];
}

export const failure = (at: number, invoiceId: string): BillingEvent => ({
  ...{ id: `evt_${invoiceId}`, at, type: "payment_failed", invoiceId, subscriptionId: ids.monthly },
  ...{ customerId: john, email: EMAIL, amount: 4_900, currency: "usd", attempt: 1 },
});

/** All that a customer can leave behind. */
export async function live(world: World): Promise<void> {
  const { deps, scope, clock } = world;
  const endpoint = { url: "http://localhost:9/hooks", events: ["*"] };
  const made = await world.request("/api/v1/webhook-endpoints", { key: world.key, json: endpoint });
  assert.ok(made.status < 300, made.text);
  const owner = await mintFor(world, ids.monthly);
  const change = await make(world, owner, ids.monthly, { type: "promo_code", code: "WELCOME20" });
  assert.equal(change.status, 200, change.text);
  await deps.store.dismissOffer(scope, john, "offer_1", clock.now);
  world.pass(MINUTE);
  const visit = await world.visit(john);
  visit.select("other").write(WORDS).next();
  await visit.send();
  assert.equal((await visit.cancel()).status, 200);
  world.pass(MINUTE);
  const back = await make(world, owner, ids.monthly, { type: "undo_cancellation" });
  assert.equal(back.status, 200, back.text);
  world.pass(MINUTE);
  const linked = await world.request(LINK, {
    key: world.key,
    json: {
      userId: USER,
      customerId: john,
      subscriptionId: ids.monthly,
      returnUrl: BACK,
      metadata: { note: NOTE },
    },
  });
  assert.equal(linked.status, 200, linked.text);
  const token = String(linked.body.url).split("/cancel/")[1] as string;
  const behind = await followed(world, { id: linked.body.session_id as string, token });
  behind.select("other").write(WORDS);
  await behind.close();
  const reported = { eventId: "evt_1", reasonKey: "too_expensive", outcome: "recovered" };
  const said = { userId: USER, reasonText: WORDS, metadata: { note: NOTE }, context: { mrr: 49 } };
  assert.equal((await report(world, { ...reported, ...said })).status, 201);
  await keepBillingEvent(deps, scope, failure(clock.now, "in_1"));
  const paid = { type: "payment_succeeded", invoiceId: "in_1", amount: 4_900, attempt: 2 } as const;
  await keepBillingEvent(deps, scope, { id: "evt_paid", at: clock.now + 1, ...paid });
  const leaving = { comment: WORDS };
  const changed = { type: "subscription_changed", subscriptionId: ids.monthly, leaving } as const;
  await keepBillingEvent(deps, scope, { id: "evt_changed", at: clock.now, ...changed });
  world.pass(10_000);
  while (await world.tick());
  await deps.store.transaction((tx) =>
    sendMail(deps, tx, {
      ...scope,
      kind: "recovery_card_update",
      about: "rec_1/1",
      message: { to: EMAIL, subject: "John Doe", html: WORDS, text: WORDS },
    }),
  );
}

export const settings = { returnHosts: ["shop.example"], currency: "usd" };

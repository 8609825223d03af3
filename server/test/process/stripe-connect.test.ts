/** The real program with Stripe as billing, against the double of Stripe. */
import assert from "node:assert/strict";
import { chmod, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import type { FlowConfig } from "../../../src/api/wire.ts";
import { openStripe } from "../../src/billing/stripe/client.ts";
import { PERMISSIONS } from "../../src/billing/stripe/permissions.ts";
import { type StripeDouble, startDouble } from "../stripe/double.ts";
import { signed } from "../stripe/events.ts";
import { type Environment, folder, renumerate, type Served, serve } from "./child.ts";

const LIVE = "rk_live_51LiveSecretOfOurs";
const TEST = "sk_test_51TestSecretOfOurs";
const HOOK = "whsec_SigningSecretOfOurs";
const NEXT_HOOK = "whsec_NextSigningSecret";
const SECRETS = [LIVE, TEST, HOOK, NEXT_HOOK];

let double: StripeDouble;
/** The only customer there is, with a subscription. */
let customer: string;
before(async () => {
  const allowed = PERMISSIONS.map(({ id, level }) => `${id}_${level.toLowerCase()}`);
  double = await startDouble({ restricted: { [LIVE]: allowed } });
  const stripe = openStripe({ secretKey: TEST, apiBase: double.url });
  ({ id: customer } = await stripe.customers.create({
    email: "ada@example.com",
    payment_method: "pm_card_visa",
    invoice_settings: { default_payment_method: "pm_card_visa" },
  }));
  const { id: product } = await stripe.products.create({ name: "Pro" });
  const monthly = { product, currency: "usd", recurring: { interval: "month" } } as const;
  const { id: price } = await stripe.prices.create({ ...monthly, unit_amount: 1900 });
  await stripe.subscriptions.create({ customer, items: [{ price }] });
});
after(() => double.close());

const connected = (env: Environment, more: Environment = {}): Environment => ({
  ...env,
  BILLING: "stripe",
  STRIPE_API_BASE: double.url,
  ...more,
});

const warnings = (printed: string): string[] =>
  printed.split("\n").flatMap((line) => {
    const parsed = line.startsWith('{"level":40') ? (JSON.parse(line) as { msg: string }) : undefined;
    return parsed && !parsed.msg.startsWith("dist/embed") ? [parsed.msg] : [];
  });

async function mint(url: string, key: string, id: string): Promise<{ status: number; body: object }> {
  const reply = await fetch(`${url}/v1/retention/session`, {
    method: "POST",
    headers: { "X-Brand-Key": key, "Content-Type": "application/json" },
    body: JSON.stringify({ retention: { customer_id: id } }),
  });
  return { status: reply.status, body: (await reply.json()) as object };
}

const status = async ({ url }: Served, path: string): Promise<number> => {
  const reply = await fetch(`${url}${path}`);
  await reply.body?.cancel();
  return reply.status;
};

async function tell(url: string, secret: string, livemode: boolean): Promise<number> {
  const event = {
    id: `evt_${secret.slice(-6)}${livemode}`,
    object: "event",
    type: "product.created",
    created: Math.floor(Date.now() / 1000),
    livemode,
    data: { object: { id: "prod_1", object: "product" } },
  };
  const { body, signature } = signed(event, secret, event.created);
  const reply = await fetch(`${url}/api/stripe/webhook`, {
    method: "POST",
    headers: { "stripe-signature": signature, "content-type": "application/json" },
    body,
  });
  await reply.body?.cancel();
  return reply.status;
}

async function sandboxKey(env: Environment): Promise<string> {
  const { out } = await renumerate(["keys", "create", "--environment", "sandbox", "--json"], env);
  return JSON.parse(out).key;
}

describe("With Stripe as billing", () => {
  it("a first start makes an empty workspace, without the demo and without warnings", async () => {
    await using place = await folder();
    const env = connected(place.env, {
      STRIPE_SECRET_KEY: `${LIVE},${TEST}`,
      STRIPE_WEBHOOK_SECRET: `${HOOK},${NEXT_HOOK}`,
    });
    await using server = await serve(env);
    assert.deepEqual(warnings(server.printed()), []);
    for (const path of ["/", "/demo/api/state", "/simulator/style.css"])
      assert.equal(await status(server, path), 404, path);
    const { out } = await renumerate(["workspace", "set", "--json"], env);
    const { name, settings } = JSON.parse(out);
    assert.deepEqual([name, settings.hub], ["My workspace", undefined]);

    // A customer of Stripe's is known, with the key of either environment; one of the demo is not.
    for (const key of [server.privateKey as string, await sandboxKey(env)]) {
      assert.equal((await mint(server.url, key, customer)).status, 200);
      assert.notEqual((await mint(server.url, key, "cus_NffrFeUfNV2Hib")).status, 200);
    }
    // What a flow shows is what Stripe says, and the default flow suits any business.
    const { body } = await mint(server.url, await sandboxKey(env), customer);
    const headers = { Authorization: `Bearer ${(body as { id: string }).id}` };
    const reply = await fetch(`${server.url}/v1/widget/flow`, { headers });
    assert.equal(reply.status, 200);
    const { flow, subscription } = (await reply.json()) as FlowConfig;
    assert.deepEqual(
      [subscription.plan.name, subscription.price?.amount, subscription.status],
      ["Pro", 1900, "active"],
    );
    assert.ok(flow.steps.some(({ type }) => type === "survey"));
    await server.end("SIGTERM");
  });

  it("takes events of both modes, signed with any of the secrets", async () => {
    await using place = await folder();
    const secrets = `${HOOK},${NEXT_HOOK}`;
    const env = connected(place.env, {
      STRIPE_SECRET_KEY: `${LIVE},${TEST}`,
      STRIPE_WEBHOOK_SECRET: secrets,
    });
    await using server = await serve(env);
    for (const secret of [HOOK, NEXT_HOOK])
      for (const livemode of [true, false]) assert.equal(await tell(server.url, secret, livemode), 200);
    assert.equal(await tell(server.url, "whsec_OfSomebodyElse", true), 400);
    await server.end("SIGTERM");
  });

  it("refuses events without a secret, and says so at the start", async () => {
    await using place = await folder();
    await using server = await serve(connected(place.env, { STRIPE_SECRET_KEY: `${LIVE},${TEST}` }));
    const [warning, ...others] = warnings(server.printed());
    assert.match(warning ?? "", /^STRIPE_WEBHOOK_SECRET is not set/);
    assert.deepEqual(others, []);
    assert.equal(await tell(server.url, HOOK, true), 503);
    await server.end("SIGTERM");
  });

  it("has no billing in prod without a live key, and says so in plain words", async () => {
    await using place = await folder();
    const env = connected(place.env, { STRIPE_SECRET_KEY: TEST, STRIPE_WEBHOOK_SECRET: HOOK });
    await using server = await serve(env);
    const [warning, ...others] = warnings(server.printed());
    assert.match(warning ?? "", /^There is no live key of Stripe: in prod there is no billing/);
    assert.deepEqual(others, []);
    const { status: code, body } = await mint(server.url, server.privateKey as string, customer);
    assert.equal(code, 503);
    assert.match(JSON.stringify(body), /billing/i);
    assert.equal((await mint(server.url, await sandboxKey(env), customer)).status, 200);
    await server.end("SIGTERM");
  });

  it("simulates a sandbox that has no test key, and never prod", async () => {
    await using place = await folder();
    const env = connected(place.env, { STRIPE_SECRET_KEY: LIVE, STRIPE_WEBHOOK_SECRET: HOOK });
    await using server = await serve(env);
    assert.deepEqual(warnings(server.printed()), []);
    const john = "cus_NffrFeUfNV2Hib";
    assert.equal((await mint(server.url, await sandboxKey(env), john)).status, 200);
    assert.notEqual((await mint(server.url, server.privateKey as string, john)).status, 200);
    assert.equal(await status(server, "/simulator/style.css"), 200);
    // Without a key nobody makes sessions or reads the ledger.
    for (const path of ["/", "/demo/api/state", `/demo/api/session?customer=${john}`])
      assert.equal(await status(server, path), 404, path);
    await server.end("SIGTERM");
  });

  it("takes keys from files, and those of workspaces from one of their own", async () => {
    await using place = await folder();
    const write = async (name: string, text: string) => {
      const path = join(place.path, name);
      await writeFile(path, text, { mode: 0o600 });
      return path;
    };
    const env = connected(place.env, {
      STRIPE_SECRET_KEY_FILE: await write("key", `${TEST}\n`),
      STRIPE_WEBHOOK_SECRET_FILE: await write("hook", `${HOOK}\n`),
    });
    const shown = await renumerate(["workspace", "set", "--json"], env);
    assert.match(warnings(shown.err).join("\n"), /^There is no live key[^\n]*$/);
    const { id } = JSON.parse(shown.out) as { id: string };

    const accounts = await write(
      "accounts.json",
      JSON.stringify({
        [id]: { secretKeys: [LIVE, TEST], webhookSecrets: [NEXT_HOOK] },
        ws_gone: { secretKeys: ["rk_live_51GoneSecretOfOurs"] },
      }),
    );
    await chmod(accounts, 0o644);
    await using server = await serve({ ...env, STRIPE_ACCOUNTS_FILE: accounts });
    const [exposed, gone, ...others] = warnings(server.printed());
    assert.match(exposed ?? "", /^STRIPE_ACCOUNTS_FILE: others can read .*chmod 600/);
    assert.match(gone ?? "", /^STRIPE_ACCOUNTS_FILE names no workspace of this server: ws_gone$/);
    assert.deepEqual(others, []);
    // For a workspace that the file names, it takes the place of the environment.
    assert.equal(await tell(server.url, NEXT_HOOK, true), 200);
    assert.equal(await tell(server.url, HOOK, true), 400);
    await server.end("SIGTERM");

    const broken = await write("broken.json", `{"${id}": {"secretKeys": ["${LIVE}"`);
    const refused = await renumerate(["keys", "list"], { ...env, STRIPE_ACCOUNTS_FILE: broken });
    assert.deepEqual([refused.code, refused.out], [1, ""]);
    assert.equal(refused.err, `STRIPE_ACCOUNTS_FILE: ${broken} is not valid JSON\n`);
    const shared = await write("shared.json", JSON.stringify({ ws_other: { secretKeys: [TEST] } }));
    const { code, err } = await renumerate(["keys", "list"], { ...env, STRIPE_ACCOUNTS_FILE: shared });
    assert.deepEqual([code, err], [1, `Stripe: ${id} and ws_other have the same secret key\n`]);
  });

  it("warns of keys that are not used, and of a hub that sells the demo's plans", async () => {
    await using place = await folder();
    const unused = await renumerate(["keys", "list"], { ...place.env, STRIPE_SECRET_KEY: LIVE });
    assert.equal(unused.code, 0);
    assert.match(warnings(unused.err).join("\n"), /^Stripe's keys are not used: BILLING is simulator/);
    const { err } = await renumerate(["keys", "list"], connected(place.env, { STRIPE_SECRET_KEY: LIVE }));
    assert.match(err, /The hub's settings name plans of the demo business/);
  });
});

describe("renumerate stripe", () => {
  it("checks each environment that has a key, and ends with 1 while something is missing", async () => {
    await using place = await folder();
    const env = connected(place.env, { STRIPE_SECRET_KEY: `${LIVE},${TEST}`, STRIPE_WEBHOOK_SECRET: HOOK });
    const stripe = openStripe({ secretKey: TEST, apiBase: double.url });
    const both = await renumerate(["stripe", "check", "--json"], env);
    const { ok, results } = JSON.parse(both.out);
    assert.deepEqual(
      [both.code, ok, results.map((each: { environment: string }) => each.environment)],
      [1, false, ["prod", "sandbox"]],
    );
    const words = await renumerate(["stripe", "check", "--environment", "sandbox"], env);
    assert.equal(words.code, 1);
    assert.match(words.out, /^Stripe in sandbox\n {2}note +key: a secret key of test mode/);
    assert.match(words.out, /^ {2}missing +customer portal: it was never set up.*\n +→ save https:/m);
    assert.match(words.err, /^1 thing is missing$/m);

    await stripe.billingPortal.sessions.create({ customer });
    const good = await renumerate(["stripe", "check", "--environment", "sandbox", "--json"], env);
    assert.deepEqual([good.code, JSON.parse(good.out).ok], [0, true], good.out);
  });

  it("ends with 2 when it is called wrongly", async () => {
    await using place = await folder();
    for (const args of [[], ["set"], ["check", "--environment", "test"], ["show", "--environment", "prod"]]) {
      const { code, out, err } = await renumerate(["stripe", ...args], place.env);
      assert.deepEqual([code, out], [2, ""], args.join(" "));
      assert.ok(err.trim(), args.join(" "));
    }
  });

  it("has nothing to check without Stripe or without a key of that mode", async () => {
    await using place = await folder();
    const simulated = await renumerate(["stripe", "check"], place.env);
    assert.deepEqual([simulated.code, simulated.out], [1, ""]);
    assert.match(simulated.err, /The simulator is billing/);
    const env = connected(place.env, { STRIPE_SECRET_KEY: TEST });
    const live = await renumerate(["stripe", "check", "--environment", "prod"], env);
    assert.equal(live.code, 1);
    assert.match(live.err, /There is no live key of Stripe: set STRIPE_SECRET_KEY$/m);
  });

  it("shows and sets what a business decides", async () => {
    await using place = await folder();
    const stripe = (args: string[], input?: unknown) =>
      renumerate(["stripe", ...args], place.env, input === undefined ? "" : JSON.stringify(input));
    const shown = async () => JSON.parse((await stripe(["show", "--json"])).out);
    assert.deepEqual(await shown(), {});
    const settings = {
      pause: "subscription",
      feedback: { bugs: "low_quality" },
      sandbox: { testClock: "clock_1" },
    };
    assert.equal((await stripe(["set", "-"], settings)).code, 0);
    assert.deepEqual(await shown(), settings);
    assert.deepEqual(JSON.parse((await stripe(["show"])).out), settings, "what it prints can be set again");
    const refused = await stripe(["set", "-", "--json"], { pause: "never", sandbox: { testClock: "x" } });
    assert.equal(refused.code, 1);
    assert.deepEqual(
      JSON.parse(refused.out).issues.map(({ path }: { path: string }) => path),
      ["pause", "sandbox/testClock"],
    );
    assert.deepEqual(await shown(), settings, "what is refused changes nothing");
    // What else a workspace has stays.
    assert.ok(JSON.parse((await renumerate(["hub", "show", "--json"], place.env)).out).plans);
  });
});

describe("Stripe's keys and secrets", () => {
  it("are in nothing that is printed, logged or answered, whatever goes wrong", async () => {
    await using place = await folder();
    const env = connected(place.env, {
      LOG_LEVEL: "debug",
      STRIPE_SECRET_KEY: `${LIVE},${TEST}`,
      STRIPE_WEBHOOK_SECRET: `${HOOK},${NEXT_HOOK}`,
    });
    const said: string[] = [];
    const run = async (args: string[], environment = env, input = "") => {
      const { out, err } = await renumerate(args, environment, input);
      said.push(out, err);
    };
    await using server = await serve(env);
    const key = server.privateKey as string;
    const ask = async () => said.push(JSON.stringify(await mint(server.url, key, customer)));
    await ask();
    // As Stripe answers whom it does not know, whose key may not, and when it is down: with the key quoted, in part.
    const { restricted } = double;
    double.restricted = {};
    await ask();
    await run(["stripe", "check"]);
    double.restricted = { [LIVE]: [] };
    await ask();
    await run(["stripe", "check", "--json"]);
    double.restricted = restricted;
    for (const how of [500, "reset"] as const) {
      double.fault = () => ({ when: "before", how });
      await ask();
      double.fault = undefined;
    }
    await tell(server.url, HOOK, true);
    await tell(server.url, "whsec_OfSomebodyElse", true);
    await run(["stripe", "check", "--json"]);
    await run(["workspace", "set", "--json"]);
    await run(["stripe", "show"]);
    await run(["keys", "list"], { ...env, BILLING: "simulator" });
    await run(["keys", "list"], { ...env, STRIPE_SECRET_KEY: `${LIVE},${LIVE}x` });
    await run(["keys", "list"], { ...env, STRIPE_SECRET_KEY: `${LIVE}, ${HOOK}` });
    await run(["keys", "list"], { ...env, STRIPE_WEBHOOK_SECRET: `${HOOK} ${NEXT_HOOK}` });
    await run(["keys", "list"], { ...env, STRIPE_SECRET_KEY_FILE: "/nowhere" });
    const file = join(place.path, "accounts.json");
    await writeFile(file, JSON.stringify({ [LIVE]: { secretKeys: [TEST], webhookSecrets: [HOOK] } }));
    await run(["keys", "list"], { ...env, STRIPE_ACCOUNTS_FILE: file });
    await run(["stripe", "set", "-"], env, JSON.stringify({ secretKey: LIVE, pause: TEST }));
    await server.end("SIGTERM");
    said.push(server.printed());
    const all = said.join("\n");
    assert.match(all, /request failed/, "the failures were logged");
    for (const secret of SECRETS) {
      // Stripe itself tells the last four characters.
      const told = all.indexOf(secret.slice(8, -4));
      assert.equal(told, -1, all.slice(Math.max(0, told - 80), told + 80));
    }
  });
});

/**
 * Somebody follows docs/stripe.md from the top, command by command, with the double in Stripe's place. What needs Stripe
 * itself is done by other means: its dashboard by its library, and its program, which forwards events, by `deliver`.
 */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { dirname } from "node:path";
import { after, before, describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import type Stripe from "stripe";
import { freePort } from "../../../scripts/free-port.ts";
import { openStripe } from "../../src/billing/stripe/client.ts";
import { EVENT_TYPES } from "../../src/billing/stripe/events.ts";
import { PERMISSIONS } from "../../src/billing/stripe/permissions.ts";
import { parseSettings } from "../../src/settings.ts";
import { type Environment, type Finished, folder, type Served, serve } from "../process/child.ts";
import { ask, mint, newcomer, type Person, until, visitOf } from "../process/stripe-business.ts";
import { type StripeDouble, startDouble } from "../stripe/double.ts";
import { deliver, eventsOf } from "../stripe/events.ts";
import { settled } from "../visit.ts";

const root = fileURLToPath(new URL("../../../", import.meta.url));
const read = (path: string) => readFileSync(`${root}${path}`, "utf8");
const [, guide = ""] =
  /^## From a test account.*?$(.*?)^## Environment$/ms.exec(read("docs/stripe.md")) ?? [];
/** Every block of commands, in the order of the page. */
const blocks = Array.from(guide.matchAll(/^ *```sh\n(.*?)\n *```$/gms), ([, text = ""]) =>
  text.split("\n").map((line) => line.trim()),
);

const TEST = "rk_test_51KeyOfTheGuide";
const LIVE = "rk_live_51KeyOfTheGuide";
const SECRET = "whsec_OfTheGuide";

/** What a key may besides what was ticked, as Stripe's reference of permissions says, by the double's names. */
const IMPLIED = ["subscription_schedule_write", "invoice_payment_read", "refund_write", "test_clock_read"];

let double: StripeDouble;
let dashboard: Stripe;
let account: { stripe: Stripe; prices: { monthly: string } };
let place: Awaited<ReturnType<typeof folder>>;
/** Where the server is, in place of the page's localhost:4321. */
let host: string;
/** Of the terminal in which the page is followed. */
let terminal: Environment;
/** What stands for what the page cannot know. */
let known: Record<string, string>;
let server: Served;
let ada: Person;
let bob: Person;

before(async () => {
  const allowed = [...PERMISSIONS.map(({ id, level }) => `${id}_${level.toLowerCase()}`), ...IMPLIED];
  double = await startDouble({ restricted: { [TEST]: allowed, [LIVE]: allowed } });
  dashboard = openStripe({ secretKey: "sk_test_OfTheDashboard", apiBase: double.url });
  const { id: product } = await dashboard.products.create({ name: "Pro" });
  const { id: monthly } = await dashboard.prices.create({
    product,
    currency: "usd",
    unit_amount: 4900,
    recurring: { interval: "month" },
  });
  account = { stripe: dashboard, prices: { monthly } };
  ada = await newcomer(account, "Ada");
  bob = await newcomer(account, "Bob");
  place = await folder();
  const port = await freePort("localhost");
  host = `localhost:${port}`;
  const { DATA_DIR } = place.env;
  terminal = { DATA_DIR: DATA_DIR ?? "", PORT: String(port), STRIPE_API_BASE: double.url };
  known = { "localhost:4321": host, "rk_test_…": TEST, "whsec_…": SECRET };
});
after(async () => {
  await server?.[Symbol.asyncDispose]();
  await place?.[Symbol.asyncDispose]();
  await double?.close();
  assert.deepEqual(double?.defects ?? [], [], "the double answers as Stripe would");
});

/** The next block of the page, with what it leaves open filled in. */
function nextBlock(): string[] {
  const block = blocks.shift() ?? assert.fail("the page has another block");
  return block.map((line) => {
    const filled = Object.entries(known).reduce((text, [name, value]) => text.replaceAll(name, value), line);
    assert.doesNotMatch(filled, /…|4321/);
    return filled;
  });
}

/** The lines begin like this: what is not known here is not tried. */
function nextCommands(...beginnings: string[]): string[] {
  const lines = nextBlock();
  assert.equal(lines.length, beginnings.length, lines.join("\n"));
  for (const [index, beginning] of beginnings.entries())
    assert.ok(lines[index]?.startsWith(beginning), `${lines[index]} is ${beginning} …`);
  return lines;
}

function exportAs(line: string): void {
  const [, name = "", value = ""] = /^export (\w+)=(\S+)$/.exec(line) ?? [];
  assert.ok(name, line);
  terminal[name] = value;
}

/** In the folder of the project, as the page has it. */
async function type(line: string, env: Environment = terminal): Promise<Finished> {
  const { PATH = "", HOME = "" } = process.env;
  const own = { PATH: `${dirname(process.execPath)}:${PATH}`, HOME, npm_config_update_notifier: "false" };
  const child = spawn("sh", ["-c", line], { cwd: root, env: { ...own, ...env }, stdio: "pipe" });
  let [out, err] = ["", ""];
  child.stdout.setEncoding("utf8").on("data", (text) => {
    out += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text) => {
    err += text;
  });
  child.stdin.end();
  const [code] = await once(child, "close");
  return { code, out, err };
}

/** `npm start`, but for the build of the widgets that comes before it. */
async function start(line: string): Promise<void> {
  assert.equal(line, "npm start");
  const { scripts } = JSON.parse(read("package.json"));
  assert.match(scripts.start, / && node server\/bin\/renumerate\.js serve$/);
  server = await serve(terminal, ["serve"]);
  assert.equal(server.url, `http://${host}`);
}

async function forward(event: Stripe.Event | undefined): Promise<number> {
  const url = known.forwarded ?? `http://${host}/api/stripe/webhook`;
  const at = Math.floor(Date.now() / 1000);
  const reply = await deliver(double, event ?? assert.fail("an event"), { url, secret: SECRET, at });
  await reply.body?.cancel();
  return reply.status;
}

/** @returns the status of the answer */
async function minting(key: string, { customer }: Person): Promise<number> {
  const json = { retention: { customer_id: customer } };
  return (await ask(`http://${host}`, "/v1/retention/session", { key, json })).status;
}

/** As Stripe's log shows them, of what changes a subscription. */
const keysOfChanges = () =>
  double.requests
    .filter(({ name }) => name === "POST /v1/subscriptions/:id")
    .map(({ idempotencyKey }) => idempotencyKey);

/** Of a start, without those about the widgets' build. */
const warnings = (): string[] =>
  server
    .printed()
    .split("\n")
    .filter((line) => line.startsWith('{"level":40') && !line.includes("dist/embed"))
    .map((line) => JSON.parse(line).msg);

/** All that was logged with these words. */
const logged = (words: string): string =>
  server
    .printed()
    .split("\n")
    .filter((line) => line.startsWith("{") && JSON.parse(line).msg === words)
    .join("\n");

describe("Who follows docs/stripe.md", () => {
  it("starts with a key, and is told what is not there yet", async () => {
    assert.equal(parseSettings({}).PUBLIC_URL, "http://localhost:4321");
    const [billing = "", key = "", command = ""] = nextCommands(
      "export BILLING=",
      "export STRIPE_SECRET_KEY=",
      "npm start",
    );
    exportAs(billing);
    exportAs(key);
    await start(command);
    assert.match(server.printed(), /public key +rk_pk_\w+\n +private key +rk_sk_\w+\n/);
    known.prod = /rk_sk_\w+/.exec(server.printed())?.[0] ?? "";
    const [noProd, noSecret, ...others] = warnings();
    assert.match(noProd ?? "", /^There is no live key of Stripe: in prod there is no billing/);
    assert.match(noSecret ?? "", /^STRIPE_WEBHOOK_SECRET is not set/);
    assert.deepEqual(others, []);
    assert.equal(await forward(eventsOf(double).at(-1)), 503);
  });

  it("has events forwarded, and starts again with their secret", async () => {
    // The program is Stripe's own, and speaks with Stripe alone: where it is told to forward to is what counts here.
    const [listen = ""] = nextCommands("stripe listen --forward-to ");
    known.forwarded = `http://${listen.split(" ").at(-1)}`;
    const [secret = "", command = ""] = nextCommands("export STRIPE_WEBHOOK_SECRET=", "npm start");
    exportAs(secret);
    assert.equal(await server.end("SIGINT"), 0);
    await start(command);
    assert.doesNotMatch(server.printed(), /private key/);
    assert.equal(warnings().length, 1);
    assert.equal(await forward(eventsOf(double).at(-1)), 200);
  });

  it("checks the account until nothing is missing, and nothing is changed by that", async () => {
    const [command = ""] = nextCommands("npx renumerate stripe check");
    const inAnother = await type(command, place.env);
    assert.deepEqual([inAnother.code, inAnother.out], [1, ""]);
    assert.match(inAnother.err, /BILLING=stripe and STRIPE_SECRET_KEY/);
    const { objects } = double.state.copy().data;
    const before = await type(command);
    assert.equal(before.code, 1, before.out);
    assert.match(before.out, /^ {2}missing {2}customer portal: it was never set up/m);
    assert.match(before.err, /^1 thing is missing$/m);
    assert.deepEqual(double.state.data.objects, objects);
    // In the dashboard the settings of the portal are saved; a first session does the same at the double.
    await dashboard.billingPortal.sessions.create({ customer: ada.customer });
    const after = await type(command);
    assert.deepEqual([after.code, /missing/.test(after.out)], [0, false], after.out);
    assert.match(after.out, /^Stripe in sandbox\n {2}ok {7}key: a restricted key of test mode$/m);
  });

  it("makes a key for the backend, and a session with it", async () => {
    const { code, out } = await type(nextCommands("npx renumerate keys create")[0] ?? "");
    assert.equal(code, 0);
    assert.match(out, /^rk_sk_\w+\n$/);
    Object.assign(known, { "rk_sk_…": out.trim(), "cus_…": ada.customer });
    const answer = await type(nextCommands("curl ")[0] ?? "");
    assert.equal(answer.code, 0, answer.err);
    assert.match(JSON.parse(answer.out).id, /^ret_/);
    const json = { retention: { customer_email: "ada@example.com" } };
    const byAddress = await ask(`http://${host}`, "/v1/retention/session", { key: out.trim(), json });
    assert.equal(byAddress.status, 200);
  });

  it("cancels, and finds that at Stripe; another takes an offer", async () => {
    const key = known["rk_sk_…"] ?? "";
    double.requests.length = 0;
    const leaving = await visitOf(() => `http://${host}`, key, ada.customer);
    const answer = settled(await leaving.select("switching").write("I went elsewhere").cancel());
    assert.deepEqual([answer.status, answer.outcome], ["done", "cancelled"]);
    const left = await dashboard.subscriptions.retrieve(ada.subscription);
    assert.equal(left.cancel_at_period_end, true);
    assert.deepEqual(
      [left.cancellation_details?.feedback, left.cancellation_details?.comment],
      ["switched_service", "I went elsewhere"],
    );
    const staying = await visitOf(() => `http://${host}`, key, bob.customer);
    settled(await staying.select("too_expensive").next().accept());
    const { discounts } = await dashboard.subscriptions.retrieve(bob.subscription, { expand: ["discounts"] });
    assert.match(
      (discounts as Stripe.Discount[]).map(({ source }) => source.coupon).join(),
      /^renumerate_\w+$/,
    );

    assert.match(keysOfChanges().join(), /^act_[\w-]+,act_[\w-]+$/);
  });

  it("takes the cancellation back in the hub", async () => {
    const { customer, subscription } = ada;
    const token = await mint(`http://${host}`, known["rk_sk_…"] ?? "", "subscription", customer);
    const change = { subscription, change: { type: "undo_cancellation" } };
    const seen = await ask(`http://${host}`, "/v1/widget/hub/preview", { token, json: change });
    const json = { ...change, id: "change_1", seen: seen.body };
    const { body } = await ask(`http://${host}`, "/v1/widget/hub/change", { token, json });
    assert.equal(body.status, "done");
    assert.equal((await dashboard.subscriptions.retrieve(subscription)).cancel_at_period_end, false);
    assert.match(keysOfChanges().at(-1) ?? "", /^chg_/);
  });

  it("finds in the log why a request failed", async () => {
    double.fault = () => ({ when: "before", how: 503 });
    assert.equal(await minting(known["rk_sk_…"] ?? "", bob), 503);
    double.fault = undefined;
    assert.match(logged("request failed"), /An unknown error occurred\. \(req_\w+\)/);
  });

  it("finds in the log what the key lacks where it does not suffice for a decision", async () => {
    const visit = await visitOf(() => `http://${host}`, known["rk_sk_…"] ?? "", ada.customer);
    const { restricted } = double;
    const allowed = (restricted[TEST] ?? []).filter((each) => each !== "subscription_write");
    double.restricted = { ...restricted, [TEST]: [...allowed, "subscription_read"] };
    const { status } = settled(await visit.select("other").cancel());
    double.restricted = restricted;
    assert.equal(status, "requested");
    assert.match(server.printed(), /rak_subscription_write/);
  });

  it("lives in the time of a test clock once it is named", async () => {
    const key = known["rk_sk_…"] ?? "";
    const { id: testClock } = await dashboard.testHelpers.testClocks.create({ frozen_time: 1_900_000_000 });
    const cleo = await newcomer({ ...account, testClock }, "Cleo");
    assert.deepEqual([await minting(key, cleo), await minting(key, bob)], [404, 200]);
    known["clock_…"] = testClock;
    const { code, out } = await type(nextCommands("echo ")[0] ?? "");
    assert.equal(code, 0, out);
    await until("the server to take it", async () => (await minting(key, cleo)) === 200);
    const { config } = await visitOf(() => `http://${host}`, key, cleo.customer);
    assert.equal(config.now, 1_900_000_000_000);
  });

  it("sees the clock's customers and no other", async () => {
    assert.equal(await minting(known["rk_sk_…"] ?? "", bob), 404);
  });

  it("goes live", async () => {
    const [, keys = ""] = /`(STRIPE_SECRET_KEY=rk_live_…,rk_test_…)`/.exec(guide) ?? [];
    exportAs(`export ${keys.replace("rk_live_…", LIVE).replace("rk_test_…", TEST)}`);
    Object.assign(terminal, {
      PUBLIC_URL: "https://retain.acme.example",
      STRIPE_WEBHOOK_SECRET: `${SECRET},whsec_OfTheEndpoint`,
    });
    const check = "npx renumerate stripe check";
    const before = await type(check);
    assert.equal(before.code, 1);
    assert.match(
      before.out,
      /missing {2}webhook endpoint: none sends to https:\/\/retain\.acme\.example\/api\/stripe\/webhook/,
    );
    await dashboard.webhookEndpoints.create({
      url: "https://retain.acme.example/api/stripe/webhook",
      enabled_events: [...EVENT_TYPES],
    });
    const after = await type(check);
    assert.deepEqual([after.code, /missing/.test(after.out)], [0, false], after.out);
    assert.equal(await server.end("SIGINT"), 0);
    server = await serve(terminal, ["serve"]);
    assert.deepEqual(warnings(), []);
    assert.equal(await minting(known.prod ?? "", bob), 200);
  });

  it("has come to the end of what the page tells to type", () => {
    assert.deepEqual(blocks, []);
  });
});

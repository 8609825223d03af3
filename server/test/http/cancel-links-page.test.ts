/** The page behind a link, and the way back from it with a result. */
import assert from "node:assert/strict";
import { it } from "node:test";
import { demoSubscriptions as ids } from "../../src/billing/simulator-demo.ts";
import { sweepIdle } from "../../src/domain/ledger.ts";
import type { Store } from "../../src/store/store.ts";
import {
  followed,
  goBack,
  known,
  type Link,
  makeLink,
  page,
  result,
  settings,
  tokenOf,
  verify,
} from "../domain/cancel-linking.ts";
import { john, MINUTE, onEachStore, type World } from "../harness.ts";
import { settled } from "../visit.ts";
import { least, report } from "./cancelling.ts";

const MINUTES_15 = 15 * MINUTE;

async function row(world: World, index = 0) {
  return (await world.ledger())[index] ?? assert.fail("nothing in the ledger");
}

onEachStore("The page behind a link", ({ open }) => {
  it("holds a session, and is kept by nobody", async () => {
    const world = await open({ settings });
    const link = await makeLink(world);
    const { status, headers, text } = await page(world, link);
    assert.equal(status, 200);
    assert.equal(headers.get("referrer-policy"), "no-referrer");
    assert.equal(headers.get("cache-control"), "no-store");
    assert.equal(headers.get("x-robots-tag"), "noindex");
    assert.match(headers.get("content-security-policy") ?? "", /default-src 'self';.*frame-ancestors 'none'/);
    assert.match(text, / data-session="ret_[\w-]+" data-back="decided"/);
    assert.match(text, /src="\.\.\/hosted\.js"/);
    assert.ok(!text.includes(link.token));
    const carriedOut = await makeLink(world, { customerId: john });
    assert.match((await page(world, carriedOut)).text, / data-back="closed"/);
    assert.match((await page(world, link, { headers: { "Accept-Language": "de" } })).text, /<html lang="de"/);
  });

  it("shows what the business has said of the subscription", async () => {
    const world = await open({ settings });
    const link = await makeLink(world);
    const { config } = await followed(world, link);
    const { subscription } = config;
    assert.equal(subscription.plan.name, "Studio");
    assert.deepEqual(subscription.price, {
      id: link.id,
      amount: 12999,
      currency: "eur",
      interval: "month",
      intervalCount: 1,
    });
    assert.equal(subscription.periodEnd, Date.parse(known.periodEnd));
    assert.deepEqual(subscription.nextCharge, {
      amount: 12999,
      currency: "eur",
      at: Date.parse(known.periodEnd),
    });
    assert.equal(subscription.startedAt, world.clock.now - 400 * 86_400_000);
  });

  it("shows nothing that nobody has said", async () => {
    const world = await open({ settings });
    const { config } = await followed(world, await makeLink(world, { context: undefined }));
    assert.deepEqual(Object.keys(config.subscription).sort(), ["id", "plan", "startedAt", "status"]);
    assert.equal(config.subscription.plan.name, "");
  });

  it("opens as often as the customer likes, up to its last moment", async () => {
    const world = await open({ settings });
    const link = await makeLink(world);
    const first = await followed(world, link);
    assert.equal((await followed(world, link)).session, first.session);
    world.pass(60 * MINUTE - 1);
    assert.equal((await page(world, link)).status, 200);
    world.pass(1);
    const late = await page(world, link);
    assert.equal(late.status, 410);
    assert.match(late.text, /help@papercrane\.example/);
    assert.doesNotMatch(late.text, /data-session/);
    assert.equal((await world.request("/v1/widget/flow", { token: first.token })).code, "session_expired");
  });

  it("lets who has read for long still go back, for a quarter of an hour", async () => {
    const world = await open({ settings });
    const link = await makeLink(world);
    const visit = await followed(world, link);
    world.pass(60 * MINUTE - 1);
    settled(await visit.cancel());
    world.pass(MINUTES_15);
    assert.equal((await goBack(world, link, "cancelled")).status, 200);
    // Its answer may have been lost.
    world.pass(MINUTES_15 - 1);
    assert.equal((await goBack(world, link, "cancelled")).status, 200);
    world.pass(1);
    const { status, code } = await goBack(world, link, "cancelled");
    assert.deepEqual([status, code], [410, "cancel_link_used"]);
  });

  it("is not there for any other address, nor for another way to ask", async () => {
    const world = await open({ settings });
    const link = await makeLink(world);
    for (const token of ["x", "x".repeat(43), `${link.token}x`, link.id]) {
      assert.equal((await page(world, { ...link, token })).status, 404, token);
      assert.equal((await goBack(world, { ...link, token }, "abandoned")).code, "cancel_session_not_found");
    }
    const posted = await page(world, link, { method: "POST" });
    assert.deepEqual([posted.status, posted.headers.get("allow")], [405, "GET, HEAD"]);
    const got = await world.request(`/cancel/${link.token}/return`);
    assert.deepEqual([got.status, got.headers.get("allow")], [405, "POST"]);
    const form = {
      body: "outcome=abandoned",
      headers: { "Content-Type": "application/x-www-form-urlencoded" },
    };
    assert.equal((await world.request(`/cancel/${link.token}/return`, form)).status, 415);
    assert.equal((await goBack(world, link, "churned")).code, "parameter_invalid");
  });

  it("is not used up by whoever only looks whether it is there", async () => {
    const world = await open({ settings });
    const link = await makeLink(world);
    const head = () => page(world, link, { method: "HEAD" });
    assert.deepEqual([(await head()).status, (await head()).text], [200, ""]);
    for (const name of ["Sec-Purpose", "Purpose"]) {
      const headers = { [name]: "prefetch;prerender" };
      assert.equal((await page(world, link, { headers })).status, 200);
    }
    const opened = async () => (await world.deps.store.cancelLink(link.id))?.openedAt;
    assert.equal(await opened(), undefined);
    // One that was fetched before and is shown now.
    const { text } = await page(world, link, { headers: { "Sec-Purpose": "prefetch" } });
    await world.flow(/ data-session="([^"]+)"/.exec(text)?.[1] ?? "");
    assert.equal(await opened(), world.clock.now);
    settled(await (await followed(world, link)).cancel());
    assert.equal((await head()).status, 200);
    await goBack(world, link, "cancelled");
    assert.equal((await head()).status, 410);
  });

  it("slows down who tries addresses, and nobody with a good one", async () => {
    const world = await open({ settings, limits: { perAddress: 2, perSession: 3 } });
    const [link, other] = [await makeLink(world), await makeLink(world)];
    const wrong = { ...link, token: "x".repeat(43) };
    for (const status of [404, 404, 429]) assert.equal((await page(world, wrong)).status, status);
    for (const status of [200, 200, 200, 429]) assert.equal((await page(world, link)).status, status);
    const shown = await page(world, link);
    assert.match(shown.headers.get("content-type") ?? "", /^text\/html/);
    assert.match(shown.text, /data-refusal="unavailable"[\s\S]*class="retry"/);
    assert.match(shown.text, /help@papercrane\.example/);
    assert.equal(shown.headers.get("retry-after"), "60");
    assert.equal((await goBack(world, link, "abandoned")).status, 429);
    assert.equal((await page(world, other)).status, 200);
  });

  it("says that it cannot be shown while the database does not answer", async () => {
    const world = await open({ settings });
    const link = await makeLink(world);
    const cancelLinkByToken = () => Promise.reject(new Error("gone"));
    world.deps.store = { ...world.deps.store, cancelLinkByToken };
    const { status, text } = await page(world, link);
    assert.equal(status, 503);
    assert.match(text, /data-refusal="unavailable"/);
    assert.ok(!world.log.join("").includes(link.token));
  });
});

/** The store, where something happens before a transaction. @param happens hears which of them it is, from 1 */
function before(store: Store, happens: (each: number) => Promise<void>): Store {
  let count = 0;
  const after =
    (run: Store["transaction"]): Store["transaction"] =>
    async (work) => {
      await happens(++count);
      return run(work);
    };
  return { ...store, transaction: after(store.transaction), together: after(store.together) };
}

onEachStore("The way back", ({ open }) => {
  const agreed = async (world: World, link: Link, outcome: string) => {
    const claims = await result(world, link, outcome);
    const { outcome: booked, reason, offerType, offerAccepted } = await row(world);
    const words = { cancelled: "churned", retained: "recovered", abandoned: "abandoned" };
    assert.equal(claims.outcome, booked && words[booked]);
    assert.equal(claims.reason_key, reason ?? null);
    assert.deepEqual([claims.offer.type, claims.offer.accepted], [offerType ?? "none", offerAccepted]);
    return claims;
  };

  it("of a customer who cancels: nothing is done at billing", async () => {
    const world = await open({ settings });
    const link = await makeLink(world);
    const visit = await followed(world, link);
    const { subscription } = settled(await visit.select("switching").next().cancel());
    assert.equal(subscription.cancelAt, Date.parse(known.periodEnd));
    const claims = await agreed(world, link, "cancelled");
    assert.deepEqual(claims, {
      iss: "http://localhost:4321",
      sub: "user_123",
      sid: link.id,
      env: "prod",
      outcome: "churned",
      status: "done",
      reason_key: "switching",
      offer: { type: "none", accepted: false },
      aud: world.scope.workspaceId,
      iat: Math.floor(world.clock.now / 1000),
      exp: Math.floor(world.clock.now / 1000) + 900,
      jti: claims.jti,
    });
    assert.deepEqual(await world.effects(), []);
    assert.deepEqual(world.billing.calls, []);
    const booked = await row(world);
    assert.deepEqual(
      [booked.customerId, booked.plan, booked.mrr, booked.currency, booked.effectiveAt],
      ["user_123", "Studio", 12999, "eur", Date.parse(known.periodEnd)],
    );
    assert.deepEqual(
      (await world.facts()).filter((fact) => fact.startsWith("cancel.")),
      ["cancel.started", "cancel.canceled"],
    );
  });

  it("of a customer of whom nothing is known: no date and no amount is made up", async () => {
    const world = await open({ settings });
    const link = await makeLink(world, { context: undefined });
    const visit = await followed(world, link);
    visit.select("too_expensive").next();
    assert.equal(visit.offer, undefined);
    const { subscription } = settled(await visit.cancel());
    assert.equal(subscription.cancelAt, undefined);
    const { effectiveAt, mrr, plan } = await row(world);
    assert.deepEqual([effectiveAt, mrr, plan], [undefined, undefined, undefined]);
    // The page that is loaded again before it has gone back still knows it.
    const again = await world.flow(visit.token);
    assert.equal(again.session.settlement?.outcome, "cancelled");
    assert.equal((await row(world)).undoneAt, undefined);
    assert.equal((await agreed(world, link, "cancelled")).outcome, "churned");
  });

  it("of a customer who takes a discount: the business reads what it has to give", async () => {
    const world = await open({ settings });
    const link = await makeLink(world);
    const visit = await followed(world, link);
    visit.select("too_expensive").next();
    // The first charge at the full price again is the first one that is more than three months from now.
    assert.equal(visit.shown("discount").terms.fullPriceAt, Date.parse("2027-09-01T00:00:00Z"));
    const { subscription } = settled(await visit.accept());
    assert.equal(subscription.discount?.percentOff, 25);
    const claims = await agreed(world, link, "retained");
    assert.deepEqual(claims.offer, {
      type: "discount",
      accepted: true,
      id: "quarter-off",
      terms: { percent_off: 25, duration: "repeating", months: 3 },
    });
    assert.deepEqual(world.billing.calls, []);
  });

  it("of a customer whose period has no known end: a discount is offered without a date", async () => {
    const world = await open({ settings });
    const link = await makeLink(world, { context: { mrr: 40 } });
    const visit = await followed(world, link);
    const { terms } = visit.select("too_expensive").next().shown("discount");
    assert.deepEqual([terms.amount, terms.discounted, terms.fullPriceAt], [4000, 3000, undefined]);
    settled(await visit.accept());
    assert.equal((await agreed(world, link, "retained")).outcome, "recovered");
  });

  it("of a customer who pauses: for how long, and until when if somebody has said from when on", async () => {
    for (const [context, dates, terms] of [
      [{}, false, { months: 2 }],
      [{ periodEnd: "2027-06-01T00:00:00Z" }, true, { months: 2, resumes_at: "2027-07-14T09:41:00.000Z" }],
    ] as const) {
      const world = await open({ settings });
      const link = await makeLink(world, { context });
      const visit = await followed(world, link);
      const shown = visit.select("not_using").next().shown("pause");
      assert.equal(shown.terms.dates !== undefined, dates);
      settled(await visit.accept({ months: 2 }));
      const claims = await agreed(world, link, "retained");
      assert.deepEqual(claims.offer, { type: "pause", accepted: true, id: "pause", terms });
    }
  });

  it("of a customer who stays, begins again and closes, however much else is reported of them", async () => {
    const world = await open({ settings });
    const link = await makeLink(world);
    const visit = await followed(world, link);
    visit.select("too_expensive").next();
    settled(await visit.accept());
    const again = await world.visit(visit.token, "?restart=1");
    await again.close();
    for (let index = 0; index < 101; index++)
      await report(world, { ...least, eventId: `evt_${index}`, userId: "user_123" });
    const claims = await result(world, link, "abandoned", { final: true });
    assert.deepEqual([claims.outcome, claims.offer.type], ["recovered", "discount"]);
  });

  it("of a customer who declines an offer and keeps it as it is", async () => {
    const world = await open({ settings });
    const link = await makeLink(world);
    const visit = await followed(world, link);
    await visit.select("too_expensive").next().decline().keep();
    const claims = await agreed(world, link, "retained");
    assert.deepEqual(claims.offer, { type: "discount", accepted: false, id: "quarter-off" });
  });

  it("of a customer who closes the page", async () => {
    const world = await open({ settings });
    const link = await makeLink(world);
    await (await followed(world, link)).select("other").close();
    assert.equal((await agreed(world, link, "abandoned")).outcome, "abandoned");
  });

  it("of a customer for whom the flow was never shown", async () => {
    const world = await open({ settings });
    const link = await makeLink(world);
    await page(world, link);
    assert.equal((await goBack(world, link, "abandoned")).status, 202);
    const claims = await result(world, link, "abandoned", { final: true });
    assert.deepEqual(
      [claims.outcome, claims.reason_key, claims.offer],
      ["abandoned", null, { type: "none", accepted: false }],
    );
    assert.deepEqual(await world.ledger(), []);
  });

  it("names an offer as the flow does, and lets conditions and texts read what the business has sent", async () => {
    const world = await open({ settings });
    await world.publish({
      name: "Segments",
      steps: [
        {
          type: "offer",
          id: "deal",
          body: "For {{attributes.team}}",
          offers: [
            {
              type: "contact",
              id: "call",
              url: "https://shop.example/call",
              title: "Nobody",
              when: { field: "attributes.seats", atLeast: 4 },
            },
            {
              type: "discount",
              id: "third",
              percentOff: 30,
              duration: "forever",
              title: "30% for ever",
              when: {
                all: [
                  { field: "attributes.seats", is: 3 },
                  { field: "tenureDays", atLeast: 400 },
                  { field: "mrr", atMost: 12999 },
                  { field: "plan.name", is: "Studio" },
                ],
              },
            },
          ],
        },
        { type: "confirm", id: "confirm", effective: "immediately" },
      ],
    });
    const link = await makeLink(world, { metadata: { seats: 3, team: "Paper & Co", secret: "s" } });
    const visit = await followed(world, link);
    assert.deepEqual(visit.config.attributes, { team: "Paper & Co" });
    assert.equal(visit.shown("discount").id, "third");
    settled(await visit.accept());
    const { offer } = await agreed(world, link, "retained");
    assert.deepEqual([offer.label, offer.terms], ["30% for ever", { percent_off: 30, duration: "forever" }]);
  });

  it("waits for what is on its way, and then takes the books at their word", async () => {
    const world = await open({ settings });
    const link = await makeLink(world);
    const visit = await followed(world, link);
    const waiting = await goBack(world, link, "retained");
    assert.deepEqual([waiting.status, waiting.body], [202, {}]);
    await visit.close();
    // Closed, and opened again in time: what the page believes is not there yet.
    assert.equal((await goBack(world, link, "retained")).status, 202);
    const again = await followed(world, link);
    await again.keep();
    assert.equal((await result(world, link, "abandoned")).outcome, "recovered");
  });

  it("counts as closed when nothing comes", async () => {
    const world = await open({ settings });
    const link = await makeLink(world);
    const visit = await followed(world, link);
    await visit.select("other").send();
    assert.equal((await goBack(world, link, "cancelled")).status, 202);
    assert.equal((await result(world, link, "cancelled", { final: true })).outcome, "abandoned");
    assert.equal((await row(world)).outcome, "abandoned");
    assert.deepEqual(await world.facts(), ["cancel.started", "cancel.abandoned"]);
  });

  it("gives the same result to who asks again, and opens nothing any more", async () => {
    const world = await open({ settings });
    const link = await makeLink(world);
    const visit = await followed(world, link);
    settled(await visit.cancel());
    const one = await result(world, link, "cancelled");
    world.pass(5 * MINUTE);
    const other = await result(world, link, "abandoned", { final: true });
    assert.deepEqual({ ...other, iat: one.iat, exp: one.exp }, one);
    assert.equal(other.iat, one.iat + 300);
    const { status, text } = await page(world, link);
    assert.equal(status, 410);
    assert.match(text, /data-refusal="used"/);
    assert.equal((await world.request("/v1/widget/flow", { token: visit.token })).code, "session_expired");
  });

  it("is one result for two who ask at once", async () => {
    const world = await open({ settings });
    const link = await makeLink(world);
    await (await followed(world, link)).keep();
    const asked = Array.from({ length: 4 }, () => result(world, link, "retained"));
    const claims = await Promise.all(asked);
    assert.equal(new Set(claims.map(({ jti }) => jti)).size, 1);
    assert.equal((await world.ledger()).length, 1);
  });

  it("leads who has decided and closed the page back at once, which nobody uses up by looking", async () => {
    const world = await open({ settings });
    const link = await makeLink(world);
    settled(await (await followed(world, link)).cancel());
    for (let times = 0; times < 2; times++) {
      const { status, text } = await page(world, link);
      assert.equal(status, 200);
      assert.match(text, / data-back="decided" data-decided=""/);
      assert.doesNotMatch(text, /data-session|embed\.js/);
      assert.equal((await world.deps.store.cancelLink(link.id))?.completedAt, undefined);
    }
    const reply = await goBack(world, link, "abandoned", { final: true });
    assert.equal((await verify(world, tokenOf(reply.body.url))).body.outcome, "churned");
    assert.equal((await page(world, link)).status, 410);
  });

  it("of who closed the page without deciding is the flow again", async () => {
    const world = await open({ settings });
    const link = await makeLink(world);
    await (await followed(world, link)).close();
    assert.equal((await page(world, link)).status, 200);
    settled(await (await followed(world, link)).cancel());
    assert.equal((await result(world, link, "cancelled")).outcome, "churned");
  });

  it("is the end: what another tab says later changes no books", async () => {
    const world = await open({ settings });
    const link = await makeLink(world);
    const [visit, other, third] = [
      await followed(world, link),
      await followed(world, link),
      await followed(world, link),
    ];
    await visit.close();
    assert.equal((await result(world, link, "abandoned")).outcome, "abandoned");
    await other.keep();
    assert.equal((await third.cancel()).code, "session_completed");
    assert.deepEqual([(await world.ledger()).length, (await row(world)).outcome], [1, "abandoned"]);
    assert.equal((await result(world, link, "retained")).outcome, "abandoned");
  });

  it("takes a decision that arrives with the delivery token of a page that is gone", async () => {
    const world = await open({ settings });
    const link = await makeLink(world);
    const visit = await followed(world, link);
    const { deliveryToken } = visit.config.session;
    visit.leave().act({ type: "confirm" });
    const reply = await world.request("/v1/widget/decision", {
      token: deliveryToken ?? "",
      json: visit.decision(),
    });
    assert.equal(settled(reply).outcome, "cancelled");
    assert.deepEqual(world.billing.calls, []);
    assert.equal((await result(world, link, "cancelled")).outcome, "churned");
  });

  it("settles a decision whose request died before it was answered", async () => {
    const world = await open({ settings });
    const link = await makeLink(world);
    const visit = await followed(world, link);
    const { store } = world.deps;
    // The third transaction of a decision is the one that writes down how it ended.
    world.deps.store = before(store, async (each) => {
      if (each === 3) throw new Error("the process died");
    });
    assert.equal((await visit.cancel()).status, 500);
    world.deps.store = store;
    assert.equal((await result(world, link, "abandoned")).outcome, "churned");
    assert.equal((await row(world)).outcome, "cancelled");
  });

  it("waits for a decision that comes in while the books are being read", async () => {
    const world = await open({ settings });
    const link = await makeLink(world);
    const visit = await followed(world, link);
    const { store } = world.deps;
    // In between: the first two transactions of a decision, and not the one that writes down how it ended.
    world.deps.store = before(store, async (each) => {
      if (each === 1) assert.equal((await visit.cancel()).status, 500);
      if (each === 4) throw new Error("the process died");
    });
    assert.equal((await result(world, link, "abandoned", { final: true })).outcome, "churned");
    assert.equal((await row(world)).outcome, "cancelled");
    world.deps.store = store;
  });

  it("checks the return URL again: where a host is not listed any more nobody is sent", async () => {
    const world = await open({ settings: { returnHosts: ["shop.example"] } });
    const link = await makeLink(world);
    settled(await (await followed(world, link)).cancel());
    const { workspaceId } = world.scope;
    const { store } = world.deps;
    const before = (await store.workspace(workspaceId))?.settings ?? assert.fail();
    await store.updateWorkspace(workspaceId, { settings: { ...before, returnHosts: ["other.example"] } });
    const { status, code } = await goBack(world, link, "cancelled");
    assert.deepEqual([status, code], [400, "return_url_not_allowed"]);
    const makeNow = async (more = {}) => {
      await store.updateWorkspace(workspaceId, { settings: before });
      return makeLink(world, more);
    };
    const shown = await page(world, link);
    assert.equal(shown.status, 410);
    assert.match(shown.text, /This link cannot be used any more/);
    assert.match(shown.text, /help@papercrane\.example/);
    assert.ok(
      world.log.some((line) => line.includes('"code":"return_url_not_allowed"') && line.includes(link.id)),
    );
    // Nothing could come of what would be decided here; but who cancels at billing is not kept from it.
    const [other, atBilling] = [await makeNow(), await makeNow({ customerId: john })];
    await store.updateWorkspace(workspaceId, { settings: { ...before, returnHosts: ["other.example"] } });
    assert.equal((await page(world, other)).status, 410);
    assert.equal((await page(world, atBilling)).status, 200);
    await store.updateWorkspace(workspaceId, { settings: before });
    assert.equal((await result(world, link, "cancelled")).outcome, "churned");
  });

  it("stays open in a workspace that is read-only by now", async () => {
    const world = await open({ settings });
    const link = await makeLink(world);
    await world.deps.store.updateWorkspace(world.scope.workspaceId, { status: "read_only" });
    settled(await (await followed(world, link)).cancel());
    assert.equal((await result(world, link, "cancelled")).outcome, "churned");
  });

  it("of a link that is carried out at billing: it is done, and the result says so", async () => {
    const world = await open({ settings });
    const link = await makeLink(world, { customerId: john });
    const visit = await followed(world, link);
    assert.equal(visit.config.subscription.id, ids.monthly);
    settled(await visit.cancel());
    assert.notEqual((await world.billed(ids.monthly)).cancelAt, undefined);
    const claims = await agreed(world, link, "cancelled");
    assert.deepEqual([claims.sub, claims.outcome], ["user_123", "churned"]);
    assert.deepEqual(
      (await world.effects()).map(({ type }) => type),
      ["cancel"],
    );
  });

  it("of one that billing has not confirmed yet: decided all the same", async () => {
    const world = await open({ settings });
    const link = await makeLink(world, { customerId: john });
    const visit = await followed(world, link);
    const silent = { when: "before", throws: "unknown" } as const;
    world.billing.plan = { execute: silent, readBack: silent };
    assert.equal(settled(await visit.cancel()).status, "requested");
    assert.equal((await agreed(world, link, "cancelled")).outcome, "churned");
  });

  it("of who stayed, began again and then closed the page: they have stayed", async () => {
    const world = await open({ settings });
    const link = await makeLink(world, { customerId: john });
    const visit = await followed(world, link);
    visit.select("too_expensive").next();
    settled(await visit.accept());
    const again = await world.visit(visit.token, "?restart=1");
    assert.notEqual(again.session, visit.session);
    await again.close();
    const claims = await result(world, link, "abandoned");
    assert.deepEqual([claims.outcome, claims.offer.accepted], ["recovered", true]);
  });
});

onEachStore("A customer of a link who falls silent", ({ open }) => {
  it("counts as gone, without billing being asked, and is welcome until the link expires", async () => {
    const world = await open({ settings });
    const link = await makeLink(world);
    await (await followed(world, link)).select("other").send();
    world.pass(30 * MINUTE + 1);
    assert.equal(await sweepIdle(world.deps), 1);
    assert.equal((await row(world)).outcome, "abandoned");
    assert.deepEqual(world.billing.calls, []);
    settled(await (await followed(world, link)).cancel());
    assert.equal((await result(world, link, "cancelled")).outcome, "churned");
  });
});

import { expect, waitUntil } from "@open-wc/testing";
import type { SubscriptionHub } from "../../src/components/subscription-hub.ts";
import type { Reply } from "../fixtures/fake-server.ts";
import { settlements, subscription, usual } from "../fixtures/flows.ts";
import {
  arrived,
  cards,
  change,
  closeHubs,
  hubButton,
  hubOf,
  hubRoot,
  hubServer,
  hubText,
  subscriptions,
} from "../fixtures/hub.ts";
import { focused, serve } from "../fixtures/open.ts";
import { settle } from "../fixtures/settle.ts";
import { exchanging, Site } from "./exchange.ts";
import {
  begun,
  boxes,
  cancelled,
  confirm,
  container,
  cornerOf,
  create,
  dialogOf,
  dialogs,
  gone,
  kept,
  leave,
  recorder,
  thrown,
} from "./page.ts";

const one = hubOf([subscription]);
const two = hubOf([subscription, change("sub_2", "Studio")]);
const ending = hubOf([{ ...subscription, cancelAt: subscriptions.ending.cancelAt }]);

const innerOf = (wrapper: Element) => wrapper.firstElementChild as SubscriptionHub;

/** A hub that shows what its server has answered, and the server of its flows. */
async function mounted(wrapper: HTMLElement): Promise<SubscriptionHub> {
  const hub = innerOf(wrapper);
  await waitUntil(() => hub.shadowRoot, "the hub is not known");
  await arrived(hub);
  return hub;
}

/** Presses the cancel button of a subscription and waits for the first step. */
async function press(hub: SubscriptionHub, nth = 0) {
  hubButton(hub, "Cancel subscription", nth).click();
  await waitUntil(() => dialogs().length, "no dialog");
  return begun();
}

describe("mountSubscriptionHub, by session id", () => {
  // In this order: what was put before what is taken away last.
  afterEach(async () => {
    await leave();
    closeHubs();
  });

  it("6: refuses what is no subscription session", () => {
    container("a");
    for (const id of ["ret_x", "", "SUB_x", "r10_x"]) {
      expect(thrown(() => create().mountSubscriptionHub("a", id))).to.equal(
        `Error: Invalid sessionId: ${id}. Expected a subscription session ID.`,
      );
    }
    expect(document.getElementById("a")?.children.length).to.equal(0);
  });

  it("7: refuses an element that is not there, after a wrong session", () => {
    expect(thrown(() => create().mountSubscriptionHub("missing", "sub_x"))).to.equal(
      "Error: Element with id missing not found",
    );
    expect(thrown(() => create().mountSubscriptionHub("missing", "ret_x"))).to.contain("Invalid sessionId");
  });

  it("8: getSubscriptionHubUrl names the hosted page, and refuses what is no subscription session", () => {
    const renumerate = create({ apiUrl: "https://api.example.com/" });
    expect(renumerate.getSubscriptionHubUrl("sub_x")).to.equal(
      "https://api.example.com/subs?session_id=sub_x",
    );
    expect(new URL(renumerate.getSubscriptionHubUrl("sub_a&x=1#y")).searchParams.get("session_id")).to.equal(
      "sub_a&x=1#y",
    );
    expect(thrown(() => renumerate.getSubscriptionHubUrl("ret_x"))).to.equal(
      "Error: Invalid sessionId: ret_x. Expected a subscription session ID.",
    );
  });

  it("20, 21: returns the wrapper with the known classes, and the hub in it", async () => {
    const server = hubServer(one);
    const element = container("a");
    element.innerHTML = "<p>Before</p>";
    const wrapper = create().mountSubscriptionHub("a", "sub_x");
    expect(wrapper.parentElement === element).to.equal(true);
    expect(element.children.length).to.equal(2);
    expect([wrapper.localName, wrapper.className]).to.deep.equal(["div", "renumerate-subscription-hub"]);
    const hub = await mounted(wrapper);
    expect(hub.className).to.equal("renumerate-subscription-hub-iframe");
    expect(cards(hub)[0]?.[0]).to.equal("Team");
    expect(server.calls[0]?.token).to.equal("sub_x");
    const other = create().mountSubscriptionHub("a", "sub_x", "outer wide", "inner");
    expect([other.className, innerOf(other).className]).to.deep.equal(["outer wide", "inner"]);
  });

  it("26: a finished flow makes the hub read again what holds, and so does one that was left", async () => {
    const server = hubServer(one);
    serve(usual);
    container("a");
    const hub = await mounted(create().mountSubscriptionHub("a", "sub_x"));
    await press(hub);
    cornerOf().click();
    await waitUntil(() => server.calls.length === 2, "not read again after leaving");
    await arrived(hub);
    server.answer = ending;
    await cancelled(await press(hub));
    cornerOf().click();
    await waitUntil(() => cards(hub)[0]?.[1]?.startsWith("Ends on"), "the hub shows what was");
    expect(server.calls.length).to.equal(3);
    expect(focused() && hubRoot(hub).contains(focused())).to.equal(true);
  });

  it("26: a flow in which nothing can be decided any more makes it read again, too", async () => {
    const server = hubServer(one);
    serve({ ...usual, subscription: { ...usual.subscription, cancelAt: subscriptions.ending.cancelAt } });
    container("a");
    const hub = await mounted(create().mountSubscriptionHub("a", "sub_x"));
    server.answer = ending;
    await press(hub);
    cornerOf().click();
    await waitUntil(() => cards(hub)[0]?.[1]?.startsWith("Ends on"), "the hub shows what was");
  });

  it("30: updateConfig reaches a hub that is there", async () => {
    hubServer({ status: 404, code: "customer_not_found" });
    container("a");
    const renumerate = create();
    const hub = await mounted(renumerate.mountSubscriptionHub("a", "sub_x"));
    expect(hubText(hub)).not.to.contain("@");
    renumerate.updateConfig({ fallbackEmail: "new@example.com" });
    await hub.refresh();
    expect(hubText(hub)).to.contain("new@example.com");
  });

  it("the session id is not in the markup of the page", async () => {
    hubServer(one);
    container("a");
    await mounted(create().mountSubscriptionHub("a", "sub_secret"));
    expect(document.documentElement.outerHTML).not.to.contain("sub_secret");
  });

  it("26: closed while billing is asked, it reads again when billing has answered", async () => {
    const server = hubServer(one);
    const answer = Promise.withResolvers<Reply>();
    const flows = serve(usual, answer.promise).server;
    container("a");
    const hub = await mounted(create().mountSubscriptionHub("a", "sub_x"));
    await confirm(await press(hub));
    await waitUntil(() => flows.decisions.length, "billing is not asked");
    cornerOf().click();
    server.answer = ending;
    answer.resolve({ body: settlements.cancelled });
    await waitUntil(() => cards(hub)[0]?.[1]?.startsWith("Ends on"), "the hub shows what was");
  });

  it("27: its cancel button opens the dialog with its session, its subscription and its callbacks", async () => {
    hubServer(two);
    const { server } = serve(usual);
    container("a");
    const { calls, callbacks } = recorder();
    const hub = await mounted(create().mountSubscriptionHub("a", "sub_x", "", "", callbacks));
    await cancelled(await press(hub, 1));
    expect(dialogOf().matches(":modal")).to.equal(true);
    expect(document.querySelectorAll("renumerate-retention-modal").length).to.equal(1);
    expect(server.flows[0]?.token).to.equal("sub_x");
    expect(server.flows[0]?.body.subscription_id).to.equal("sub_2");
    cornerOf().click();
    expect(calls).to.deep.equal(["cancelled", "complete:cancelled"]);
  });

  it("61, 62: the configuration's callbacks, key by key, and they survive dialogs", async () => {
    hubServer(one);
    serve(usual, settlements.kept);
    const all = recorder("all");
    const own = recorder("own");
    container("a");
    const renumerate = create({ callbacks: all.callbacks });
    const { onRetained } = own.callbacks;
    const hub = await mounted(
      renumerate.mountSubscriptionHub("a", "sub_x", undefined, undefined, { onRetained }),
    );
    for (let times = 0; times < 2; times++) {
      await kept(await press(hub));
      cornerOf().click();
      await arrived(hub);
      renumerate.showRetentionView("ret_other", recorder().callbacks).close();
      await gone();
    }
    expect(own.calls).to.deep.equal(["own retained", "own retained"]);
    expect(all.calls).to.deep.equal(["all complete:retained", "all complete:retained"]);
  });

  it("62: two instances and two hubs each on one page keep their own callbacks and their own data", async () => {
    const server = hubServer(({ token }) => hubOf([change(token, "Team")]));
    const flows = serve(usual).server;
    const hubs: [SubscriptionHub, string[]][] = [];
    for (const name of ["a", "b"]) {
      const renumerate = create({ callbacks: recorder("nobody").callbacks });
      for (const id of [`${name}1`, `${name}2`]) {
        container(id);
        const { calls, callbacks } = recorder(id);
        const wrapper = renumerate.mountSubscriptionHub(id, `sub_${id}`, "", "", callbacks);
        hubs.push([await mounted(wrapper), calls]);
      }
    }
    for (const [hub] of [...hubs, ...hubs]) {
      const modal = await press(hub);
      flows.decision = settlements.kept;
      await kept(modal);
      cornerOf().click();
      await arrived(hub);
    }
    expect(hubs.map(([, calls]) => calls)).to.deep.equal(
      ["a1", "a2", "b1", "b2"].map((id) => [
        `${id} retained`,
        `${id} complete:retained`,
        `${id} retained`,
        `${id} complete:retained`,
      ]),
    );
    expect(new Set(flows.flows.map(({ token, body }) => [token, body.subscription_id].join())).size).to.equal(
      4,
    );
    // Each has read for itself, and for nobody else: at first and after each flow.
    await waitUntil(() => server.calls.length === 12, "not read again");
    const bearers = server.calls.map(({ token }) => token);
    for (const [hub] of hubs) expect(bearers.filter((each) => each === hub.sessionId).length).to.equal(3);
  });

  it("63: when the service is down it says so at once, with the address, and tries again when asked", async () => {
    const server = hubServer("offline");
    container("a");
    const hub = await mounted(
      create({ fallbackEmail: "support@example.com" }).mountSubscriptionHub("a", "sub_x"),
    );
    await waitUntil(() => hubText(hub).includes("support@example.com"), "no address");
    server.answer = one;
    hubButton(hub, "Try again").click();
    await waitUntil(() => cards(hub).length, "no subscription");
    expect(boxes()).to.deep.equal([]);
  });

  it("33: cleanup empties hubs, ends what they would open, and leaves their wrappers", async () => {
    const server = hubServer(one);
    serve(usual);
    container("a");
    const { calls, callbacks } = recorder();
    const renumerate = create({ callbacks });
    const wrapper = renumerate.mountSubscriptionHub("a", "sub_x");
    const hub = await mounted(wrapper);
    await press(hub);
    renumerate.cleanup();
    await settle();
    expect([wrapper.isConnected, wrapper.children.length, dialogs().length]).to.deep.equal([true, 0, 0]);
    expect([calls.length, server.calls.length]).to.deep.equal([0, 1]);

    renumerate.initialize();
    container("b");
    await kept(await press(await mounted(renumerate.mountSubscriptionHub("b", "sub_x")))).catch(() => {});
    expect(dialogOf().open).to.equal(true);
  });

  it("a hub that the page has taken away meanwhile does no harm", async () => {
    hubServer(one);
    serve(usual);
    container("a");
    const { calls, callbacks } = recorder();
    const wrapper = create({ callbacks }).mountSubscriptionHub("a", "sub_x");
    const modal = await press(await mounted(wrapper));
    wrapper.remove();
    await cancelled(modal);
    cornerOf().click();
    await settle();
    expect(calls).to.deep.equal(["cancelled", "complete:cancelled"]);
  });

  it("a listener of the page that opens the flow itself is not disturbed", async () => {
    hubServer(one);
    serve(usual);
    container("a");
    const wrapper = create().mountSubscriptionHub("a", "sub_x");
    const hub = await mounted(wrapper);
    wrapper.addEventListener("renumerate-cancel-request", (event) => event.stopPropagation(), true);
    hubButton(hub, "Cancel subscription").click();
    await settle();
    expect(document.querySelectorAll("dialog.renumerate-dialog").length).to.equal(0);
  });
});

describe("mountSubscriptionHub, with getAuthToken", () => {
  afterEach(async () => {
    await leave();
    closeHubs();
  });

  it("53, 69: it and its flows are of whoever is signed in, and it is made by one exchange", async () => {
    const exchange = exchanging();
    const server = hubServer(one);
    const flows = serve(usual).server;
    container("a");
    const site = new Site("cus_1");
    const renumerate = create({ getAuthToken: site.getAuthToken });
    const hub = await mounted(await renumerate.mountSubscriptionHub("a"));
    await press(hub);
    expect(flows.flows[0]?.token).to.equal("r10_1");
    expect(flows.flows[0]?.body.subscription_id).to.equal("sub_1");
    expect(exchange.asked.length).to.equal(1);
    site.customer = "cus_2";
    cornerOf().click();
    await waitUntil(() => server.calls.length === 2, "not read again");
    expect(server.calls.map(({ token }) => token)).to.deep.equal(["r10_1", "r10_2"]);
  });

  it("63: an exchange that fails is said in the hub, with the address and a way to try again", async () => {
    const exchange = exchanging();
    hubServer(one);
    exchange.answer = () => new Response("", { status: 500 });
    container("a");
    const site = new Site("cus_1");
    const renumerate = create({ getAuthToken: site.getAuthToken, fallbackEmail: "support@example.com" });
    const hub = await mounted(await renumerate.mountSubscriptionHub("a"));
    await waitUntil(() => hubText(hub).includes("support@example.com"), "no address");
    renumerate.updateConfig({ getAuthToken: () => Promise.reject(new Error("no")) });
    hubButton(hub, "Try again").click();
    await waitUntil(() => hubText(hub).includes("support@example.com"), "no address");
  });
});

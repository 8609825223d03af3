import assert from "node:assert/strict";
import { after, afterEach, before, describe, it } from "node:test";
import { AxeBuilder } from "@axe-core/playwright";
import type { FrameLocator, Page } from "playwright-core";
import { heardBy, hubIn, type Message, openShop, retentionIn, type Shop, wordsTo } from "./client-double.ts";
import { createWorld, until, type Visit, type Visitor, type World } from "./harness.ts";

const LEAVE = "Cancel subscription";
const EMAIL = "help@papercrane.example";

type Shown = Page | FrameLocator;
const press = (shown: Shown, name: string) => shown.getByRole("button", { name, exact: true }).click();
const heading = (shown: Shown, name: string | RegExp) => shown.getByRole("heading", { name }).waitFor();

/** From the first step to the words that it is done. */
async function cancel(shown: Shown): Promise<void> {
  await heading(shown, "Why would you like to cancel?");
  await press(shown, LEAVE);
  await heading(shown, "Confirm your cancellation");
  await press(shown, LEAVE);
  await heading(shown, "Your subscription is cancelled");
}

/** Style sheets wait, too. */
const letTimePass = () => {
  for (const each of document.getAnimations()) each.finish();
};

describe("the hosted pages", () => {
  let world: World;
  let shop: Shop;
  let visitor: Visitor | undefined;
  before(async () => {
    world = await createWorld();
    await world.renumerate("workspace", "set", "--name", "Papercrane", "--fallback-email", EMAIL);
    shop = await openShop(world.url);
  });
  after(async () => {
    await shop.close();
    await world.close();
  });
  afterEach(() => visitor?.close());

  /** A page of a customer; it has not been anywhere yet. */
  async function tab(browser: Visit["browser"] = {}): Promise<Page> {
    visitor = await world.visit({ customer: "cus_tom", browser });
    visitor.page.setDefaultTimeout(10_000);
    return visitor.page;
  }

  async function mint(
    customer: string,
    kind: "retention" | "subscription" = "subscription",
  ): Promise<string> {
    const response = await fetch(`${world.url}/v1/${kind}/session`, {
      method: "POST",
      headers: { "Content-Type": "application/json", "X-Brand-Key": world.privateKey },
      body: JSON.stringify({ [kind]: { customer_id: customer } }),
    });
    return ((await response.json()) as { id: string }).id;
  }

  /** What a flow is about if nobody says anything. */
  async function firstOf(session: string): Promise<string> {
    const headers = { Authorization: `Bearer ${session}` };
    const flow = await (await fetch(`${world.url}/v1/widget/flow`, { headers })).json();
    return (flow as { subscription: { id: string } }).subscription.id;
  }

  const said = (from: Message["from"], type: string, data: object = {}): Message => ({
    from,
    origin: world.url,
    type,
    data,
  });

  describe("in a frame of a client", () => {
    it("a customer cancels, and the client hears so", async () => {
      const page = await tab();
      await shop.embed(page, "/retention", `session_id=${await mint("cus_NffrFeUfNV2Hib", "retention")}`);
      const flow = retentionIn(page);
      await cancel(flow);
      assert.deepEqual(await wordsTo(page), [
        said("retention", "on-cancelled"),
        said("retention", "on-complete"),
      ]);
      await press(flow, "Done");
      await page.locator("dialog").waitFor({ state: "detached" });
      assert.deepEqual((await wordsTo(page)).slice(2), [said("retention", "close-dialog")]);
      assert.ok((await world.subscription("sub_1MowQVLkdIwHu7ixeRlqHVzs")).cancelAt);
      assert.deepEqual(visitor?.faults, []);
    });

    it("a customer stays, and the client hears so", async () => {
      const page = await tab();
      await shop.embed(page, "/retention", `session_id=${await mint("cus_amara", "retention")}`);
      const flow = retentionIn(page);
      await press(flow, "Keep subscription");
      await heading(flow, "Your subscription continues");
      await press(flow, "Done");
      await page.locator("dialog").waitFor({ state: "detached" });
      assert.deepEqual(await wordsTo(page), [
        said("retention", "on-retained"),
        said("retention", "on-complete"),
        said("retention", "close-dialog"),
      ]);
      assert.equal((await world.subscription("sub_amara_pro_annual")).cancelAt, undefined);
    });

    it("a flow that nobody takes away when it is done goes on to say how it ended", async () => {
      const page = await tab();
      await shop.embed(page, "/retention", `session_id=${await mint("cus_amara", "retention")}`, "silent");
      const flow = retentionIn(page);
      await press(flow, "Keep subscription");
      await press(flow, "Done");
      await flow.getByRole("button", { name: "Done" }).waitFor({ state: "detached" });
      await heading(flow, "Your subscription continues");
    });

    it("the frame is as high as what is in it, and is told of a height once", async () => {
      const page = await tab();
      await page.setViewportSize({ width: 900, height: 1200 });
      await shop.embed(page, "/retention", `session_id=${await mint("cus_amara", "retention")}`);
      const flow = retentionIn(page);
      await heading(flow, "Why would you like to cancel?");
      const root = flow.locator("html");
      await until(() => root.evaluate((html) => html.scrollHeight <= html.clientHeight));
      await press(flow, LEAVE);
      await heading(flow, "Confirm your cancellation");
      const body = flow.locator("body");
      await until(() =>
        body.evaluate((each) => Math.ceil(each.getBoundingClientRect().height) === innerHeight),
      );
      const told = (await heardBy(page)).filter(({ type }) => type === "resize");
      assert.ok(told.length > 1 && told.length < 10, `${told.length} times`);
      for (const [index, { from, origin, data }] of told.entries()) {
        const { iframe, height } = data as { iframe: string; height: number };
        assert.deepEqual([from, origin, iframe], ["retention", world.url, "retention"]);
        assert.ok(Number.isInteger(height) && height > 100, `${height} px`);
        assert.notDeepEqual(data, told[index - 1]?.data);
      }
    });

    const requests = [
      ["older", "Team", "sub_lucia_team"],
      ["client", "Basic", "sub_lucia_basic"],
    ] as const;
    for (const [manner, plan, subscriptionId] of requests) {
      it(`a hub asks it for the flow of one subscription (${manner}), and then shows what holds`, async () => {
        const page = await tab();
        const sessionId = await mint("cus_lucia");
        const first = await firstOf(sessionId);
        assert.equal(first === subscriptionId, manner === "client", first);
        await shop.embed(page, "/subs", `session_id=${sessionId}`, manner);
        const hub = hubIn(page);
        const card = hub.locator("article").filter({ has: hub.getByRole("heading", { name: plan }) });
        await card.getByRole("button", { name: LEAVE }).click();
        const flow = retentionIn(page);
        await cancel(flow);
        await press(flow, "Done");
        await card.getByText(/^Ends on /).waitFor();
        assert.deepEqual(await wordsTo(page), [
          said("subscription", "cancel-subscription", { sessionId, subscriptionId }),
          said("retention", "on-cancelled"),
          said("retention", "on-complete"),
          said("retention", "close-dialog"),
        ]);
        assert.ok((await world.subscription(subscriptionId)).cancelAt);
        assert.equal(
          (await world.subscription("sub_lucia_basic")).cancelAt === undefined,
          manner === "older",
        );
      });
    }

    for (const manner of ["dialog", "accepts"] as const) {
      it(`a hub leaves the flow to a page that takes over (${manner})`, async () => {
        const page = await tab();
        await page.clock.install();
        await shop.embed(page, "/subs", `session_id=${await mint("cus_tom")}`, manner);
        const hub = hubIn(page);
        await press(hub, LEAVE);
        await until(async () => (await wordsTo(page)).length > 0);
        await page.clock.runFor(2_000);
        assert.equal(await hub.getByRole("dialog").count(), 0);
      });
    }

    it("a hub opens the flow itself where nobody listens", async () => {
      const page = await tab();
      await shop.embed(page, "/subs", `session_id=${await mint("cus_tom")}`, "silent");
      const hub = hubIn(page);
      await press(hub, LEAVE);
      const dialog = hub.getByRole("dialog") as unknown as Shown;
      await cancel(dialog);
      await press(dialog, "Done");
      await hub.getByText(/^Ends on /).waitFor();
      assert.ok((await world.subscription("sub_tom_pro")).cancelAt);
      assert.deepEqual(
        (await wordsTo(page)).map(({ type }) => type),
        ["cancel-subscription", "on-cancelled", "on-complete"],
      );
    });
  });

  describe("where something is wrong", () => {
    for (const [path, iframe] of [
      ["/retention", "retention"],
      ["/subs", "subscription"],
    ] as const) {
      it(`${path} tells the customer and the client of a session that does not hold`, async () => {
        const page = await tab();
        const id = await mint("cus_zoe");
        await shop.embed(page, path, `session_id=${id.slice(0, -3)}AAA`);
        const frame = path === "/subs" ? hubIn(page) : retentionIn(page);
        await heading(frame, "This page has been open for too long");
        await until(async () => (await wordsTo(page)).length > 0);
        assert.deepEqual(await wordsTo(page), [said(iframe, "catastrophic-failure", { iframe })]);
      });
    }

    it("the client hears once of a flow that cannot be had", async () => {
      const page = await tab();
      const query = `session_id=${await mint("cus_zoe")}&subscription_id=sub_nobodys`;
      await shop.embed(page, "/retention", query);
      await heading(retentionIn(page), "This is not working right now");
      await until(async () => (await wordsTo(page)).length > 0);
      assert.deepEqual(await wordsTo(page), [
        said("retention", "catastrophic-failure", { iframe: "retention" }),
      ]);
    });

    it("a failure that may pass is the frame's own, with a way on", async () => {
      const page = await tab();
      let asked = 0;
      await page.route("**/v1/widget/flow*", (route) => {
        asked++;
        return route.abort();
      });
      await shop.embed(page, "/retention", `session_id=${await mint("cus_zoe")}`);
      const flow = retentionIn(page);
      for (let times = 0; times < 2; times++) {
        await heading(flow, "This is not working right now");
        await flow.getByRole("link", { name: EMAIL }).waitFor();
        const before = asked;
        await press(flow, "Try again");
        await until(async () => asked > before);
      }
      await heading(flow, "This is not working right now");
      await page.unroute("**/v1/widget/flow*");
      await press(flow, "Try again");
      await heading(flow, "Why would you like to cancel?");
      assert.deepEqual(await wordsTo(page), []);
    });

    it("a page whose code does not come says whom to write to, and can try again", async () => {
      const page = await tab();
      await page.route("**/embed.js", (route) => route.abort());
      await shop.embed(page, "/retention", `session_id=${await mint("cus_zoe")}`);
      const flow = retentionIn(page);
      await heading(flow, "This is not working right now");
      const link = flow.getByRole("link", { name: EMAIL });
      assert.match((await link.getAttribute("href")) ?? "", /^mailto:help@papercrane\.example\?subject=/);
      await page.unroute("**/embed.js");
      await press(flow, "Try again");
      await heading(flow, "Why would you like to cancel?");
      assert.equal(await link.count(), 0);
      assert.deepEqual(await wordsTo(page), []);
    });

    it("a page whose own script does not come says so by itself, after a while", async () => {
      const page = await tab();
      await page.route("**/hosted.js", (route) => route.abort());
      await page.goto(`${world.url}/retention?session_id=${await mint("cus_zoe")}`);
      const trouble = page.getByRole("heading", { name: "This is not working right now" });
      assert.equal(await trouble.count(), 0);
      await page.evaluate(letTimePass);
      await trouble.waitFor();
      await page.getByRole("link", { name: EMAIL }).waitFor();
    });

    it("a page that works says nothing of that kind, however long it is open", async () => {
      const page = await tab();
      await page.goto(`${world.url}/retention?session_id=${await mint("cus_zoe")}`);
      await heading(page, "Why would you like to cancel?");
      await page.evaluate(letTimePass);
      assert.equal(await page.getByRole("link", { name: EMAIL }).count(), 0);
    });

    it("a page without scripts says whom to write to, in the customer's language", async () => {
      const page = await tab({ javaScriptEnabled: false, locale: "fr-FR" });
      await page.goto(`${world.url}/retention?session_id=${await mint("cus_zoe")}`);
      await heading(page, "Cela ne fonctionne pas pour le moment");
      await page.getByRole("link", { name: EMAIL }).waitFor();
      assert.equal(await page.getByRole("button").count(), 0);
    });

    it("a page of an origin that the workspace does not list gets no frame", async () => {
      const foreign = await openShop(world.url, "127.0.0.1");
      await world.renumerate("workspace", "set", "--allowed-origins", "http://localhost:*");
      const page = await tab();
      const refused = page.waitForEvent("console", (each) => /frame-ancestors/.test(each.text()));
      await foreign.embed(page, "/retention", `session_id=${await mint("cus_zoe")}`);
      await refused;
      assert.equal(await retentionIn(page).getByRole("heading").count(), 0);
      assert.deepEqual(await heardBy(page), []);
      await foreign.close();
      await shop.embed(page, "/retention", `session_id=${await mint("cus_zoe")}`);
      await heading(retentionIn(page), "Why would you like to cancel?");
    });
  });

  describe("by themselves", () => {
    it("a hub opens its own dialog, and then shows what holds", async () => {
      const page = await tab();
      await page.goto(`${world.url}/subs?session_id=${await mint("cus_eleanor")}`);
      assert.equal(await page.title(), "Your subscription · Papercrane");
      await press(page, LEAVE);
      const dialog = page.getByRole("dialog") as unknown as Shown;
      await cancel(dialog);
      await press(dialog, "Done");
      await page.getByText(/^Ends on /).waitFor();
      assert.deepEqual(visitor?.faults, []);
    });

    it("a flow leads back to where the customer came from", async () => {
      const page = await tab();
      const from = page.url();
      await page.goto(`${world.url}/retention?session_id=${await mint("cus_noah", "retention")}`);
      assert.equal(await page.title(), "Cancel subscription · Papercrane");
      await cancel(page);
      await press(page, "Done");
      await page.waitForURL(from);
    });

    it("no address that is asked for after the first holds the session, nor does the page", async () => {
      const page = await tab();
      const asked: string[] = [];
      page.on("request", (request) => {
        if (request.url().startsWith(world.url)) asked.push(request.url(), request.headers().referer ?? "");
      });
      const session = await mint("cus_eleanor");
      const first = `${world.url}/subs?session_id=${session}`;
      await page.goto(first);
      await heading(page, "Your subscription");
      assert.equal(page.url(), `${world.url}/subs`);
      assert.deepEqual(asked.splice(0, 2), [first, ""]);
      assert.match(asked[0] ?? "", /\/subs\?ticket=tkt_/);
      assert.ok(asked.length > 6);
      for (const each of asked) assert.ok(!each.includes(session.slice(-20)), each);
      assert.ok(!(await page.content()).includes(session.slice(-20)));
    });

    it("the tab is never at an address that holds the session, however often it is loaded", async () => {
      const page = await tab();
      const visited: string[] = [];
      const sent: string[] = [];
      page.on("framenavigated", (frame) => visited.push(frame.url()));
      page.on("request", (request) => {
        if (request.url().startsWith(world.url)) sent.push(request.url());
      });
      const session = await mint("cus_eleanor");
      const holds = (address: string) => address.includes(session.slice(-20));
      await page.goto(`${world.url}/subs?session_id=${session}&locale=en-GB`);
      await heading(page, "Your subscription");
      assert.equal(sent.filter(holds).length, 1);
      await page.reload();
      // The language stays: whoever leaves for another page and comes back is not asked again.
      await page.waitForURL(`${world.url}/subs?locale=en-GB`);
      await heading(page, "Your subscription");
      assert.equal(await page.locator("html").getAttribute("lang"), "en-GB");
      assert.deepEqual(visited.filter(holds), []);
      const tickets = visited.filter((each) => each.includes("ticket="));
      assert.equal(new Set(tickets).size, 2, visited.join("\n"));
      assert.equal(page.url(), `${world.url}/subs?locale=en-GB`);
      assert.equal(await page.locator("[data-session]").count(), 0);
      assert.deepEqual(visitor?.faults, []);
    });

    it("a flow is about the subscription that its link names", async () => {
      const page = await tab();
      const session = await mint("cus_lucia", "retention");
      const [one, other] = ["sub_lucia_basic", "sub_lucia_team"];
      const meant = (await firstOf(session)) === one ? other : one;
      const asked = page.waitForRequest("**/v1/widget/flow*");
      await page.goto(`${world.url}/retention?session_id=${session}&subscription_id=${meant}`);
      assert.equal((await asked).postDataJSON().subscription_id, meant);
    });

    it("can be loaded again, and come back to", async () => {
      const page = await tab();
      const from = page.url();
      await page.goto(`${world.url}/subs?session_id=${await mint("cus_eleanor")}&locale=en-GB`);
      const isThere = async () => {
        await heading(page, "Your subscription");
        assert.equal(page.url(), `${world.url}/subs?locale=en-GB`);
        assert.equal(await page.locator("html").getAttribute("lang"), "en-GB");
      };
      await isThere();
      await page.reload();
      await isThere();
      await page.goto(from);
      await page.goBack();
      await isThere();
    });

    it("know nobody by their bare address", async () => {
      const page = await tab();
      await page.goto(`${world.url}/subs?session_id=${await mint("cus_eleanor")}`);
      await heading(page, "Your subscription");
      await page.goto(`${world.url}/retention`);
      await heading(page, "This page has been open for too long");
    });

    for (const path of ["/retention", "/subs"] as const) {
      it(`${path} fits 320 to 1280 px and reads well, light and dark`, async () => {
        const page = await tab();
        const session = await mint("cus_amara");
        for (const colorScheme of ["light", "dark"] as const) {
          await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
          for (const width of [320, 768, 1280]) {
            await page.setViewportSize({ width, height: 800 });
            await page.goto(`${world.url}${path}?session_id=${session}`);
            await page.getByRole("button", { name: LEAVE }).waitFor();
            const over = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
            assert.ok(over <= 0, `${over} px too wide at ${width}`);
            const { violations } = await new AxeBuilder({ page }).analyze();
            assert.deepEqual(
              violations.map(({ id, nodes }) => `${id} ${nodes.map(({ html }) => html).join(" ")}`),
              [],
            );
          }
        }
      });
    }
  });
});

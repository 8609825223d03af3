/** The React components with session ids that the site's backend has made. */
import assert from "node:assert/strict";
import { after, afterEach, before, describe, it } from "node:test";
import {
  ANOTHER,
  closeDialog,
  dialogOf,
  LOOKER,
  leave,
  openSite,
  type ReactSite,
  type Visited,
} from "../fixtures/react/site.ts";

for (const version of ["19", "18"] as const) {
  describe(`React ${version} with session ids`, () => {
    let site: ReactSite;
    let visited: Visited | undefined;
    before(async () => {
      site = await openSite(version);
    });
    after(() => site.close());
    afterEach(() => visited?.close());

    const open: ReactSite["open"] = async (...args) => {
      visited = await site.open(...args);
      return visited;
    };
    const retention = (customer = site.customer()) => site.mint("retention", customer);
    const subscription = (customer = site.customer()) => site.mint("subscription", customer);
    const defaultButton = { name: "Cancel Subscription", exact: true };

    it("41: CancelButton renders a button of its class, which className replaces", async () => {
      const { page, heard } = await open({ scene: "button", ids: ["ret_unused"] });
      const button = page.getByRole("button", defaultButton);
      assert.equal(await button.getAttribute("type"), "button");
      assert.equal(await button.getAttribute("class"), "renumerate-cancel-btn");
      await page.evaluate(() => window.show({ scene: "attributes" }));
      const own = page.getByRole("button", { name: "Leave us" });
      assert.equal(await own.getAttribute("type"), "button");
      assert.equal(await own.getAttribute("class"), "own look");
      assert.equal(await own.getAttribute("title"), "Really");
      await page.locator("output", { hasText: "own" }).waitFor();
      await own.click();
      assert.deepEqual(await heard(), ["clicked"]);
      assert.equal(await dialogOf(page).count(), 0, "the site's own handler has prevented it");
    });

    it("43: open() of useRenumerate opens the dialog, and stays the same", async () => {
      const [first, second] = [await retention(LOOKER), await retention(ANOTHER)];
      const { page, heard } = await open({ scene: "hook", ids: [first] });
      await page.getByText("1 open, ready: true", { exact: true }).waitFor();
      for (const mark of ["a ", "b "]) await page.evaluate((mark) => window.show({ mark }), mark);
      await page.getByRole("button", { name: "Leave by hook" }).click();
      await dialogOf(page).getByRole("button", { name: "Cancel subscription" }).waitFor();
      await closeDialog(page);
      assert.deepEqual(await heard(), ["b hook complete"], "the callbacks that were rendered last");
      assert.equal(await page.locator("output").innerText(), "1 open, ready: true");
      await page.evaluate((id) => window.show({ ids: [id] }), second);
      await page.getByText("2 open, ready: true", { exact: true }).waitFor();
    });

    it("44: SubscriptionHub renders wrapper and hub with their classes", async () => {
      const { page, said, asked } = await open({ scene: "hub", ids: [await subscription(LOOKER)] });
      const outer = page.locator("div.renumerate-subscription-hub#first");
      const hub = outer.locator("> .renumerate-subscription-hub-iframe");
      await hub.getByRole("button", { name: "Cancel subscription" }).first().waitFor();
      await page.locator("div.outside > .inside").getByRole("button").first().waitFor();
      assert.equal(await page.locator("div.outside").getAttribute("class"), "outside");
      assert.equal(await page.locator("renumerate-subscription-hub").count(), 2);
      assert.equal(asked("/v1/widget/hub"), 2, "one request for each hub");
      assert.deepEqual(said, []);
    });

    it("44: SubscriptionHub throws on the id of a retention session", async () => {
      const { page } = await open({ scene: "refused", ids: ["ret_x"] });
      await page
        .getByRole("alert")
        .getByText("Invalid sessionId: ret_x. Expected a subscription session ID.")
        .waitFor();
    });

    it("says once that the hub's code does not come, and goes on when it does", async () => {
      const chunk = "**/subscription-hub-*.js";
      const { page } = await open(
        { scene: "hub", ids: [await subscription(LOOKER)] },
        { prepare: (page) => page.route(chunk, (route) => route.abort()) },
      );
      const first = page.locator("#first");
      const errors = first.getByRole("alert");
      await errors.getByRole("link", { name: "help@shop.example" }).waitFor();
      assert.equal(await errors.count(), 1);
      await page.unroute(chunk);
      await page.evaluate(() => window.show({ config: { ...window.given.config, debug: true } }));
      await first
        .getByRole("button", { name: /^Cancel subscription/ })
        .first()
        .waitFor();
      assert.equal(await first.locator("[hidden]").count(), 0);
      assert.equal(await errors.count(), 0);
    });

    it("45: in strict mode callbacks are called once for each event", async () => {
      const { page, heard, said } = await open({
        scene: "button",
        ids: [await retention()],
        only: ["onCancelled"],
      });
      await page.getByRole("button", defaultButton).click();
      await leave(page);
      assert.equal(await page.locator("dialog").count(), 1);
      await closeDialog(page);
      // The button has no onComplete of its own.
      assert.deepEqual(await heard(), ["button cancelled", "provider0 complete cancelled"]);
      assert.deepEqual(said, []);
      assert.equal(await page.evaluate(() => document.activeElement?.className), "renumerate-cancel-btn");
    });

    it("calls the callbacks that are rendered when something happens, not those of the opening", async () => {
      const { page, heard } = await open({ scene: "button", ids: [await retention()], only: ["onComplete"] });
      await page.getByRole("button", defaultButton).click();
      await dialogOf(page).getByRole("button", { name: "Cancel subscription" }).waitFor();
      await page.evaluate(() => window.show({ mark: "new ", only: ["onCancelled"] }));
      await leave(page);
      await closeDialog(page);
      assert.deepEqual(await heard(), ["new button cancelled", "new provider0 complete cancelled"]);
    });

    it("46: a changed configuration is used without a new mount", async () => {
      const { page } = await open({ scene: "button", ids: ["ret_unused"] });
      await page.route("**/v1/widget/flow*", (route) => route.abort("connectionrefused"));
      await page.getByRole("textbox").fill("typed before");
      const mailOf = async (config: { fallbackEmail?: string }) => {
        await page.evaluate(([config, apiUrl]) => window.show({ config: { apiUrl, ...config } }), [
          config,
          site.world.url,
        ] as const);
        await page.getByRole("button", defaultButton).click();
        const error = dialogOf(page).locator(".renumerate-error-content");
        await error.getByRole("heading", { name: "We're sorry!" }).waitFor();
        const links = await error.getByRole("link").allTextContents();
        await closeDialog(page);
        return links;
      };
      assert.deepEqual(await mailOf({ fallbackEmail: "one@shop.example" }), ["one@shop.example"]);
      assert.deepEqual(await mailOf({ fallbackEmail: "two@shop.example" }), ["two@shop.example"]);
      assert.deepEqual(await mailOf({}), [], "what is left out is gone");
      assert.equal(await page.getByRole("textbox").inputValue(), "typed before");
    });

    it("keeps two providers and their customers apart", async () => {
      const { page, heard, asked } = await open({
        scene: "two",
        ids: [await subscription(), await subscription()],
        only: ["onCancelled"],
      });
      const hub = (at: number) => page.getByRole("region", { name: `Customer ${at}` });
      const button = (at: number) =>
        hub(at)
          .getByRole("button", { name: /^Cancel subscription/ })
          .first();
      await button(1).waitFor();
      await button(0).click();
      await leave(page);
      await closeDialog(page);
      assert.deepEqual(await heard(), ["hub0 cancelled", "provider0 complete cancelled"]);

      const before = asked("/v1/widget/hub");
      await page.evaluate(() => window.show({ ids: ["", window.given.ids?.[1] as string] }));
      await hub(0).locator("renumerate-subscription-hub").waitFor({ state: "detached" });
      await button(1).click();
      await dialogOf(page).getByRole("button", { name: "Cancel subscription" }).waitFor();
      assert.equal(await page.locator("style[data-renumerate-dialog-styles]").count(), 1);
      const width = (await dialogOf(page).boundingBox())?.width ?? 0;
      assert.ok(width > 300 && width <= 480, "the look of the dialog is still there");
      await leave(page);
      await closeDialog(page);
      assert.deepEqual((await heard()).slice(2), ["hub1 cancelled", "provider1 complete cancelled"]);
      assert.ok(asked("/v1/widget/hub") > before, "the hub that is left reads its data back");
    });

    it("60, 62: two instances of the class and their hubs, and an application, keep their callbacks", async () => {
      const { page, heard } = await open({
        scene: "two",
        ids: [await subscription(LOOKER), await subscription(ANOTHER)],
      });
      await page.addScriptTag({ url: `${site.world.url}/renumerate.umd.js` });
      const ids = [await subscription(LOOKER), await subscription(ANOTHER)];
      await page.evaluate((ids) => {
        type Namespace = typeof import("../../src/index.ts");
        const { Renumerate } = (window as never as { Renumerate: Namespace }).Renumerate;
        for (const [at, id] of ids.entries()) {
          const section = document.createElement("section");
          section.id = section.ariaLabel = `class${at}`;
          document.body.append(section);
          const note = (name: string) => () => window.heard.push(`${name} complete`);
          const config = { publicKey: "pk", callbacks: { onComplete: note(`class${at}`) } };
          const own = at ? { onComplete: note("hub of class1") } : {};
          new Renumerate(config).mountSubscriptionHub(section.id, id, "", "", own);
        }
      }, ids);
      for (const name of ["class1", "Customer 0", "class0", "Customer 1"]) {
        const hub = page.getByRole("region", { name, exact: true });
        await hub
          .getByRole("button", { name: /^Cancel subscription/ })
          .first()
          .click();
        await dialogOf(page).getByRole("button", { name: "Keep subscription" }).waitFor();
        assert.equal(await page.locator("dialog.renumerate-dialog").count(), 1);
        await closeDialog(page);
      }
      const completed = (await heard()).filter((each) => each.includes("complete"));
      assert.deepEqual(
        completed.map((each) => each.replace(" abandoned", "")),
        ["hub of class1 complete", "provider0 complete", "class0 complete", "provider1 complete"],
      );
    });

    it("takes its own dialog away when it goes in the middle of a flow, and calls nobody", async () => {
      const { page, heard, said } = await open({ scene: "removable", ids: [await retention(LOOKER)] });
      await page.getByRole("button", defaultButton).click();
      await dialogOf(page).getByRole("button", { name: "Cancel subscription" }).waitFor();
      await page.evaluate(() => window.remove());
      await page.getByText("Gone").waitFor();
      assert.equal(await page.locator("dialog, style[data-renumerate-dialog-styles]").count(), 0);
      assert.equal(await page.evaluate(() => document.adoptedStyleSheets.length), 0);
      assert.equal(await page.evaluate(() => "RENUMERATE_INSTANCE" in window), false);
      assert.deepEqual(await heard(), []);
      assert.deepEqual(said, []);
    });

    it("lends the first provider's instance to scripts of the page, and never takes theirs", async () => {
      const { page, heard } = await open({ scene: "two", ids: ["sub_a", "sub_b"] });
      const id = await retention(LOOKER);
      await page.evaluate((id) => void window.RENUMERATE_INSTANCE?.showRetentionView(id), id);
      await dialogOf(page).getByRole("button", { name: "Cancel subscription" }).waitFor();
      await closeDialog(page);
      assert.deepEqual(await heard(), ["provider0 complete abandoned"]);
    });

    it("hears a message of a hosted hub once, however often it was mounted", async () => {
      const { page } = await open({ scene: "two", ids: ["sub_a", "sub_b"] });
      const id = await retention(LOOKER);
      await page.route(`${site.world.url}/framed`, (route) =>
        route.fulfill({ contentType: "text/html", body: "<title>Frame</title>" }),
      );
      await page.evaluate((url) => {
        const frame = document.createElement("iframe");
        frame.src = `${url}/framed`;
        document.body.append(frame);
      }, site.world.url);
      await page.waitForFunction(() => document.querySelector("iframe")?.contentWindow?.length === 0);
      const frame = await (await page.waitForSelector("iframe")).contentFrame();
      await frame?.waitForURL("**/framed");
      await frame?.evaluate(
        (sessionId) => parent.postMessage({ type: "cancel-subscription", data: { sessionId } }, "*"),
        id,
      );
      await dialogOf(page).getByRole("button", { name: "Cancel subscription" }).waitFor();
      assert.equal(await dialogOf(page).count(), 1);
    });

    it("says nothing on the console unless it is to, and then never a session id", async () => {
      const id = await retention(LOOKER);
      const { page, said } = await open({ scene: "button", ids: [id], config: { debug: true } });
      await page.getByRole("button", defaultButton).click();
      await dialogOf(page).getByRole("button", { name: "Cancel subscription" }).waitFor();
      await closeDialog(page);
      assert.ok(said.some((each) => each.startsWith("renumerate")));
      assert.equal(
        said.some((each) => each.includes(id)),
        false,
      );
    });
  });
}

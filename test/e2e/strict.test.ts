import assert from "node:assert/strict";
import { after, afterEach, before, describe, it } from "node:test";
import type { Page, Route } from "playwright-core";
import { everyOffer } from "./flows.ts";
import { createWorld, type Visitor, type World } from "./harness.ts";
import { bundle, release } from "./strict/builds.ts";
import { cancel, cancelButton, namesOf, notesOf, type Strict, script, visitStrict } from "./strict/page.ts";

const WHOLE_FLOW = ["open", "step", "step", "cancelled", "complete"];

/** Each can leave once. */
const CUSTOMERS = "NffrFeUfNV2Hib amara mateo sam misaki tom eleanor noah zoe nour harbour".split(" ");

describe("a page that makes it hard", () => {
  let world: World;
  let customers: string[];
  let visitor: (Visitor & { warnings: string[] }) | undefined;
  const begin = async () => {
    world = await createWorld();
    await world.publish(everyOffer);
    customers = CUSTOMERS.map((name) => `cus_${name}`);
  };
  before(begin);
  after(() => world.close());
  afterEach(() => visitor?.close());

  async function visit(options: Partial<Strict> = {}): Promise<Page> {
    visitor = await visitStrict(world, { customer: customers[0] as string, ...options });
    return visitor.page;
  }

  async function leave(page: Page): Promise<void> {
    await cancel(page);
    customers.shift();
    assert.deepEqual(await namesOf(page), WHOLE_FLOW);
  }

  const strict = (script: string) =>
    `default-src 'self'; script-src ${script}; connect-src ${script}; style-src 'self'; require-trusted-types-for 'script'`;

  it("notices when a policy is broken", async () => {
    const inline = "<script>document.title = 'broken'</script>";
    const page = await visit({ policy: strict(world.url), head: script(world) + inline });
    assert.match((await notesOf(page)).violations.join(), /^script-src-elem inline/);
  });

  for (const attribute of ["", "crossorigin"]) {
    it(`breaks no policy from another origin (script tag with "${attribute}")`, async () => {
      const page = await visit({ policy: strict(world.url), head: script(world, attribute) });
      await leave(page);
      assert.deepEqual((await notesOf(page)).violations, []);
      assert.deepEqual(visitor?.faults, []);
    });
  }

  it("breaks no policy that names nothing but the page's own origin", async () => {
    const policy = "default-src 'self'; require-trusted-types-for 'script'";
    const page = await visit({ policy, atServer: true });
    await leave(page);
    assert.deepEqual((await notesOf(page)).violations, []);
    assert.deepEqual(visitor?.faults, []);
  });

  it("says so, and to whom one can write, where a policy does not let it ask the server", async () => {
    const policy = `default-src 'self'; script-src ${world.url}; connect-src 'none'; require-trusted-types-for 'script'`;
    const page = await visit({ policy });
    await cancelButton(page).click();
    await page.getByRole("heading", { name: "This is not working right now" }).waitFor();
    await page.getByRole("dialog").getByRole("link", { name: "help@shop.example" }).waitFor();
    const { violations } = await notesOf(page);
    assert.ok(violations.length > 0);
    assert.deepEqual(
      violations.filter((each) => !each.startsWith("connect-src ")),
      [],
    );
  });

  it("gets no new name in the window, nor a new symbol", async () => {
    const page = await visit();
    await leave(page);
    const added = await page.evaluate(() => {
      const { names } = window.notes;
      const now = [...Object.getOwnPropertyNames(window), ...Reflect.ownKeys(Symbol)].map(String);
      return now.filter((name) => !names.includes(name) && name !== "notes");
    });
    assert.deepEqual(added, []);
  });

  it("loses nothing when a blocker refuses whatever is called events", async () => {
    const page = await visit();
    await page.route(/events/, (route) => route.abort("blockedbyclient"));
    await cancelButton(page).click();
    await page.getByRole("radio", { name: "Something else" }).check();
    await page.getByRole("textbox", { name: "Tell us more" }).fill("Moving");
    const leaving = page.getByRole("dialog").getByRole("button", { name: "Cancel subscription" });
    await leaving.click();
    await page.getByRole("heading", { name: "Confirm your cancellation" }).waitFor();
    await leaving.click();
    await page.getByRole("heading", { name: "Your subscription is cancelled" }).waitFor();
    customers.shift();
    const session = (await notesOf(page)).fired.at(-2)?.detail.sessionId;
    const row = (await world.state()).ledger.find(({ sessionId }) => sessionId === session);
    assert.partialDeepStrictEqual(row, { outcome: "cancelled", confirmed: true, reason: "other" });
    assert.equal(row?.reasonText, "Moving");
  });

  for (const name of ["Array", "Object", "String"] as const) {
    it(`cancels although ${name}.prototype has a toJSON`, async () => {
      const first = {
        Array: () => {
          // As Prototype.js 1.6 has it: what comes back is text.
          Reflect.set(Array.prototype, "toJSON", function (this: unknown[]) {
            return `[${[...this].map((each) => JSON.stringify(each)).join(", ")}]`;
          });
        },
        Object: () => void Reflect.set(Object.prototype, "toJSON", () => "[object Object]"),
        String: () => void Reflect.set(String.prototype, "toJSON", () => '"text"'),
      }[name];
      const page = await visit();
      // Later than the driver's own first words, which are JSON too.
      await page.evaluate(first);
      await cancel(page);
      customers.shift();
    });
  }

  describe("with two copies of the script", () => {
    before(async () => {
      await world.close();
      await begin();
    });
    const tag = (address: string) => `<script type="module" src="${address}"></script>`;
    const older = "0.0.9";
    const copies: Record<string, { sources: () => string[]; warnings?: RegExp }> = {
      "the same twice": { sources: () => [`${world.url}/embed.js`, `${world.url}/embed.js`] },
      "one under another address": { sources: () => [`${world.url}/embed.js?v=1`, `${world.url}/embed.js`] },
      "another release first": {
        sources: () => [`${world.url}/old/embed.js`, `${world.url}/embed.js`],
        warnings: /^<renumerate-cancel-button> \d\S+: already loaded as 0\.0\.9$/,
      },
      "another release second": {
        sources: () => [`${world.url}/embed.js`, `${world.url}/old/embed.js`],
        warnings: /^<renumerate-cancel-button> 0\.0\.9: already loaded as \d\S+$/,
      },
      "one from npm first": { sources: () => ["/own/own.js", `${world.url}/embed.js`] },
      "one from npm second": { sources: () => [`${world.url}/embed.js`, "/own/own.js"] },
    };

    for (const [title, { sources, warnings = /^$/ }] of Object.entries(copies)) {
      it(`${title}: one button, one dialog, one lock, each event once`, async () => {
        const page = await visit({
          head: sources().map(tag).join(""),
          // A bundle has no server of its own.
          attributes: `api-url="${world.url}"`,
          ...(title.includes("release") && { old: await release(older) }),
          ...(title.includes("npm") && { own: await bundle() }),
        });
        const locks = () => page.evaluate(() => document.adoptedStyleSheets.length);
        await cancelButton(page).click();
        await page.getByRole("heading", { name: "Before you go" }).waitFor();
        assert.equal(await page.locator("renumerate-retention-modal").count(), 1);
        assert.equal(await locks(), 1);
        await page.keyboard.press("Escape");
        await page.getByRole("dialog").waitFor({ state: "hidden" });
        assert.equal(await locks(), 0);
        await cancel(page);
        customers.shift();
        assert.deepEqual(await namesOf(page), ["open", "step", "complete", "close", ...WHOLE_FLOW]);
        assert.match(visitor?.warnings.join("\n") ?? "", warnings);
      });
    }
  });

  describe("when the dialog's code does not come", () => {
    const isChunk = (address: URL) => /\/retention-modal-[^/]+\.js$/.test(address.pathname);

    async function fallback(page: Page): Promise<void> {
      await page.getByRole("link", { name: "Cancel by e-mail" }).waitFor();
      assert.equal(await cancelButton(page).getAttribute("aria-busy"), null);
    }

    it("the next click asks again, at an address that has not failed, and works once the network is back", async () => {
      const asked: string[] = [];
      const page = await visit();
      await page.route(isChunk, (route) => {
        asked.push(route.request().url());
        return route.abort();
      });
      await cancelButton(page).click();
      await fallback(page);
      assert.deepEqual(await namesOf(page), ["error"]);
      const failed = asked.length;
      await page.unroute(isChunk);
      page.on("request", (request) => isChunk(new URL(request.url())) && asked.push(request.url()));
      await cancelButton(page).click();
      await page.getByRole("heading", { name: "Before you go" }).waitFor();
      assert.ok(asked.length > failed);
      assert.equal(
        new Set(asked).size,
        asked.length,
        "Firefox answers a second request for it with the old failure",
      );
      await page.getByRole("link", { name: "Cancel by e-mail" }).waitFor({ state: "hidden" });
    });

    it("or hangs: after the timeout the fallback is there, and the next click asks again", async () => {
      const page = await visit({ attributes: 'timeout="300"' });
      const held: Route[] = [];
      await page.route(isChunk, (route) => void held.push(route));
      await cancelButton(page).click();
      await fallback(page);
      await page.unroute(isChunk);
      await cancelButton(page).click();
      await page.getByRole("heading", { name: "Before you go" }).waitFor();
      assert.deepEqual(await namesOf(page), ["error", "open", "step"]);
    });

    it("or comes late: the next click uses it", async () => {
      const page = await visit({ attributes: 'timeout="300"' });
      const held: Route[] = [];
      await page.route(isChunk, (route) => void held.push(route));
      await cancelButton(page).click();
      await fallback(page);
      for (const route of held) await route.continue();
      await page.waitForFunction(() => customElements.get("renumerate-retention-modal"));
      assert.equal(await page.locator("renumerate-retention-modal").count(), 0);
      const before = held.length;
      await cancelButton(page).click();
      await page.getByRole("heading", { name: "Before you go" }).waitFor();
      assert.deepEqual(
        held.slice(before).map((route) => route.request().url()),
        [],
      );
    });

    it("the mail says which subscription and when", async () => {
      const page = await visit({ attributes: 'subscription-id="sub_7"' });
      await page.route(isChunk, (route) => route.abort());
      await page.locator("renumerate-cancel-button > a").evaluate((link) => link.remove());
      await cancelButton(page).click();
      const link = page.getByRole("link", { name: "help@shop.example" });
      const address = new URL((await link.getAttribute("href")) as string);
      assert.equal(address.pathname, "help@shop.example");
      assert.equal(address.searchParams.get("subject"), "Cancel subscription");
      const [at, subscription] = address.searchParams.get("body")?.split("\r\n") ?? [];
      assert.equal(subscription, "sub_7");
      assert.ok(Math.abs(Date.now() - Date.parse(at as string)) < 60_000, at);
    });
  });

  it("prints all of an open dialog", async () => {
    await world.publish({
      ...everyOffer,
      steps: [
        { ...everyOffer.steps[0], body: Array.from({ length: 150 }, (_, line) => `Line ${line}`).join("\n") },
        ...everyOffer.steps.slice(1),
      ],
    });
    const page = await visit();
    await cancelButton(page).click();
    await page.getByRole("heading", { name: "Before you go" }).waitFor();
    const hidden = () =>
      page.locator("renumerate-retention-modal").evaluate((modal) => {
        const all = [
          document.documentElement,
          ...(modal.shadowRoot?.querySelectorAll("dialog, dialog div") ?? []),
        ];
        return all
          .filter((each) => getComputedStyle(each).overflowY !== "visible")
          .map(({ className }) => className);
      });
    assert.equal((await hidden()).length > 0, true);
    await page.emulateMedia({ media: "print" });
    assert.deepEqual(await hidden(), []);
    const height = await page.getByRole("dialog").evaluate((dialog) => dialog.scrollHeight);
    const pdf = (await page.pdf({ format: "A4" })).toString("latin1");
    // An A4 page has 1123 pixels, of which Chromium's margins leave less.
    const pages = pdf.match(/\/Type\s*\/Page\b/g)?.length ?? 0;
    assert.ok(pages >= Math.ceil(height / 1123) && pages > 2, `${pages} pages for ${height} pixels`);
    // Readers that run no script, and reader modes, find the way out in the page's own markup.
    assert.equal(await page.locator("renumerate-cancel-button > a").textContent(), "Cancel by e-mail");
    await world.publish(everyOffer);
  });

  it("can be imported where there is no page", async () => {
    await import("../../src/embed.ts");
  });
});

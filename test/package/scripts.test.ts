/** The class from a script tag, in a browser, on pages that forbid what can be forbidden. */
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { after, afterEach, before, describe, it } from "node:test";
import type { Page } from "playwright-core";
import { everyOffer } from "../e2e/flows.ts";
import { createWorld, type Visitor, type World } from "../e2e/harness.ts";
import { namesOf, notesOf, type Strict, visitStrict } from "../e2e/strict/page.ts";

const folder = path.join(import.meta.dirname, "../../dist/embed");

/** Each can leave once. */
const CUSTOMERS = "NffrFeUfNV2Hib amara mateo sam misaki tom eleanor noah lena priya".split(" ");

/** The page's own script: it makes its object at once, which only works if the class is there already. */
const shop = (head: string, config = "{}") => `${head}
const shop = new Class(${config});
addEventListener("DOMContentLoaded", () => {
  const tag = document.querySelector("renumerate-cancel-button");
  const button = document.createElement("button");
  button.textContent = "Leave the shop";
  button.onclick = () => shop.showRetentionView(tag.getAttribute("session-id"), {
    onComplete: ({ outcome }) => { document.title = "Outcome: " + outcome; },
  });
  document.body.append(button);
});`;

const CLASSIC = "const Class = window.Renumerate.Renumerate;";

describe("the class from a script tag", () => {
  let world: World;
  let visitor: (Visitor & { warnings: string[] }) | undefined;
  const customers = CUSTOMERS.map((name) => `cus_${name}`);
  before(async () => {
    world = await createWorld();
    await world.publish(everyOffer);
  });
  after(() => world.close());
  afterEach(() => visitor?.close());

  async function visit(options: Partial<Strict>): Promise<{ page: Page; scripts: string[] }> {
    visitor = await visitStrict(world, {
      customer: customers.shift() as string,
      attributes: `api-url="${world.url}"`,
      ...options,
    });
    const { page } = visitor;
    const scripts: string[] = [];
    page.on("request", (request) => {
      if (request.resourceType() === "script") scripts.push(new URL(request.url()).pathname);
    });
    await page.reload();
    return { page, scripts };
  }

  async function leave(page: Page): Promise<void> {
    await page.getByRole("button", { name: "Leave the shop" }).click();
    const dialog = page.locator("dialog.renumerate-dialog");
    await dialog.getByRole("button", { name: "Cancel subscription" }).click();
    await dialog.getByRole("heading", { name: "Confirm your cancellation" }).waitFor();
    await dialog.getByRole("button", { name: "Cancel subscription" }).click();
    await dialog.getByRole("heading", { name: "Your subscription is cancelled" }).waitFor();
    await page.keyboard.press("Escape");
    await page.waitForFunction(() => document.title === "Outcome: cancelled");
  }

  const withoutHash = (scripts: string[]) => scripts.map((each) => each.replace(/-[\w-]{8}\.js$/, ".js"));

  const policyFor = (...origins: string[]) =>
    `default-src 'self'; script-src 'self' ${origins.join(" ")}; connect-src ${world.url}; require-trusted-types-for 'script'`;

  const classicTag = (origin: string) => `<script src="${origin}/renumerate.umd.js"></script>`;
  const pageTag = '<script src="/own/page.js"></script>';

  it("40: is there at once as a classic script, window.Renumerate.Renumerate, and leaves one name behind", async () => {
    const { page, scripts } = await visit({
      policy: policyFor(world.url),
      head: classicTag(world.url) + pageTag,
      own: new Map([["page.js", shop(CLASSIC)]]),
    });
    assert.deepEqual(scripts, ["/renumerate.umd.js", "/own/page.js"]);
    await leave(page);
    // What the class needs later is what the tag needs: two files more.
    assert.deepEqual(withoutHash(scripts.slice(2)), ["/embed.js", "/retention-modal.js"]);
    assert.deepEqual((await notesOf(page)).violations, []);
    assert.deepEqual(visitor?.faults, []);
    const added = await page.evaluate(() => {
      const { names } = window.notes;
      return Object.getOwnPropertyNames(window).filter((name) => !names.includes(name) && name !== "notes");
    });
    assert.deepEqual(added, ["Renumerate"]);
  });

  it("finds the rest in its own folder, under a policy that allows no other origin", async () => {
    const files = readdirSync(folder).filter((name) => name.endsWith(".js"));
    const { page, scripts } = await visit({
      policy: policyFor(),
      head: classicTag("/own") + pageTag,
      own: new Map([
        ...files.map((name) => [name, readFileSync(path.join(folder, name), "utf8")] as const),
        ["page.js", shop(CLASSIC, JSON.stringify({ apiUrl: world.url }))],
      ]),
    });
    await leave(page);
    assert.ok(
      scripts.every((each) => each.startsWith("/own/")),
      scripts.join(),
    );
    assert.deepEqual((await notesOf(page)).violations, []);
  });

  it("can be there twice, and beside the tag", async () => {
    const tags = `${classicTag(world.url).repeat(2)}<script type="module" src="${world.url}/embed.js"></script>`;
    const { page, scripts } = await visit({
      head: tags + pageTag,
      own: new Map([["page.js", shop(CLASSIC)]]),
    });
    await leave(page);
    assert.equal(scripts.filter((each) => each === "/embed.js").length, 1);
    assert.equal(withoutHash(scripts).filter((each) => each === "/retention-modal.js").length, 1);
    assert.equal(await page.locator("dialog.renumerate-dialog").count(), 0);
    assert.deepEqual(await namesOf(page), ["open", "step", "step", "cancelled", "complete", "close"]);
    assert.deepEqual(visitor?.warnings, []);
    assert.deepEqual(visitor?.faults, []);
  });

  it("loads nothing from where a picture of the page says that it came from", async () => {
    const trap =
      '<body><img name="currentScript" src="/own/evil/picture.png"><img name="RENUMERATE_INSTANCE">';
    for (const head of [
      trap + classicTag(world.url) + pageTag,
      `${trap}<script type="module">import { Renumerate as Class } from "${world.url}/renumerate.js";${shop("")}</script>`,
    ]) {
      const { page, scripts } = await visit({
        head,
        own: new Map([["page.js", shop(CLASSIC).replace("new Class(", "Class.getInstance(")]]),
      });
      await leave(page);
      assert.deepEqual(
        withoutHash(scripts).filter((each) => !/^\/(own\/page|renumerate(\.umd)?)\.js$/.test(each)),
        ["/embed.js", "/retention-modal.js"],
      );
      await visitor?.close();
      visitor = undefined;
    }
  });

  it("as a module asks the server that it came from", async () => {
    const { page, scripts } = await visit({
      policy: policyFor(world.url),
      head: '<script type="module" src="/own/page.js"></script>',
      own: new Map([["page.js", shop(`import { Renumerate as Class } from "${world.url}/renumerate.js";`)]]),
    });
    await leave(page);
    assert.deepEqual(withoutHash(scripts), [
      "/own/page.js",
      "/renumerate.js",
      "/embed.js",
      "/retention-modal.js",
    ]);
    assert.deepEqual((await notesOf(page)).violations, []);
  });

  it("says so when the rest does not come, and asks again", async () => {
    const { page } = await visit({
      head: classicTag(world.url) + pageTag,
      own: new Map([["page.js", shop(CLASSIC, '{ fallbackEmail: "help@shop.example" }')]]),
    });
    await page.route("**/embed.js", (route) => route.abort());
    await page.getByRole("button", { name: "Leave the shop" }).click();
    await page.locator("dialog").getByRole("link", { name: "help@shop.example" }).waitFor();
    await page.keyboard.press("Escape");
    await page.unroute("**/embed.js");
    await leave(page);
  });

  it("a flow from the tag asks for the entry and the dialog, and nothing else", async () => {
    const { page, scripts } = await visit({
      head: `<script type="module" src="${world.url}/embed.js"></script>`,
    });
    await page
      .locator("renumerate-cancel-button")
      .getByRole("button", { name: "Cancel subscription" })
      .click();
    await page.getByRole("heading", { name: "Before you go" }).waitFor();
    assert.deepEqual(withoutHash(scripts), ["/embed.js", "/retention-modal.js"]);
  });
});

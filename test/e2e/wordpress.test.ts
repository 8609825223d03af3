/** The plugin for WordPress under PHP's own server, with stand-ins for WordPress, in a browser and against a real server. */
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { after, before, describe, it } from "node:test";
import { chooseBackends, findBackend } from "../../scripts/backends.ts";
import { chromiumDriver } from "./drivers/chromium.ts";
import { createWorld, type World } from "./harness.ts";

const folder = new URL("../docs/wordpress/", import.meta.url).pathname;

async function startPhp(env: NodeJS.ProcessEnv): Promise<{ child: ChildProcess; url: string }> {
  const child = spawn(findBackend("php") as string, ["-S", "localhost:0", "site.php"], {
    cwd: folder,
    env: { ...process.env, ...env },
    stdio: ["ignore", "ignore", "pipe"],
  });
  const url = await new Promise<string>((resolve, reject) => {
    let said = "";
    child.stderr?.on("data", (chunk) => {
      said += chunk;
      const found = /\((http:\/\/localhost:\d+)\) started/.exec(said)?.[1];
      if (found) resolve(found);
    });
    child.once("exit", () => reject(new Error(said)));
  });
  return { child, url };
}

const tests = () => {
  const driver = chromiumDriver();
  let world: World;
  let site: { child: ChildProcess; url: string };
  before(async () => {
    world = await createWorld();
    site = await startPhp({ SITE_SERVER: world.url, SITE_PRIVATE_KEY: world.privateKey });
  });
  after(async () => {
    await driver.close();
    site.child.kill();
    await world.close();
  });

  async function visit(user?: string) {
    const opened = await driver.open({});
    if (user) await opened.page.context().addCookies([{ name: "user", value: user, url: site.url }]);
    await opened.page.goto(`${site.url}/account`);
    return opened;
  }

  it("lets a member cancel", async () => {
    const { page, faults, close } = await visit("john");
    await page.locator("main").getByRole("button", { name: "Leave <now>" }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByRole("button", { name: "Cancel subscription" }).click();
    await dialog.getByRole("heading", { name: "Confirm your cancellation" }).waitFor();
    await dialog.getByRole("button", { name: "Cancel subscription" }).click();
    await dialog.getByRole("heading", { name: "Your subscription is cancelled" }).waitFor();
    assert.ok((await world.subscription("sub_1MowQVLkdIwHu7ixeRlqHVzs")).cancelAt);
    assert.deepEqual(faults, []);
    await close();
  });

  it("shows a visitor nothing", async () => {
    const { page, close } = await visit();
    await page.getByRole("heading", { name: "Account" }).waitFor();
    assert.equal(await page.locator("renumerate-cancel-button, script").count(), 0);
    await close();
  });

  it("gives a way on to a member whom billing does not know", async () => {
    const { page, close } = await visit("nobody");
    await page.locator("main").getByRole("button", { name: "Leave <now>" }).click();
    await page.getByRole("dialog").getByRole("link", { name: "help@shop.example" }).waitFor();
    await close();
  });
};

const { backends, notices } = chooseBackends();
for (const notice of notices) console.warn(notice);
if (backends.includes("php")) describe("the plugin for WordPress, in a browser", tests);

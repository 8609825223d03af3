/** The README's own examples, as they stand there: only the server's address and the port are put in place. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { createHmac, randomUUID } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { chromium } from "playwright-core";
import { findBrowser } from "../../scripts/browser.ts";
import { bundle } from "./bundle.ts";
import { createWorld, type World } from "./harness.ts";
import { html, serve } from "./serve.ts";

const read = (name: string) => readFileSync(new URL(`../../${name}`, import.meta.url), "utf8");

/** The n-th block of a language. */
function block(text: string, language: string, index = 0): string {
  const found = [...text.matchAll(new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\``, "gms"))][index];
  assert.ok(found?.[1], `block ${index} of ${language}`);
  return found[1];
}

describe("the README", () => {
  let world: World;
  const folder = mkdtempSync(join(tmpdir(), "renumerate-readme-"));
  before(async () => {
    world = await createWorld();
  });
  after(async () => {
    await world.close();
    rmSync(folder, { recursive: true });
  });

  it("has a page and a backend that work as they are printed", async () => {
    const readme = read("README.md");
    const here = (text: string) => text.replaceAll("http://localhost:4321", world.url);
    writeFileSync(join(folder, "billing.html"), here(block(readme, "html")));
    // Port 0 picks a free one; the process says which.
    const backend = here(block(readme, "js")).replace(
      ".listen(3000)",
      ".listen(0, function () { console.log(this.address().port) })",
    );
    writeFileSync(join(folder, "backend.mjs"), backend);
    const child = spawn(process.execPath, ["backend.mjs"], {
      cwd: folder,
      env: { ...process.env, RENUMERATE_PRIVATE_KEY: world.privateKey },
      stdio: ["ignore", "pipe", "inherit"],
    });
    const browser = await chromium.launch({ executablePath: await findBrowser(), args: ["--no-sandbox"] });
    try {
      const port = await new Promise<string>((resolve) =>
        child.stdout.once("data", (text) => resolve(String(text).trim())),
      );
      const page = await browser.newPage();
      await page.goto(`http://localhost:${port}`);
      await page.getByRole("button", { name: "Cancel subscription" }).click();
      const dialog = page.getByRole("dialog");
      await dialog.getByRole("button", { name: "Cancel subscription" }).click();
      await dialog.getByRole("heading", { name: "Confirm your cancellation" }).waitFor();
      await dialog.getByRole("button", { name: "Cancel subscription" }).click();
      await page.getByText("The customer has cancelled.").waitFor();
    } finally {
      await browser.close();
      child.kill();
    }
  });

  it("has a hub and React components that work as they are printed", async () => {
    const readme = read("README.md").replaceAll("http://localhost:4321", world.url);
    const made = await world.renumerate("keys", "create", "--kind", "public", "--json");
    const brandPub = (JSON.parse(made) as { key: string }).key;
    const files = await bundle(
      "billing.tsx",
      `import { createElement } from "react"; import { createRoot } from "react-dom/client";
      ${block(readme, "tsx")}
      createRoot(document.querySelector("#root")!).render(createElement(Billing));`,
    );
    const site = await serve(async ({ url }) => {
      const path = new URL(url).pathname.slice(1);
      if (path === "session") return Response.json({ id: await world.mint("cus_amara") });
      if (path === "api/renumerate-token") {
        const handshake = { brandPub, subscriberId: "cus_mateo", timestamp: Date.now(), nonce: randomUUID() };
        const payload = JSON.stringify(handshake);
        const signature = createHmac("sha256", world.privateKey).update(payload).digest("base64url");
        return Response.json({ token: `${Buffer.from(payload).toString("base64url")}.${signature}` });
      }
      const embed = `<script type="module" src="${world.url}/embed.js"></script>`;
      if (path === "hub") return html(block(readme, "html", 1), embed);
      if (path === "react")
        return html('<div id="root"></div><script type="module" src="/entry.js"></script>');
      const code = files.get(path);
      return code === undefined
        ? undefined
        : new Response(code, { headers: { "Content-Type": "text/javascript" } });
    });
    const browser = await chromium.launch({ executablePath: await findBrowser(), args: ["--no-sandbox"] });
    try {
      const page = await browser.newPage();
      await page.goto(`${site.url}/hub`);
      await page.getByText("Next charge").first().waitFor();
      await page.goto(`${site.url}/react`);
      await page.getByText("Next charge").first().waitFor();
      await page.getByRole("button", { name: "Cancel my plan" }).click();
      await page.getByRole("dialog").getByRole("button", { name: "Keep subscription" }).waitFor();
    } finally {
      await browser.close();
      site.close();
    }
  });

  it("has a page of about twenty lines", () => {
    assert.ok(block(read("README.md"), "html").split("\n").length <= 25);
  });

  it("names a flow in docs/flows.md that can be published as it stands", async () => {
    await world.publish(JSON.parse(block(read("docs/flows.md"), "json")));
  });
});

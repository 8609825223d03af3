/** The backend examples of the Renumerate client's documentation, as they are printed: only the host name is another. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { pathToFileURL } from "node:url";
import { createWorld, type World } from "../e2e/harness.ts";
import { type Quotation, quote } from "./quotations.ts";

const HOST = "https://api.renumerate.com";

interface Flow {
  customer: { name?: string };
  subscription: { id: string };
}

describe("the backend examples of the Renumerate client's documentation", () => {
  const folder = mkdtempSync(join(tmpdir(), "renumerate-docs-"));
  let world: World;
  let count = 0;
  before(async () => {
    world = await createWorld();
    process.env.RENUMERATE_PRIVATE_KEY = world.privateKey;
  });
  after(async () => {
    delete process.env.RENUMERATE_PRIVATE_KEY;
    rmSync(folder, { recursive: true });
    await world.close();
  });

  /** Runs an example as a TypeScript module. @returns the id that it ends with */
  async function run(code: string): Promise<unknown> {
    assert.ok(code.includes(`"${HOST}/v1/`));
    const file = join(folder, `example-${count++}.mts`);
    writeFileSync(file, `${code.replaceAll(HOST, world.url)}\nexport { id };\n`);
    return ((await import(pathToFileURL(file).href)) as { id: unknown }).id;
  }

  async function opens(id: unknown): Promise<Flow> {
    const headers = { Authorization: `Bearer ${id}` };
    const response = await fetch(`${world.url}/v1/widget/flow`, { headers });
    assert.equal(response.status, 200, await response.clone().text());
    return (await response.json()) as Flow;
  }

  const examples: [Quotation, prefix: string][] = [
    ["reference-retention-session.ts", "ret_"],
    ["page-retention-session.ts", "ret_"],
    ["guide-retention-session.ts", "ret_"],
    ["reference-subscription-session.ts", "sub_"],
    ["page-subscription-session.ts", "sub_"],
  ];
  for (const [name, prefix] of examples) {
    it(`get a ${prefix} session of the customer from ${name}`, async () => {
      const id = await run(quote(name));
      assert.ok(String(id).startsWith(prefix), `${id}`);
      const { customer, subscription } = await opens(id);
      assert.equal(customer.name, "John Doe");
      assert.equal(subscription.id, "sub_1MowQVLkdIwHu7ixeRlqHVzs");
    });
  }

  for (const [name, prefix] of examples.filter(([name]) => !name.startsWith("guide"))) {
    it(`do so with the e-mail address that ${name} names as the other way`, async () => {
      const code = quote(name)
        .replace(/^ *customer_id: .*\n/m, "")
        .replace("// customer_email:", "customer_email:");
      assert.ok(!code.includes("customer_id"));
      const id = await run(code);
      assert.ok(String(id).startsWith(prefix), `${id}`);
      assert.equal((await opens(id)).customer.name, "John Doe");
    });
  }

  it("leave nothing to a private key that is not ours", async () => {
    process.env.RENUMERATE_PRIVATE_KEY = "sk_live_of_somebody_else_0123456789";
    try {
      assert.equal(await run(quote("reference-retention-session.ts")), undefined);
    } finally {
      process.env.RENUMERATE_PRIVATE_KEY = world.privateKey;
    }
  });

  it("show answers that ours look like: the same fields, of the same alphabet", async () => {
    for (const kind of ["retention", "subscription"] as const) {
      const response = await fetch(`${world.url}/v1/${kind}/session`, {
        method: "POST",
        headers: { "Content-Type": "application/json", "X-Brand-Key": world.privateKey },
        body: JSON.stringify({ [kind]: { customer_id: "cus_NffrFeUfNV2Hib" } }),
      });
      const ours = (await response.json()) as Record<string, unknown>;
      for (const source of ["reference", "page"] as const) {
        const theirs = JSON.parse(quote(`${source}-${kind}-answer.json`)) as Record<string, string>;
        for (const [field, value] of Object.entries(theirs)) {
          assert.match(value, /^(ret|sub)_[\w-]+=*$/);
          assert.ok(String(ours[field]).startsWith(value.slice(0, 4)));
          assert.match(String(ours[field]), /^(ret|sub)_[\w-]+=*$/);
        }
      }
      // The guide's shape stands beside the reference's.
      assert.deepEqual(ours.session, { id: ours.id });
    }
  });
});

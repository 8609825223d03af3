/** What docs/flows.md shows can be published, and does what the page says. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { it } from "node:test";
import { lintFlow } from "../../src/domain/flows.ts";
import { john, onEachStore } from "../harness.ts";
import { settled } from "../visit.ts";

const page = readFileSync(new URL("../../../docs/flows.md", import.meta.url), "utf8");
const examples = Array.from(page.matchAll(/^```json\n(.*?)^```/gms), ([, text]) =>
  JSON.parse(text as string),
);

onEachStore("docs/flows.md", ({ open }) => {
  it("shows flows that can be published and left", async () => {
    assert.ok(examples.length >= 2);
    for (const example of examples) {
      const result = lintFlow(example);
      assert.ok(result.ok, JSON.stringify(result));
      const world = await open();
      await world.publish(example);
      settled(await (await world.visit(john)).cancel());
    }
  });

  it("shows one that is read in German where German is asked for", async () => {
    const world = await open();
    const example = examples.find(({ translations }) => translations) ?? assert.fail("no translations");
    await world.publish(example);
    const token = await world.mint(john);
    const titles: (string | undefined)[] = [];
    for (const locale of ["en", "de", "de-AT", "fr"]) {
      const [step] = (await world.flow(token, `?locale=${locale}`)).flow.steps;
      titles.push(step?.title);
    }
    const { "why.title": german } = example.translations.de;
    assert.deepEqual(titles, [example.steps[0].title, german, german, example.steps[0].title]);
    assert.ok(german);
  });
});

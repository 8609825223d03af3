/** Every state of the flow in the narrowest windows: nothing is cut, nothing lies outside, nothing covers anything. */
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { type Gallery, openGallery, smallPhone, variants } from "../../scripts/gallery.ts";

describe("every state is whole", () => {
  let gallery: Gallery;
  before(async () => {
    gallery = await openGallery();
  });
  after(() => gallery.close());

  for (const variant of variants.filter(({ name }) => ["phone-arabic", "landscape"].includes(name))) {
    it(variant.name, async () => {
      const walk = await gallery.enter(variant);
      const faults: string[] = [];
      for (const name of walk.names)
        faults.push(...(await walk.show(name)).map((fault) => `${name}: ${fault}`));
      assert.deepEqual(faults, []);
      await walk.close();
    });
  }

  it("on a phone in every language", async () => {
    const walk = await gallery.enter(smallPhone);
    const faults: string[] = [];
    for (const language of walk.languages) {
      for (const name of ["survey-plain-followup", "confirm", "queued"])
        faults.push(...(await walk.show(name, language)).map((fault) => `${language} ${name}: ${fault}`));
    }
    assert.deepEqual(faults, []);
    await walk.close();
  });
});

/**
 * Every state of the flow and of the hub in the narrowest windows, of the hub in the widest, too: nothing is cut,
 * nothing lies outside, nothing covers anything.
 */
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import {
  type Gallery,
  kindOf,
  openGallery,
  smallPhone,
  type Variant,
  variants,
} from "../../scripts/gallery.ts";

/** Those with most text. */
const wordy = [
  "survey-plain-followup",
  "confirm",
  "queued",
  "hub-past-due",
  "hub-several-plan",
  "hub-pause-date-wrong",
  "hub-change-failed",
  "hub-history",
  "hub-details-wrong",
];

/** Walks wait for pictures, not for each other. */
describe("every state is whole", { concurrency: 2 }, () => {
  let gallery: Gallery;
  before(async () => {
    gallery = await openGallery();
  });
  after(() => gallery.close());

  async function faultsIn(variant: Variant, isOurs: (name: string) => boolean, everyLanguage = false) {
    const walk = await gallery.enter(variant);
    const faults: string[] = [];
    for (const locale of everyLanguage ? walk.languages : [undefined]) {
      for (const name of walk.names.filter(isOurs)) {
        const found = await walk.show(name, locale);
        faults.push(...found.map((fault) => [locale, `${name}: ${fault}`].filter(Boolean).join(" ")));
      }
    }
    await walk.close();
    return faults;
  }

  for (const kind of ["flow", "hub"] as const) {
    const isOurs = (name: string) => kindOf(name) === kind;

    for (const variant of variants) {
      if (!["phone-arabic", "landscape", "wide"].includes(variant.name)) continue;
      if ((variant.only ?? kind) !== kind) continue;
      it(`the ${kind}, ${variant.name}`, async () => assert.deepEqual(await faultsIn(variant, isOurs), []));
    }

    it(`the ${kind}, on a phone in every language`, async () => {
      const isWordy = (name: string) => isOurs(name) && wordy.includes(name);
      assert.deepEqual(await faultsIn(smallPhone, isWordy, true), []);
    });

    it(`the ${kind}, with colours that the customer has forced on every page`, async () => {
      const options = { ...smallPhone.options, forcedColors: "active" } as const;
      assert.deepEqual(await faultsIn({ name: "forced", options }, isOurs), []);
    });
  }
});

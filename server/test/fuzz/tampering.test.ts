/** Credentials and offers that were tampered with: none is accepted. `npm run fuzz -- tampering` does the same more often. */
import { after, before, describe, it } from "node:test";
import { stores, type TestStore } from "../stores.ts";
import { misuse, openWorld, tamperWithStories, tamperWithTexts } from "./tampering/campaign.ts";

const CASES = { SQLite: { texts: 400, stories: 150 }, PostgreSQL: { texts: 60, stories: 15 } };
const seed = Number(process.env.FUZZ_SEED ?? Date.now() % 2 ** 31);

for (const home of stores) {
  describe(`What was tampered with, on ${home.name} (seed ${seed})`, () => {
    let store: TestStore;
    before(async () => {
      store = await home.open();
    });
    after(() => store.drop());

    it("opens nothing", async () => {
      const cases = CASES[home.name].texts;
      await tamperWithTexts(store, await openWorld(store), { seed, cases });
    });

    it("is good for nothing else", async () => {
      await misuse(store, await openWorld(store), await openWorld(store));
    });

    it("is not what was offered", async () => {
      await tamperWithStories(await openWorld(store), { seed, cases: CASES[home.name].stories });
    });
  });
}

/**
 * Every operation of the document that the server itself serves: carried out once as it is described, and then asked for in
 * thousands of ways. No answer may be a failure of ours or one that the document does not list; and the same while billing
 * answers nobody. `npm run fuzz` does the same more often.
 */
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { stores, type TestStore } from "../stores.ts";
import { Campaign, document, operations } from "./campaign.ts";
import { createStage, type Stage } from "./stage.ts";

/** Of each operation. On PostgreSQL only the store is another one. */
const ASKING = {
  SQLite: { runs: 200, enough: 60 },
  PostgreSQL: { runs: 14, enough: 7 },
};
const IN_OUTAGE = {
  SQLite: { runs: 24, enough: 12 },
  PostgreSQL: { runs: 4, enough: 4 },
};

/** Another one each time, and said where something is found. */
const seed = Number(process.env.FUZZ_SEED ?? Date.now() % 2 ** 31);

for (const home of stores) {
  describe(`Whatever is asked, on ${home.name} (seed ${seed})`, () => {
    let store: TestStore;
    let stage: Stage;
    let campaign: Campaign;

    before(async () => {
      store = await home.open();
      stage = await createStage(store);
      campaign = new Campaign(stage);
    });
    after(() => store.drop());

    it("the document is the one that is served", async () => {
      const { body } = await stage.request("/openapi.json");
      assert.deepEqual(Object.keys(body.paths as object), Object.keys(document.paths));
    });

    for (const operation of operations) {
      it(`${operation.method} ${operation.path} is carried out, and answers as it is described`, async () => {
        await campaign.succeed(operation);
        if (home.name === "SQLite") await campaign.refuse(operation);
        await campaign.ask(operation, { seed, ...ASKING[home.name] });
      });
    }

    it("says what is documented while billing answers nobody", () =>
      campaign.askInOutage({ seed, ...IN_OUTAGE[home.name] }));

    it("writes no secret into the log", () => campaign.checkLog());
  });
}

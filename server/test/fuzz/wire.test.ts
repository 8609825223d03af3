/** The same questions to the real program over connections, where Node reads them first, and some that only bytes can ask. */
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { stores, type TestHome } from "../stores.ts";
import { Campaign, operations } from "./campaign.ts";
import { NEVER_THERE, type ProcessStage, startProcess, UNKNOWN_THERE } from "./process-stage.ts";
import { askInBytes } from "./wire-campaign.ts";

const seed = Number(process.env.FUZZ_SEED ?? Date.now() % 2 ** 31);

describe(`Whatever is asked over a connection (seed ${seed})`, () => {
  let stage: ProcessStage;
  let campaign: Campaign;

  before(async () => {
    stage = await startProcess(stores[0] as TestHome);
    campaign = new Campaign(stage);
  });
  after(() => stage[Symbol.asyncDispose]());

  it("is answered as the document says", async () => {
    for (const operation of operations.filter(({ operationId }) => !NEVER_THERE.includes(operationId))) {
      if (!UNKNOWN_THERE.test(operation.operationId)) await campaign.succeed(operation);
      await campaign.ask(operation, { seed, runs: 2 });
    }
  });

  it("is refused where it is no request at all, and the next one is answered", async () => {
    await askInBytes(stage, { seed, requests: 150 });
    assert.equal((await stage.request("/api/health")).status, 200);
  });

  it("leaves no failure of ours and no secret in the log", () => {
    campaign.checkLog();
    assert.ok(!stage.log().includes("request failed"), stage.log().slice(-2000));
  });
});

import { describe } from "node:test";
import { stores } from "../stores.ts";
import { billingSuite } from "./billing.suite.ts";
import { cancelLinksSuite } from "./cancel-links.suite.ts";
import { changesSuite } from "./changes.suite.ts";
import { concurrencySuite } from "./concurrency.suite.ts";
import { figuresSuite } from "./figures.suite.ts";
import { insightsSuite } from "./insights.suite.ts";
import { jobsSuite } from "./jobs.suite.ts";
import { lifecycleSuite } from "./lifecycle.suite.ts";
import { plansSuite } from "./plans.suite.ts";
import { recordsSuite } from "./records.suite.ts";
import { reportedSuite } from "./reported.suite.ts";
import { sessionsSuite } from "./sessions.suite.ts";
import { setupSuite } from "./setup.suite.ts";
import { togetherSuite } from "./together.suite.ts";
import { upgradesSuite } from "./upgrades.suite.ts";
import { visitsSuite } from "./visits.suite.ts";
import { webhooksSuite } from "./webhooks.suite.ts";

// The homes of the store promise the same behaviour.
for (const home of stores) {
  describe(`Store on ${home.name}`, () => {
    setupSuite(home);
    sessionsSuite(home);
    recordsSuite(home);
    reportedSuite(home);
    insightsSuite(home);
    figuresSuite(home);
    visitsSuite(home);
    cancelLinksSuite(home);
    changesSuite(home);
    billingSuite(home);
    jobsSuite(home);
    webhooksSuite(home);
    concurrencySuite(home);
    togetherSuite(home);
    plansSuite(home);
    lifecycleSuite(home);
    upgradesSuite(home);
  });
}

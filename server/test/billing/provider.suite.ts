/**
 * What every billing provider must do, in terms of the interface alone. An adapter is held to it by a harness that
 * prepares the fixtures and can move the provider's clock.
 */
import { describe } from "node:test";
import { changesSuite } from "./provider-changes.suite.ts";
import { codesSuite } from "./provider-codes.suite.ts";
import { customersSuite } from "./provider-customers.suite.ts";
import { type Harness, useHarness } from "./provider-harness.ts";
import { keysSuite } from "./provider-keys.suite.ts";
import { lateSuite } from "./provider-late.suite.ts";
import { offersSuite } from "./provider-offers.suite.ts";
import { pausesSuite } from "./provider-pauses.suite.ts";
import { paymentsSuite } from "./provider-payments.suite.ts";
import { previewsSuite } from "./provider-previews.suite.ts";
import { readsSuite } from "./provider-reads.suite.ts";
import { undoSuite } from "./provider-undo.suite.ts";

export type { Fixtures, Harness } from "./provider-harness.ts";

export function providerSuite(name: string, makeHarness: () => Promise<Harness>): void {
  describe(`billing provider: ${name}`, () => {
    const suite = useHarness(makeHarness);
    readsSuite(suite);
    offersSuite(suite);
    codesSuite(suite);
    pausesSuite(suite);
    changesSuite(suite);
    lateSuite(suite);
    undoSuite(suite);
    paymentsSuite(suite);
    previewsSuite(suite);
    customersSuite(suite);
    keysSuite(suite);
  });
}

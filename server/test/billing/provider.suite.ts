/**
 * What every billing provider must do, in terms of the interface alone. An adapter is held to it by a harness that
 * prepares the fixtures and can move the provider's clock.
 */
import { describe } from "node:test";
import { changesSuite } from "./provider-changes.suite.ts";
import { type Harness, useHarness } from "./provider-harness.ts";
import { keysSuite } from "./provider-keys.suite.ts";
import { lateSuite } from "./provider-late.suite.ts";
import { offersSuite } from "./provider-offers.suite.ts";
import { readsSuite } from "./provider-reads.suite.ts";

export type { Fixtures, Harness } from "./provider-harness.ts";

export function providerSuite(name: string, makeHarness: () => Promise<Harness>): void {
  describe(`billing provider: ${name}`, () => {
    const suite = useHarness(makeHarness);
    readsSuite(suite);
    offersSuite(suite);
    changesSuite(suite);
    lateSuite(suite);
    keysSuite(suite);
  });
}

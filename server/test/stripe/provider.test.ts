import { providerSuite } from "../billing/provider.suite.ts";
import { DAYS } from "./fixtures.ts";
import { onDouble } from "./harness.ts";

providerSuite("Stripe", onDouble(DAYS.everyMonth));

import { providerSuite } from "../billing/provider.suite.ts";
import { DAYS } from "./fixtures.ts";
import { onDouble } from "./harness.ts";

// A day that most months have not.
providerSuite("Stripe, charged on 31sts", onDouble(DAYS.on31sts));

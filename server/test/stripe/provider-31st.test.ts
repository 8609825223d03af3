import { providerSuite } from "../billing/provider.suite.ts";
import { DAYS } from "./fixtures.ts";
import { onDouble } from "./harness.ts";

// Days that most months have not: today's, and the one on which everybody is charged.
providerSuite("Stripe, at the end of a year", onDouble(DAYS.yearEnd));
providerSuite("Stripe, charged on 31sts", onDouble(DAYS.on31sts));

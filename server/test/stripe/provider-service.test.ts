import { providerSuite } from "../billing/provider.suite.ts";
import { DAYS } from "./fixtures.ts";
import { onDouble } from "./harness.ts";

// A pause that stops the service too, where Stripe can do that.
providerSuite("Stripe, pauses the service", onDouble(DAYS.everyMonth, { pause: "subscription" }));

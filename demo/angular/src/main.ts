import "@renumerate/js/cancel-button";
import "@renumerate/js/subscription-hub";
import { bootstrapApplication } from "@angular/platform-browser";
import { Billing } from "./billing";

void bootstrapApplication(Billing);

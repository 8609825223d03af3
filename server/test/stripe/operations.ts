/** All that the double can do. */
import { accountOperations } from "./operations/account.ts";
import { catalogueOperations } from "./operations/catalogue.ts";
import { couponOperations } from "./operations/coupons.ts";
import { creditNoteOperations } from "./operations/credit-notes.ts";
import { customerOperations } from "./operations/customers.ts";
import { eventOperations } from "./operations/events.ts";
import { invoiceOperations } from "./operations/invoices.ts";
import { paymentMethodOperations } from "./operations/payment-methods.ts";
import { portalOperations } from "./operations/portal.ts";
import { scheduleOperations } from "./operations/schedules.ts";
import { subscriptionOperations } from "./operations/subscriptions.ts";
import { testClockOperations } from "./operations/test-clocks.ts";
import type { Operations } from "./state.ts";
import { merged } from "./tables.ts";

const tables: readonly Operations[] = [
  accountOperations,
  catalogueOperations,
  couponOperations,
  creditNoteOperations,
  customerOperations,
  eventOperations,
  invoiceOperations,
  paymentMethodOperations,
  portalOperations,
  scheduleOperations,
  subscriptionOperations,
  testClockOperations,
];

export const operations = merged(tables);

// Written by `npm run generate` from contract.ts. Do not edit.
import type { Shape } from "./check.ts";
import { discount, offer, pauseTerms, planOption, price, subscriptionStatus } from "./wire.ts";

export const hubActions: Shape = {"plan_change?":{plans: [planOption]},"annual_switch?":{plan: planOption,saving: "i"},"pause?":pauseTerms,"extend_pause?":pauseTerms,"resume?":{},"undo_cancellation?":{},"promo_code?":{},"retry_payment?":{},"payment_method?":{},"cancel?":{}};
export const paymentMethod: Shape = {brand: "s","last4?":"s","expMonth?":"i","expYear?":"i"};
export const hubSubscription: Shape = {id: "s",status: subscriptionStatus,plan: {id: "s",name: "s",features: ["s"]},price: price,startedAt: "i",periodEnd: "i","trialEnd?":"i","pausedUntil?":"i","cancelAt?":"i","discount?":discount,"scheduledChange?":{name: "s",price: price,at: "i"},"nextCharge?":{amount: "i",currency: "s",at: "i"},actions: hubActions,"paymentMethod?":paymentMethod,"due?":{amount: "i",currency: "s",at: "i"}};
export const address: Shape = {"line1?":"s","line2?":"s","city?":"s","postalCode?":"s","state?":"s","country?":"s"};
export const hubCustomer: Shape = {"name?":"s","email?":"s","address?":address};
export const hub: Shape = {environment: "=prod|sandbox",subscriptions: [hubSubscription],"requested?":["s"],"offer?":{subscription: "s",offer: offer},customer: hubCustomer,sections: ["=invoices|billing_details|billing_email"],"fallbackEmail?":"s","messages?":{"*":"s"},now: "i"};
export const subscription: Shape = {id: "s",status: subscriptionStatus,plan: {id: "s",name: "s",features: ["s"]},price: price,startedAt: "i",periodEnd: "i","trialEnd?":"i","pausedUntil?":"i","cancelAt?":"i","discount?":discount,"scheduledChange?":{name: "s",price: price,at: "i"},"nextCharge?":{amount: "i",currency: "s",at: "i"}};
export const hubPreview: Shape = {at: "i",dueNow: "i",currency: "s",subscription: subscription};
export const hubResult: Shape = {status: "=done|requested",subscription: subscription};
export const invoice: Shape = {id: "s","number?":"s",at: "i",amount: "i",currency: "s",status: "=paid|open|void|uncollectible","invoiceUrl?":"s","receiptUrl?":"s"};
export const hubInvoices: Shape = {invoices: [invoice],"after?":"s"};
export const paymentPage: Shape = {url: "s"};
export const dismissAck: Shape = {dismissed: "b"};

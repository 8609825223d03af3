/**
 * Compiled, never run: the types that are written into wire.ts are those of the contract's schemas, both ways. A
 * schema without its line here does not compile.
 */
import type { z } from "zod";
import type * as contract from "../../src/api/contract.ts";
import type * as wire from "../../src/api/wire.ts";

type Contract = typeof contract;

type Schemas = {
  [Name in keyof Contract as Contract[Name] extends z.ZodType
    ? Name
    : never]: Contract[Name] extends z.ZodType ? z.output<Contract[Name]> : never;
};

interface Written {
  Address: wire.Address;
  AnnualSwitchTerms: wire.AnnualSwitchTerms;
  BillingDetailsRequest: wire.BillingDetailsRequest;
  Choice: wire.Choice;
  CustomTerms: wire.CustomTerms;
  DecisionRequest: wire.DecisionRequest;
  Discount: wire.Discount;
  DiscountDuration: wire.DiscountDuration;
  DiscountTerms: wire.DiscountTerms;
  DismissAck: wire.DismissAck;
  DismissRequest: wire.DismissRequest;
  ErrorBody: wire.ErrorBody;
  EventsAck: wire.EventsAck;
  EventsRequest: wire.EventsRequest;
  ExchangeRequest: wire.ExchangeRequest;
  ExchangeResponse: wire.ExchangeResponse;
  Flow: wire.Flow;
  FlowSubscription: wire.FlowSubscription;
  FlowConfig: wire.FlowConfig;
  FlowEvent: wire.FlowEvent;
  Hub: wire.Hub;
  HubActions: wire.HubActions;
  HubChange: wire.HubChange;
  HubChangeRequest: wire.HubChangeRequest;
  HubCustomer: wire.HubCustomer;
  HubInvoices: wire.HubInvoices;
  HubPreview: wire.HubPreview;
  HubPreviewRequest: wire.HubPreviewRequest;
  HubResult: wire.HubResult;
  HubSubscription: wire.HubSubscription;
  Interval: wire.Interval;
  Invoice: wire.Invoice;
  LinkTerms: wire.LinkTerms;
  Offer: wire.Offer;
  Outcome: wire.Outcome;
  PauseTerms: wire.PauseTerms;
  PaymentMethod: wire.PaymentMethod;
  PaymentPage: wire.PaymentPage;
  PaymentPageRequest: wire.PaymentPageRequest;
  PlanChangeTerms: wire.PlanChangeTerms;
  PlanOption: wire.PlanOption;
  Price: wire.Price;
  Reason: wire.Reason;
  SessionRequest: wire.SessionRequest;
  SessionResponse: wire.SessionResponse;
  Settlement: wire.Settlement;
  Step: wire.Step;
  Subscription: wire.Subscription;
  SubscriptionStatus: wire.SubscriptionStatus;
  TrialExtensionTerms: wire.TrialExtensionTerms;
}

/** Assignable both ways; in tuples, so that a union is compared as a whole. */
type Same<Left, Right> = [Left] extends [Right] ? ([Right] extends [Left] ? true : never) : never;

/** `any` is assignable to everything and would prove nothing. */
type Known<Type> = 0 extends 1 & Type ? never : true;

export const names: Same<keyof Schemas, keyof Written> = true;

export const same: { [Name in keyof Written]: Same<Schemas[Name], Written[Name]> & Known<Written[Name]> } = {
  Address: true,
  AnnualSwitchTerms: true,
  BillingDetailsRequest: true,
  Choice: true,
  CustomTerms: true,
  DecisionRequest: true,
  Discount: true,
  DiscountDuration: true,
  DiscountTerms: true,
  DismissAck: true,
  DismissRequest: true,
  ErrorBody: true,
  EventsAck: true,
  EventsRequest: true,
  ExchangeRequest: true,
  ExchangeResponse: true,
  Flow: true,
  FlowSubscription: true,
  FlowConfig: true,
  FlowEvent: true,
  Hub: true,
  HubActions: true,
  HubChange: true,
  HubChangeRequest: true,
  HubCustomer: true,
  HubInvoices: true,
  HubPreview: true,
  HubPreviewRequest: true,
  HubResult: true,
  HubSubscription: true,
  Interval: true,
  Invoice: true,
  LinkTerms: true,
  Offer: true,
  Outcome: true,
  PauseTerms: true,
  PaymentMethod: true,
  PaymentPage: true,
  PaymentPageRequest: true,
  PlanChangeTerms: true,
  PlanOption: true,
  Price: true,
  Reason: true,
  SessionRequest: true,
  SessionResponse: true,
  Settlement: true,
  Step: true,
  Subscription: true,
  SubscriptionStatus: true,
  TrialExtensionTerms: true,
};

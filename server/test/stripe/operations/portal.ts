/** https://docs.stripe.com/api/customer_portal: configurations and sessions. */
import type Stripe from "stripe";
import { page } from "../lists.ts";
import { type Call, type Operations, Refusal, type State } from "../state.ts";
import { idOf, mergeMetadata, named, textOf } from "./parts.ts";

type Configuration = Stripe.BillingPortal.Configuration;
type Features = Configuration["features"];
type Session = Stripe.BillingPortal.Session;
type SessionParams = Stripe.BillingPortal.SessionCreateParams;

const CONFIGURATIONS = "portal_configurations";

/** They have no collection of their own. */
function configurations(state: State): Record<string, Configuration> {
  const all = state.data.hidden[CONFIGURATIONS] ?? {};
  state.data.hidden[CONFIGURATIONS] = all;
  return all as Record<string, Configuration>;
}

/** What an account has when somebody has saved the page of the portal's settings once. */
const DEFAULTS: Features = {
  customer_update: { allowed_updates: [], enabled: false },
  invoice_history: { enabled: true },
  payment_method_update: { enabled: true, payment_method_configuration: null },
  subscription_cancel: {
    cancellation_reason: { enabled: false, feedback_options: null, options: [] },
    enabled: false,
    mode: "at_period_end",
    proration_behavior: "none",
  },
  subscription_pause: { duration: { interval_options: [], type: "indefinite" }, enabled: false },
  subscription_update: {
    billing_cycle_anchor: null,
    default_allowed_updates: [],
    enabled: false,
    products: [],
    proration_behavior: "none",
    schedule_at_period_end: { conditions: [] },
    trial_update_behavior: "end_trial",
  },
};

/** Of each feature what is given takes the place of what was. */
function featuresOf(given: object | undefined, before: Features): Features {
  const merged = Object.entries(before).map(([name, feature]) => {
    const own = (given as Record<string, object> | undefined)?.[name] ?? {};
    const clean = Object.entries(own).map(([key, value]) => [key, value === "" ? [] : value]);
    return [name, { ...feature, ...Object.fromEntries(clean) }];
  });
  return Object.fromEntries(merged) as Features;
}

function put(state: State, more: Partial<Configuration>): Configuration {
  const { now } = state.data;
  const made: Configuration = {
    id: `bpc_${state.newId("events").slice("evt_".length)}`,
    object: "billing_portal.configuration",
    active: true,
    application: null,
    business_profile: { headline: null, privacy_policy_url: null, terms_of_service_url: null },
    created: now,
    default_return_url: null,
    features: structuredClone(DEFAULTS),
    is_default: false,
    livemode: false,
    login_page: { enabled: false, url: null },
    metadata: {},
    name: null,
    updated: now,
    ...more,
  };
  configurations(state)[made.id] = made;
  return made;
}

function get(state: State, id: string, status: 400 | 404): Configuration {
  const found = configurations(state)[id];
  if (found) return found;
  throw new Refusal(status, `No such configuration: '${id}'`, {
    code: "resource_missing",
    param: "configuration",
  });
}

/** Nobody has saved the portal's settings in a new account: `hidden.portal.unsaved` makes one of this. */
function defaultConfiguration(state: State): Configuration {
  if (state.data.hidden.portal?.unsaved) {
    throw new Refusal(
      400,
      "No configuration provided and your test mode default configuration has not been created. Provide a configuration or create your default by saving your customer portal settings in test mode at https://dashboard.stripe.com/test/settings/billing/portal.",
    );
  }
  const found = Object.values(configurations(state)).find(({ is_default }) => is_default);
  return found ?? put(state, { is_default: true });
}

function create({ state, params }: Call<Stripe.BillingPortal.ConfigurationCreateParams>): object {
  return put(state, {
    default_return_url: params.default_return_url || null,
    features: featuresOf(params.features, structuredClone(DEFAULTS)),
    metadata: mergeMetadata(null, params.metadata),
    name: params.name || null,
  });
}

function update({ state, params, ids }: Call<Stripe.BillingPortal.ConfigurationUpdateParams>): object {
  const before = get(state, idOf({ ids }), 404);
  const after = {
    ...before,
    active: params.active ?? before.active,
    default_return_url: textOf(params.default_return_url, before.default_return_url),
    features: featuresOf(params.features, before.features),
    metadata: mergeMetadata(before.metadata, params.metadata),
    name: textOf(params.name, before.name),
    updated: state.data.now,
  };
  configurations(state)[before.id] = after;
  return after;
}

function list({ state, params }: Call<Stripe.BillingPortal.ConfigurationListParams>): object {
  const all = Object.values(configurations(state))
    .filter((each) => params.active === undefined || each.active === params.active)
    .filter((each) => params.is_default === undefined || each.is_default === params.is_default);
  return page(all, params, "/v1/billing_portal/configurations");
}

type Flow = NonNullable<SessionParams["flow_data"]>;

/** The feature that a flow needs, and the subscription that it is for. */
function needs(flow: Flow): { feature?: keyof Features; subscription?: string | undefined } {
  const { type } = flow;
  if (type === "payment_method_update") return { feature: "payment_method_update" };
  if (type === "customer_update") return { feature: "customer_update" };
  const detail = flow[type as "subscription_cancel"];
  if (!detail) throw new Refusal(400, `Missing required param: flow_data[${type}].`, { param: "flow_data" });
  const feature = type === "subscription_update_confirm" ? "subscription_update" : type;
  return { feature: feature as keyof Features, subscription: detail.subscription };
}

function checkFlow(state: State, flow: Flow, features: Features, customer: string): void {
  const { feature, subscription } = needs(flow);
  if (feature && !features[feature].enabled) {
    const words = feature.replaceAll("_", " ");
    throw new Refusal(400, `The ${words} feature in the portal configuration is disabled.`, {
      param: "flow_data[type]",
    });
  }
  if (subscription === undefined) return;
  const found = named(state, "subscriptions", subscription, `flow_data[${flow.type}][subscription]`);
  if (found.customer !== customer) {
    throw new Refusal(400, `No such subscription: '${subscription}'`, { code: "resource_missing" });
  }
}

function flowOf(flow: Flow): Session["flow"] {
  const after = flow.after_completion;
  const custom_message = after?.hosted_confirmation?.custom_message ?? null;
  return {
    after_completion: {
      hosted_confirmation: after?.hosted_confirmation ? { custom_message } : null,
      redirect: after?.redirect ?? null,
      type: after?.type ?? "portal_homepage",
    },
    customer_update: null,
    subscription_cancel: flow.subscription_cancel
      ? { retention: null, subscription: flow.subscription_cancel.subscription }
      : null,
    subscription_pause: flow.subscription_pause ?? null,
    subscription_update: flow.subscription_update ?? null,
    subscription_update_confirm: null,
    type: flow.type,
  };
}

function createSession({ state, params }: Call<SessionParams>): object {
  if (!params.customer) throw new Refusal(400, "Missing required param: customer.", { param: "customer" });
  const customer = named(state, "customers", params.customer, "customer");
  for (const url of [params.return_url, params.flow_data?.after_completion?.redirect?.return_url]) {
    if (url === undefined || URL.canParse(url)) continue;
    throw new Refusal(400, "Not a valid URL", { code: "url_invalid", param: "return_url" });
  }
  const configuration = params.configuration
    ? get(state, params.configuration, 400)
    : defaultConfiguration(state);
  if (params.flow_data) checkFlow(state, params.flow_data, configuration.features, customer.id);
  const id = `bps_${state.newId("events").slice("evt_".length)}`;
  return {
    id,
    object: "billing_portal.session",
    after_expiration: null,
    configuration: configuration.id,
    created: state.data.now,
    customer: customer.id,
    customer_account: null,
    flow: params.flow_data ? flowOf(params.flow_data) : null,
    livemode: false,
    locale: params.locale ?? null,
    on_behalf_of: null,
    return_url: params.return_url ?? configuration.default_return_url,
    url: `https://billing.stripe.com/p/session/test_${id}`,
  };
}

export const portalOperations: Operations = {
  "POST /v1/billing_portal/sessions": createSession,
  "POST /v1/billing_portal/configurations": create,
  "GET /v1/billing_portal/configurations": list,
  "GET /v1/billing_portal/configurations/:id": ({ state, ids }: Call) => get(state, idOf({ ids }), 404),
  "POST /v1/billing_portal/configurations/:id": update,
};

/** One customer, one subscription, and a builder for the flow in front of them. */
import type { FlowConfig, Offer, Settlement, Step, Subscription } from "../../src/api/wire.ts";
import {
  type Effect,
  type FlowState,
  initial,
  type MachineEvent,
  type Notice,
  transition,
} from "../../src/flow/machine.ts";

export const DAY = 86_400_000;
export const NOW = Date.UTC(2026, 4, 31, 12);

export const price = {
  id: "price_pro",
  amount: 3750,
  currency: "usd",
  interval: "month",
  intervalCount: 1,
} as const;

export const subscription: Subscription = {
  id: "sub_1MowQVLkdIwHu7ixeRlqHVzs",
  status: "active",
  plan: { id: "prod_pro", name: "Pro", features: ["Exports"] },
  price,
  startedAt: NOW - 100 * DAY,
  periodEnd: NOW + 20 * DAY,
};

const plan = (id: string) => ({ price: { ...price, id, amount: 1900 }, name: id });

/** One of every kind, as a server resolves them. */
export const offers = {
  discount: {
    type: "discount",
    id: "half",
    terms: {
      percentOff: 50,
      duration: "repeating",
      months: 3,
      amount: 3750,
      discounted: 1875,
      currency: "usd",
    },
  },
  pause: {
    type: "pause",
    id: "pause",
    terms: { months: [1, 3], dates: { min: NOW + DAY, max: NOW + 90 * DAY }, startsAt: NOW + 20 * DAY },
  },
  plan_change: {
    type: "plan_change",
    id: "smaller",
    terms: { plans: [plan("price_basic"), plan("price_lite")], startsAt: NOW + 20 * DAY },
  },
  annual_switch: {
    type: "annual_switch",
    id: "yearly",
    terms: { plan: plan("price_year"), dueNow: 30_000, saving: 9_000 },
  },
  trial_extension: { type: "trial_extension", id: "longer", terms: { days: 14, trialEnd: NOW + 14 * DAY } },
  contact: { type: "contact", id: "talk", terms: { url: "mailto:help@example.com" } },
  redirect: { type: "redirect", id: "docs", terms: { url: "https://example.com/docs" } },
  custom: { type: "custom", id: "ours", terms: { name: "call-back" } },
} as const satisfies { [Type in Offer["type"]]: Extract<Offer, { type: Type }> };

export const survey: Step = {
  type: "survey",
  id: "why",
  reasons: [
    { id: "too_expensive", label: "Too expensive", offer: offers.discount },
    { id: "not_using", label: "Not using it", offer: offers.pause },
    { id: "other", label: "Other", followup: { label: "Tell us", required: true } },
    { id: "switching", label: "Switching", followup: { label: "To what?" } },
  ],
};

export const confirm: Step = { type: "confirm", id: "sure", effective: "period_end" };

export function configOf(steps: Step[], change: Partial<FlowConfig> = {}): FlowConfig {
  return {
    session: { id: "ses_1", environment: "sandbox" },
    flow: { id: "flow_1", version: 1, steps },
    subscription,
    customer: {},
    attributes: {},
    now: NOW,
    ...change,
  };
}

export const settlementOf = (
  outcome: Settlement["outcome"],
  change: Partial<Settlement> = {},
): Settlement => ({
  outcome,
  status: "done",
  at: NOW,
  subscription,
  ...change,
});

/** Freezes all the way down, so that a mutation throws where it happens. */
export function freeze<T>(value: T): T {
  if (typeof value === "object" && value && !Object.isFrozen(value)) {
    Object.freeze(value);
    Object.values(value).forEach(freeze);
  }
  return value;
}

type Phase = FlowState["phase"];
export type At<P extends Phase> = Extract<FlowState, { phase: P }>;

/** Runs events through the machine and remembers its effects. */
export class Play {
  state: FlowState = freeze(initial);
  readonly effects: Effect[] = [];

  /** An opened flow, its effects so far forgotten. */
  static of(config: FlowConfig): Play {
    const play = new Play().send({ type: "open" }, { type: "loaded", config });
    play.effects.length = 0;
    return play;
  }

  send(...events: MachineEvent[]): this {
    for (const event of events) {
      const [state, effects] = transition(this.state, freeze(event));
      this.state = freeze(state);
      this.effects.push(...effects);
    }
    return this;
  }

  /** The state, once it is sure to be in this phase. */
  at<P extends Phase>(phase: P): At<P> {
    if (this.state.phase !== phase) throw new Error(`in phase ${this.state.phase}, not ${phase}`);
    return this.state as At<P>;
  }

  get node(): string | undefined {
    return "path" in this.state ? this.state.path.at(-1) : undefined;
  }

  get notices(): Notice["name"][] {
    return this.effects.flatMap((effect) => (effect.type === "notify" ? [effect.notice.name] : []));
  }

  get recorded(): string[] {
    return this.effects.flatMap((effect) => (effect.type === "record" ? [effect.event.type] : []));
  }

  get decisions() {
    return this.effects.flatMap((effect) => (effect.type === "decide" ? [effect.decision] : []));
  }

  count(name: Notice["name"]): number {
    return this.notices.filter((each) => each === name).length;
  }
}

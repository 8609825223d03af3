/**
 * A widget without a screen: what the customer does goes through the real machine, which says what to record and what
 * to ask, so a story in a test is one that a customer can really live through.
 */
import assert from "node:assert/strict";
import type {
  Choice,
  DecisionRequest,
  FlowConfig,
  FlowEvent,
  Offer,
  Settlement,
} from "../../src/api/wire.ts";
import {
  type CustomerEvent,
  currentNode,
  type FlowState,
  initial,
  transition,
} from "../../src/flow/machine.ts";
import type { Reply } from "./harness.ts";

interface Server {
  clock: { now: number };
  request(path: string, asked: { token: string; json: unknown }): Promise<Reply>;
}

let made = 0;
const newId = (prefix: string): string => `${prefix}_${String(++made).padStart(8, "0")}`;

export class Visit {
  readonly server: Server;
  readonly token: string;
  readonly config: FlowConfig;
  readonly run = newId("run");
  state: FlowState;
  /** Everything that happened in this opening, as it is recorded. */
  readonly events: FlowEvent[] = [];
  #sent = 0;

  constructor(server: Server, token: string, config: FlowConfig) {
    this.server = server;
    this.token = token;
    this.config = config;
    const loading = transition(initial, { type: "open" })[0];
    this.state = loading;
    this.#take(transition(loading, { type: "loaded", config }));
  }

  #take([state, effects]: ReturnType<typeof transition>): void {
    this.state = state;
    for (const effect of effects) if (effect.type === "record") this.record(effect.event);
  }

  /** Puts an event on record whatever the machine thinks of it. */
  record(event: CustomerEvent, more: Partial<FlowEvent> = {}): this {
    const head = { id: newId("event"), run: this.run, seq: this.events.length, at: this.server.clock.now };
    this.events.push({ ...head, ...event, ...more } as FlowEvent);
    return this;
  }

  /** Something that the customer can do here. */
  act(event: CustomerEvent): this {
    const before = this.events.length;
    this.#take(transition(this.state, event));
    assert.equal(
      this.events.length,
      before + 1,
      `"${event.type}" means something in phase ${this.state.phase}`,
    );
    return this;
  }

  select = (reason: string) => this.act({ type: "select", reason });
  write = (text: string) => this.act({ type: "write", text });
  next = () => this.act({ type: "next" });
  back = () => this.act({ type: "back" });
  decline = () => this.act({ type: "decline" });
  leave = () => this.act({ type: "leave" });
  choose = (choice: Choice) => this.act({ type: "choose", choice });
  fill = (value: unknown) => this.act({ type: "fill", value });

  get offer(): Offer | undefined {
    return currentNode(this.state)?.offer;
  }

  /** The offer on screen; fails if it is another one. */
  shown<Type extends Offer["type"]>(type: Type): Extract<Offer, { type: Type }> {
    assert.equal(this.offer?.type, type);
    return this.offer as Extract<Offer, { type: Type }>;
  }

  get session(): string {
    return this.config.session.id;
  }

  /** Sends what has not been sent yet. */
  async send(): Promise<Reply> {
    const events = this.events.slice(this.#sent);
    this.#sent = this.events.length;
    return this.server.request("/v1/widget/events", {
      token: this.token,
      json: { session: this.session, events },
    });
  }

  keep = () => this.act({ type: "keep" }).send();
  close = () => this.act({ type: "close" }).send();

  /** The request that the widget would send now. */
  decision(): DecisionRequest {
    const { decision } = this.state as Extract<FlowState, { phase: "deciding" }>;
    const seen =
      decision?.type === "accept"
        ? { seen: { offer: decision.offer.id, terms: decision.offer.terms, choice: decision.choice } }
        : {};
    return { session: this.session, events: this.events, ...seen };
  }

  /** Asks for the decision that the customer has just made; the same again after it failed is a retry. */
  async decide(request: object = this.decision()): Promise<Reply> {
    const reply = await this.server.request("/v1/widget/decision", { token: this.token, json: request });
    this.#sent = this.events.length;
    this.#take(
      transition(
        this.state,
        reply.status === 200
          ? { type: "settled", settlement: reply.body as unknown as Settlement }
          : { type: "rejected", fault: { code: reply.code ?? "network", retryable: reply.status >= 500 } },
      ),
    );
    return reply;
  }

  accept = (choice?: Choice) => {
    if (choice) this.choose(choice);
    return this.act({ type: "accept" }).decide();
  };
  /** From wherever the customer is, by the shortest way. */
  cancel = () => {
    if (currentNode(this.state)?.step.type !== "confirm") this.leave();
    return this.act({ type: "confirm" }).decide();
  };
}

/** The settlement in a reply that must be one. */
export function settled(reply: Reply): Settlement {
  assert.equal(reply.status, 200, reply.text);
  return reply.body as unknown as Settlement;
}

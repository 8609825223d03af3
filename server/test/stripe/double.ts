/**
 * Stripe for tests: a server that takes and answers what the installed `stripe` package describes, remembers, and can
 * be made to fail. What it does is in operations/.
 */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import Stripe from "stripe";
import { allow, keyOf, type Restricted } from "./access.ts";
import { describeStripe, type Match } from "./description.ts";
import { type Expansions, expansionsOf, shown } from "./expand.ts";
import { errorBody, type Fault, failure, isFailure, isSilence, turnAway } from "./faults.ts";
import { decodeForm } from "./form.ts";
import { type Answer, IdempotencyKeys } from "./idempotency.ts";
import { type Call, type Operations, Refusal, State } from "./state.ts";

export type { Fault } from "./faults.ts";

export interface RequestEntry {
  /** `Request-Id` of the answer. */
  id: string;
  method: string;
  path: string;
  /** `POST /v1/subscriptions/:id`; absent for what Stripe does not have. */
  name?: string;
  /** As the operation sees them; as text if they were refused. */
  params: Record<string, unknown>;
  idempotencyKey?: string;
  /** Absent while there is no answer, or if the caller never got one. */
  status?: number;
  /** The answer is one that was given before. */
  replayed?: true;
  /** It has changed something, whatever the caller has heard of it. */
  carriedOut?: true;
}

/** @param n counts the requests since this was set, from 1 */
export type FaultPlan = (
  request: Readonly<RequestEntry>,
  n: number,
) => Fault | undefined | Promise<Fault | undefined>;

export interface DoubleOptions {
  state?: State;
  /** In place of all that the double can do. */
  operations?: Operations;
  /** Besides keys like sk_test_…, which may do everything. */
  restricted?: Restricted;
}

type Outcome = Answer | "reset" | "hang";

export class StripeDouble {
  /** Everything that was asked, the oldest first. */
  readonly requests: RequestEntry[] = [];
  /** What the double itself did wrong: answers that Stripe would not give, and errors that nobody meant. */
  readonly defects: string[] = [];
  restricted: Restricted;
  readonly #operations: Operations;
  readonly #description = describeStripe();
  readonly #server = createServer((request, response) => void this.#serve(request, response));
  #state: State;
  #keys = new IdempotencyKeys();
  #fault: FaultPlan | undefined;
  #sinceFault = 0;
  #count = 0;

  constructor(operations: Operations, { state, restricted = {} }: DoubleOptions) {
    const unknown = Object.keys(operations).find((name) => !this.#description.names.includes(name));
    if (unknown) throw new Error(`Stripe has no ${unknown}`);
    this.#operations = operations;
    this.#state = state ?? State.empty(Math.floor(Date.now() / 1000));
    this.restricted = restricted;
  }

  async listen(): Promise<this> {
    await new Promise<void>((resolve) => this.#server.listen(0, "127.0.0.1", resolve));
    return this;
  }

  async close(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    this.#server.closeAllConnections();
    await closed;
  }

  /** `http://127.0.0.1:1234` */
  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  get state(): State {
    return this.#state;
  }

  /** Another state is another account: idempotency keys are forgotten, and so are requests and faults. */
  set state(state: State) {
    this.#state = state;
    this.#keys = new IdempotencyKeys();
    this.requests.length = 0;
    this.fault = undefined;
  }

  get fault(): FaultPlan | undefined {
    return this.#fault;
  }

  set fault(plan: FaultPlan | undefined) {
    this.#fault = plan;
    this.#sinceFault = 0;
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const id = `req_${String(++this.#count).padStart(14, "0")}`;
    const url = new URL(request.url ?? "/", "http://stripe");
    const idempotencyKey = header(request, "idempotency-key");
    const entry: RequestEntry = {
      id,
      method: request.method ?? "",
      path: url.pathname,
      params: {},
      ...(idempotencyKey === undefined ? {} : { idempotencyKey }),
    };
    this.requests.push(entry);
    const outcome = await this.#outcome(request, response, url, entry).catch((error: unknown) =>
      this.#refused(error, entry),
    );
    if (outcome === "reset") response.destroy();
    if (typeof outcome === "string") return;
    entry.status = outcome.status;
    response.writeHead(outcome.status, {
      "content-type": "application/json",
      "request-id": id,
      "stripe-version": Stripe.API_VERSION,
      ...(idempotencyKey === undefined ? {} : { "idempotency-key": idempotencyKey }),
      ...(entry.replayed ? { "idempotent-replayed": "true" } : {}),
    });
    response.end(JSON.stringify(outcome.body));
  }

  #refused(error: unknown, entry: RequestEntry): Answer {
    if (error instanceof Refusal) return { status: error.status, body: errorBody(error, entry.id) };
    const message = `${entry.method} ${entry.path}: ${error instanceof Error ? error.stack : String(error)}`;
    this.defects.push(message);
    return { status: 500, body: errorBody(new Refusal(500, message, { type: "api_error" }), entry.id) };
  }

  /** What is thrown here is answered and not kept: nothing has begun. */
  async #outcome(
    request: IncomingMessage,
    response: ServerResponse,
    url: URL,
    entry: RequestEntry,
  ): Promise<Outcome> {
    const body = await text(request);
    const key = keyOf(request.headers.authorization, this.restricted);
    checkVersion(header(request, "stripe-version"));
    const match = this.#match(entry);
    entry.name = match.name;
    allow(key, match.name, this.restricted);
    entry.params = decodeForm([url.search.slice(1), body].filter(Boolean).join("&"));
    // Stripe takes the header with every request, and only those that write use it.
    const { method, path, params, idempotencyKey } = entry;
    if (method !== "POST" || idempotencyKey === undefined) return this.#attempt(match, entry);
    const keys = this.#keys;
    const before = keys.claim(idempotencyKey, path, params);
    if (before) return this.#replay(before, entry);
    const free = () => keys.free(idempotencyKey);
    try {
      const outcome = await this.#attempt(match, entry, (answer) => keys.keep(idempotencyKey, answer));
      if (outcome === "hang" && !response.closed) response.once("close", free);
      else free();
      return outcome;
    } catch (error) {
      free();
      throw error;
    }
  }

  /** @param keep is called with what came of it as soon as it has begun, whether the caller hears of it or not */
  async #attempt(match: Match, entry: RequestEntry, keep?: (answer: Answer) => void): Promise<Outcome> {
    const fault = await this.#plannedFault(entry);
    if (fault) turnAway(fault);
    const answer = fault?.when === "before" ? undefined : this.#execute(match, entry);
    if (answer && answer.status < 300 && entry.method !== "GET") entry.carriedOut = true;
    const kept = isFailure(fault) ? this.#refused(failure(fault.how), entry) : answer;
    if (kept) keep?.(kept);
    return isSilence(fault) ? fault.how : (kept as Answer);
  }

  async #replay(answer: Answer, entry: RequestEntry): Promise<Outcome> {
    entry.replayed = true;
    const fault = await this.#plannedFault(entry);
    if (fault) turnAway(fault);
    return isSilence(fault) ? fault.how : answer;
  }

  async #plannedFault(entry: RequestEntry): Promise<Fault | undefined> {
    return this.#fault?.(entry, ++this.#sinceFault);
  }

  #match({ method, path }: RequestEntry): Match {
    const match = this.#description.match(method, path);
    if (match && this.#operations[match.name]) return match;
    const why = match ? " The double does not do this." : "";
    throw new Refusal(404, `Unrecognized request URL (${method}: ${path}).${why}`);
  }

  /** @throws Refusal for parameters that are refused before anything begins */
  #execute({ name, ids }: Match, entry: RequestEntry): Answer {
    const params = structuredClone(entry.params);
    this.#description.checkParams(name, params);
    const { expand = [], ...rest } = params;
    const expansions = expansionsOf(this.#description.answerOf(name), expand as string[]);
    entry.params = params;
    try {
      return { status: 200, body: this.#answer({ name, ids }, rest, expansions) };
    } catch (error) {
      return this.#refused(error, entry);
    }
  }

  #answer({ name, ids }: Match, params: Record<string, unknown>, expansions: Expansions): object {
    const operation = this.#operations[name] as (call: Call) => object;
    const object = operation({ state: this.#state, params, ids });
    const answer: object = JSON.parse(JSON.stringify(shown(object, expansions, this.#state)));
    const defects = this.#description.defectsOf(name, answer);
    if (defects.length) throw new Error(`Stripe would not answer this: ${defects.join("; ")}`);
    return answer;
  }
}

function header(request: IncomingMessage, name: string): string | undefined {
  const value = request.headers[name];
  return Array.isArray(value) ? value[0] : value;
}

/** Without the header Stripe takes the account's own version, which nobody can know from here. */
function checkVersion(version: string | undefined): void {
  if (version === Stripe.API_VERSION) return;
  throw new Refusal(400, `Invalid Stripe API version: ${version ?? "none is given"}`);
}

/** @param options.operations by default all of operations/, which are only read then */
export async function startDouble(options: DoubleOptions = {}): Promise<StripeDouble> {
  const operations = options.operations ?? (await import("./operations.ts")).operations;
  return new StripeDouble(operations, options).listen();
}

/**
 * Asks a stage for the operations of the document in thousands of ways: as it is described, and with something wrong in
 * body, address, headers or credential. The tests ask until nothing new is heard, `npm run fuzz` as often as it is told.
 */
import assert from "node:assert/strict";
import fc from "fast-check";
import { routes } from "../../src/app.ts";
import { openApiDocument } from "../../src/contract/openapi.ts";
import { type ApiDocument, type Operation, operationsOf } from "./document.ts";
import { type Example, examples } from "./examples.ts";
import { judge } from "./judge.ts";
import { replayable } from "./replayable.ts";
import { asItIs, edges, type Plan, plans, requestOf } from "./requests.ts";
import type { Stage } from "./stage.ts";

export const document = JSON.parse(
  JSON.stringify(openApiDocument(routes, { version: "0.0.0", publicUrl: "http://localhost:4321" })),
) as ApiDocument;

const isDeletion = ({ method }: Operation): number => (method === "DELETE" ? 1 : 0);

/** What takes away comes last: what it takes is needed before. */
export const operations: readonly Operation[] = operationsOf(document).sort(
  (one, other) => isDeletion(one) - isDeletion(other),
);

/** What asks billing whatever it is asked itself, and so says that it does not answer. */
const DEPENDENT = [
  "create_retention_session",
  "create_subscription_session",
  "exchange_session",
  "get_flow",
  "get_hub",
];

/** An answer that must not be, and all that it takes to get it again. */
export class Violation extends Error {
  readonly operationId: string;
  readonly request: string;
  constructor(operationId: string, request: string, cause: unknown) {
    super(`${operationId}: ${cause instanceof Error ? cause.message : cause}\n${request}`, { cause });
    this.operationId = operationId;
    this.request = request;
  }
}

export interface Asking {
  /** At most; fewer where nothing new has been heard for long enough. */
  runs: number;
  seed: number;
  /** How many requests in a row that bring nothing new are enough. Absent: all of them are made. */
  enough?: number;
}

export class Campaign {
  readonly #stage: Stage;
  /** By operation, how often each status was answered. */
  readonly statuses = new Map<string, Map<number, number>>();
  /** What was heard: operation, status and code of a refusal. */
  readonly #heard = new Set<string>();
  requests = 0;

  constructor(stage: Stage) {
    this.#stage = stage;
  }

  /** The request that has to succeed. @throws Violation */
  async succeed(operation: Operation): Promise<void> {
    const example = await this.#example(operation);
    assert.ok(example, `${operation.operationId} has an example`);
    const status = await this.#ask(operation, asItIs, example);
    assert.ok(status === 200 || status === 201, `${operation.operationId} is carried out: ${status}`);
  }

  /** The same request with one thing wrong, which is refused for that. @throws Violation */
  async refuse(operation: Operation): Promise<void> {
    const { operationId, requestBody, security } = operation;
    const example = await this.#example(operation);
    const has = {
      body: !!requestBody,
      credential: security.length > 0 && security.every((each) => Object.keys(each).length),
    };
    for (const { change, status, of } of edges) {
      if (of && !has[of]) continue;
      const answered = await this.#ask(operation, { ...asItIs, ...change }, example);
      const what = `${operationId}: ${JSON.stringify(change)} is answered with ${answered}`;
      if (status !== undefined) assert.equal(answered, status, what);
    }
  }

  /** @throws Violation of the first answer that is none */
  async ask(operation: Operation, { runs, seed, enough = Infinity }: Asking, outage = false): Promise<void> {
    let quiet = 0;
    const property = fc.asyncProperty(plans(operation), async (plan) => {
      if (quiet >= enough) return;
      const known = this.#heard.size;
      const example = plan.isExemplary ? await this.#example(operation) : undefined;
      await this.#ask(operation, plan, example, outage);
      quiet = this.#heard.size > known ? 0 : quiet + 1;
    });
    const { errorInstance } = await fc.check(property, { numRuns: runs, seed, endOnFailure: true });
    if (errorInstance) throw errorInstance;
  }

  /** The same while billing answers nobody. @throws Violation */
  async askInOutage(asking: Asking): Promise<void> {
    const dependent = operations.filter(({ operationId }) => DEPENDENT.includes(operationId));
    const ready = await Promise.all(dependent.map((each) => this.#example(each)));
    this.#heard.clear();
    this.#stage.outage?.(true);
    try {
      for (const [at, operation] of dependent.entries()) {
        const status = await this.#ask(operation, asItIs, ready[at], true);
        assert.equal(status, 503, `${operation.operationId} says that billing does not answer`);
      }
      for (const operation of operations) await this.ask(operation, asking, true);
    } finally {
      this.#stage.outage?.(false);
    }
  }

  /** No secret into the log. */
  checkLog(): void {
    const { knowledge, credentials } = this.#stage;
    const log = this.#stage.log();
    for (const secret of [...credentials.keys, ...credentials.sessions, ...knowledge.secrets()])
      assert.ok(!log.includes(secret), `the log holds ${secret}`);
  }

  async #example({ operationId }: Operation): Promise<Example | undefined> {
    try {
      return await examples[operationId]?.(this.#stage);
    } catch (error) {
      if (error instanceof assert.AssertionError) return undefined;
      throw error;
    }
  }

  async #ask(
    operation: Operation,
    plan: Plan,
    example: Example | undefined,
    outage = false,
  ): Promise<number> {
    const stage = this.#stage;
    const { operationId } = operation;
    // A token is good once.
    stage.knowledge.add("handshakeToken", stage.handshake());
    const draft = requestOf(operation, plan, stage, example);
    this.requests++;
    try {
      const response = await stage.send(draft);
      const { body, code } = await judge(operation, draft, response, {
        outage,
        connected: stage.connected,
      });
      stage.knowledge.learn(body);
      this.#count(operationId, response.status, code);
      return response.status;
    } catch (error) {
      throw new Violation(operationId, replayable(draft), error);
    }
  }

  #count(operationId: string, status: number, code: string | undefined): void {
    this.#heard.add(`${operationId} ${status} ${code}`);
    const counts = this.statuses.get(operationId) ?? new Map<number, number>();
    counts.set(status, (counts.get(status) ?? 0) + 1);
    this.statuses.set(operationId, counts);
  }
}

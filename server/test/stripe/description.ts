/**
 * What Stripe's API takes and answers, read from the installed `stripe` package: a new version of it is a new
 * description.
 */
import type { ValidateFunction } from "ajv";
import { type Endpoint, readEndpoints } from "./description/endpoints.ts";
import { refusalOf } from "./description/refusals.ts";
import { checkOf, type Use } from "./description/schemas.ts";
import { type Shape, signatureOf } from "./description/shapes.ts";

/** A request of which method and address are known. */
export interface Match {
  /** `POST /v1/subscriptions/:id` */
  name: string;
  ids: string[];
}

const NO_PARAMETERS: ValidateFunction = checkOf({ kind: "map", of: { kind: "never" } }, "asked");

export class Description {
  readonly #endpoints = new Map<string, Endpoint>();
  readonly #signatures = new Map<string, ReturnType<typeof signatureOf>>();
  readonly #checks = new Map<string, ValidateFunction>();

  constructor() {
    for (const endpoint of readEndpoints()) this.#endpoints.set(endpoint.name, endpoint);
  }

  get names(): string[] {
    return [...this.#endpoints.keys()];
  }

  /** `/v1/invoices/create_preview` is not the invoice of that id: words go before ids. */
  match(method: string, address: string): Match | undefined {
    const parts = address.split("/");
    const fitting = [...this.#endpoints.values()].filter(
      (endpoint) =>
        endpoint.method === method &&
        endpoint.parts.length === parts.length &&
        endpoint.parts.every((part, place) =>
          part === undefined ? parts[place] !== "" : part === parts[place],
        ),
    );
    const [best] = fitting.sort((a, b) => idsIn(a) - idsIn(b));
    if (!best) return undefined;
    const ids = parts.filter((_, place) => best.parts[place] === undefined).map(decodeURIComponent);
    return { name: best.name, ids };
  }

  /**
   * Makes numbers and booleans of text, in place.
   * @throws Refusal 400
   */
  checkParams(name: string, params: object): void {
    const { params: shape } = this.#signature(name);
    const check = shape ? this.#check(name, shape, "asked") : NO_PARAMETERS;
    if (!check(params)) throw refusalOf(check.errors ?? [], params);
  }

  /** What of this answer Stripe would never say. */
  defectsOf(name: string, answer: unknown): string[] {
    const check = this.#check(name, this.answerOf(name), "answered");
    if (check(answer)) return [];
    const errors = (check.errors ?? []).filter(({ keyword }) => keyword !== "anyOf");
    const depth = Math.max(...errors.map(({ instancePath }) => instancePath.split("/").length));
    const deepest = errors.filter(({ instancePath }) => instancePath.split("/").length === depth);
    return deepest.map(({ instancePath, message, params }) => {
      const more = Object.values(params as object)
        .flat()
        .slice(0, 12)
        .join(", ");
      return `${instancePath || "/"} ${message} (${more})`;
    });
  }

  answerOf(name: string): Shape {
    return this.#signature(name).answer;
  }

  #signature(name: string): ReturnType<typeof signatureOf> {
    const endpoint = this.#endpoints.get(name);
    if (!endpoint) throw new Error(`Stripe has no ${name}`);
    let signature = this.#signatures.get(name);
    if (!signature) {
      signature = signatureOf(endpoint.file, endpoint.className, endpoint.functionName);
      this.#signatures.set(name, signature);
    }
    return signature;
  }

  #check(name: string, shape: Shape, use: Use): ValidateFunction {
    const key = `${use} ${name}`;
    let check = this.#checks.get(key);
    if (!check) {
      check = checkOf(shape, use);
      this.#checks.set(key, check);
    }
    return check;
  }
}

const idsIn = ({ parts }: Endpoint): number => parts.filter((part) => part === undefined).length;

let description: Description | undefined;

/** Read once per process. */
export function describeStripe(): Description {
  description ??= new Description();
  return description;
}

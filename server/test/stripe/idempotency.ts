/** https://docs.stripe.com/api/idempotent_requests */
import { isDeepStrictEqual } from "node:util";
import { Refusal } from "./state.ts";

export interface Answer {
  status: number;
  body: object;
}

interface Known {
  address: string;
  params: object;
  /** Absent while the first request is under way. */
  answer?: Answer;
}

const MAX_LENGTH = 255;

export class IdempotencyKeys {
  readonly #known = new Map<string, Known>();

  /**
   * The answer that was given before under this key. Without one the key is in use until `keep` or `free`.
   * @throws Refusal 400 if the key was used for something else, 409 while it is in use
   */
  claim(key: string, address: string, params: object): Answer | undefined {
    if (key.length > MAX_LENGTH) {
      throw new Refusal(400, `Idempotency keys can have up to ${MAX_LENGTH} characters.`);
    }
    const known = this.#known.get(key);
    if (!known) {
      this.#known.set(key, { address, params });
      return undefined;
    }
    const mismatch = mismatchOf(known, address, params);
    if (mismatch) {
      const advice = `Try using a key other than '${key}' if you meant to execute a different request.`;
      throw new Refusal(400, `Keys for idempotent requests can only be used ${mismatch}. ${advice}`, {
        type: "idempotency_error",
      });
    }
    if (!known.answer) throw inUse(key);
    return known.answer;
  }

  /** What is kept is given to everyone who comes with the key, refusals and failures too. */
  keep(key: string, answer: Answer): void {
    const known = this.#known.get(key);
    if (known) known.answer = answer;
  }

  /** What never began leaves the key as if it had not been used; what was kept stays. */
  free(key: string): void {
    if (!this.#known.get(key)?.answer) this.#known.delete(key);
  }
}

function mismatchOf(known: Known, address: string, params: object): string | undefined {
  if (known.address !== address) {
    return `for the same endpoint they were first used for ('${known.address}' vs '${address}')`;
  }
  return isDeepStrictEqual(known.params, params)
    ? undefined
    : "with the same parameters they were first used with";
}

/** The documentation names the code and not the type; this is the type that people have met. */
export const inUse = (key: string): Refusal =>
  new Refusal(
    409,
    `There is currently another in-progress request using this Idempotent Key (that probably means you submitted twice, and the other request is still going through): ${key}. Please try again later.`,
    { code: "idempotency_key_in_use" },
  );

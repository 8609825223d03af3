/**
 * The framework's router, but for addresses without parameters, which are looked up. Its quick router takes no address that
 * a parameter of another one would match as well (`/verify` beside `/:id`), and its other one walks a tree each time.
 */
import type { Result, Router } from "hono/router";
import { TrieRouter } from "hono/router/trie-router";

export class QuickRouter<T> implements Router<T> {
  readonly name = "QuickRouter";
  readonly #router = new TrieRouter<T>();
  readonly #plain = new Set<string>();
  /** By method and address. */
  readonly #known = new Map<string, Result<T>>();

  add(method: string, path: string, handler: T): void {
    if (!/[:*{]/.test(path)) this.#plain.add(path);
    this.#known.clear();
    this.#router.add(method, path, handler);
  }

  match(method: string, path: string): Result<T> {
    // What somebody makes up is not kept, be it an address or a method.
    if (!this.#plain.has(path) || !METHODS.has(method)) return this.#router.match(method, path);
    const key = `${method} ${path}`;
    let result = this.#known.get(key);
    if (!result) {
      result = this.#router.match(method, path);
      this.#known.set(key, result);
    }
    return result;
  }
}

const METHODS: ReadonlySet<string> = new Set(["GET", "POST", "PATCH", "DELETE", "OPTIONS"]);

/** What all tabs of one browser share: its storage and its locks. */

type Grant = (lock: { name: string } | null) => unknown;

export class Profile {
  readonly kept = new Map<string, string>();
  readonly #held = new Set<string>();
  readonly #waiting = new Map<string, (() => void)[]>();

  /** As a page sees it; what a tab writes that has gone is lost. */
  storageFor(tab: { readonly isGone: boolean }): Storage {
    const { kept } = this;
    const methods = {
      getItem: (key: string) => kept.get(key) ?? null,
      setItem: (key: string, text: string) => void (tab.isGone || kept.set(key, text)),
      removeItem: (key: string) => void (tab.isGone || kept.delete(key)),
    };
    return new Proxy(methods, {
      ownKeys: () => [...kept.keys()],
      getOwnPropertyDescriptor: (_, key) => ({
        value: kept.get(String(key)),
        enumerable: true,
        configurable: true,
      }),
      get: (target, key) => Reflect.get(target, key),
    }) as unknown as Storage;
  }

  /** Web Locks, as far as they are used. A tab that goes lets go of its own. */
  locksFor(tab: { readonly isGone: boolean; readonly gone: Promise<void> }): Pick<LockManager, "request"> {
    const request = async (name: string, given: LockOptions | Grant, last?: Grant) => {
      const grant = (last ?? given) as Grant;
      const isPatient = !(last && (given as LockOptions).ifAvailable);
      if (this.#held.has(name)) {
        if (!isPatient) return grant(null);
        await this.#turn(name);
      }
      this.#held.add(name);
      const free = () => this.#free(name);
      if (tab.isGone) {
        free();
        return new Promise(() => {});
      }
      const result = Promise.resolve(grant({ name }));
      void Promise.race([result.catch(() => {}), tab.gone]).then(free);
      return result;
    };
    return { request } as unknown as Pick<LockManager, "request">;
  }

  #turn(name: string): Promise<void> {
    return new Promise((resolve) => {
      const waiting = this.#waiting.get(name) ?? [];
      waiting.push(resolve);
      this.#waiting.set(name, waiting);
    });
  }

  #free(name: string): void {
    const next = this.#waiting.get(name)?.shift();
    // Handed over without being free in between: nobody can come first.
    if (next) next();
    else this.#held.delete(name);
  }
}

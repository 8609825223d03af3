/** Short memory for what hardly changes. Never for subscriptions, customers or invoices. */

export interface Cache {
  /** Loads under way are shared; one that fails, or finds nothing (undefined), is forgotten. */
  get<T>(key: string, ttlMs: number, load: () => Promise<T>): Promise<T>;
  /** Forgets every key that begins so. */
  drop(prefix: string): void;
}

/** What is oldest gives way. */
const MOST = 5000;

export function createCache(clock: () => number): Cache {
  const kept = new Map<string, { until: number; value: unknown }>();
  const loading = new Map<string, Promise<unknown>>();

  function keep(key: string, until: number, value: unknown): void {
    kept.delete(key);
    kept.set(key, { until, value });
    for (const oldest of kept.keys()) {
      if (kept.size <= MOST) break;
      kept.delete(oldest);
    }
  }

  async function settle<T>(key: string, ttlMs: number, load: Promise<T>): Promise<T> {
    try {
      const value = await load;
      // What was dropped meanwhile may be what was known before the change.
      if (value !== undefined && loading.get(key) === load) keep(key, clock() + ttlMs, value);
      return value;
    } finally {
      if (loading.get(key) === load) loading.delete(key);
    }
  }

  return {
    async get<T>(key: string, ttlMs: number, load: () => Promise<T>): Promise<T> {
      const found = kept.get(key);
      if (found && clock() < found.until) return found.value as T;
      const shared = loading.get(key) as Promise<T> | undefined;
      if (shared) return shared;
      const own = load();
      loading.set(key, own);
      return settle(key, ttlMs, own);
    },

    drop(prefix) {
      for (const keys of [kept, loading])
        for (const key of keys.keys()) if (key.startsWith(prefix)) keys.delete(key);
    },
  };
}

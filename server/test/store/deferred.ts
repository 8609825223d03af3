export interface Deferred<T> {
  promise: Promise<T>;
  resolve(value: T): void;
}

/** A promise and what resolves it, for tests that must be in two places at once. */
export function deferred<T = void>(): Deferred<T> {
  let resolve: (value: T) => void = () => {};
  const promise = new Promise<T>((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}

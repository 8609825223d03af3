import { type RefObject, useEffect, useLayoutEffect, useRef, useState } from "react";
import type { CallbackOptions } from "../sdk/types.ts";

/** Before the next paint. React 18 and older warn about it where there is nothing to paint. */
export const useBrowserEffect = typeof document === "undefined" ? useEffect : useLayoutEffect;

/** What was rendered last, for whoever asks later. */
export function useLatest<Value>(value: Value): Readonly<RefObject<Value>> {
  const latest = useRef(value);
  useBrowserEffect(() => {
    latest.current = value;
  });
  return latest;
}

/** Callbacks that are looked up when something happens: new ones need no new subscription, and missing ones stay missing. */
export const live = (callbacks: () => CallbackOptions | undefined): CallbackOptions => ({
  get onComplete() {
    return callbacks()?.onComplete;
  },
  get onRetained() {
    return callbacks()?.onRetained;
  },
  get onCancelled() {
    return callbacks()?.onCancelled;
  },
});

export function useLive(callbacks: CallbackOptions | undefined): CallbackOptions {
  const latest = useLatest(callbacks);
  return useState(() => live(() => latest.current))[0];
}

import { createElement, forwardRef, type HTMLAttributes, type ReactNode, useEffect, useRef } from "react";
import type { CallbackOptions } from "../sdk/types.ts";
import { useProvided } from "./context.ts";
import { useLive } from "./latest.ts";

/** Also every attribute of the wrapper. */
export interface SubscriptionHubProps
  extends Omit<HTMLAttributes<HTMLDivElement>, "children" | "className" | "dangerouslySetInnerHTML"> {
  /** `sub_…`; not used with `getAuthToken`. */
  sessionId?: string | undefined;
  /** Before those of the provider, one by one. */
  callbacks?: CallbackOptions | undefined;
  /** The whole class attribute, in place of `renumerate-subscription-hub`. */
  wrapperClassName?: string | undefined;
  /** Of the hub itself, in place of `renumerate-subscription-hub-iframe`. */
  iframeClassName?: string | undefined;
  /** With `getAuthToken`: shown until there is a session. */
  loadingComponent?: ReactNode;
  /** With `getAuthToken`: shown without a session, in place of the hub's own words with their retry and mail link. */
  errorComponent?: ReactNode;
}

const loading = /* @__PURE__ */ createElement("div", null, "Loading...");

/** The customer's subscriptions. Its ref is the wrapper. */
export const SubscriptionHub = /* @__PURE__ */ forwardRef<HTMLDivElement, SubscriptionHubProps>(
  function SubscriptionHub(
    {
      sessionId,
      callbacks,
      wrapperClassName,
      iframeClassName,
      loadingComponent = loading,
      errorComponent,
      ...attributes
    },
    ref,
  ) {
    const { context, isToken, settings } = useProvided("SubscriptionHub");
    const { instance, session, isSessionLoading } = context;
    const own = useLive(callbacks);
    const hub = useRef<HTMLElement>(null);
    const whose = isToken ? undefined : sessionId;
    // Where an error boundary and a server find it; the configuration may just be changing to this.
    if (!isToken && !instance.config.getAuthToken) instance.getSubscriptionHubUrl(sessionId as string);

    const instead = !isToken || session ? undefined : isSessionLoading ? loadingComponent : errorComponent;
    const isShown = instead === undefined;
    // biome-ignore lint/correctness/useExhaustiveDependencies: the instance reads its settings when a hub is attached
    useEffect(() => {
      const element = hub.current;
      if (!element || !isShown) return;
      // Unless it was the last attempt that failed.
      element.hidden = false;
      return instance.attachHub(element, whose, own);
    }, [instance, whose, own, settings, isShown]);

    return createElement(
      "div",
      { ...attributes, ref, className: wrapperClassName || "renumerate-subscription-hub" },
      isShown
        ? // Not `className`, which React before 19 does not know of tags with a dash.
          createElement("renumerate-subscription-hub", {
            ref: hub,
            // If it is known already, it has taken up attributes of its own.
            suppressHydrationWarning: true,
            class: iframeClassName || "renumerate-subscription-hub-iframe",
          })
        : instead,
    );
  },
);

import { type ButtonHTMLAttributes, createElement, forwardRef, type MouseEvent } from "react";
import { useProvided } from "./context.ts";
import { type UseRenumerateOptions, useOpening } from "./use-renumerate.ts";

/** Also every attribute of a button. */
export interface CancelButtonProps
  extends UseRenumerateOptions,
    Omit<ButtonHTMLAttributes<HTMLButtonElement>, "type" | "dangerouslySetInnerHTML"> {}

/** A button that opens the retention flow. Its children are its label. */
export const CancelButton = /* @__PURE__ */ forwardRef<HTMLButtonElement, CancelButtonProps>(
  function CancelButton(
    { sessionId, subscriptionId, callbacks, className, disabled, onClick, children, ...attributes },
    ref,
  ) {
    // Each generation of this component names somebody else outside of a provider.
    const who = sessionId === undefined ? "CancelButton" : "useRenumerate";
    const { isSessionLoading, session, sessionError } = useProvided(who).context;
    const { open } = useOpening(who, { sessionId, subscriptionId, callbacks });
    return createElement(
      "button",
      {
        "aria-haspopup": "dialog",
        ...attributes,
        ref,
        type: "button",
        className: className || "renumerate-cancel-btn",
        // Without a session it is a way to see what is wrong, and whom to write to.
        disabled: disabled || (isSessionLoading && !session && !sessionError),
        onClick(event: MouseEvent<HTMLButtonElement>) {
          onClick?.(event);
          if (event.defaultPrevented) return;
          // Safari does not do so by itself, and the dialog gives the focus back to where it was.
          event.currentTarget.focus();
          open();
        },
      },
      children ?? "Cancel Subscription",
    );
  },
);

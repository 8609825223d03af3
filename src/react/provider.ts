import {
  createElement,
  type ReactElement,
  type ReactNode,
  useCallback,
  useEffect,
  useMemo,
  useRef,
  useState,
} from "react";
import { Renumerate } from "../sdk/renumerate.ts";
import type { RenumerateConfig, SdkSession } from "../sdk/types.ts";
import { Context } from "./context.ts";
import { live, useBrowserEffect, useLatest } from "./latest.ts";

export interface RenumerateProviderProps {
  /** May be another object, with other functions, each time. Another customer wants another `key` of the provider. */
  config: RenumerateConfig;
  children?: ReactNode;
}

/** As after {@link RenumerateConfig.timeout} milliseconds where that says nothing. */
const LONGEST_WAIT = 10_000;

interface SessionState {
  session: SdkSession | null;
  isLoading: boolean;
  error: Error | null;
}

const unknown: SessionState = { session: null, isLoading: true, error: null };

/** An instance of its own for what is inside: several on a page know nothing of each other. */
export function RenumerateProvider({ config, children }: RenumerateProviderProps): ReactElement {
  const latest = useLatest(config);
  const isToken = typeof config.getAuthToken === "function";
  const settings = JSON.stringify([isToken, config]);
  /** Call the last ones rendered. Another callback would say that somebody else may have signed in. */
  const functions = useMemo(
    () => ({
      callbacks: live(() => latest.current.callbacks),
      getAuthToken: isToken
        ? async () => (latest.current.getAuthToken as () => Promise<string>)()
        : undefined,
    }),
    [latest, isToken],
  );
  const [instance] = useState(() => {
    const made = new Renumerate({ ...config, ...functions });
    // React may throw away what it has rendered, or render twice: until it is in the page, nothing is.
    made.cleanup();
    return made;
  });

  useBrowserEffect(() => {
    instance.initialize();
    // For scripts of the page that are not written in React. Instances of the page's own come first.
    window.RENUMERATE_INSTANCE ??= instance;
    return () => {
      instance.cleanup();
      if (window.RENUMERATE_INSTANCE === instance) delete window.RENUMERATE_INSTANCE;
    };
  }, [instance]);

  useBrowserEffect(() => {
    // What is left out now was perhaps given before.
    const gone = Object.fromEntries(Object.keys(instance.config).map((name) => [name, undefined]));
    instance.updateConfig({ ...gone, ...latest.current, ...functions });
  }, [instance, latest, functions, settings]);

  const [state, setState] = useState(unknown);
  const turn = useRef(0);

  const establish = useCallback(
    async (ask: "getSession" | "refreshSession") => {
      const own = ++turn.current;
      const settle = (next: Partial<SessionState>) => {
        if (own === turn.current) setState((last) => ({ ...last, isLoading: false, ...next }));
      };
      // Who wants to cancel does not wait for longer: what opens asks by itself, and says what is wrong.
      const timer = setTimeout(
        () => settle({ error: new Error("No session in time") }),
        latest.current.timeout ?? LONGEST_WAIT,
      );
      settle({ isLoading: true });
      try {
        settle({ session: await instance[ask](), error: null });
      } catch (error) {
        settle({ error: error instanceof Error ? error : new Error(String(error)) });
      } finally {
        clearTimeout(timer);
      }
    },
    [instance, latest],
  );

  useEffect(() => {
    if (isToken) void establish("getSession");
    // The next one to sign in begins anew.
    else setState(unknown);
    return () => {
      turn.current++;
    };
  }, [establish, isToken]);

  const refreshSession = useCallback(() => establish("refreshSession"), [establish]);
  const provided = useMemo(
    () => ({
      context: {
        instance,
        session: isToken ? state.session : null,
        isSessionLoading: isToken && state.isLoading,
        sessionError: isToken ? state.error : null,
        refreshSession,
      },
      isToken,
      settings,
    }),
    [instance, state, isToken, refreshSession, settings],
  );
  return createElement(Context.Provider, { value: provided }, children);
}

import { type CallbackOptions, CancelButton, RenumerateProvider } from "@renumerate/js/react";
import { useEffect, useState } from "react";

interface Props extends CallbackOptions {
  sessionUrl: string;
}

/** Components in place of tags: a button of your own, opening the same flow. They take a session id. */
export function Components({ sessionUrl, ...callbacks }: Props) {
  const [sessionId, setSessionId] = useState<string>();
  useEffect(() => {
    const controller = new AbortController();
    fetch(sessionUrl, { signal: controller.signal })
      .then((answer) => answer.json())
      .then(({ id }: { id: string }) => setSessionId(id))
      .catch((error: unknown) => {
        if (!controller.signal.aborted) console.error(error);
      });
    return () => controller.abort();
  }, [sessionUrl]);
  if (!sessionId) return <p>Loading…</p>;
  return (
    <RenumerateProvider config={{ fallbackEmail: "support@papercrane.example", callbacks }}>
      <CancelButton sessionId={sessionId}>Cancel my plan</CancelButton>
    </RenumerateProvider>
  );
}

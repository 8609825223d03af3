/**
 * The browser examples of the Renumerate client's documentation as modules. In place come what the documentation calls
 * placeholders: the host of the service, session ids, and, around an example, what it takes for granted.
 */
import { quote } from "./quotations.ts";

export interface Placed {
  /** The server's address. */
  apiUrl: string;
  /** `ret_…` */
  sessionId: string;
}

const [vanilla, react] = quote("reference-configuration").split("// React\n") as [string, string];

/** A name that is not imported or declared would stop a page. */
const modules = {
  "mount.ts": ({ sessionId }: Placed) => `import { Renumerate } from "@renumerate/js";
${vanilla}
${quote("guide-mount-cancel-button.ts").replace('"sessionId"', JSON.stringify(sessionId))}`,

  "show.ts": ({ sessionId }: Placed) => `import { Renumerate } from "@renumerate/js";
${vanilla}
${quote("guide-show-retention-view.ts").replace('"sessionId"', JSON.stringify(sessionId))}`,

  "configuration.tsx": () => `import { createRoot } from "react-dom/client";
import { RenumerateProvider } from "@renumerate/js/react";
const children = <p>Inside</p>;
createRoot(document.getElementById("root")!).render(
${react.trim()}
);`,

  "button.tsx": ({ sessionId }: Placed) => `import { createRoot } from "react-dom/client";
${quote("guide-cancel-button.tsx").replace("ret_example123", sessionId)}
createRoot(document.getElementById("root")!).render(<MyComponent />);`,

  "hook.tsx": ({ sessionId }: Placed) => `import { createRoot } from "react-dom/client";
${quote("guide-hook.tsx").replace("ret_example123", sessionId)}
createRoot(document.getElementById("root")!).render(<App />);`,
};

export type Example = keyof typeof modules;

export const examples = Object.keys(modules) as Example[];

/** The one change of who moves here: the configuration names the server. */
export const example = (name: Example, placed: Placed): string =>
  modules[name](placed).replaceAll(
    "publicKey: 'your-public-key'",
    `publicKey: 'your-public-key', apiUrl: ${JSON.stringify(placed.apiUrl)}`,
  );

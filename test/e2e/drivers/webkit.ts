import { findWebKit } from "../../../scripts/engines.ts";
import { launchWebKit } from "../../../scripts/webkit.ts";
import { pageOver } from "./over.ts";
import type { Driver, Opened } from "./page.ts";

/** WebKit over WebDriver. Each page has a browser of its own: one that is started for tests has only one window. */
export function webkitDriver(): Driver {
  const open = new Set<Opened>();
  return {
    async open({ colorScheme, reducedMotion, locale }) {
      const programs = findWebKit();
      if (!programs) throw new Error("There is no WebKit");
      if (locale) throw new Error("WebKit cannot be told a language");
      const webkit = await launchWebKit(programs, {
        dark: colorScheme === "dark",
        reducedMotion: reducedMotion === "reduce",
      });
      const faults: string[] = [];
      const page = pageOver(
        {
          goto: (url) => webkit.goto(url),
          reload: () => webkit.reload(),
          run: (body, ...values) => webkit.execute(body, ...values),
          press: (key) => webkit.press(key),
          type: (text) => webkit.type(text),
          click: (x, y) =>
            webkit.pointer(
              { type: "pointerMove", x: Math.round(x), y: Math.round(y), duration: 0 },
              { type: "pointerDown", button: 0 },
              { type: "pointerUp", button: 0 },
            ),
        },
        faults,
      );
      const opened: Opened = {
        page,
        faults,
        async close() {
          open.delete(opened);
          await webkit.stop();
        },
      };
      open.add(opened);
      return opened;
    },
    async close() {
      for (const each of open) await each.close();
    },
  };
}

/** The measuring itself: whatever can be forgotten is seen. */
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { type Counts, type Laboratory, openLaboratory, ROOM } from "./laboratory.ts";
import type { DoingName } from "./page.ts";

const TIMES = 20;

interface Leak {
  of: DoingName;
  /** Breaks the page before it does anything. */
  plant: () => void;
  /** What grows at least once each time. */
  grows: keyof Counts | "heap";
}

declare global {
  interface Window {
    kept: unknown[];
  }
}

const leaks: Record<string, Leak> = {
  "a listener that is never taken away": {
    of: "opening and closing by the button",
    grows: "listeners",
    plant: () => {
      window.removeEventListener = () => {};
    },
  },
  "a timer that is never cleared": {
    of: "opening and closing by the button",
    grows: "timers",
    plant: () => {
      window.clearTimeout = () => {};
    },
  },
  "a lock of scrolling that is never taken off": {
    of: "opening and closing by the button",
    grows: "sheets",
    plant: () => {
      let sheets: CSSStyleSheet[] = [];
      Object.defineProperty(document, "adoptedStyleSheets", {
        get: () => sheets,
        set: (value: CSSStyleSheet[]) => {
          if (value.length > sheets.length) sheets = value;
        },
      });
    },
  },
  "an entry that stays in the browser": {
    of: "opening and closing by the button",
    grows: "stored",
    plant: () => {
      const { setItem } = Storage.prototype;
      Storage.prototype.setItem = function (this: Storage, key: string, value: string) {
        setItem.call(this, key, value);
        setItem.call(this, `copy of ${key}`, value);
      };
    },
  },
  "a Web Lock that is never released": {
    of: "opening and closing by the button",
    grows: "locks",
    plant: () => {
      const { request } = LockManager.prototype;
      LockManager.prototype.request = function (this: LockManager, name: string) {
        return request.call(this, name, {}, () => new Promise(() => {}));
      } as typeof request;
    },
  },
  "an element that somebody still holds": {
    of: "a closed dialog that comes and goes",
    grows: "nodes",
    plant: () => {
      window.kept = [];
      const { remove } = Element.prototype;
      Element.prototype.remove = function (this: Element) {
        window.kept.push(this);
        remove.call(this);
      };
    },
  },
  "a document that somebody still holds": {
    of: "a button that comes and goes",
    grows: "documents",
    plant: () => {
      window.kept = [];
      const { remove } = Element.prototype;
      Element.prototype.remove = function (this: Element) {
        window.kept.push(document.implementation.createHTMLDocument());
        remove.call(this);
      };
    },
  },
  "a record of what was closed": {
    of: "opening and closing by the button",
    grows: "heap",
    plant: () => {
      window.kept = [];
      document.addEventListener("renumerate-close", ({ timeStamp: at }) =>
        window.kept.push({ by: { at }, step: { at }, offer: { at }, answer: { at } }),
      );
    },
  },
  "an answer that is never let go": {
    of: "a flow that ends in a cancellation",
    grows: "heap",
    plant: () => {
      window.kept = [];
      const { json } = Response;
      Response.json = (body: unknown) => {
        window.kept.push(structuredClone(body));
        return json(body);
      };
    },
  },
};

describe("the laboratory notices", () => {
  let laboratory: Laboratory;
  before(async () => {
    laboratory = await openLaboratory();
  });
  after(() => laboratory.close());

  for (const [leak, { of, plant, grows }] of Object.entries(leaks)) {
    it(leak, async () => {
      const { page, grow, close } = await laboratory.subject(of);
      await page.evaluate(plant);
      const { heap, counts } = await grow(of, TIMES);
      const grown = grows === "heap" ? heap : counts[grows] / TIMES;
      assert.ok(grown >= (grows === "heap" ? ROOM : 1), `${grows} grow by ${grown} each time`);
      await close();
    });
  }
});

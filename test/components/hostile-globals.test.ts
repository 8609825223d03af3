import { expect } from "@open-wc/testing";
import { fakeServer } from "../fixtures/fake-server.ts";
import { usual } from "../fixtures/flows.ts";
import { buttonIn, cancel, dialogs, opened } from "../fixtures/hostile.ts";

type Undo = () => void;

/** Replaces a property, or adds it the careless way: enumerable. */
function patch(target: object, name: string, make: (original: never) => unknown): Undo {
  const before = Object.getOwnPropertyDescriptor(target, name);
  const value = make(Reflect.get(target, name) as never);
  Object.defineProperty(target, name, { value, writable: true, configurable: true, enumerable: true });
  return () => {
    if (before) Object.defineProperty(target, name, before);
    else Reflect.deleteProperty(target, name);
  };
}

type Method = (...values: unknown[]) => unknown;

/** Calls the original as a library would that wants to know. */
const wrapped = (original: Method) =>
  function (this: unknown, ...values: unknown[]) {
    return Reflect.apply(original, this, values);
  };

class OwnResponse extends Response {}

const patches: Record<string, () => Undo[]> = {
  "enumerable additions to objects and arrays": () => [
    patch(Object.prototype, "extend", () => () => {}),
    patch(Object.prototype, "each", () => () => {}),
    patch(Array.prototype, "last", () => () => {}),
    patch(Function.prototype, "bindAsEventListener", () => () => {}),
  ],
  "methods of elements": () => [
    ...["remove", "append", "replaceChildren", "attachShadow", "setAttribute"].map((name) =>
      patch(Element.prototype, name, wrapped),
    ),
    ...["appendChild", "insertBefore", "cloneNode"].map((name) => patch(Node.prototype, name, wrapped)),
    patch(EventTarget.prototype, "addEventListener", wrapped),
    patch(document, "createElement", wrapped),
  ],
  "closed shadow roots": () => [
    patch(
      Element.prototype,
      "attachShadow",
      (original: Method) =>
        function (this: Element, init: ShadowRootInit) {
          return Reflect.apply(original, this, [{ ...init, mode: "open", serializable: true }]);
        },
    ),
  ],
  fetch: () => [
    patch(window, "fetch", (original: typeof fetch) => async (input: RequestInfo, init: RequestInit = {}) => {
      const headers = new Headers(init.headers);
      headers.set("X-Trace", "1");
      const response = await original(input, { ...init, headers });
      return new OwnResponse(await response.text(), response);
    }),
  ],
  "Promise.prototype.then": () => [patch(Promise.prototype, "then", wrapped)],
  MutationObserver: () => [
    patch(
      window,
      "MutationObserver",
      () =>
        class {
          observe() {}
          disconnect() {}
          takeRecords() {
            return [];
          }
        },
    ),
  ],
  "the registry of elements": () => [
    patch(
      CustomElementRegistry.prototype,
      "define",
      (original: Method) =>
        function (this: unknown, name: string, element: CustomElementConstructor, ...rest: unknown[]) {
          return Reflect.apply(original, this, [name, class extends element {}, ...rest]);
        },
    ),
    patch(CustomElementRegistry.prototype, "get", wrapped),
  ],
  "the time": () => [
    patch(performance, "now", () => () => 5),
    patch(Date, "now", () => () => 1_800_000_000_000),
  ],
};

// toJSON on everything is in the end-to-end tests: the fake server would speak it as well.
// Each page has one registry: what is defined here first is defined under its patch, the others run with it.
describe("with changed globals", () => {
  for (const title of ["the registry of elements", ...Object.keys(patches)]) {
    it(`${title}: cancels`, async () => {
      // On top of the fake server, as on the real one.
      const server = fakeServer(usual);
      const undo = (patches[title] as () => Undo[])();
      let failure: unknown;
      try {
        await import("../../src/embed.ts");
        const button = buttonIn();
        await button.open();
        await cancel(await opened());
        button.remove();
      } catch (error) {
        failure = error;
      }
      // The test's own tools need the page as it was.
      for (const each of undo.reverse()) each();
      for (const each of dialogs()) each.remove();
      server.restore();
      if (failure) throw failure;
      const events = server.decisions[0]?.body.events;
      expect(events?.map(({ type }) => type)).to.deep.equal(["open", "leave", "confirm"]);
      expect(server.decisions.length).to.equal(1);
    });
  }
});

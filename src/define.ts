/** What the elements have in common: attributes that are properties, a shared style sheet, states, registration. */

/** The version of this copy; the same as in package.json. */
export const VERSION = "0.1.0";

/** Attributes of every element; the button hands them on to the dialog as they are. */
export const SHARED = [
  "session-id",
  "session-url",
  "subscription-id",
  "api-url",
  "fallback-email",
  "locale",
  "color-scheme",
  "debug",
] as const;

/** Attributes that are there or not; all others are texts. */
const FLAGS = ["debug", "inline"];

export const camel = (name: string) => name.replace(/-(.)/g, (_, letter: string) => letter.toUpperCase());

/** Importing an element must work where there is no DOM. */
const Base = globalThis.HTMLElement ?? (class {} as typeof HTMLElement);

/** A property is its attribute under another name: what is set one way is read the other way. Empty is as good as none. */
export class RenumerateElement extends Base {
  /** All of them have a property too. */
  static observedAttributes: readonly string[] = [];
  static sheet?: CSSStyleSheet;

  declare sessionId: string;
  declare sessionUrl: string;
  declare subscriptionId: string;
  declare apiUrl: string;
  declare fallbackEmail: string;
  declare locale: string;
  declare colorScheme: string;
  declare debug: boolean;

  protected readonly root: ShadowRoot;
  readonly #internals = this.attachInternals?.();

  constructor(css: string, delegatesFocus = false) {
    super();
    this.root = this.attachShadow({ mode: "open", delegatesFocus });
    // One for all elements of a kind.
    const kind = new.target;
    if (!kind.sheet) {
      kind.sheet = new CSSStyleSheet();
      kind.sheet.replaceSync(css);
    }
    this.root.adoptedStyleSheets = [kind.sheet];
  }

  connectedCallback(): void {
    // Properties that were set before the class was known hide the accessors until they are set again.
    for (const name of (this.constructor as typeof RenumerateElement).observedAttributes.map(
      camel,
    ) as "locale"[]) {
      if (!Object.hasOwn(this, name)) continue;
      const value = this[name];
      Reflect.deleteProperty(this, name);
      this[name] = value;
    }
  }

  /** Sets or takes away `:state(name)`. */
  protected mark(name: string, on: boolean): void {
    // Engines without custom states throw on a name without dashes, or have no set at all.
    try {
      this.#internals?.states[on ? "add" : "delete"](name);
    } catch {}
  }
}

interface Definable extends CustomElementConstructor {
  version?: string;
  observedAttributes?: readonly string[];
}

/** Makes properties of the attributes, but for those that the element has accessors of its own for. */
function reflect({ prototype, observedAttributes = [] }: Definable): void {
  for (const name of observedAttributes) {
    if (camel(name) in prototype) continue;
    const flag = FLAGS.includes(name);
    Object.defineProperty(prototype, camel(name), {
      configurable: true,
      enumerable: true,
      get(this: HTMLElement) {
        return flag ? this.hasAttribute(name) : (this.getAttribute(name) ?? "");
      },
      set(this: HTMLElement, value: unknown) {
        if (value) this.setAttribute(name, value === true ? "" : `${value}`);
        else this.removeAttribute(name);
      },
    });
  }
}

/**
 * Registers an element once. A page may load two copies, say by script tag and by npm: the first one wins and works for
 * both. Without a registry (Node) nothing happens, so that importing an element is safe everywhere.
 */
export function define(tag: string, element: Definable): void {
  const registry = globalThis.customElements;
  const known: Definable | undefined = registry?.get(tag);
  element.version = VERSION;
  if (!known) {
    reflect(element);
    registry?.define(tag, element);
  } else if (known.version !== VERSION)
    console.warn(`<${tag}> ${VERSION}: ${known.version} is already loaded`);
}

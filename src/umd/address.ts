/** Where a script of the class comes from: what it loads later lies beside it. */

/**
 * The document knows a classic script only while it runs. It is asked by its prototype: a picture in the page that is
 * named `currentScript` would answer in its place, and say whose code is loaded. Text that a page runs itself has no
 * address.
 */
const current = globalThis.document
  ? Object.getOwnPropertyDescriptor(Document.prototype, "currentScript")?.get?.call(document)
  : undefined;
export const address: string | undefined =
  (current as HTMLScriptElement | null | undefined)?.src ?? import.meta.url;

/** In full: to a classic script from another origin, an address that begins with a dot means nothing. */
export const beside = (file: string): string => new URL(file, address).href;

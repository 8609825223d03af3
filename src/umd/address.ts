/** Where a script of the class comes from: what it loads later lies beside it. */

/** The document knows a classic script only while it runs. Text that a page runs itself has no address. */
export const address =
  (globalThis.document?.currentScript as HTMLScriptElement | null)?.src ?? import.meta.url;

/** In full: to a classic script from another origin, an address that begins with a dot means nothing. */
export const beside = (file: string): string => new URL(file, address).href;

/** The version of this copy; the same as in package.json. */
export const VERSION = "0.1.0";

/**
 * Registers an element once. A page may load two copies, say by script tag and by npm: the first one wins and works for
 * both. A tag that somebody else has taken stays theirs. Without a registry (Node) nothing happens, so that importing an
 * element is safe everywhere.
 */
export function define(tag: string, element: CustomElementConstructor & { version?: string }): void {
  const registry = globalThis.customElements;
  const known: typeof element | undefined = registry?.get(tag);
  element.version = VERSION;
  if (!known) registry?.define(tag, element);
  else if (known.version !== VERSION) console.warn(`<${tag}> ${VERSION}: already loaded as ${known.version}`);
}

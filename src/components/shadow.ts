/** Shadow roots and their sheets: a document takes only sheets that its own window has made. */

export function dress(root: ShadowRoot, css: string): void {
  const view = root.ownerDocument.defaultView;
  if (!view) return;
  const sheet = new view.CSSStyleSheet();
  sheet.replaceSync(css);
  root.adoptedStyleSheets = [sheet];
}

/** Without what a server may have drawn into it. */
export function dressedRoot(element: Element, css: string): ShadowRoot {
  const root = element.shadowRoot ?? element.attachShadow({ mode: "open" });
  root.replaceChildren();
  dress(root, css);
  return root;
}

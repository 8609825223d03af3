/**
 * Keeps the page behind a dialog still. A style sheet of the document and not an inline style: nothing of the page is
 * overwritten, several locks lie on top of each other in any order, and taking it away leaves no trace. On paper nothing
 * scrolls, and a root that hides what overflows would be cut after the first page.
 *
 * @returns what unlocks
 */
export function lockScroll(document: Document): () => void {
  const { documentElement: root, defaultView: view } = document;
  // A document without a window shows nothing, and takes only sheets that its own window has made.
  if (!view) return () => {};
  const sheet = new (view as typeof globalThis & Window).CSSStyleSheet({ media: "screen" });
  // The gutter of a scroll bar that goes away stays reserved, so that nothing shifts.
  const gutter = view.innerWidth > root.clientWidth ? "scrollbar-gutter:stable!important" : "";
  sheet.replaceSync(`:root{overflow:hidden!important;${gutter}}`);
  document.adoptedStyleSheets = [...document.adoptedStyleSheets, sheet];
  return () => {
    document.adoptedStyleSheets = document.adoptedStyleSheets.filter((each) => each !== sheet);
  };
}

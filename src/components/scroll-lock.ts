/**
 * Keeps the page behind a dialog still. A style sheet of the document and not an inline style: nothing of the page is
 * overwritten, several locks lie on top of each other in any order, and taking it away leaves no trace.
 *
 * @returns what unlocks
 */
export function lockScroll(document: Document): () => void {
  const { documentElement: root, defaultView: view } = document;
  const sheet = new CSSStyleSheet();
  // The gutter of a scroll bar that goes away stays reserved, so that nothing shifts.
  const gutter = (view?.innerWidth ?? 0) > root.clientWidth ? "scrollbar-gutter:stable!important" : "";
  sheet.replaceSync(`:root{overflow:hidden!important;${gutter}}`);
  document.adoptedStyleSheets = [...document.adoptedStyleSheets, sheet];
  return () => {
    document.adoptedStyleSheets = document.adoptedStyleSheets.filter((each) => each !== sheet);
  };
}

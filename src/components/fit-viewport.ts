/** Below this many times its own letters the dialog scrolls as a whole, as in a window that is as low. */
const LOW = 26;

/**
 * An on-screen keyboard covers the page and does not make it smaller: only the visual viewport knows what is left. The
 * dialog stands in that part. Who enlarges the page with two fingers sees less of it too, but has asked for that.
 *
 * @returns what ends it
 */
export function fitViewport(dialog: HTMLElement): () => void {
  const page = dialog.ownerDocument.defaultView;
  const view = page?.visualViewport;
  if (!page || !view) return () => {};
  const follow = () => {
    const { height, offsetTop, scale } = view;
    const covered = Math.round(page.innerHeight - height - offsetTop);
    const isCovered = scale < 1.01 && covered > 0;
    dialog.style.setProperty("--rn-room", isCovered ? `${height}px` : null);
    dialog.style.setProperty("--rn-covered", isCovered ? `${covered}px` : null);
    const low = LOW * Number.parseFloat(page.getComputedStyle(dialog).fontSize);
    dialog.classList.toggle("low", isCovered && height < low);
  };
  follow();
  for (const change of ["resize", "scroll"]) view.addEventListener(change, follow);
  return () => {
    for (const change of ["resize", "scroll"]) view.removeEventListener(change, follow);
  };
}

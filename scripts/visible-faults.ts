/**
 * What a program can see of a bad picture. The function runs inside the page, so it uses nothing from outside of itself.
 *
 * @param locale what the element was asked to speak; empty for English
 * @returns one line for each fault
 */
export function faultsOf(locale: string): string[] {
  const shown = document.querySelector("#stage > *") as HTMLElement;
  const frame = shown?.shadowRoot?.querySelector<HTMLElement>('[part="dialog"], [part="hub"]');
  if (!frame?.querySelector("h2")?.textContent?.trim()) return ["there is no heading"];

  const faults: string[] = [];
  const { clientWidth: width, scrollWidth } = document.documentElement;
  const height = window.innerHeight;
  /** What is a part of the page scrolls with it. */
  const isPage = !frame.matches("dialog");
  /** Half a pixel and less is rounding. */
  const slack = 1;

  const isHidden = (element: Element) => !!element.closest(".sr, legend, .loading");
  const elements = [frame, ...frame.querySelectorAll<HTMLElement>("*")].filter(
    (each) => !isHidden(each) && !(each instanceof SVGElement) && each.getClientRects().length,
  );
  const nameOf = (element: Element) =>
    `${element.localName}[${element.getAttribute("part") ?? element.className}] ${(element.textContent ?? "")
      .replace(/\s+/g, " ")
      .trim()
      .slice(0, 40)}`;
  const scrolls = (element: Element) => getComputedStyle(element).overflowY === "auto";
  const isWithinScroller = (element: Element) => {
    for (let each = element.parentElement; each && each !== frame; each = each.parentElement) {
      if (scrolls(each)) return true;
    }
    return false;
  };

  if (scrollWidth > width) faults.push(`the page is ${scrollWidth - width} px too wide`);
  const [language] = (locale || "en").split("-");
  if (!shown.lang.startsWith(language as string)) faults.push(`speaks ${shown.lang} instead of ${locale}`);
  if (/\{\{|undefined|\bNaN\b|Invalid Date/.test(frame.textContent ?? ""))
    faults.push("shows a value that is none");

  for (const element of elements) {
    const { overflowX } = getComputedStyle(element);
    const { left, right, top, bottom } = element.getBoundingClientRect();
    if (left < -slack || right > width + slack) faults.push(`beside the window: ${nameOf(element)}`);
    if (!isPage && (top < -slack || bottom > height + slack) && !isWithinScroller(element))
      faults.push(`above or below the window: ${nameOf(element)}`);
    if (overflowX !== "visible" && element.scrollWidth > element.clientWidth + slack)
      faults.push(`${overflowX === "auto" ? "scrolls sideways" : "cut at the side"}: ${nameOf(element)}`);
    if (overflowX === "hidden" && element.scrollHeight > element.clientHeight + slack)
      faults.push(`cut below: ${nameOf(element)}`);
  }

  // All that forced colours leave of a control is its edge, and of a chosen option a second one around it.
  if (matchMedia("(forced-colors: active)").matches) {
    for (const each of elements) {
      const { borderTopStyle, borderTopWidth, outlineStyle } = getComputedStyle(each);
      const hasEdge = borderTopStyle !== "none" && borderTopWidth !== "0px";
      if (
        each.matches("button, select, textarea, input:not([type=radio]), fieldset label, .state") &&
        !hasEdge
      )
        faults.push(`without an edge: ${nameOf(each)}`);
      if (each.matches("label:has(:checked)") && outlineStyle === "none")
        faults.push(`not seen to be chosen: ${nameOf(each)}`);
    }
  }

  /** What is left of it within everything that cuts or scrolls. */
  const seen = (rect: DOMRect, parent: Element): DOMRect => {
    let { left, right, top, bottom } = rect;
    for (let box: Element | null = parent; box; box = box === frame ? null : box.parentElement) {
      if (getComputedStyle(box).overflowY === "visible") continue;
      const edge = box.getBoundingClientRect();
      left = Math.max(left, edge.left);
      right = Math.min(right, edge.right);
      top = Math.max(top, edge.top);
      bottom = Math.min(bottom, edge.bottom);
    }
    return new DOMRect(left, top, Math.max(0, right - left), Math.max(0, bottom - top));
  };
  const texts: { text: string; node: Node; rect: DOMRect }[] = [];
  const walker = document.createTreeWalker(frame, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const parent = node.parentElement as HTMLElement;
    const text = node.textContent?.trim().slice(0, 40) ?? "";
    if (!text || isHidden(parent)) continue;
    const range = document.createRange();
    range.selectNodeContents(node);
    for (const rect of range.getClientRects()) {
      for (let box: HTMLElement | null = parent; box; box = box === frame ? null : box.parentElement) {
        const { left, right } = box.getBoundingClientRect();
        if (getComputedStyle(box).display.startsWith("inline")) continue;
        if (rect.left < left - slack || rect.right > right + slack)
          faults.push(`stands out of ${box.localName}: ${text}`);
      }
      texts.push({ text, node, rect: seen(rect, parent) });
    }
  }
  for (const [index, one] of texts.entries()) {
    for (const other of texts.slice(index + 1)) {
      if (one.node === other.node) continue;
      const across = Math.min(one.rect.right, other.rect.right) - Math.max(one.rect.left, other.rect.left);
      const along = Math.min(one.rect.bottom, other.rect.bottom) - Math.max(one.rect.top, other.rect.top);
      // Lines may reach a little into each other.
      if (across > 2 && along > 4) faults.push(`two texts in one place: ${one.text} / ${other.text}`);
    }
  }
  return [...new Set(faults)];
}

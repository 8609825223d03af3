/** Elements without HTML strings, and drawing a second time without losing scroll, focus or what was unfolded. */

/** Children that are strings become text, whatever they look like. `undefined` and `false` are left out. */
export function h(name, attributes = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value !== undefined && value !== false) element.setAttribute(key, value === true ? "" : value);
  }
  element.append(...children.flat(2).filter((each) => each !== undefined && each !== false));
  return element;
}

/** Makes the children of `parent` like `wanted`, keeping the nodes that are there. `data-key` tells rows apart. */
export function update(parent, ...wanted) {
  const keyed = new Map([...parent.children].map((each) => [each.dataset.key, each]));
  let at = parent.firstChild;
  for (const next of wanted.flat(2)) {
    const key = next.dataset?.key;
    const alike = at && !at.dataset?.key && at.nodeName === next.nodeName ? at : undefined;
    const old = key ? keyed.get(key) : alike;
    if (!old) parent.insertBefore(next, at);
    else {
      if (old === at) at = at.nextSibling;
      else parent.insertBefore(old, at);
      patch(old, next);
    }
  }
  while (at) {
    const gone = at;
    at = at.nextSibling;
    gone.remove();
  }
}

function patch(old, next) {
  if (old.nodeType === Node.TEXT_NODE) {
    if (old.data !== next.data) old.data = next.data;
    return;
  }
  if (old.localName.includes("-")) {
    // Another session or subscription means another tag; the same tag is left in peace, with what it says of itself.
    const isSame = [...next.attributes].every(({ name, value }) => old.getAttribute(name) === value);
    if (old.localName !== next.localName || !isSame) old.replaceWith(next);
    return;
  }
  for (const { name } of [...old.attributes]) {
    if (!next.hasAttribute(name) && name !== "open") old.removeAttribute(name);
  }
  for (const { name, value } of next.attributes) {
    if (old.getAttribute(name) !== value) old.setAttribute(name, value);
  }
  update(old, ...next.childNodes);
}

const locale = document.documentElement.lang;
const day = new Intl.DateTimeFormat(locale, { dateStyle: "medium" });
const minute = new Intl.DateTimeFormat(locale, { dateStyle: "medium", timeStyle: "short" });
const second = new Intl.DateTimeFormat(locale, { timeStyle: "medium" });

export const DAY = 86_400_000;
export const date = (at) => day.format(at);
export const dateTime = (at) => minute.format(at);
export const time = (at) => second.format(at);
export const percent = (off) =>
  new Intl.NumberFormat(locale, { style: "percent", maximumFractionDigits: 2 }).format(off / 100);

/** @param amount in minor units, of which every currency has its own number */
export function money(amount, currency) {
  const format = new Intl.NumberFormat(locale, { style: "currency", currency });
  return format.format(amount / 10 ** format.resolvedOptions().maximumFractionDigits);
}

export const counted = (count, one) => `${count} ${one}${count === 1 ? "" : "s"}`;

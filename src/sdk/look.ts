/**
 * What the class draws into the page itself: its button, the frame of its dialog, and what that shows while there is no
 * flow. The sheet is adopted, so that it needs no permission from a content security policy; the style tag only marks
 * that it is there, as a page may look for it.
 */

const CSS = `
.renumerate-cancel-btn,.renumerate-retry{box-sizing:border-box;display:inline-flex;align-items:center;justify-content:center;min-height:36px;
padding:8px 16px;color:#18181b;background:#f4f4f5;border:1px solid #e4e4e7;border-radius:6px;font:inherit;font-size:14px;
font-weight:500;line-height:1.3;cursor:pointer}
.renumerate-cancel-btn:hover{background:#e4e4e7;border-color:#d4d4d8}
.renumerate-retry{color:inherit;background:none;border-color:currentcolor}
.renumerate-retry:hover{background:color-mix(in srgb,currentcolor 8%,transparent)}
.renumerate-cancel-btn:focus-visible,.renumerate-retry:focus-visible,.renumerate-dialog-close:focus-visible{
outline:2px solid currentcolor;outline-offset:2px}
.renumerate-dialog{box-sizing:border-box;width:min(var(--renumerate-width,480px),100% - 32px);max-width:none;
max-height:none;margin:auto;padding:0;border:0;color:var(--renumerate-text,light-dark(#17181c,#f3f4f6));
background:none;overflow:visible;inset-block-end:var(--rn-covered,0px)}
.renumerate-dialog::backdrop{background:var(--renumerate-backdrop,#0b0c1080)}
.renumerate-dialog-content{box-sizing:border-box;position:relative;display:grid;overflow:auto;overscroll-behavior:contain;
max-height:min(46em,var(--rn-room,100dvh) - 32px);
background:var(--renumerate-background,light-dark(#fff,#1c1d21));border-radius:var(--renumerate-radius,16px);
box-shadow:var(--renumerate-shadow,0 24px 64px #0003,0 4px 16px #0002);font-family:var(--renumerate-font,inherit)}
.renumerate-dialog-content[aria-busy]{min-height:304px}
.renumerate-dialog-content[aria-busy]::after{content:"";place-self:center;width:28px;height:28px;border-radius:50%;
border:3px solid color-mix(in srgb,currentcolor 20%,transparent);border-block-start-color:currentcolor;
animation:renumerate-turn .8s linear infinite}
@keyframes renumerate-turn{to{rotate:1turn}}
@media (prefers-reduced-motion:reduce){.renumerate-dialog-content[aria-busy]::after{animation-duration:4s}}
.renumerate-dialog-content renumerate-retention-modal{max-height:inherit}
.renumerate-dialog-content renumerate-retention-modal::part(dialog){display:flex;width:100%;max-height:inherit;
border-color:transparent;overflow:hidden}
.renumerate-dialog-content renumerate-retention-modal::part(header){min-height:44px}
.renumerate-dialog-close{position:absolute;z-index:1;inset-block-start:8px;inset-inline-end:8px;box-sizing:border-box;
width:36px;height:36px;min-height:0;margin:0;padding:0;color:inherit;background:none;border:0;border-radius:8px;font:22px/1 sans-serif;
cursor:pointer}
.renumerate-dialog-content:has(>[dir=ltr]) .renumerate-dialog-close{left:auto;right:8px}
.renumerate-dialog-content:has(>[dir=rtl]) .renumerate-dialog-close{left:8px;right:auto}
.renumerate-dialog-close:hover{background:color-mix(in srgb,currentcolor 10%,transparent)}
.renumerate-error-content{display:grid;gap:12px;justify-items:start;padding:32px 28px 28px;line-height:1.5;
overflow-wrap:anywhere}
.renumerate-error-content>*{margin:0}
.renumerate-error-content h2{font-size:1.25em;font-weight:650;line-height:1.3;padding-inline-end:32px;outline:0}
.renumerate-error-content a{color:inherit;text-decoration:underline}
.renumerate-error-content .renumerate-retry{min-height:44px;margin-block-start:4px;padding-inline:20px}
.renumerate-subscription-hub{width:100%}
.renumerate-subscription-hub-iframe{display:block;width:100%;min-height:400px}
.renumerate-subscription-hub-iframe[hidden]{display:none}
@media (forced-colors:active){.renumerate-dialog-content{border:1px solid}}
@media print{.renumerate-dialog{position:absolute;inset-block:0 auto;margin-block:0}
.renumerate-dialog-content{max-height:none;overflow:visible}}`;

const MARK = "data-renumerate-dialog-styles";

let sheet: CSSStyleSheet | undefined;
let mark: Element | undefined;

/** Who needs the look: the last one to go takes it along. */
const wearers = new Set<object>();

export function dress(wearer: object): void {
  wearers.add(wearer);
  const known = document.head.querySelector(`style[${MARK}]`);
  // A second copy of this code, say from a script tag, finds the first one's mark and leaves it at that.
  if (known && known !== mark) return;
  try {
    if (!sheet) {
      sheet = new CSSStyleSheet();
      sheet.replaceSync(CSS);
    }
    // Pages that replace their head or their sheets lose it.
    if (!document.adoptedStyleSheets.includes(sheet))
      document.adoptedStyleSheets = [...document.adoptedStyleSheets, sheet];
  } catch {
    sheet = undefined;
  }
  if (known) return;
  // Of no namespace: selectors find it, no browser applies it, and no policy forbids it. Where sheets cannot be made, as
  // in old browsers and in those that tests pretend to be, it has to be a real one.
  mark = sheet ? document.createElementNS(null, "style") : document.createElement("style");
  mark.setAttribute(MARK, "true");
  if (!sheet) mark.textContent = CSS;
  document.head.append(mark);
}

export function undress(wearer: object): void {
  wearers.delete(wearer);
  if (wearers.size) return;
  mark?.remove();
  if (sheet) document.adoptedStyleSheets = document.adoptedStyleSheets.filter((each) => each !== sheet);
  sheet = undefined;
}

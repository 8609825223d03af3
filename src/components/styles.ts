/**
 * One sheet for the modal. Custom properties of the page reach a private name once, at the top, with their default;
 * rules below use the private names, so that what is in a slot keeps the page's own. Logical properties only, so that
 * right-to-left costs nothing; and every text finds its own direction, since flows may be in another language than the
 * page.
 */
import { css } from "lit";

export const styles = css`
:host {
  display: contents;
}
:host([hidden]), .actions:empty {
  display: none;
}
:host([open]:not([inline], [hidden])) {
  display: contents !important;
}
:host([color-scheme="light"]) {
  color-scheme: light;
}
:host([color-scheme="dark"]) {
  color-scheme: dark;
}
:host([color-scheme="auto"]) {
  color-scheme: light dark;
}
dialog, section {
  --rn-bg: var(--renumerate-background, light-dark(#fff, #1c1d21));
  --rn-fg: var(--renumerate-text, light-dark(#17181c, #f3f4f6));
  --rn-muted: var(--renumerate-muted, light-dark(#5a5f6b, #a9aeba));
  --rn-line: var(--renumerate-border, light-dark(#dcdfe5, #3a3d45));
  --rn-edge: var(--renumerate-control-border, light-dark(#868b97, #7d828e));
  --rn-soft: var(--renumerate-surface, light-dark(#f6f7f9, #25272c));
  --rn-accent: var(--renumerate-accent, light-dark(#1d1f26, #f3f4f6));
  --rn-on: var(--renumerate-accent-text, light-dark(#fff, #17181c));
  --rn-bad: var(--renumerate-danger, light-dark(#b3261e, #ffb4ab));
  --rn-ring: var(--renumerate-focus, var(--rn-fg));
  --rn-radius: var(--renumerate-radius, 16px);
  --rn-control: var(--renumerate-control-radius, 10px);
  --rn-space: var(--renumerate-spacing, 16px);
  --rn-wide: calc(var(--rn-space) * 1.75);
  --rn-half: calc(var(--rn-space) * .5);
  --rn-in: var(--renumerate-duration, .24s);
  box-sizing: border-box;
  width: min(var(--renumerate-width, 480px), 100% - 2 * var(--rn-space));
  color: var(--rn-fg);
  background: var(--rn-bg);
  border: 1px solid var(--rn-line);
  border-radius: var(--rn-radius);
  font-family: var(--renumerate-font, inherit);
  font-size: var(--renumerate-font-size, medium);
  font-style: normal;
  font-weight: 400;
  line-height: 1.5;
  letter-spacing: normal;
  text-align: start;
  text-indent: 0;
  text-transform: none;
  white-space: normal;
  word-spacing: normal;
  overflow-wrap: anywhere;
  writing-mode: horizontal-tb;
  font-variant: normal;
  text-shadow: none;
  -webkit-text-fill-color: currentcolor;
  cursor: auto;
  user-select: text;
  visibility: visible;
  pointer-events: auto;
}
section {
  overflow: clip;
}
dialog {
  max-width: none;
  inset-block-end: var(--rn-covered, 0px);
  max-height: min(46em, var(--rn-room, 100dvh) - max(2 * var(--rn-space), env(safe-area-inset-top)));
  padding: 0;
  border-color: transparent;
  overflow: hidden;
  overscroll-behavior: contain;
  box-shadow: var(--renumerate-shadow, 0 24px 64px #0003, 0 4px 16px #0002);
}
dialog[open] {
  display: flex;
  animation: in var(--rn-in) cubic-bezier(.2, .8, .2, 1);
}
dialog::backdrop {
  background: var(--renumerate-backdrop, #0b0c1080);
  animation: fade var(--rn-in);
}
@keyframes in {
  from {
    opacity: 0;
    transform: translateY(var(--rn-from, 12px));
  }
}
@keyframes fade {
  from {
    opacity: 0;
  }
}
* {
  box-sizing: border-box;
  min-width: 0;
  unicode-bidi: plaintext;
}
h2, p, ul, dl, dd, fieldset {
  margin: 0;
  padding: 0;
  border: 0;
}
.panel, .header, .footer, .actions, fieldset label, dl div {
  display: flex;
}
.panel {
  flex: 1;
  flex-direction: column;
  overflow: auto;
}
.header, .footer {
  flex: none;
}
.header {
  justify-content: space-between;
  min-height: var(--rn-wide);
  padding: var(--rn-half) var(--rn-half) 0;
}
.content, .body, fieldset, .field, .failure, .skeleton, .card, fieldset label > span, .primary, .icon {
  display: grid;
}
.content {
  min-height: 8em;
  padding: 0 var(--rn-wide) var(--rn-wide);
  overflow: auto;
  overscroll-behavior: contain;
  scroll-padding: var(--rn-space);
  grid-auto-rows: max-content;
  gap: var(--rn-space);
  animation: fade var(--rn-in);
}
.footer {
  padding: var(--rn-space) var(--rn-wide);
  border-top: 1px solid var(--rn-line);
  background: var(--rn-soft);
}
.footer, .actions {
  flex-wrap: wrap;
}
.body, .footer, .actions, fieldset, .failure, .skeleton {
  gap: var(--rn-half);
}
h2 {
  font-family: var(--renumerate-heading-font, inherit);
  font-size: 1.375em;
  font-weight: 650;
  line-height: 1.25;
  letter-spacing: -.012em;
  text-wrap: balance;
}
legend, .sr, .loading {
  position: absolute;
  clip-path: inset(50%);
}
fieldset, .panel {
  position: relative;
}
.body, dt, small, .price span, .field > span, [part="hint"] {
  color: var(--rn-muted);
}
small, .field > span, [part="hint"] {
  font-size: .875em;
}
dd, .error, [part="option-label"], button, .primary {
  font-weight: 550;
}
ul {
  padding-inline-start: 1.25em;
}
a {
  color: inherit;
  text-underline-offset: .2em;
}
button, .primary, textarea, [type="date"], fieldset label, .card, dl {
  padding: .6em .8em;
  border: 1px solid var(--rn-edge);
  border-radius: var(--rn-control);
  color: inherit;
  background: var(--rn-bg);
  font: inherit;
}
button, .primary, [type="date"], fieldset label {
  min-height: 44px;
}
button, .primary {
  flex: 1 1 9.5em;
  padding-inline: .5em;
  font-weight: 550;
  line-height: 1.3;
  text-align: center;
  text-decoration: none;
  place-items: center;
}
button, .primary, label {
  cursor: pointer;
}
.primary {
  color: var(--rn-on);
  background: var(--rn-accent);
  border-color: var(--rn-accent);
}
.icon, .quiet {
  flex: none;
  border-color: transparent;
  background: none;
  color: var(--rn-muted);
}
.quiet {
  flex: 1 1 100%;
  font-weight: 400;
  text-decoration: underline;
}
.icon {
  width: 44px;
  padding: 0;
}
.close {
  margin-inline-start: auto;
}
svg {
  width: 18px;
  fill: none;
  stroke: currentcolor;
  stroke-width: 1.75;
  stroke-linecap: round;
  stroke-linejoin: round;
}
.mark {
  width: 44px;
  padding: 11px;
  border-radius: 50%;
  background: var(--rn-soft);
}
.back:dir(rtl) svg {
  transform: scaleX(-1);
}
[aria-disabled] {
  cursor: progress;
  opacity: .65;
}
:focus-visible, [type="date"]:focus, label:has([type="radio"]:focus-visible) {
  outline: 2px solid var(--rn-ring);
  outline-offset: 2px;
}
h2:focus, [type="radio"] {
  outline: 0;
}
fieldset label {
  gap: .6em;
}
fieldset label > span > *, .card > *, li {
  text-align: -webkit-match-parent;
  text-align: match-parent;
}
.card, fieldset label {
  border-color: var(--rn-line);
}
@media (hover: hover) {
  button:hover {
    border-color: var(--rn-fg);
  }
  .primary:hover {
    opacity: .9;
  }
  fieldset label:hover {
    border-color: var(--rn-edge);
  }
}
fieldset label:has(:checked) {
  border-color: var(--rn-accent);
  box-shadow: inset 0 0 0 1px var(--rn-accent);
  background: var(--rn-soft);
}
.content [aria-invalid] label, textarea[aria-invalid] {
  border-color: var(--rn-bad);
}
[type="radio"] {
  flex: none;
  scroll-margin: 1.5em;
  width: 1.125em;
  height: 1.125em;
  margin: .19em 0 0;
  accent-color: var(--rn-accent);
}
.chips {
  display: flex;
  flex-wrap: wrap;
}
.chips label {
  flex: auto;
}
.reason [part="option-label"] {
  font-weight: 400;
}
.field {
  gap: .4em;
}
textarea {
  width: 100%;
  resize: vertical;
}
.price strong {
  font-size: 1.5em;
  font-weight: 650;
  letter-spacing: -.015em;
}
dl {
  padding: .4em 1em;
  border: 0;
  background: var(--rn-soft);
}
dl div {
  flex-wrap: wrap;
  gap: 0 1em;
  padding: .5em 0;
}
dl div + div {
  border-top: 1px solid var(--rn-line);
}
dd {
  text-wrap: balance;
  margin-inline-start: auto;
  text-align: end;
}
dd, .price {
  unicode-bidi: isolate;
}
.error {
  flex: 1 1 100%;
  color: var(--rn-bad);
}
i {
  height: 44px;
  border-radius: var(--rn-control);
  background: var(--rn-soft);
  animation: pulse 1.4s infinite alternate;
}
i:first-child {
  width: 60%;
}
@keyframes pulse {
  to {
    background: var(--rn-line);
  }
}
@media (max-width: 30em) {
  dialog {
    --rn-from: 100%;
    --rn-wide: calc(var(--rn-space) * 1.25);
    width: 100%;
    margin: auto 0 0;
    border-end-start-radius: 0;
    border-end-end-radius: 0;
    padding: 0 env(safe-area-inset-right) env(safe-area-inset-bottom) env(safe-area-inset-left);
  }
}
.low {
  max-height: var(--rn-room);
}
.low .content {
  flex: none;
  overflow: visible;
}
@media (max-height: 26em) {
  dialog {
    max-height: calc(var(--rn-room, 100dvh) - env(safe-area-inset-top));
  }
  .content {
    flex: none;
    overflow: visible;
  }
}
@media (prefers-reduced-motion: reduce) {
  *, ::backdrop {
    animation: none !important;
  }
}
@media (prefers-contrast: more) {
  dialog, section {
    --rn-muted: var(--rn-fg);
    --rn-line: var(--rn-fg);
    --rn-edge: var(--rn-fg);
  }
}
@media (forced-colors: active) {
  dialog, .footer, dl, i {
    border: 1px solid;
  }
  fieldset label:has(:checked) {
    outline: 2px solid Highlight;
  }
}
@media print {
  dialog {
    position: absolute;
    inset-block: 0 auto;
    margin-block: 0;
    max-height: none;
    animation: none;
  }
  dialog, .panel, .content {
    overflow: visible;
  }
  ::backdrop {
    display: none;
  }
}
`;

/**
 * One sheet for the modal. Custom properties of the page reach a private name once, at the top, with their default;
 * rules below use the private names. Logical properties only, so that right-to-left costs nothing.
 */
import { css } from "lit";

export const styles = css`
:host {
  display: contents;
}
:host([hidden]), [hidden] {
  display: none;
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
*, ::before {
  box-sizing: border-box;
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
  --rn-radius: var(--renumerate-radius, 16px);
  --rn-control: var(--renumerate-control-radius, 10px);
  --rn-space: var(--renumerate-spacing, 16px);
  --rn-speed: var(--renumerate-duration, .24s);
  color: var(--rn-fg);
  background: var(--rn-bg);
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
  visibility: visible;
}
section {
  display: block;
  max-width: var(--renumerate-width, 30rem);
  border: 1px solid var(--rn-line);
}
dialog {
  width: min(var(--renumerate-width, 480px), 100% - 2 * var(--rn-space));
  max-width: none;
  max-height: min(46rem, 100dvh - 2 * var(--rn-space));
  padding: 0;
  border: 1px solid transparent;
  overflow: hidden;
  overscroll-behavior: contain;
  box-shadow: var(--renumerate-shadow, 0 24px 64px #0003, 0 4px 16px #0002);
}
dialog[open] {
  display: flex;
  animation: in var(--rn-speed) cubic-bezier(.2, .8, .2, 1);
}
dialog::backdrop {
  background: var(--renumerate-backdrop, #0b0c1080);
  animation: fade var(--rn-speed);
}
@keyframes in {
  from {
    opacity: 0;
    transform: translateY(var(--rn-from, 12px)) scale(var(--rn-zoom, .98));
  }
}
@keyframes fade {
  from {
    opacity: 0;
  }
}
.panel {
  flex: 1;
  min-width: 0;
  display: flex;
  flex-direction: column;
}
header {
  display: flex;
  justify-content: space-between;
  padding: calc(var(--rn-space) * .5) calc(var(--rn-space) * .5) 0;
  min-height: calc(var(--rn-space) * 1.5);
}
.content {
  padding: 0 calc(var(--rn-space) * 1.75) calc(var(--rn-space) * 1.5);
  overflow: auto;
  overscroll-behavior: contain;
  scroll-padding: var(--rn-space);
  display: grid;
  grid-template-columns: minmax(0, 1fr);
  gap: var(--rn-space);
  animation: fade var(--rn-speed);
}
footer {
  padding: var(--rn-space) calc(var(--rn-space) * 1.75);
  border-top: 1px solid var(--rn-line);
  background: var(--rn-soft);
}
footer, .actions {
  display: flex;
  flex-wrap: wrap;
  gap: calc(var(--rn-space) * .625);
}
h2 {
  margin: 0;
  font-family: var(--renumerate-heading-font, inherit);
  font-size: 1.375em;
  font-weight: 650;
  line-height: 1.25;
  letter-spacing: -.012em;
  text-wrap: balance;
  outline: 0;
}
p, ul, dl, dd, fieldset, legend {
  margin: 0;
  padding: 0;
  border: 0;
  min-width: 0;
}
.body {
  display: grid;
  gap: .6em;
  color: var(--rn-muted);
}
.body:has(+ .skeleton), .body:empty {
  display: none;
}
ul {
  padding-inline-start: 1.25em;
}
a {
  color: inherit;
  text-underline-offset: .2em;
}
button, .primary {
  flex: 1 1 9.5em;
  min-height: 44px;
  padding: .55em 1em;
  border: 1px solid var(--rn-edge);
  border-radius: var(--rn-control);
  color: var(--rn-fg);
  background: var(--rn-bg);
  font: inherit;
  font-weight: 550;
  line-height: 1.3;
  text-align: center;
  text-decoration: none;
  cursor: pointer;
}
.primary {
  display: grid;
  place-items: center;
  color: var(--rn-on);
  background: var(--rn-accent);
  border-color: var(--rn-accent);
}
button:hover {
  background: var(--rn-soft);
  border-color: var(--rn-fg);
}
footer button:hover {
  background: var(--rn-bg);
}
.primary:hover {
  background: color-mix(in srgb, var(--rn-accent) 88%, var(--rn-bg));
  border-color: transparent;
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
  display: grid;
  place-items: center;
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
.back:dir(rtl) svg {
  transform: scaleX(-1);
}
[aria-disabled] {
  cursor: progress;
  opacity: .65;
}
:focus-visible {
  outline: 2px solid var(--renumerate-focus, var(--rn-fg));
  outline-offset: 2px;
}
fieldset {
  display: grid;
  gap: calc(var(--rn-space) * .5);
}
legend, .sr {
  position: absolute;
  width: 1px;
  height: 1px;
  overflow: hidden;
  clip-path: inset(50%);
}
fieldset label, .card, textarea, [type="date"] {
  border: 1px solid var(--rn-line);
  border-radius: var(--rn-control);
  background: var(--rn-bg);
}
fieldset label, .card {
  display: flex;
  gap: .75em;
  align-items: start;
  min-height: 44px;
  padding: .6em .9em;
  cursor: pointer;
}
.card, label > span, label > span > span {
  display: grid;
}
.card {
  gap: 0;
  cursor: auto;
}
fieldset label:hover {
  border-color: var(--rn-edge);
}
fieldset label:has(:checked) {
  border-color: var(--rn-accent);
  box-shadow: inset 0 0 0 1px var(--rn-accent);
  background: var(--rn-soft);
}
fieldset label:has(:focus-visible) {
  outline: 2px solid var(--renumerate-focus, var(--rn-fg));
  outline-offset: 2px;
}
[type="radio"] {
  flex: none;
  width: 1.125em;
  height: 1.125em;
  margin: .19em 0 0;
  accent-color: var(--rn-accent);
  outline: 0;
}
[aria-invalid] label, [aria-invalid]:not(fieldset) {
  border-color: var(--rn-bad);
}
.chips {
  grid-template-columns: repeat(auto-fit, minmax(7.5em, 1fr));
}
[part="option-label"] {
  font-weight: 550;
}
.reason [part="option-label"] {
  font-weight: 400;
}
small, .field > span, [part="hint"] {
  font-size: .875em;
  color: var(--rn-muted);
}
.field {
  display: grid;
  gap: .4em;
}
textarea, [type="date"] {
  width: 100%;
  min-height: 44px;
  padding: .6em .8em;
  border-color: var(--rn-edge);
  color: inherit;
  font: inherit;
  resize: vertical;
}
.price strong {
  font-size: 1.5em;
  font-weight: 650;
  letter-spacing: -.015em;
}
s {
  color: var(--rn-muted);
}
dl {
  border-radius: var(--rn-control);
  background: var(--rn-soft);
  padding: calc(var(--rn-space) * .375) var(--rn-space);
}
dl div {
  display: flex;
  flex-wrap: wrap;
  justify-content: space-between;
  gap: 0 1em;
  padding: .5em 0;
}
dl div + div {
  border-top: 1px solid var(--rn-line);
}
dt {
  color: var(--rn-muted);
}
dd {
  font-weight: 550;
}
.error {
  color: var(--rn-bad);
  font-weight: 550;
}
.skeleton {
  display: grid;
  gap: calc(var(--rn-space) * .75);
}
i {
  height: 44px;
  border-radius: var(--rn-control);
  background: var(--rn-soft);
  animation: pulse 1.4s ease-in-out infinite alternate;
}
i:first-child {
  width: 60%;
  height: 28px;
}
@keyframes pulse {
  to {
    background: var(--rn-line);
  }
}
@media (max-width: 480px) {
  dialog {
    --rn-from: 100%;
    --rn-zoom: 1;
    width: 100%;
    margin: auto 0 0;
    border-end-start-radius: 0;
    border-end-end-radius: 0;
    padding-bottom: env(safe-area-inset-bottom);
  }
  .content, footer {
    padding-inline: calc(var(--rn-space) * 1.25);
  }
}
@media (max-height: 420px) {
  dialog .panel {
    overflow: auto;
  }
  .content {
    overflow: visible;
  }
}
@media (prefers-reduced-motion: reduce) {
  *, ::backdrop {
    animation: none !important;
  }
}
@media (forced-colors: active) {
  dialog, footer, dl {
    border: 1px solid;
  }
  fieldset label:has(:checked) {
    outline: 2px solid Highlight;
  }
}
`;

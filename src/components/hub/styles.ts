/** What a hub has beside the sheet of the modal, whose names, colours and controls it shares. */
import { css } from "lit";

export const hubStyles = css`
:host {
  display: block;
  flex: auto;
  min-inline-size: min(100%, 18rem);
}
section {
  container-type: inline-size;
  display: grid;
  gap: var(--rn-space);
  width: auto;
  color: var(--renumerate-text, inherit);
  background: none;
  border: 0;
  border-radius: 0;
}
h3, h4 {
  margin: 0;
  font-family: var(--renumerate-heading-font, inherit);
  font-size: 1.125em;
  font-weight: 650;
  line-height: 1.3;
}
h4 {
  font-size: .875em;
  font-weight: 550;
}
.cards {
  display: grid;
  grid-template-columns: repeat(auto-fit, minmax(min(100%, 22em), 1fr));
  gap: var(--rn-space);
}
.cards:has(form) {
  align-items: start;
}
.cards:empty {
  display: none;
}
article, .box {
  color: var(--rn-fg);
  background: var(--rn-bg);
  border: 1px solid var(--rn-line);
  border-radius: var(--rn-radius);
}
.box {
  display: grid;
  gap: var(--rn-space);
  padding: var(--rn-wide);
}
.cards > :only-child, .box {
  max-inline-size: 48em;
}
.cards > .ended {
  align-self: start;
}
h3, h4, p, li, li span {
  text-align: -webkit-match-parent;
  text-align: match-parent;
}
article {
  container-type: inline-size;
  display: flex;
  flex-direction: column;
  gap: var(--rn-space);
  padding: var(--rn-wide);
}
article > .error {
  flex: none;
}
article:focus-visible {
  outline-offset: -4px;
}
article > .actions button {
  flex-basis: 11em;
}
article > .actions {
  margin-block-start: auto;
  padding-block-start: var(--rn-half);
}
header {
  display: flex;
  flex-wrap: wrap;
  align-items: center;
  justify-content: space-between;
  gap: var(--rn-half) var(--rn-space);
}
.state {
  --rn-tone: light-dark(#1a7f45, #6fd39b);
  display: flex;
  gap: .5em;
  padding: .15em .7em;
  border: 1px solid var(--rn-line);
  border-radius: 1em;
  background: var(--rn-soft);
  font-size: .875em;
  font-weight: 550;
}
.state::before {
  content: "";
  flex: none;
  width: .5em;
  height: .5em;
  margin-block-start: .5em;
  border-radius: 50%;
  background: var(--rn-tone);
}
.trialing .state {
  --rn-tone: light-dark(#2361c4, #8fbaff);
}
.paused .state, .ending .state {
  --rn-tone: light-dark(#a86400, #f1c069);
}
.past-due .state {
  --rn-tone: var(--rn-bad);
}
.ended .state {
  --rn-tone: var(--rn-muted);
}
.said {
  padding: .6em 1em;
  border-inline-start: 3px solid var(--rn-tone, var(--rn-edge));
  background: var(--rn-soft);
}
.said strong {
  display: block;
}
.due {
  padding: .75em 1em 1em;
  border-inline-start: 3px solid var(--rn-bad);
  background: var(--rn-soft);
}
.due, .preview {
  display: grid;
  gap: .75em;
}
form {
  display: grid;
  gap: var(--rn-space);
  margin-block-start: auto;
  padding-block-start: var(--rn-space);
  border-block-start: 1px solid var(--rn-line);
}
form > h4 {
  font-size: 1em;
  font-weight: 650;
}
h4:focus, .news:focus {
  outline: 0;
}
/* It has to be there before there is anything to say. */
.preview:not(:has(*)) {
  position: absolute;
}
input:not([type="radio"]) {
  width: 100%;
  min-height: 44px;
  padding: .6em .8em;
  border: 1px solid var(--rn-edge);
  border-radius: var(--rn-control);
  color: inherit;
  background: var(--rn-bg);
  font: inherit;
}
input[aria-invalid], [aria-invalid] label {
  border-color: var(--rn-bad) !important;
}
.about {
  display: grid;
  gap: var(--rn-space) var(--rn-wide);
}
ul {
  display: grid;
  gap: .35em;
  margin-block-start: .5em;
  padding: 0;
  list-style: none;
}
li {
  display: flex;
  gap: .6em;
}
li svg {
  flex: none;
  align-self: start;
  height: 1.5em;
  color: var(--rn-muted);
}
.skeleton i {
  height: 1.5em;
}
.skeleton i:last-child {
  height: 8em;
}
@container (max-width: 26em) {
  article, .box {
    padding: calc(var(--rn-space) * 1.25);
  }
}
@container (min-width: 26em) {
  .box .actions button {
    flex: 0 1 12em;
  }
}
@container (min-width: 40em) {
  .about {
    grid-template-columns: 3fr 2fr;
    align-items: start;
  }
  .about > :only-child {
    grid-column: 1 / -1;
  }
  article .actions button {
    flex: 0 1 14em;
  }
}
@media (prefers-contrast: more) {
  .state::before {
    background: var(--rn-fg);
  }
}
@media (forced-colors: active) {
  .state::before {
    background: CanvasText;
    forced-color-adjust: none;
  }
}
@media print {
  .actions, form {
    display: none;
  }
}
`;

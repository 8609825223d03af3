/** The style sheet of the hosted pages. The elements bring their own; this is what is around them. */
export const hostedStyle = `:root {
  color-scheme: light dark;
  --page: light-dark(#f1f2f5, #101114);
  --ink: light-dark(#17181c, #f3f4f6);
  --soft: light-dark(#5a5f6b, #a9aeba);
  --edge: light-dark(#868b97, #7d828e);
}
*, ::before {
  box-sizing: border-box;
}
body {
  margin: 0;
  padding: clamp(1rem, 5vw, 4rem) clamp(1rem, 4vw, 3rem);
  color: var(--ink);
  background: var(--page);
  font: 1rem/1.5 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif;
  overflow-wrap: anywhere;
}
h1, h2, p {
  margin: 0;
}
h1 {
  margin-block-end: 1.5rem;
  color: var(--soft);
  font-size: 1rem;
  font-weight: 600;
}
header, main, #moment, .words {
  max-width: 48rem;
  margin-inline: auto;
}
.retention :is(header, main, #moment, .words) {
  max-width: 30rem;
}
/* A sign is drawn for light paper. */
.logo {
  display: block;
  max-width: min(100%, 14rem);
  height: 2.5rem;
  object-fit: contain;
  object-position: left;
}
:dir(rtl) .logo {
  object-position: right;
}
@media (prefers-color-scheme: dark) {
  .logo {
    box-sizing: content-box;
    max-width: calc(min(100%, 14rem) - 1.25rem);
    height: 1.75rem;
    padding: .375rem .625rem;
    border-radius: 8px;
    background: #fff;
  }
}
[data-back] header {
  display: flex;
  gap: 1rem;
  align-items: flex-start;
  justify-content: space-between;
  /* As high as its button, which goes before the page does. */
  min-height: 44px;
  margin-block-end: 1rem;
}
[data-back] h1 {
  align-self: center;
  min-width: 0;
  margin: 0;
}
#close {
  flex: none;
  display: grid;
  place-items: center;
  width: 44px;
  height: 44px;
  /* The cross, not the room to hit it, ends where the flow ends. */
  margin-inline-end: -13px;
  padding: 0;
  border: 0;
  border-radius: 10px;
  color: var(--soft);
  background: none;
  cursor: pointer;
}
#close:hover {
  color: var(--ink);
}
#moment:not(:empty) {
  display: grid;
  gap: 1rem;
  justify-items: center;
  padding-block: 4rem;
  color: var(--soft);
  /* Mostly nobody has to wait so long that there is something to read. */
  animation: appear .3s .25s both;
}
#moment:not(:empty)::before {
  content: "";
  width: 2rem;
  height: 2rem;
  border: 3px solid light-dark(#d3d6dd, #3a3d45);
  border-block-start-color: var(--renumerate-accent, var(--ink));
  border-radius: 50%;
  animation: turn 1s linear infinite;
}
@keyframes appear {
  from {
    opacity: 0;
  }
}
@keyframes turn {
  to {
    rotate: 1turn;
  }
}
@media (prefers-reduced-motion: reduce) {
  #moment:not(:empty), #moment:not(:empty)::before {
    animation: none;
  }
}
.retention {
  --renumerate-width: 100%;
  --renumerate-spacing: clamp(12px, 3vw, 16px);
}
/* The margin that the flow would have, the page has already. */
.retention renumerate-retention-modal::part(dialog) {
  width: 100%;
}
.words {
  display: grid;
  gap: .75rem;
}
#help {
  /* Nothing has come for so long that nothing will: then a mail is better than an empty page. */
  animation: come 0s 10s both;
}
@keyframes come {
  from {
    visibility: hidden;
    position: absolute;
  }
}
@media (scripting: none) {
  #help {
    animation: none;
  }
  .retry {
    display: none;
  }
}
[data-refusal] #help, #help.shown {
  animation: none;
}
[hidden] {
  display: none !important;
}
.words h2 {
  font-size: 1.375rem;
  line-height: 1.25;
}
.words p {
  color: var(--soft);
}
.words a {
  color: var(--ink);
}
.words button {
  min-height: 44px;
  padding: .5em 1.15em;
  border: 1px solid var(--edge);
  border-radius: 10px;
  color: var(--ink);
  background: none;
  font: inherit;
  font-weight: 550;
  cursor: pointer;
}
#failed button {
  border-color: var(--renumerate-accent, var(--ink));
  color: var(--renumerate-accent-text, var(--page));
  background: var(--renumerate-accent, var(--ink));
}
h2:focus {
  outline: none;
}
:focus-visible {
  outline: 2px solid var(--ink);
  outline-offset: 2px;
}
/* Inside another page it takes that page's room and says nothing of where it is. */
.framed {
  color-scheme: light;
}
.framed body {
  padding: 0;
  background: light-dark(#fff, #1c1d21);
}
.framed main {
  max-width: none;
}
.framed header {
  display: none;
}
.framed .words {
  padding: 1.5rem;
}
.framed .subscription {
  padding-block: 1rem;
}
/* The close button of the dialog around it lies above the first lines. */
.framed .retention {
  padding-block-start: 2.75rem;
}
.framed renumerate-retention-modal::part(dialog) {
  border: 0;
  border-radius: 0;
}
`;

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
header, main, #help {
  max-width: 48rem;
  margin-inline: auto;
}
.retention :is(header, main, #help) {
  max-width: 30rem;
}
.retention {
  --renumerate-width: 100%;
  --renumerate-spacing: clamp(12px, 3vw, 16px);
}
/* The margin that the flow would have, the page has already. */
.retention renumerate-retention-modal::part(dialog) {
  width: 100%;
}
#help {
  display: grid;
  gap: .75rem;
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
#help h2 {
  font-size: 1.375rem;
  line-height: 1.25;
}
#help p {
  color: var(--soft);
}
#help a {
  color: var(--ink);
}
#help button {
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
.framed #help {
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

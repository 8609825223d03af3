/** What the sections below the cards have beside the sheet of the hub. */
import { css } from "lit";

export const sectionStyles = css`
.section h3 button {
  display: flex;
  margin-block: -.6em;
  align-items: center;
  justify-content: space-between;
  width: 100%;
  padding: 0;
  border-color: transparent;
  background: none;
  font: inherit;
  text-align: start;
}
.section h3 svg {
  flex: none;
}
.section [aria-expanded="true"] svg {
  transform: scaleY(-1);
}
.section ul {
  gap: 0 1em;
  margin: 0;
}
.section li {
  display: grid;
  grid-column: 1 / -1;
  grid-template-columns: 1fr auto;
  align-items: center;
  gap: 0 1em;
  padding-block: .5em;
  border-top: 1px solid var(--rn-line);
}
.section .date, .section strong {
  grid-row: 1;
}
.section strong, .section .state {
  grid-column: -2;
  justify-self: end;
}
.links {
  display: flex;
  flex-wrap: wrap;
  grid-column: 1 / -1;
  gap: 0 1em;
}
.links a {
  display: grid;
  align-items: center;
  min-height: 44px;
  min-width: 44px;
}
.section .open .state {
  --rn-tone: light-dark(#a86400, #f1c069);
}
.section .uncollectible .state {
  --rn-tone: var(--rn-bad);
}
.section .void .state, .section .refund .state {
  --rn-tone: var(--rn-muted);
}
.section .skeleton i {
  height: 2.5em;
}
.section form {
  margin: 0;
  padding: 0;
  border: 0;
}
.fields {
  display: grid;
  align-items: start;
  gap: var(--rn-space);
}
.fields label {
  color: var(--rn-muted);
  font-size: .875em;
}
/* WebKit lets the longest name widen the page. */
.section select {
  contain: paint;
  width: 100%;
  min-height: 44px;
  padding: .6em .8em;
  border: 1px solid var(--rn-edge);
  border-radius: var(--rn-control);
  color: inherit;
  background: var(--rn-bg);
  font: inherit;
}
@container (min-width: 28em) {
  .section ul {
    grid-template-columns: 1fr auto auto;
  }
  .section li {
    grid-template-columns: subgrid;
  }
  .section .state {
    grid-area: 1 / 2;
  }
  .links {
    grid-column: 2 / -1;
    justify-content: end;
  }
}
@container (min-width: 38em) {
  .section ul {
    grid-template-columns: auto 1fr auto auto auto;
  }
  .section li > * {
    grid-row: 1;
  }
  .section strong {
    grid-column: 3;
  }
  .section .state {
    grid-column: 4;
    justify-self: start;
  }
  .links {
    grid-column: 5;
  }
}
@container (min-width: 36em) {
  .fields {
    grid-template-columns: 1fr 1fr;
  }
}
`;

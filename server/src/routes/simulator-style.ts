/** The style sheet of the simulator's pages: a sheet of paper, and a form. */
export const simulatorStyle = `:root {
  color-scheme: light dark;
  --page: light-dark(#eceef1, #101114);
  --paper: light-dark(#fffdfa, #1e1d21);
  --wash: light-dark(#f6f2ec, #27262b);
  --ink: light-dark(#201d1b, #f3f0ec);
  --soft: light-dark(#615b56, #b0aaa4);
  --line: light-dark(#e3ddd5, #39373d);
  --edge: light-dark(#8b847d, #85807c);
  --brand: light-dark(#b2341d, #ff9a82);
  --on-brand: light-dark(#fff, #25100b);
  --good: light-dark(#17663a, #7fd8a4);
  --bad: light-dark(#a3221b, #ffaea6);
  --serif: "Iowan Old Style", "Palatino Linotype", Palatino, "URW Palladio L", "P052", Georgia, serif;
}
*, ::before, ::after {
  box-sizing: border-box;
}
body {
  margin: 0;
  padding: clamp(.75rem, 4vw, 3rem);
  color: var(--ink);
  background: var(--page);
  font: 1rem/1.5 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif;
  overflow-wrap: anywhere;
}
h1, h2, p, dl, dd, fieldset {
  margin: 0;
  padding: 0;
}
main {
  display: grid;
  grid-template-columns: minmax(0, 1fr);
  gap: 1.5rem;
  max-width: 32rem;
  margin: auto;
  padding: clamp(1.25rem, 6vw, 3.5rem);
  background: var(--paper);
  border: 1px solid var(--line);
  border-radius: .875rem;
}
.sheet main {
  max-width: 50rem;
}
.brand {
  display: flex;
  gap: .625rem;
  align-items: center;
  font: 600 1.375rem/1 var(--serif);
  letter-spacing: -.01em;
}
h1 {
  font: 600 clamp(1.75rem, 6vw, 2.25rem)/1.2 var(--serif);
  letter-spacing: -.015em;
}
h2, dt, thead th {
  color: var(--soft);
  font-size: .875rem;
  font-weight: 500;
}
header {
  display: grid;
  gap: .375rem;
}
.sheet header {
  display: flex;
  flex-wrap: wrap;
  gap: .25rem 1rem;
  align-items: center;
}
.state {
  padding: .0625rem .625rem;
  border: 1px solid;
  border-radius: 1rem;
  color: var(--soft);
  font-size: .875rem;
  font-weight: 550;
}
.paid {
  color: var(--good);
}
.open {
  color: var(--bad);
}
.facts {
  display: grid;
  gap: .75rem 2rem;
  grid-template-columns: repeat(auto-fit, minmax(min(100%, 12rem), 1fr));
}
.facts dd {
  font-weight: 550;
  font-variant-numeric: tabular-nums;
}
.parties {
  display: grid;
  gap: 1.25rem 2rem;
  grid-template-columns: repeat(auto-fit, minmax(min(100%, 14rem), 1fr));
  padding-block: 1.25rem;
  border-block: 1px solid var(--line);
}
table {
  width: 100%;
  border-collapse: collapse;
  font-variant-numeric: tabular-nums;
}
th, td {
  padding: .625rem 0;
  border-bottom: 1px solid var(--line);
  font-weight: inherit;
  text-align: start;
  vertical-align: top;
}
th:last-child, td:last-child {
  padding-inline-start: 1.5rem;
  text-align: end;
  overflow-wrap: normal;
  white-space: nowrap;
}
.sum {
  font-weight: 650;
  font-size: 1.125rem;
}
.sum th, .sum td {
  border: 0;
}
form {
  display: grid;
  gap: 1.25rem;
}
fieldset {
  display: grid;
  gap: .5rem;
  min-width: 0;
  border: 0;
}
legend {
  margin-block-end: .5rem;
  padding: 0;
  font-weight: 600;
}
.card {
  display: flex;
  gap: .75rem;
  align-items: center;
  min-height: 3.5rem;
  padding: .5rem 1rem;
  border: 1px solid var(--edge);
  border-radius: .625rem;
  cursor: pointer;
}
.card:hover {
  background: var(--wash);
}
.card:has(:checked) {
  border-color: var(--brand);
  box-shadow: inset 0 0 0 1px var(--brand);
}
.card input {
  flex: none;
  width: 1.25rem;
  height: 1.25rem;
  margin: 0;
  accent-color: var(--brand);
}
.card strong {
  display: block;
  font-weight: 550;
}
.card span span, .quiet, footer {
  color: var(--soft);
  font-size: .875rem;
}
.error {
  padding: .625rem 1rem;
  border: 1px solid;
  border-radius: .625rem;
  color: var(--bad);
}
.actions {
  display: flex;
  flex-wrap: wrap;
  gap: .75rem;
}
.button, button {
  display: inline-flex;
  flex: 1 1 auto;
  align-items: center;
  justify-content: center;
  min-height: 2.75rem;
  padding: .5rem 1.25rem;
  border: 1px solid var(--edge);
  border-radius: .625rem;
  color: inherit;
  background: none;
  font: inherit;
  font-weight: 550;
  text-align: center;
  text-decoration: none;
  cursor: pointer;
}
.sheet .button {
  flex: none;
}
.button:hover {
  background: var(--wash);
}
button {
  color: var(--on-brand);
  background: var(--brand);
  border-color: var(--brand);
}
button:hover {
  background: color-mix(in srgb, var(--brand) 88%, var(--ink));
}
:focus-visible {
  outline: 2px solid var(--ink);
  outline-offset: 2px;
}
@media (forced-colors: active) {
  .card:has(:checked) {
    outline: 2px solid Highlight;
  }
}
@page {
  size: A4;
  margin: 18mm;
}
@media print {
  :root {
    color-scheme: light;
  }
  body {
    padding: 0;
    background: none;
    font-size: 10.5pt;
  }
  main {
    max-width: none;
    padding: 0;
    border: 0;
    background: none;
  }
  .actions {
    display: none;
  }
  tr, .parties, .facts {
    break-inside: avoid;
  }
}
`;

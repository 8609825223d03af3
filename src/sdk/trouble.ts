/** What is shown when not even the code of an element could be loaded, or its service is down. */
import { mailto } from "../lazy.ts";

export interface Trouble {
  lines: readonly string[];
  email: string | undefined;
  /** The sentence around the address, which takes the place of `{}`. */
  write: string;
  /** Without an address. */
  contact: string;
  reference: string;
  retry(): void;
}

export function troubleBox({ lines, email, write, contact, reference, retry }: Trouble): HTMLElement {
  const box = document.createElement("div");
  box.className = "renumerate-error-content";
  box.role = "alert";
  box.lang = "en";
  box.dir = "ltr";
  const line = (tag: string, ...parts: (string | Node)[]) => {
    const element = document.createElement(tag);
    element.append(...parts);
    box.append(element);
    return element;
  };
  // Where the focus can be put, for who reads on from there.
  line("h2", "We're sorry!").tabIndex = -1;
  for (const each of lines) line("p", each);
  if (email) {
    const link = document.createElement("a");
    link.href = mailto(email, "Cancel Subscription", `${new Date().toISOString()}\n${reference}`);
    link.textContent = email;
    const [before = "", after = ""] = write.split("{}");
    line("p", before, link, after);
  } else line("p", contact);
  const again = document.createElement("button");
  again.type = "button";
  again.className = "renumerate-retry";
  again.textContent = "Try again";
  again.onclick = () => {
    box.remove();
    retry();
  };
  box.append(again);
  return box;
}

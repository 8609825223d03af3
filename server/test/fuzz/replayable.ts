/** A request in a form that somebody can send again: for a shell, and as data. */
import type { Draft } from "./requests.ts";

const quoted = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;

/** What no shell can hold is written in base64. */
const isPlain = (text: string): boolean => /^[^\0\ufffd]*$/.test(text);

export function replayable({ method, url, headers: all, body: sent = "" }: Draft): string {
  const headers = [...all];
  const bytes = Buffer.from(sent as string);
  const text = bytes.toString();
  const sends = bytes.length > 0;
  const body = sends ? (isPlain(text) ? { body: text } : { base64: bytes.toString("base64") }) : {};
  const data = JSON.stringify({ method, url, headers, ...body });
  const parts = [
    "curl --path-as-is -i -X",
    quoted(method),
    quoted(url),
    ...headers.map(([name, value]) => `-H ${quoted(`${name}: ${value}`)}`),
    ...(sends ? [isPlain(text) ? `--data-binary ${quoted(text)}` : "--data-binary @-"] : []),
  ];
  const piped = sends && !isPlain(text) ? `base64 -d <<< ${quoted(bytes.toString("base64"))} | ` : "";
  return `${piped}${parts.join(" ")}\n${data}`;
}

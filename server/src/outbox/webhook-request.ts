/** One POST to an endpoint that nobody here knows: it may be slow, endless, faulty, or not what its name says. */
import { type IncomingMessage, request as plainRequest, type RequestOptions } from "node:http";
import { request as secureRequest } from "node:https";
import { isIP, type LookupFunction } from "node:net";
import { isSuccess } from "../domain/webhook-deliveries.ts";
import { hostOf, type WebhookTarget } from "../domain/webhook-urls.ts";

export interface Post {
  headers: Record<string, string>;
  body: string;
  /** Ends it, wherever it stands. */
  signal: AbortSignal;
}

/** What came back. A status counts only without an `error`. */
export interface Answer {
  status?: number;
  /** Plain words without anything of the URL. */
  error?: string;
  /** How the body began. */
  excerpt?: string;
  /** The header, as it came. */
  retryAfter?: string;
}

/** What is read of an answer, bytes, and kept of it, characters. */
const MOST_READ = 65_536;
const MOST_KEPT = 1_000;

export const NO_ANSWER = "There was no complete answer in time.";

/** Never rejects. The connection goes to one of the target's addresses, through no proxy, and is used once. */
export function post({ url, addresses }: WebhookTarget, { headers, body, signal }: Post): Promise<Answer> {
  const host = hostOf(url);
  const options: RequestOptions & { servername: string; rejectUnauthorized: true } = {
    method: "POST",
    host,
    port: url.port,
    path: url.pathname + url.search,
    headers: { ...headers, host: url.host, "content-length": Buffer.byteLength(body) },
    // Neither a shared agent's open connections nor the proxy that an environment names.
    agent: false,
    lookup: among(addresses),
    // A certificate names hosts without the dot that may end them, and TLS asks for no address.
    servername: isIP(host) ? "" : host.replace(/\.$/, ""),
    rejectUnauthorized: true,
    signal,
  };
  return new Promise((resolve) => {
    const request = (url.protocol === "https:" ? secureRequest : plainRequest)(options);
    const settle = (answer: Answer) => {
      resolve(answer);
      request.destroy();
    };
    let begun: Answer = {};
    let taken: (() => void) | undefined;
    const fail = (error?: unknown) =>
      // What it goes on to say, or does not, takes nothing back.
      taken?.() ?? settle({ ...begun, error: signal.aborted ? NO_ANSWER : wordsOf(error) });
    request.on("error", fail);
    request.on("upgrade", (response, socket) => {
      socket.destroy();
      settle(begunBy(response));
    });
    // Whatever else may end it.
    request.on("close", () => fail());
    request.on("response", (response) => {
      begun = begunBy(response);
      const chunks: Buffer[] = [];
      let size = 0;
      const done = () => settle({ ...begun, ...excerptOf(response, chunks, headers) });
      if (isSuccess(begun)) taken = done;
      response.on("data", (chunk: Buffer) => {
        chunks.push(chunk.subarray(0, MOST_READ - size));
        size += chunk.length;
        if (size >= MOST_READ) done();
      });
      response.on("end", done);
      response.on("error", fail);
    });
    request.end(body);
  });
}

/** In place of asking for the host's addresses once more, which might be others by now. */
function among(addresses: readonly string[]): LookupFunction {
  const all = addresses.map((address) => ({ address, family: isIP(address) }));
  return (_host, { all: wantsAll }, callback) => {
    const [first = { address: "", family: 4 }] = all;
    if (wantsAll) callback(null, all);
    else callback(null, first.address, first.family);
  };
}

function begunBy({ statusCode, headers }: IncomingMessage): Answer {
  const retryAfter = headers["retry-after"];
  return {
    ...(statusCode === undefined ? {} : { status: statusCode }),
    ...(retryAfter === undefined ? {} : { retryAfter }),
  };
}

/** Of a body that can be read: characters that show, in one line, without the signatures that an echo would repeat. */
function excerptOf(
  { headers }: IncomingMessage,
  chunks: readonly Buffer[],
  sent: Record<string, string>,
): Pick<Answer, "excerpt"> {
  if (headers["content-encoding"] && headers["content-encoding"] !== "identity") return {};
  const text = Object.entries(sent)
    .filter(([name]) => name.endsWith("-signature"))
    .reduce((words, [, value]) => words.replaceAll(value, "…"), Buffer.concat(chunks).toString())
    .replace(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, " ");
  const excerpt = Array.from(text.slice(0, 2 * MOST_KEPT))
    .slice(0, MOST_KEPT)
    .join("")
    .toWellFormed()
    .trim();
  return excerpt ? { excerpt } : {};
}

/** By the codes of Node's errors: their messages name addresses. */
const words: readonly [RegExp, string][] = [
  [/^ECONNREFUSED$/, "The connection was refused."],
  [/^(ECONNRESET|EPIPE|ECONNABORTED)$/, "The connection was closed before there was a complete answer."],
  [
    /^(EHOSTUNREACH|ENETUNREACH|EHOSTDOWN|ENETDOWN|ETIMEDOUT|EADDRNOTAVAIL)$/,
    "Its address cannot be reached.",
  ],
  [/CERT|SELF_SIGNED|ISSUER/, "Its certificate is not to be trusted"],
  [/SSL|TLS|EPROTO/, "There was no agreement on TLS"],
  [/^HPE_/, "What it answered is not HTTP"],
];

function wordsOf(error: unknown): string {
  const code = error instanceof Error && "code" in error ? String(error.code) : undefined;
  if (code === undefined) return "The connection was closed before there was a complete answer.";
  const [, found = "The connection has failed"] = words.find(([codes]) => codes.test(code)) ?? [];
  return found.endsWith(".") ? found : `${found} (${code}).`;
}

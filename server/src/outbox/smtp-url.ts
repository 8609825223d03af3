/** The address of a mail server: `smtp://user:password@host:587`. */

export interface SmtpServer {
  host: string;
  port: number;
  /** TLS from the first byte. */
  secure: boolean;
  /** Nothing is said before TLS is agreed on, and no more than a greeting if it cannot be. */
  requireTLS: boolean;
  isLocal: boolean;
  auth?: { user: string; pass: string };
  /** What must not be told. */
  secrets: string[];
}

const base64 = (text: string) => Buffer.from(text).toString("base64");

/** @throws Error with words that can be shown: a faulty address may hold a password all the same */
export function readSmtpUrl(text: string): SmtpServer {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const isPlain = !url || /^\/?$/.test(url.pathname + url.search + url.hash);
  if (!url || !/^smtps?:$/.test(url.protocol) || !url.hostname || !isPlain) {
    throw new Error(
      "The mail server's address is smtp://user:password@host:587 or smtps://user:password@host",
    );
  }
  const secure = url.protocol === "smtps:";
  const host = url.hostname.replace(/^\[|\]$/g, "");
  const isLocal = /^(localhost|127(\.\d+){3}|::1)$/.test(host);
  const [user, pass] = [decoded(url.username), decoded(url.password)];
  return {
    host,
    port: Number(url.port) || (secure ? 465 : 587),
    secure,
    // A password goes to another machine under TLS or not at all.
    requireTLS: !secure && !isLocal && !!user,
    isLocal,
    ...(user ? { auth: { user, pass } } : {}),
    // As the commands of SMTP carry them: a server may repeat what it does not understand.
    secrets: [user, pass].filter(Boolean).flatMap((secret) => [secret, base64(secret)]),
  };
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    throw new Error("The mail server's user name or password holds a %: write it as %25");
  }
}

/** Sends mail by SMTP. It never speaks of who a mail is for, nor of what it signs in with: its errors go to a log. */
import { rootCertificates } from "node:tls";
import { createTransport } from "nodemailer";
import { MailError, type Mailer, type Message } from "../deps.ts";
import { readSmtpUrl } from "./smtp-url.ts";

export interface MailerOptions {
  /** `smtp://user:password@host:587`, or `smtps://` for TLS from the first byte. */
  url: string;
  /** `Papercrane <reports@papercrane.example>` */
  from: string;
  /** PEM: whom to trust beside the authorities that Node knows. */
  ca?: string;
  limits?: Partial<Limits>;
}

interface Limits {
  /** Until the server has greeted, ms. */
  connection: number;
  /** Of silence, ms. */
  socket: number;
  /** Of one mail from beginning to end, ms: less than a worker's lease. */
  whole: number;
  /** For how long a server that did not answer is left alone, ms: other work waits behind each mail. */
  pause: number;
}

const usual: Limits = { connection: 10_000, socket: 20_000, whole: 25_000, pause: 30_000 };

/** What went wrong, as nodemailer puts it. */
interface Failure {
  code?: string | undefined;
  originalCode?: string | undefined;
  command?: string | undefined;
  response?: string | undefined;
  responseCode?: number | undefined;
  permanent?: boolean | undefined;
}

/** One address and nothing that a list of them, or a second header, could be made of. */
const ADDRESS = /^[^\s\p{Cc}<>()[\],;:\\"@]+@[^\s\p{Cc}<>()[\],;:\\"@]+$/u;
/** A line of a header ends at any of these. */
const CONTROL = /[\p{Cc}\u2028\u2029]/u;

const INBOX = /[^\s<>@]+@[^\s<>@]+/g;
const LONGEST_REPLY = 200;

/** @throws Error that names neither a user nor a password */
export function createMailer({ url, from, ca, limits: given }: MailerOptions): Mailer {
  const limits = { ...usual, ...given };
  const { secrets, host, isLocal, ...server } = readSmtpUrl(url);
  const sender = senderOf(from);
  const domain = sender.address.slice(sender.address.indexOf("@") + 1);
  const transport = createTransport({
    ...server,
    host,
    pool: true,
    // What the outbox can try again is not tried here a second time: its lease would run out meanwhile.
    maxConnections: 1,
    maxRequeues: 0,
    idleTimeout: limits.pause,
    dnsTimeout: limits.connection,
    connectionTimeout: limits.connection,
    greetingTimeout: limits.connection,
    socketTimeout: limits.socket,
    disableFileAccess: true,
    disableUrlAccess: true,
    tls: {
      ...(ca === undefined ? {} : { ca: [...rootCertificates, ca] }),
      // Mail servers come with certificates of their own making. Without TLS it would go through this machine in the open.
      rejectUnauthorized: !isLocal || server.secure,
    },
  });
  let silentUntil = 0;

  async function send({ to, subject, html, text }: Message, id: string): Promise<void> {
    if (!ADDRESS.test(to)) throw new MailError("the recipient is not one address", true);
    if (CONTROL.test(subject)) throw new MailError("the subject is more than one line", true);
    if (performance.now() < silentUntil)
      throw new MailError("the mail server did not answer just now", false);
    const signal = AbortSignal.timeout(limits.whole);
    try {
      await transport.sendMail({
        signal,
        from: sender,
        to: { name: "", address: to },
        subject,
        text,
        html,
        messageId: `<${id}@${domain}>`,
        // Nobody's holiday notice needs to come back.
        headers: { "Auto-Submitted": "auto-generated", "X-Auto-Response-Suppress": "All" },
      });
    } catch (error) {
      const failure = mailError(error as Failure, secrets);
      const isSilent = (error as Failure).responseCode === undefined && !failure.permanent;
      if (isSilent) silentUntil = performance.now() + limits.pause;
      throw failure;
    }
  }

  return { send, close: () => transport.close({ force: true }) };
}

function senderOf(text: string): { name: string; address: string } {
  const [, name = "", address = text.trim()] = /^([^<]*)<([^<>]*)>\s*$/.exec(text) ?? [];
  if (CONTROL.test(text) || !ADDRESS.test(address)) {
    throw new Error("The sender of mail is one address, such as Papercrane <reports@papercrane.example>");
  }
  return { name: name.trim().replace(/^"(.*)"$/, "$1"), address };
}

/** What is wrong with the mail itself, found before anybody was asked. */
const UNSENDABLE = ["EENVELOPE", "EMESSAGE"];

/**
 * Only what is said of the recipient or the mail is for good. A password or a sender that is refused can be mended by who
 * runs the server, and the mail goes out after all.
 */
function mailError(failure: Failure, secrets: readonly string[]): MailError {
  const { code = "", originalCode, command, response = "", responseCode, permanent = false } = failure;
  if (responseCode === undefined) {
    const codes = originalCode ? `${code} ${originalCode}` : code;
    return new MailError(`the mail server did not take it (${codes})`, UNSENDABLE.includes(code));
  }
  if (command?.startsWith("AUTH")) {
    return new MailError(`the mail server refuses the user name or password (${responseCode})`, false);
  }
  const said = secrets
    .reduce((words, secret) => words.replaceAll(secret, "…"), response)
    .replace(INBOX, "…")
    .replace(/\s+/g, " ")
    .slice(0, LONGEST_REPLY);
  const isAboutMail = command === "RCPT TO" || command === "DATA";
  return new MailError(`the mail server said: ${said}`, isAboutMail && permanent);
}

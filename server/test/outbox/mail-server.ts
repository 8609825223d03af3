/** A mail server of this machine's own, which keeps what it takes and refuses what it is told to. */
import { execFile } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import type { AddressInfo } from "node:net";
import { createServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { promisify } from "node:util";
import PostalMime, { type Email } from "postal-mime";
import { SMTPServer, type SMTPServerOptions } from "smtp-server";

export interface Taken {
  from: string;
  to: string[];
  /** Whether it came under TLS, and who had signed in. */
  secure: boolean;
  user?: string;
  /** As it came. */
  raw: string;
  mail: Email;
}

export interface Refusal {
  at: "recipient" | "data" | "sender";
  code: number;
  words: string;
}

export interface MailServer extends AsyncDisposable {
  port: number;
  taken: Taken[];
  /** One for each mail that comes next; what comes after them is taken. */
  refusals: Refusal[];
}

export const USER = "papercrane";
export const PASSWORD = "hunter2 & more%";

const refused = ({ code, words }: Refusal) => Object.assign(new Error(words), { responseCode: code });

/** @param options what is different; without any it wants neither TLS nor a password */
export async function mailServer(options: SMTPServerOptions = {}): Promise<MailServer> {
  const taken: Taken[] = [];
  const refusals: Refusal[] = [];
  const next = (at: Refusal["at"]) => (refusals[0]?.at === at ? refusals.shift() : undefined);
  const answer = (at: Refusal["at"], done: (error?: Error) => void) => {
    const refusal = next(at);
    done(refusal && refused(refusal));
  };
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ["STARTTLS"],
    closeTimeout: 1,
    onAuth: ({ username, password }, _session, done) =>
      username === USER && password === PASSWORD
        ? done(null, { user: username })
        : done(new Error(`no such password: ${password}, ${Buffer.from(PASSWORD).toString("base64")}`)),
    onMailFrom: (_address, _session, done) => answer("sender", done),
    onRcptTo: (_address, _session, done) => answer("recipient", done),
    onData: (stream, { envelope, secure, user }, done) =>
      void text(stream)
        .then(async (raw) => {
          const refusal = next("data");
          if (refusal) throw refused(refusal);
          const from = envelope.mailFrom ? envelope.mailFrom.address : "";
          const to = envelope.rcptTo.map(({ address }) => address);
          const mail = await PostalMime.parse(raw);
          taken.push({ from, to, secure, ...(user ? { user } : {}), raw, mail });
        })
        .then(() => done(), done),
    ...options,
  });
  // A client that goes away is none of the server's faults.
  server.on("error", () => {});
  server.listen(0, "127.0.0.1");
  await once(server.server, "listening");
  const close = () => new Promise<void>((resolve) => server.close(resolve));
  return {
    port: (server.server.address() as AddressInfo).port,
    taken,
    refusals,
    [Symbol.asyncDispose]: close,
  };
}

/** Something on a port that need not be a mail server. */
export async function listener(
  meet: (socket: Socket) => void,
): Promise<AsyncDisposable & { port: number; connections: () => number }> {
  let connections = 0;
  const sockets = new Set<Socket>();
  const server: Server = createServer((socket) => {
    connections += 1;
    sockets.add(socket);
    socket.on("error", () => {});
    meet(socket);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const close = async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  };
  return {
    port: (server.address() as AddressInfo).port,
    connections: () => connections,
    [Symbol.asyncDispose]: close,
  };
}

/** A certificate for this machine that nobody has signed. @param names `IP:127.0.0.1` */
export async function certificate(names: string): Promise<{ cert: string; key: string }> {
  const path = await mkdtemp(join(tmpdir(), "renumerate-"));
  try {
    const curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
    const about = ["-days", "2", "-subj", "/CN=mail", "-addext", `subjectAltName=${names}`];
    const files = ["-keyout", join(path, "key.pem"), "-out", join(path, "cert.pem")];
    await promisify(execFile)("openssl", ["req", "-x509", ...curve, ...about, ...files]);
    const read = (name: string) => readFile(join(path, name), "utf8");
    return { cert: await read("cert.pem"), key: await read("key.pem") };
  } finally {
    await rm(path, { recursive: true, force: true });
  }
}

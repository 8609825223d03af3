/** The certificate and the key that an installation answers https with, read once at the start. */
import { createPrivateKey, X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import { createSecureContext } from "node:tls";

export interface Tls {
  /** PEM, the server's own certificate first. */
  cert: Buffer;
  /** PEM, without a passphrase. */
  key: Buffer;
}

/** @throws Error that names the option and the file at fault, and nothing of what is in it */
export function readTls(certFile: string, keyFile: string): Tls {
  const [cert, key] = [read("--tls-cert", certFile), read("--tls-key", keyFile)];
  const certificate = attempt(() => new X509Certificate(cert));
  if (!certificate) throw new Error(`--tls-cert ${certFile}: there is no certificate in PEM in it`);
  const secret = attempt(() => createPrivateKey(key));
  if (!secret)
    throw new Error(`--tls-key ${keyFile}: there is no private key in PEM without a passphrase in it`);
  if (!certificate.checkPrivateKey(secret))
    throw new Error(`--tls-key ${keyFile}: this is not the key of the certificate in ${certFile}`);
  // What is read alone can still be refused by TLS: another form than PEM, too short a key.
  if (!attempt(() => createSecureContext({ cert, key })))
    throw new Error(`--tls-cert ${certFile}: TLS cannot use this certificate`);
  return { cert, key };
}

function read(option: string, file: string): Buffer {
  try {
    return readFileSync(file);
  } catch (error) {
    throw new Error(`${option} ${file}: ${(error as Error).message}`);
  }
}

function attempt<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch {
    return undefined;
  }
}

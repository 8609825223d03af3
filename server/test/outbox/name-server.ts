/** A name server of this machine's own: it says what it is told to, and nothing at all of other names. */
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { isIPv4 } from "node:net";

export interface NameServer extends AsyncDisposable {
  /** `127.0.0.1:port` */
  at: string;
  /** `a.example A`, in the order in which they were asked for. */
  asked: string[];
  /** Resolves once so many were asked for altogether. */
  heard(count: number): Promise<void>;
}

const NO_SUCH_NAME = 3;
const TYPES: Record<number, string> = { 1: "A", 28: "AAAA" };

/** The name that a question begins with, and where its type stands. */
function questionOf(message: Buffer): { name: string; end: number } {
  const labels: string[] = [];
  let at = 12;
  for (let size = message[at] ?? 0; size; size = message[at] ?? 0) {
    labels.push(message.toString("latin1", at + 1, at + 1 + size));
    at += 1 + size;
  }
  return { name: labels.join("."), end: at + 1 };
}

function bytesOf(address: string): Buffer {
  if (isIPv4(address)) return Buffer.from(address.split(".").map(Number));
  const [head = "", tail = ""] = address.split("::");
  const groups = (text: string) => (text ? text.split(":").map((each) => Number.parseInt(each, 16)) : []);
  const [before, after] = [groups(head), groups(tail)];
  const all = [...before, ...Array(8 - before.length - after.length).fill(0), ...after];
  return Buffer.from(all.flatMap((each) => [each >> 8, each & 255]));
}

/** @param known addresses by name; null: there is no such name @param silent of what kinds it says nothing */
export async function nameServer(
  known: Record<string, readonly string[] | null>,
  silent: readonly string[] = [],
): Promise<NameServer> {
  const asked: string[] = [];
  let waiting: { count: number; resolve: () => void }[] = [];
  const socket = createSocket("udp4");
  socket.on("message", (message, from) => {
    const { name, end } = questionOf(message);
    const type = message.readUInt16BE(end);
    asked.push(`${name} ${TYPES[type]}`);
    waiting = waiting.filter(({ count, resolve }) => count > asked.length || resolve());
    const addresses = known[name];
    if (addresses === undefined || silent.includes(TYPES[type] ?? "")) return;
    const wanted = (addresses ?? []).filter((each) => isIPv4(each) === (type === 1)).map(bytesOf);
    const head = Buffer.alloc(12);
    message.copy(head, 0, 0, 2);
    head.writeUInt16BE(0x8180 | (addresses ? 0 : NO_SUCH_NAME), 2);
    head.writeUInt16BE(1, 4);
    head.writeUInt16BE(wanted.length, 6);
    const answers = wanted.map((bytes) => {
      const answer = Buffer.from([0xc0, 12, 0, type, 0, 1, 0, 0, 0, 60, 0, bytes.length]);
      return Buffer.concat([answer, bytes]);
    });
    socket.send(Buffer.concat([head, message.subarray(12, end + 4), ...answers]), from.port, from.address);
  });
  socket.bind(0, "127.0.0.1");
  await once(socket, "listening");
  return {
    at: `127.0.0.1:${socket.address().port}`,
    asked,
    heard: (count) =>
      asked.length >= count ? Promise.resolve() : new Promise((resolve) => waiting.push({ count, resolve })),
    async [Symbol.asyncDispose]() {
      await new Promise<void>((resolve) => socket.close(resolve));
    },
  };
}

/**
 * Puts a server far away: whatever goes through takes half a round trip each way, and a connection takes a whole one before
 * anything is sent, as TCP does. A browser's own emulation waits once for each request, whether it has a connection or not.
 */
import { type AddressInfo, connect, createServer, type Socket } from "node:net";

export interface Far {
  /** An origin on localhost. */
  readonly url: string;
  close(): Promise<void>;
}

const after = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** Chunks arrive in order, each so much later than it was sent; an end arrives like a chunk. */
function carry(from: Socket, to: Socket, delay: number, earliest: Promise<unknown>): void {
  let last = earliest;
  const later = (work: () => void) => {
    last = Promise.all([last, after(delay)]).then(work);
  };
  from.on("data", (chunk) => later(() => to.writable && to.write(chunk)));
  from.on("end", () => later(() => to.end()));
  from.on("close", () => later(() => to.destroy()));
  // Followed by its close.
  from.on("error", () => {});
}

/** @param roundTrip milliseconds */
export async function farAway(origin: string, roundTrip: number): Promise<Far> {
  const { hostname, port } = new URL(origin);
  const open = new Set<Socket>();
  const server = createServer({ noDelay: true, allowHalfOpen: true }, (near) => {
    const there = connect({ host: hostname, port: Number(port), noDelay: true, allowHalfOpen: true });
    for (const socket of [near, there]) {
      open.add(socket);
      socket.once("close", () => open.delete(socket));
    }
    // A browser on this machine has its connection at once, so what it says first waits for the handshake instead.
    carry(near, there, roundTrip / 2, after(roundTrip * 1.5));
    carry(there, near, roundTrip / 2, Promise.resolve());
  });
  await new Promise<void>((resolve) => server.listen(0, "localhost", resolve));
  return {
    url: `http://localhost:${(server.address() as AddressInfo).port}`,
    async close() {
      for (const socket of open) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Somebody at a terminal: types the requests of a page, against a server that listens. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { serve } from "@hono/node-server";
import type { World } from "../harness.ts";

export interface Typed {
  status: number;
  /** Of the answer. */
  contentType: string;
  text: string;
  /** The JSON that was answered, or an empty object. */
  body: Record<string, unknown>;
}

export interface Shell {
  address: string;
  /** What is known by name. */
  known: Record<string, string>;
  /** @param command curl with an address of `host`, which is the server's in the page */
  type(command: string): Promise<Typed>;
  close(): void;
}

/** @param folder where commands put their files */
export async function openShell(world: World, host: string, folder?: string): Promise<Shell> {
  const server = serve({ fetch: world.app.fetch, port: 0, hostname: "localhost" }) as Server;
  await once(server, "listening");
  const address = `http://localhost:${(server.address() as AddressInfo).port}`;
  const known: Record<string, string> = {};

  async function type(command: string): Promise<Typed> {
    assert.ok(command.includes(host), command);
    const told = " --silent --show-error --write-out '\\n%{http_code} %{content_type}'";
    const { PATH = "" } = process.env;
    const child = spawn("sh", ["-c", command.replaceAll(host, address) + told], {
      env: { PATH, ...known },
      stdio: ["ignore", "pipe", "inherit"],
      ...(folder ? { cwd: folder } : {}),
    });
    let out = "";
    child.stdout.setEncoding("utf8").on("data", (text) => {
      out += text;
    });
    await once(child, "close");
    const [, text = "", status, contentType = ""] = /^(.*)\n(\d+) (.*)$/s.exec(out) ?? [];
    const isJson = contentType.startsWith("application/json") && text !== "";
    return { status: Number(status), contentType, text, body: isJson ? JSON.parse(text) : {} };
  }

  return {
    address,
    known,
    type,
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}

export interface Example {
  /** As it is printed. */
  command: string;
  /** What the page shows as the answer, if it does. */
  printed?: Record<string, unknown>;
}

/** Requests in the order of a page, each with the JSON that comes before the next one. */
export function examplesOf(page: string): Example[] {
  const examples: Example[] = [];
  for (const [, language, text = ""] of page.matchAll(/^```(\w+)\n(.*?)\n```$/gms)) {
    if (language === "sh" && text.startsWith("curl ")) examples.push({ command: text });
    const last = examples.at(-1);
    if (language === "json" && last && !last.printed) last.printed = JSON.parse(text);
  }
  return examples;
}

/** Chosen anew each time; how it begins stays. */
const CHANCE = /^(id|session_id|workspace_id|event_id|endpoint_id|sid|aud|jti|url|secret)$/;

/** That what is printed was answered, with other ids. It may have more. */
export function assertPrinted(answer: unknown, printed: unknown, name = ""): void {
  if (CHANCE.test(name)) {
    assert.equal(String(answer).slice(0, 3), String(printed).slice(0, 3), name);
  } else if (printed === null || typeof printed !== "object") {
    assert.equal(answer, printed, name);
  } else {
    assert.ok(answer && typeof answer === "object", name);
    assert.equal(Array.isArray(answer), Array.isArray(printed), name);
    if (Array.isArray(printed)) assert.equal((answer as unknown[]).length, printed.length, name);
    for (const [key, value] of Object.entries(printed)) {
      assert.ok(key in answer, `${key} is in ${JSON.stringify(answer)}`);
      assertPrinted((answer as Record<string, unknown>)[key], value, Array.isArray(printed) ? name : key);
    }
  }
}

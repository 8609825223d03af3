/** What arrives at a real mail server, and what is said of one that does not take it. */
import assert from "node:assert/strict";
import type { Socket } from "node:net";
import { before, describe, it } from "node:test";
import { inspect } from "node:util";
import { MailError, type Message } from "../../src/deps.ts";
import { createMailer, type MailerOptions } from "../../src/outbox/mailer.ts";
import { certificate, listener, mailServer, PASSWORD, USER } from "./mail-server.ts";

const message: Message = {
  to: "ann@papercrane.example",
  subject: "5 von 12 geblieben – Grüße 🦢, 折り紙",
  html: "<p>Grüße &amp; 折り紙</p>",
  text: "Grüße & 折り紙\n.\nA line of one dot is no end.\n",
};

const from = "Büro, Papercrane <reports@papercrane.example>";
const credentials = `${USER}:${encodeURIComponent(PASSWORD)}`;
/** As good as another machine's: it is none of the names that mean this one. */
const ELSEWHERE = "0.0.0.0";

function mailerTo(port: number, options: Partial<MailerOptions> & { scheme?: string; at?: string } = {}) {
  const { scheme = "smtp", at = "127.0.0.1", ...rest } = options;
  const mailer = createMailer({ url: `${scheme}://${at}:${port}`, from, ...rest });
  return { ...mailer, [Symbol.dispose]: () => mailer.close() };
}

/** It fails, and what it says gives nothing away. @returns whether it is for good, and the words */
async function fails(sending: Promise<void>): Promise<{ permanent: boolean; words: string }> {
  const error = await sending.then(
    () => assert.fail("it was taken"),
    (thrown: unknown) => thrown,
  );
  assert.ok(error instanceof MailError, inspect(error));
  const all = inspect(error, { depth: 9, showHidden: true });
  for (const secret of [PASSWORD, encodeURIComponent(PASSWORD), message.to, message.text.slice(0, 9)])
    assert.ok(!all.includes(secret) && !all.includes(Buffer.from(secret).toString("base64")), all);
  return { permanent: error.permanent, words: error.message };
}

describe("Mail that is sent", () => {
  it("arrives as it was written, for programs that show pages and for others", async () => {
    await using server = await mailServer();
    using mailer = mailerTo(server.port);
    await mailer.send(message, "mail_1");
    const [taken = assert.fail("nothing came")] = server.taken;
    assert.deepEqual([taken.from, taken.to], ["reports@papercrane.example", [message.to]]);
    const { mail } = taken;
    assert.equal(mail.subject, message.subject);
    assert.deepEqual(mail.from, { name: "Büro, Papercrane", address: "reports@papercrane.example" });
    assert.deepEqual(
      mail.to?.map(({ address }) => address),
      [message.to],
    );
    assert.equal(mail.html?.trim(), message.html);
    assert.equal(mail.text?.trim(), message.text.trim());
    assert.match(taken.raw, /^Content-Type: multipart\/alternative;/m);
    assert.match(taken.raw, /^Auto-Submitted: auto-generated\r$/m);
    assert.equal(mail.attachments.length, 0);
  });

  it("has the same id each time it is tried, and another mail another one", async () => {
    await using server = await mailServer();
    using mailer = mailerTo(server.port);
    for (const id of ["mail_1", "mail_1", "mail_2"]) await mailer.send(message, id);
    assert.deepEqual(
      server.taken.map(({ mail }) => mail.messageId),
      ["mail_1", "mail_1", "mail_2"].map((id) => `<${id}@papercrane.example>`),
    );
  });

  it("has one recipient and one line of a subject, whatever they hold", async () => {
    await using server = await mailServer();
    using mailer = mailerTo(server.port);
    for (const to of [
      "ann@papercrane.example\r\nBcc: eve@evil.example",
      "ann@papercrane.example, eve@evil.example",
      "ann@papercrane.example> SIZE=1\r\nRCPT TO:<eve@evil.example",
      "Ann <ann@papercrane.example>",
      "friends: ann@papercrane.example;",
      "ann@papercrane.example\u0000",
      "ann",
      "",
    ]) {
      const error = await mailer.send({ ...message, to }, "mail_1").catch((thrown: unknown) => thrown);
      assert.ok(error instanceof MailError && error.permanent, to);
      assert.ok(!to || !error.message.includes(to), error.message);
    }
    for (const end of ["\r\n", "\n", "\r", "\u2028", "\u0085"]) {
      const subject = `Report${end}Bcc: eve@evil.example`;
      assert.equal((await fails(mailer.send({ ...message, subject }, "mail_1"))).permanent, true);
    }
    assert.equal(server.taken.length, 0);
  });
});

describe("A sender or an address of a mail server that cannot be one", () => {
  for (const url of [
    `smtp://${credentials}@`,
    `http://${credentials}@mail.example`,
    `smtp://${credentials}@mail.example/inbox`,
    `smtp://${credentials}@mail.example?tls.rejectUnauthorized=false`,
    `smtp://${USER}:hunter2%@mail.example`,
    `${credentials}@mail.example:587`,
  ]) {
    it(`is refused without a word of the password: ${url.replace(credentials, "…")}`, () => {
      const tellsNothing = (error: unknown) => error instanceof Error && !inspect(error).includes("hunter2");
      assert.throws(() => createMailer({ url, from }), tellsNothing);
    });
  }

  for (const sender of ["Papercrane", "a@b.example, c@d.example", "A <a@b.example>\r\nBcc: <e@f.example>"]) {
    it(`is refused: ${JSON.stringify(sender)}`, () => {
      assert.throws(() => createMailer({ url: "smtp://mail.example", from: sender }), /sender/);
    });
  }
});

describe("A mail server that wants a password", () => {
  let pair: { cert: string; key: string };
  before(async () => {
    pair = await certificate(`IP:${ELSEWHERE},IP:127.0.0.1`);
  });
  const wantsPassword = { authOptional: false, disabledCommands: [] };

  it("gets it under TLS that begins after the greeting", async () => {
    await using server = await mailServer({ ...wantsPassword, ...pair });
    using mailer = mailerTo(server.port, { at: `${credentials}@${ELSEWHERE}`, ca: pair.cert });
    await mailer.send(message, "mail_1");
    assert.deepEqual([server.taken[0]?.secure, server.taken[0]?.user], [true, USER]);
  });

  it("gets it under TLS from the first byte", async () => {
    await using server = await mailServer({ ...wantsPassword, ...pair, secure: true });
    using mailer = mailerTo(server.port, {
      scheme: "smtps",
      at: `${credentials}@127.0.0.1`,
      ca: pair.cert,
    });
    await mailer.send(message, "mail_1");
    assert.deepEqual([server.taken[0]?.secure, server.taken[0]?.user], [true, USER]);
  });

  it("does not get it in the open, unless it is on this machine", async () => {
    const seen: string[] = [];
    const open = {
      authOptional: false,
      disabledCommands: ["STARTTLS"],
      onAuth: ({ username = "" }, _session: unknown, done: (error: null, reply: object) => void) => {
        seen.push(username);
        done(null, { user: username });
      },
    };
    await using server = await mailServer(open);
    using away = mailerTo(server.port, { at: `${credentials}@${ELSEWHERE}` });
    assert.equal((await fails(away.send(message, "mail_1"))).permanent, false);
    assert.deepEqual(seen, []);
    using here = mailerTo(server.port, { at: `${credentials}@127.0.0.1` });
    await here.send(message, "mail_2");
    assert.deepEqual([seen, server.taken.length], [[USER], 1]);
  });

  it("does not get it, nor anything, if somebody else may have its certificate", async () => {
    await using server = await mailServer({ ...wantsPassword, ...pair });
    await using secure = await mailServer({ ...wantsPassword, ...pair, secure: true });
    using later = mailerTo(server.port, { at: `${credentials}@${ELSEWHERE}` });
    using first = mailerTo(secure.port, { scheme: "smtps", at: `${credentials}@127.0.0.1` });
    using open = mailerTo(server.port, { at: ELSEWHERE });
    for (const mailer of [later, first, open])
      assert.match((await fails(mailer.send(message, "mail_1"))).words, /SELF_SIGNED/);
    assert.equal(server.taken.length + secure.taken.length, 0);
  });

  it("says that it is the wrong one, which can be mended, and does not repeat it", async () => {
    await using server = await mailServer({ ...wantsPassword, ...pair });
    using mailer = mailerTo(server.port, { at: `${USER}:hunter3@${ELSEWHERE}`, ca: pair.cert });
    const { permanent, words } = await fails(mailer.send(message, "mail_1"));
    assert.equal(permanent, false);
    assert.match(words, /refuses the user name or password \(535\)/);
  });

  it("and has a certificate of its own making is taken as it is on this machine", async () => {
    await using server = await mailServer({ ...wantsPassword, ...pair });
    using mailer = mailerTo(server.port, { at: `${credentials}@127.0.0.1` });
    await mailer.send(message, "mail_1");
    assert.equal(server.taken[0]?.secure, true);
  });
});

describe("A mail that is not taken", () => {
  it("may be tried again after 4xx, and is taken then", async () => {
    await using server = await mailServer();
    using mailer = mailerTo(server.port);
    server.refusals.push({ at: "recipient", code: 450, words: "greylisted, come back" });
    server.refusals.push({ at: "data", code: 451, words: "disk is full" });
    const first = await fails(mailer.send(message, "mail_1"));
    assert.equal(first.permanent, false);
    assert.match(first.words, /450 greylisted, come back/);
    assert.equal((await fails(mailer.send(message, "mail_1"))).permanent, false);
    await mailer.send(message, "mail_1");
    assert.equal(server.taken.length, 1);
  });

  it("is not worth another try after 5xx, with the reason but not the address", async () => {
    await using server = await mailServer();
    using mailer = mailerTo(server.port);
    for (const at of ["recipient", "data"] as const) {
      server.refusals.push({ at, code: 550, words: `<${message.to}>: no such\tmailbox` });
      const { permanent, words } = await fails(mailer.send(message, "mail_1"));
      assert.equal(permanent, true);
      assert.match(words, /550 .*no such mailbox/);
    }
  });

  it("may be tried again where it is the sender that is refused: that can be set otherwise", async () => {
    await using server = await mailServer();
    using mailer = mailerTo(server.port);
    server.refusals.push({ at: "sender", code: 553, words: "not your domain" });
    assert.equal((await fails(mailer.send(message, "mail_1"))).permanent, false);
  });
});

describe("A mail server that does not answer", () => {
  const limits = { connection: 150, socket: 150, whole: 400 };
  /** Greets, and answers as many commands as it is told to. */
  const talks = (answers: number, then: (socket: Socket) => void) =>
    listener((socket) => {
      let left = answers;
      socket.write("220 mail\r\n");
      socket.on("data", () => {
        if (left-- > 0) socket.write("250 fine\r\n");
        else then(socket);
      });
    });

  for (const [name, open] of [
    ["takes the connection and says nothing", () => listener(() => {})],
    ["falls silent in the middle", () => talks(2, () => {})],
    ["dies in the middle", () => talks(3, (socket) => socket.destroy())],
    [
      "says one letter at a time",
      () =>
        talks(0, (socket) => {
          const timer = setInterval(() => socket.write("2"), 50);
          socket.on("close", () => clearInterval(timer));
        }),
    ],
  ] as const) {
    it(`holds nobody up: ${name}`, async () => {
      await using server = await open();
      using mailer = mailerTo(server.port, { limits });
      const { permanent } = await fails(mailer.send(message, "mail_1"));
      assert.equal(permanent, false);
      // Not asked again for a while: others wait behind each mail.
      const again = await fails(mailer.send(message, "mail_2"));
      assert.match(again.words, /did not answer just now/);
      assert.equal(server.connections(), 1);
    });
  }

  it("is asked again after a pause", async () => {
    const port = await (async () => {
      await using gone = await listener(() => {});
      return gone.port;
    })();
    using mailer = mailerTo(port, { limits: { ...limits, pause: 0 } });
    assert.match((await fails(mailer.send(message, "mail_1"))).words, /ECONNREFUSED/);
    await using server = await listener((socket) => socket.destroy());
    using other = mailerTo(server.port, { limits: { ...limits, pause: 0 } });
    await fails(other.send(message, "mail_1"));
    await fails(other.send(message, "mail_1"));
    assert.equal(server.connections(), 2);
  });

  it("is not waited for once the mailer is closed", async () => {
    await using server = await listener(() => {});
    const mailer = mailerTo(server.port);
    const sending = fails(mailer.send(message, "mail_1"));
    mailer.close();
    assert.equal((await sending).permanent, false);
  });
});

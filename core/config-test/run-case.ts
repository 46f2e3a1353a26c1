import type { ConnectOptions } from '../testing/client.ts';
import { type Client, connect } from '../testing/client.ts';
import { TestTimeout } from '../testing/wait.ts';
import { CookieJar } from './cookies.ts';
import { judge, judgeAll, Judgement } from './judge.ts';
import { answered, type Observation, type Outcome } from './outcome.ts';
import { endsOf, type Prepared } from './prepare.ts';
import { MARK, type Seen } from './stand-in.ts';
import type { Listener, Subject } from './subject.ts';
import type { Case, HttpRequest, Step, TcpExchange, Way } from './suite.ts';

/** What one step came to. */
export interface StepResult {
  readonly step: Step;
  readonly outcomes: readonly Outcome[];
  readonly judgement: Judgement;
}

/** A case stopped where it could not go on; not the configuration's fault, or not to be told from it. */
export class CaseError extends Error {}

/** The program cannot do what the case wants, which says nothing about the configuration. */
export class NotPossible extends Error {}

/** Real time after which an answer, or bytes, are not waited for any more. */
const PATIENCE = 5000;
/** How long silence is waited for where nothing tells that all has come. */
const QUIET = 250;

interface Open {
  readonly client: Client;
  readonly way: string;
  asked: number;
}

/** Plays the steps of one case against one program. */
export class CaseRun {
  readonly #prepared: Prepared;
  readonly #subject: Subject;
  readonly #seen: readonly Seen[];
  readonly #cookies: CookieJar | undefined;
  /** All there is to see of each request is wanted, for a comparison. */
  readonly #watchful: boolean;
  #open: Open | undefined;
  #connections = 0;

  /** `seen` is where stand-ins put what arrives. */
  constructor(prepared: Prepared, one: Case, subject: Subject, seen: readonly Seen[], watchful: boolean) {
    this.#prepared = prepared;
    this.#subject = subject;
    this.#seen = seen;
    this.#watchful = watchful;
    this.#cookies = one.keepsCookies ? new CookieJar() : undefined;
  }

  /** Rejects with CaseError where it cannot go on. */
  async step(step: Step): Promise<StepResult> {
    const judgement = new Judgement(step.expect?.place ?? step.place);
    for (const { server, condition } of step.given) {
      const [backend, name] = server.value.split('/', 2);
      const proxy = this.#prepared.config.proxies.find((one) => one.name === backend);
      const names = name === undefined ? (proxy?.servers ?? []).map((one) => one.name) : [name];
      for (const one of names) await this.#subject.given(backend!, one, condition);
    }
    this.#checkPatience(step.after + step.meanwhile);
    if (step.at !== undefined && !this.#subject.setDate(step.at))
      throw new NotPossible(`the date of ${this.#subject.name} is that of the system`);
    if (step.after > 0) await this.#subject.advance(step.after);
    const outcomes: Outcome[] = [];
    const { does, expect } = step;
    if (does !== undefined) {
      for (let done = 0; done < step.repeat; done += step.atOnce) {
        const size = Math.min(step.atOnce, step.repeat - done);
        if (size === 1) outcomes.push(await this.#one(does, step));
        else outcomes.push(...(await this.#together(does, step, size)));
      }
    }
    if (expect !== undefined) {
      for (const [index, outcome] of outcomes.entries()) {
        const before = judgement.misses.length;
        judge(expect, outcome, judgement);
        if (judgement.misses.length === before) continue;
        if (outcomes.length > 1) {
          const first = judgement.misses[before]!;
          judgement.misses[before] = { ...first, what: `${first.what} (request ${index + 1} of ${outcomes.length})` };
        }
        // The others would say the same again.
        break;
      }
      judgeAll(expect, outcomes, judgement);
    }
    return { step, outcomes, judgement };
  }

  /** Throws NotPossible where time would have to be waited for too long. */
  #checkPatience(milliseconds: number): void {
    const { name, patience } = this.#subject;
    if (milliseconds > patience)
      throw new NotPossible(
        `the time of ${name} cannot be moved, and ${milliseconds / 1000} seconds are too long to wait`,
      );
  }

  async #one(does: HttpRequest | TcpExchange, step: Step): Promise<Outcome> {
    const listener = this.#prepared.ways.get(does)!;
    const open = await this.#connection(does, listener, step.connection);
    const from = this.#seen.length;
    this.#subject.takeLog();
    // In mode tcp the program tells of a connection when it has ended.
    const ends = listener.mode === 'tcp' || does.kind === 'tcp';
    const part = does.kind === 'tcp' ? await this.#bytes(does, step, open) : await this.#request(does, step, open);
    const closed = await this.#ending(open.client, step, part.response !== undefined);
    if (ends || closed !== 'open' || (step.repeat > 1 && step.connection === 'new')) {
      open.client.close();
      if (this.#open === open) this.#open = undefined;
    }
    return this.#complete(part, step, open, ends ? 0 : open.asked, closed, this.#seen.slice(from));
  }

  async #together(does: HttpRequest | TcpExchange, step: Step, size: number): Promise<Outcome[]> {
    const listener = this.#prepared.ways.get(does)!;
    const from = this.#seen.length;
    this.#subject.takeLog();
    const opens: Open[] = [];
    for (let i = 0; i < size; i++) opens.push(await this.#connect(does, listener));
    const parts = await Promise.all(
      opens.map((open) => (does.kind === 'tcp' ? this.#bytes(does, step, open) : this.#request(does, step, open))),
    );
    const outcomes: Outcome[] = [];
    const ends = listener.mode === 'tcp' || does.kind === 'tcp';
    for (const [index, open] of opens.entries()) {
      const part = parts[index]!;
      const closed = await this.#ending(open.client, step, part.response !== undefined);
      open.client.close();
      const mark = part.response?.headers.all(MARK)[0];
      const seen = this.#seen.slice(from).filter(({ id }) => String(id) === mark);
      outcomes.push(await this.#complete(part, step, open, ends ? 0 : 1, closed, seen));
    }
    return outcomes;
  }

  /** The connection of the step before, if it may be used again. */
  async #connection(does: Way, listener: Listener, wish: 'same' | 'new'): Promise<Open> {
    const way = wayOf(does, listener);
    const before = this.#open;
    if (before !== undefined) {
      if (wish === 'same' && before.client.closed === 'open' && before.way === way) return before;
      before.client.close();
    }
    this.#open = await this.#connect(does, listener);
    return this.#open;
  }

  async #connect(does: Way, listener: Listener): Promise<Open> {
    const { source, destination } = endsOf(does, listener, 40_000 + ++this.#connections);
    const options: ConnectOptions = { proxyHeader: { source, destination } };
    try {
      const client = await connect(this.#subject.address(listener), options);
      return { client, way: wayOf(does, listener), asked: 0 };
    } catch (error) {
      throw new CaseError(
        `cannot connect to ${this.#subject.name}: ${error instanceof Error ? error.message : String(error)}`,
      );
    }
  }

  async #request(does: HttpRequest, step: Step, open: Open): Promise<Part> {
    const headers = this.#cookies === undefined ? does.headers : this.#cookies.addTo(does.headers);
    const { method, target, version, body } = does;
    const expectsNone = step.expect?.status.includes('none') ?? false;
    open.asked++;
    open.client.write({
      method,
      url: target,
      version,
      headers,
      ...(body === undefined ? {} : { body: Buffer.from(body, 'latin1') }),
    });
    await this.#meanwhile(step, () => open.client.responses.length >= open.asked || open.client.closed !== 'open');
    try {
      const response = await open.client.response(open.asked, expectsNone ? QUIET * 2 : PATIENCE);
      this.#cookies?.take(response.headers.all('set-cookie'));
      return { kind: 'http', response };
    } catch (error) {
      if (error instanceof TestTimeout && !expectsNone)
        throw new CaseError(
          `no answer within ${PATIENCE / 1000} seconds; should time pass until it comes, 'meanwhile' lets it, and none is expected by 'status: none'`,
        );
      return { kind: 'http', response: undefined };
    }
  }

  /** Time that passes while an answer is waited for, in parts: what follows from one has to happen before the next. */
  async #meanwhile({ meanwhile }: Step, done: () => boolean): Promise<void> {
    if (meanwhile === 0) return;
    const parts = 10;
    for (let i = 0; i < parts && !done(); i++) {
      await new Promise((resolve) => setTimeout(resolve, 5));
      await this.#subject.advance(meanwhile / parts);
    }
  }

  async #bytes(does: TcpExchange, step: Step, open: Open): Promise<Part> {
    if (does.send !== '') open.client.send(Buffer.from(does.send, 'latin1'));
    const wanted = step.expect?.receive;
    const { client } = open;
    const enough = (): boolean => {
      const text = Buffer.from(client.text, 'latin1').toString('utf8');
      return wanted === undefined ? client.text !== '' : client.text !== '' && wanted.test(text);
    };
    await this.#meanwhile(step, () => enough() || client.closed !== 'open');
    const deadline = Date.now() + (wanted === undefined ? QUIET : QUIET * 8);
    while (!enough() && client.closed === 'open' && Date.now() < deadline)
      await new Promise((resolve) => setTimeout(resolve, 3));
    return { kind: 'tcp', response: undefined };
  }

  /** What became of the connection; an end that is expected may take its time. */
  async #ending(client: Client, { expect }: Step, hasAnswer: boolean): Promise<Outcome['closed']> {
    // Many requests in a row need not be looked after one by one.
    if (this.#watchful || !hasAnswer || expect?.connection !== undefined) await this.#subject.settled();
    if (client.closed === 'open' && (expect?.connection === 'closed' || expect?.connection === 'reset'))
      await client.whenClosed(QUIET * 4).catch(() => {});
    return client.closed;
  }

  async #complete(
    part: Part,
    step: Step,
    open: Open,
    place: number,
    closed: Outcome['closed'],
    seen: readonly Seen[],
  ): Promise<Outcome> {
    if (this.#watchful || part.response === undefined || step.expect?.log !== undefined) await this.#subject.settled();
    const { client } = open;
    const { response } = part;
    const told = await this.#subject.observe(client.port ?? 0, place, response);
    const mark = response?.headers.all(MARK)[0];
    const served = seen.find(({ id }) => String(id) === mark) ?? (mark === undefined ? seen.at(-1) : undefined);
    return {
      kind: part.kind,
      response: response && answered(response, new Set([MARK, ...this.#subject.ownHeaders])),
      received: part.kind === 'tcp' ? client.text : '',
      closed,
      answeredBy:
        response === undefined ? undefined : mark === undefined ? 'proxy' : served === undefined ? 'cache' : 'origin',
      seen,
      served,
      observation: withStandIn(told, served),
      logLines: this.#subject.takeLog(),
    };
  }

  end(): void {
    this.#open?.client.close();
  }
}

interface Part {
  readonly kind: 'http' | 'tcp';
  readonly response: Awaited<ReturnType<Client['response']>> | undefined;
}

function wayOf(way: Way, { frontend, bind }: Listener): string {
  return JSON.stringify([frontend, bind.label, way.source, way.destination]);
}

/** Where the program does not say who was chosen, the stand-in that was asked does. */
function withStandIn(told: Observation, served: Seen | undefined): Observation {
  if (served === undefined || (told.backend !== undefined && told.server !== undefined)) return told;
  const { backend, names } = served.standIn.line;
  return {
    ...told,
    backend: told.backend ?? backend,
    server: told.server ?? (names.length === 1 ? names[0]! : undefined),
  };
}

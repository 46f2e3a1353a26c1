import { setTimeout as sleep } from 'node:timers/promises';
import { FRAME, SCOPE } from 'sluice/agent';
import { type AgentScript, type AgentTalk, type Seen, setVarBytes } from './scripted-agent.ts';

const frame = (type: number, ...rest: number[]): Buffer => Buffer.from([type, 0, 0, 0, 1, ...rest]);
const good = setVarBytes('txn', 'v', 7);
/** AGENT-HELLO with a payload of any bytes. */
const helloOf = (bytes: readonly number[]) => (talk: AgentTalk) => talk.frame(frame(FRAME.AGENT_HELLO, 0, 0, ...bytes));
const text = (value: string): number[] => [value.length, ...Buffer.from(value, 'latin1')];

const HELLO = [
  ...text('version'),
  8,
  ...text('2.0'),
  ...text('max-frame-size'),
  3,
  252,
  240,
  6,
  ...text('capabilities'),
  8,
  ...text('pipelining'),
];

/** Ways in which an agent can misbehave, by their names. Where it does not say otherwise it sets txn.e.v to 7. */
export const HOSTILE: Readonly<Record<string, () => AgentScript>> = {
  'no AGENT-HELLO': () => ({ hello: () => undefined }),
  'closes instead of AGENT-HELLO': () => ({ hello: (talk) => void talk.socket.end() }),
  'resets instead of AGENT-HELLO': () => ({ hello: (talk) => void talk.socket.resetAndDestroy() }),
  'AGENT-HELLO of version 1.0': () => ({ helloValues: { version: '1.0' } }),
  'AGENT-HELLO of version 2.1': () => ({ helloValues: { version: '2.1' } }),
  'AGENT-HELLO without version': () => ({
    hello: helloOf([...text('max-frame-size'), 3, 252, 240, 6, ...text('capabilities'), 8, ...text('')]),
  }),
  'AGENT-HELLO without max-frame-size': () => ({
    hello: helloOf([...text('version'), 8, ...text('2.0'), ...text('capabilities'), 8, ...text('')]),
    notify: answer,
  }),
  'AGENT-HELLO without capabilities': () => ({
    hello: helloOf([...text('version'), 8, ...text('2.0'), ...text('max-frame-size'), 3, 252, 240, 6]),
    notify: answer,
  }),
  'AGENT-HELLO with a small max-frame-size': () => ({ helloValues: { maxFrameSize: 255 } }),
  'AGENT-HELLO with a great max-frame-size': () => ({ helloValues: { maxFrameSize: 20_000 } }),
  'AGENT-HELLO that ends too early': () => ({ hello: helloOf([...text('version'), 8, 9, 50]) }),
  'AGENT-HELLO with an unknown key': () => ({
    hello: helloOf([...HELLO, ...text('color'), 8, ...text('red')]),
    notify: answer,
  }),
  'AGENT-DISCONNECT instead of AGENT-HELLO': () => ({ hello: (talk) => disconnect(talk, 99) }),
  'no ACK': () => ({ notify: () => undefined }),
  'a late ACK': () => ({
    notify: async (talk, seen) => {
      await sleep(600);
      answer(talk, seen);
    },
  }),
  'closes after NOTIFY': () => ({ notify: (talk) => void talk.socket.end() }),
  'resets after NOTIFY': () => ({ notify: (talk) => void talk.socket.resetAndDestroy() }),
  'AGENT-DISCONNECT 99 after NOTIFY': () => ({ notify: (talk) => disconnect(talk, 99) }),
  'AGENT-DISCONNECT 0 after NOTIFY': () => ({ notify: (talk) => disconnect(talk, 0) }),
  'AGENT-DISCONNECT without a status': () => ({ notify: (talk) => talk.frame(frame(FRAME.AGENT_DISCONNECT, 0, 0)) }),
  'ACK of another stream': () => ({
    notify: (talk, { streamId, frameId }) => talk.ackRaw({ streamId: streamId + 1000, frameId }, good),
  }),
  'ACK of another frame': () => ({
    notify: (talk, { streamId, frameId }) => talk.ackRaw({ streamId, frameId: frameId + 1 }, good),
  }),
  'ACK with frame-id 0': () => ({ notify: (talk, { streamId }) => talk.ackRaw({ streamId, frameId: 0 }, good) }),
  'ACK twice': () => ({
    notify: (talk, seen) => {
      answer(talk, seen);
      answer(talk, seen);
    },
  }),
  'ACK without FIN': () => ({ notify: (talk, seen) => talk.ack(seen, [['txn', 'v', 7]], 0) }),
  'ACK with ABORT': () => ({ notify: (talk, seen) => talk.ack(seen, [['txn', 'v', 7]], 3) }),
  'an unknown frame before the ACK': () => ({
    notify: (talk, seen) => {
      talk.frame(frame(77, 0, 0, 1, 2, 3));
      answer(talk, seen);
    },
  }),
  'AGENT-HELLO again': () => ({ notify: (talk) => talk.greet() }),
  'a frame of HAPROXY': () => ({ notify: (talk) => talk.frame(frame(FRAME.NOTIFY, 1, 1)) }),
  'a frame that says to be of 1 GiB': () => ({ notify: (talk) => talk.frame(frame(FRAME.ACK, 1, 1), 1 << 30) }),
  'a frame larger than negotiated': () => ({ notify: (talk) => talk.frame(Buffer.alloc(17_000, 1)) }),
  'a frame of 3 bytes': () => ({ notify: (talk) => talk.frame(Buffer.from([103, 0, 0])) }),
  'an empty frame': () => ({ notify: (talk) => talk.frame(Buffer.alloc(0)) }),
  'half a frame': () => ({ notify: (talk) => talk.frame(frame(FRAME.ACK, 1, 1), 100) }),
  'ids whose varint has no end': () => ({
    notify: (talk) => talk.frame(frame(FRAME.ACK, ...Array.from({ length: 20 }, () => 255))),
  }),
  'ids cut short': () => ({ notify: (talk) => talk.frame(frame(FRAME.ACK, 255, 255)) }),
  'an unknown action': () => acked([9, 1, 2, 1, 118]),
  'a good action, then an unknown one': () => acked([...good, 9, 1, 2, 1, 118]),
  'an action with a wrong number of arguments': () => acked([1, 2, SCOPE.txn, 1, 118, 2, 7]),
  'an unknown scope': () => acked([1, 3, 9, 1, 118, 2, 7]),
  'the scope proc': () => acked(setVarBytes('proc', 'v', 7)),
  'an unknown type': () => acked([1, 3, SCOPE.txn, 1, 118, 12, 7]),
  'a value cut short': () => acked([1, 3, SCOPE.txn, 1, 118, 8, 200, 1, 2]),
  'a good action, then one cut short': () => acked([...good, 1, 3, SCOPE.txn]),
  'a name longer than the frame': () => acked([1, 3, SCOPE.txn, 200, 118]),
  'a name that is none': () => acked([1, 3, SCOPE.txn, 2, 118, 10, 2, 7]),
  'an empty name': () => acked([1, 3, SCOPE.txn, 0, 2, 7]),
  'a varint of 64 bits and more': () => acked([1, 3, SCOPE.txn, 1, 118, 4, ...Array.from({ length: 12 }, () => 255)]),
  'an ACK in pieces': () => ({
    notify: async (talk, { streamId, frameId }) => {
      const bytes = frame(FRAME.ACK, streamId, frameId, ...good);
      for (const piece of [
        Buffer.of(0, 0, 0),
        Buffer.of(bytes.length, bytes[0]!),
        bytes.subarray(1, 8),
        bytes.subarray(8),
      ]) {
        talk.socket.write(piece);
        await sleep(5);
      }
    },
  }),
};

export const answer = (talk: AgentTalk, seen: Seen): void => talk.ackRaw(seen, good);

function acked(payload: readonly number[]): AgentScript {
  return { notify: (talk, seen) => talk.ackRaw(seen, payload) };
}

function disconnect(talk: AgentTalk, status: number): void {
  talk.frame(
    frame(FRAME.AGENT_DISCONNECT, 0, 0, ...text('status-code'), 3, status, ...text('message'), 8, ...text('x')),
  );
  talk.socket.end();
}

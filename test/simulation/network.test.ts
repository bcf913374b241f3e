import { expect, onTestFinished, test } from 'vitest';
import { Network } from './network.ts';
import { SimulatedProcess } from './processes.ts';
import { SimulatedTime } from './time.ts';

const PRODUCE = 0;
const OFFSET_COMMIT = 8;

/** A request of this kind, with a number that tells it from others. */
function request(api: number, number: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeInt16BE(api, 4);
  bytes.writeInt16BE(number, 6);
  return bytes;
}

/** A process with two connections to a broker, which tells what it has got and answers with the same. */
async function twoConnections() {
  const time = SimulatedTime.install(Date.UTC(2026, 0, 1));
  onTestFinished(() => time.uninstall());
  const process = new SimulatedProcess('one');
  const told: string[] = [];
  const brokers = {
    nodeAt: () => 1,
    isUp: () => true,
    accept: (_node: number, { write }: { write: (bytes: Buffer) => void }) => ({
      receive: (bytes: Buffer) => {
        told.push(`got ${bytes.readInt16BE(6)}`);
        write(bytes);
      },
      closed: () => undefined,
    }),
  };
  const network = new Network(time, brokers, () => ({ delayMs: () => 1, packetOf: (bytes) => bytes }));
  const connect = () => {
    const socket = network.socketFactory(process)({ host: 'b', port: 1, ssl: {}, onConnect: () => undefined });
    return socket.on('data', (bytes: Buffer) => told.push(`heard ${bytes.readInt16BE(6)}`));
  };
  const sockets = [connect(), connect()] as const;
  const pass = async (): Promise<string[]> => {
    while (await time.step());
    return told.splice(0);
  };
  await pass();
  return { network, process, sockets, pass };
}

test('a request that comes late is overtaken by what is sent on another connection', async () => {
  const { network, process, sockets, pass } = await twoConnections();
  sockets[0].write(request(OFFSET_COMMIT, 1));
  const letCome = network.delay(process, OFFSET_COMMIT, 'out');
  sockets[0].write(request(PRODUCE, 2));
  sockets[1].write(request(OFFSET_COMMIT, 3));
  expect(await pass()).toEqual(['got 3', 'heard 3']);
  letCome?.();
  expect(await pass()).toEqual(['got 1', 'got 2', 'heard 1', 'heard 2']);
});

test('an answer that comes late was given in time', async () => {
  const { network, process, sockets, pass } = await twoConnections();
  sockets[0].write(request(PRODUCE, 1));
  sockets[1].write(request(OFFSET_COMMIT, 2));
  const letCome = network.delay(process, PRODUCE, 'in');
  expect(await pass()).toEqual(['got 1', 'got 2', 'heard 2']);
  letCome?.();
  expect(await pass()).toEqual(['heard 1']);
});

test('what a process had sent before it was killed arrives after its end', async () => {
  const { network, process, sockets, pass } = await twoConnections();
  sockets[0].write(request(PRODUCE, 1));
  const letCome = network.delay(process, PRODUCE, 'out');
  process.end();
  network.abandon(process);
  expect(await pass()).toEqual([]);
  letCome?.();
  expect(await pass()).toEqual(['got 1']);
});

test('what is late on a connection that is cut, too, comes when both are over', async () => {
  const { network, process, sockets, pass } = await twoConnections();
  sockets[0].write(request(PRODUCE, 1));
  const letCome = network.delay(process, PRODUCE, 'out');
  network.cut(process, 1);
  letCome?.();
  expect(await pass()).toEqual([]);
  network.join(process, 1);
  expect(await pass()).toEqual(['got 1', 'heard 1']);
});

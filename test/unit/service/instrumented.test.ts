import https from 'node:https';
import kafkajs from 'kafkajs';
import { expect, it } from 'vitest';
import { instrumentedBy, type Patchable } from '../../../src/service/instrumented.ts';

const kafka = new kafkajs.Kafka({ brokers: [] });
const wrapped = Object.defineProperty(() => undefined, '__wrapped', { value: true });

it.each<[name: string, process: Patchable, patched: readonly string[]]>([
  ['nothing', { kafka, https }, []],
  ["Kafka's client", { kafka: { producer: wrapped }, https }, ['kafkajs']],
  ['HTTPS', { kafka, https: { request: wrapped } }, ['http']],
  ['both', { kafka: { producer: wrapped }, https: { request: wrapped } }, ['kafkajs', 'http']],
])('finds %s patched', (_, process, patched) => {
  expect(instrumentedBy(process)).toEqual(patched);
});

import { createRequire } from 'node:module';

/**
 * The only door into kafkajs' private parts. Its public interface has no moment between "a rebalance is coming" and
 * "rejoined", decides by itself where to read next, and polls each connection a thousand times a second. What is done
 * about that is known for the one version named here; another one is refused when this module is loaded.
 */
const KAFKAJS_VERSION = '2.2.4';

const require = createRequire(import.meta.url);
const { version } = require('kafkajs/package.json') as { version: string };
if (version !== KAFKAJS_VERSION) {
  throw new Error(`kafkajs ${version} is installed, but its inner parts are known for ${KAFKAJS_VERSION} only`);
}

/** What a file of kafkajs' `src` exports. */
export function privatePart(file: string): unknown {
  return require(`kafkajs/src/${file}`);
}

/** From now on kafkajs gets this wherever it asks for what a file of its `src` exports; what has asked before keeps that. */
export function replacePrivatePart(file: string, exports: unknown): void {
  privatePart(file);
  const module = require.cache[require.resolve(`kafkajs/src/${file}`)] as { exports: unknown };
  module.exports = exports;
}

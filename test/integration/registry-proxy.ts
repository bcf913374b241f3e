import { inject, onTestFinished } from 'vitest';
import { startRegistryProxy, type RegistryProxy } from '../support/registry-proxy.ts';

/** Stands before the registry of all tests until the test ends. */
export async function registryProxy(): Promise<RegistryProxy> {
  const proxy = await startRegistryProxy(inject('registryUrl'));
  onTestFinished(proxy.stop);
  return proxy;
}

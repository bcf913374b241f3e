import { readFileSync, writeFileSync } from 'node:fs';
import { request } from 'node:https';
import { join } from 'node:path';
import axe from 'axe-core';
import type { Browser, BrowserContext, Locator, Page } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { askService } from '../../src/operate/service-status.ts';
import { parseProfileText } from '../../src/simulator/faults.ts';
import { type FaultName, NAMED_FAULTS } from '../../src/simulator/named-faults.ts';
import { startBrowser } from '../support/browser.ts';
import { removeTemporaryFolders, temporaryFolder } from '../support/keys.ts';
import { expectAccounted } from '../support/expect-accounted.ts';
import { until } from '../support/until.ts';
import { World } from '../support/world.ts';

/** Fetching a browser for the first time, and 100,000,000 bytes of it, takes its time. */
const FETCHED_WITHIN_MS = 600_000;
const SHOWN_WITHIN_MS = 60_000;
const EVERYDAY = {
  delayMs: 20,
  rules: [
    { when: { share: 0.1, attempt: 1 }, answer: { code: 'UNKNOWN_EXCEPTION' } },
    { when: { share: 0.02, attempt: 1 }, answer: { fault: 'http', status: 503 } },
    { when: { share: 0.01 }, answer: { code: 'PROCESS_FAIL' } },
  ],
};
const folder = temporaryFolder({ 'everyday.json': JSON.stringify(EVERYDAY) });
const profileFile = join(folder, 'everyday.json');
let world: World;
let end: () => Promise<void>;
let browser: Browser;
let context: BrowserContext;
let page: Page;
const asked = new Set<string>();
const complaints: string[] = [];

beforeAll(async () => {
  browser = await startBrowser();
  const address = (): string => world.services.at(-1)?.address ?? '127.0.0.1:9';
  [world, end] = await World.shared({
    page: {
      profiles: new Map([['everyday', () => parseProfileText(readFileSync(profileFile, 'utf8'))]]),
      service: { where: 'the service', ask: () => askService(`http://${address()}`, AbortSignal.timeout(5_000)) },
    },
  });
  await world.start();
  context = await browser.newContext({ ignoreHTTPSErrors: true, viewport: { width: 1280, height: 880 } });
  context.setDefaultTimeout(SHOWN_WITHIN_MS);
  context.on('request', (made) => asked.add(new URL(made.url()).origin));
  context.on('console', (message) => {
    if (message.text().includes('Content Security Policy')) complaints.push(message.text());
  });
  context.on('weberror', (failed) => complaints.push(failed.error().message));
  page = await context.newPage();
  await page.goto(world.simulator.pageUrl);
}, FETCHED_WITHIN_MS);

afterAll(async () => {
  await browser.close();
  await end();
  removeTemporaryFolders([folder]);
});

beforeEach(async () => {
  writeFileSync(profileFile, JSON.stringify(EVERYDAY));
  await press('Back to normal');
});

const button = (name: string): Locator => page.getByRole('button', { name, exact: true });
const alert = (): Locator => page.locator('#problems');
const headline = (title: string): Promise<void> => page.locator('h2', { hasText: title }).waitFor();
/** The requests of a payment that the page shows with such words. */
const rows = (paymentId: string, words: string): Locator =>
  page.locator('#newest tbody tr', { hasText: paymentId }).filter({ hasText: words });

async function press(name: string): Promise<void> {
  await button(name).click();
  await page.locator('button[aria-pressed=true]', { hasText: name }).waitFor();
}

const ANSWERS: Readonly<Record<FaultName, string>> = {
  normal: 'S SUCCESS',
  unknown: 'U UNKNOWN_EXCEPTION',
  traffic_exceeded: 'U REQUEST_TRAFFIC_EXCEED_LIMIT',
  refused: 'F PROCESS_FAIL',
  key_not_found: 'F KEY_NOT_FOUND',
  slow: 'S SUCCESS',
  no_answer: 'no answer',
  reset: 'connection reset',
  unavailable: 'HTTP 503',
  redirect: 'redirect, HTTP 307',
  truncated: 'cut off',
  endless: 'endless',
  unsigned: 'S SUCCESS, unsigned',
  wrong_signature: 'S SUCCESS, signed by a stranger',
  changed_body: 'S SUCCESS, signed for another body',
  other_client: 'S SUCCESS, signed for another client',
  not_json: 'no JSON',
  oversized: 'oversized',
};

test('each button plays its fault, and the service is seen to get it', async () => {
  for (const [name, words] of Object.entries(ANSWERS)) {
    await press(NAMED_FAULTS[name as FaultName].label);
    await world.write(0, [`PLAYED-${name}`]);
    await rows(`PLAYED-${name}`, words).first().waitFor();
    await press('Back to normal');
  }
  for (const name of Object.keys(ANSWERS)) await rows(`PLAYED-${name}`, 'verified').first().waitFor();
});

test('a hold is seen while it lasts, and all is accounted for in the end', async () => {
  await page.locator('.facts', { hasText: 'sends' }).waitFor();
  await press('Key not found');
  await world.write(1, ['HELD']);
  await page.locator('.facts', { hasText: 'holds for KEY_NOT_FOUND' }).waitFor();
  await press('Back to normal');
  await page.locator('.facts', { hasText: 'sends' }).waitFor();
  await world.settled();
  await expectAccounted(world);
});

test('a fault can concern the first attempts only', async () => {
  await page.getByLabel('A fault concerns').selectOption('first');
  await press('HTTP 503');
  await headline('HTTP 503, for the first attempt of each payment');
  await world.write(2, ['TWICE']);
  await rows('TWICE', 'S SUCCESS').waitFor();
  expect(await rows('TWICE', 'HTTP 503').count()).toBe(1);
  await page.getByLabel('A fault concerns').selectOption('all');
});

test('a profile is loaded from its file as it now stands; a wrong one is told by field and changes nothing', async () => {
  await press('everyday');
  await headline('The profile everyday');
  writeFileSync(profileFile, JSON.stringify({ rules: [{ answer: { cod: 'UNKNOWN_EXCEPTION' } }] }));
  await press('Unknown');
  await button('everyday').click();
  await alert().filter({ hasText: 'rules[0].answer.cod: not known here; there is fault, result, code' }).waitFor();
  await headline('Unknown, for every request');
  writeFileSync(profileFile, JSON.stringify({ delayMs: 7 }));
  await press('everyday');
  await page.getByText('A profile of your own').click();
  await button('Take the one that is played').click();
  await until('its text', async () => (await page.locator('#profile').inputValue()).includes('"delayMs": 7'));
  expect(await alert().textContent()).toBe('');
});

test('a profile can be written on the spot; a wrong one is told by field, with what to do, and changes nothing', async () => {
  const details = page.locator('details');
  if ((await details.getAttribute('open')) === null) await page.getByText('A profile of your own').click();
  await page.locator('#profile').fill('{"default":{"fault":"explode"},"rateCap":-1}');
  await button('Play it').click();
  for (const told of ['default.fault: expected no_answer', 'rateCap: Too small', 'what was played before goes on']) {
    await alert().filter({ hasText: told }).waitFor();
  }
  await headline('Answering as usual');
  await page.locator('#profile').fill('{"default":{"code":"PROCESS_FAIL"}}');
  await button('Play it').click();
  await headline('A profile without a name');
  await world.write(0, ['ON-THE-SPOT']);
  await rows('ON-THE-SPOT', 'F PROCESS_FAIL').waitFor();
});

test('what anybody sends is shown as text, and no signature is', async () => {
  const nasty = `<img src=x onerror=alert(1)>\u202e`;
  const signature = 'algorithm=RSA256,keyVersion=1,signature=c2VjcmV0c2lnbmF0dXJl';
  const headers = { 'content-type': 'application/json', 'client-id': 'SANDBOX_TEST', signature };
  const sending = request(`${world.simulator.url}/aps/api/v1/payments/notifyPushPayment`, {
    ...{ method: 'POST', ca: readFileSync(world.simulator.caFile), agent: false },
    headers: { ...headers, 'request-time': '2026-11-22T10:00:00Z' },
  });
  sending.end(JSON.stringify({ paymentId: nasty }));
  await rows('<img src=x onerror=alert(1)>?', 'INVALID_SIGNATURE').waitFor();
  await rows('<img', 'the signature does not fit the request').waitFor();
  expect(await page.locator('img').count()).toBe(0);
  const all = await page.evaluate(async () => (await fetch('requests')).text());
  expect(all).toContain('INVALID_SIGNATURE');
  for (const text of [all, await page.content()]) expect(text).not.toMatch(/c2VjcmV0|algorithm=|BEGIN/);
});

test('of many requests the newest hundred are shown, and all are counted', async () => {
  const before = world.simulator.requests().length;
  await world.writeEverywhere(200, 'MANY');
  await until('them to be sent', () => world.simulator.requests().length >= before + 600);
  await world.settled();
  const total = String(world.simulator.requests().length);
  await page.locator('.facts div', { hasText: 'Requests' }).filter({ hasText: total }).waitFor();
  expect(await page.locator('#newest tbody tr').count()).toBe(100);
  await page.getByLabel('whose payment contains').fill('MANY-1-19');
  await until('these only', async () => (await page.locator('#newest tbody tr').count()) === 11);
  await page.getByLabel('Show', { exact: true }).selectOption('refused');
  await page.locator('#newest', { hasText: 'none to show' }).waitFor();
  await page.getByLabel('Show', { exact: true }).selectOption('all');
  await page.getByLabel('whose payment contains').fill('');
});

test('it stands still when paused, and while the keyboard reads, and goes on', async () => {
  const still = await context.newPage();
  await still.clock.install();
  await still.goto(world.simulator.pageUrl);
  let renewed = 0;
  still.on('request', () => (renewed += 1));
  const standsStill = async (): Promise<void> => {
    await until('it to say so', async () => {
      await still.clock.runFor(1_000);
      return still.getByText('stands still').isVisible();
    });
    const before = renewed;
    await still.clock.runFor(10_000);
    expect(renewed).toBe(before);
  };
  const goesOn = async (): Promise<void> => {
    const before = renewed;
    await until('another question', async () => {
      await still.clock.runFor(1_000);
      return renewed > before;
    });
  };
  const pause = still.getByRole('button', { name: 'Pause' });
  await pause.click();
  await standsStill();
  await pause.click();
  await goesOn();
  await still.keyboard.press('Tab');
  await still.keyboard.press('Tab');
  expect(await still.locator(':focus').getAttribute('id')).toBe('newest');
  await standsStill();
  await still.keyboard.press('Shift+Tab');
  await goesOn();
  await still.close();
});

test('a gateway that does not answer is told', async () => {
  await context.route('**/live?*', (route) => route.abort());
  await page.getByText('The simulator does not answer').waitFor();
  await context.unroute('**/live?*');
  await page.getByText('The simulator does not answer').waitFor({ state: 'hidden' });
});

test('the keyboard alone reaches and plays a fault', async () => {
  await page.locator('h1').click();
  await until('the button to have the focus', async () => {
    await page.keyboard.press('Tab');
    return (await page.locator(':focus').textContent()) === 'Unsigned';
  });
  await page.keyboard.press('Enter');
  await headline('Unsigned, for every request');
});

test.each(['light', 'dark'] as const)('nobody is kept out, in %s', async (colorScheme) => {
  await page.emulateMedia({ colorScheme });
  await world.write(0, [`SEEN-${colorScheme}`]);
  await rows(`SEEN-${colorScheme}`, 'S SUCCESS').first().waitFor();
  await page.evaluate(axe.source);
  for (const width of [1280, 400]) {
    await page.setViewportSize({ width, height: 880 });
    const violations = await page.evaluate(async () => {
      const run = Reflect.get(globalThis, 'axe') as typeof axe;
      return (await run.run()).violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`);
    });
    expect(violations).toEqual([]);
  }
  await page.setViewportSize({ width: 1280, height: 880 });
});

test('it asks nobody but the simulator, and runs no script but its own', async () => {
  expect([...asked]).toEqual([world.simulator.url]);
  expect(complaints).toEqual([]);
  await expect(page.addScriptTag({ content: 'document.title = "taken over"' })).rejects.toThrow();
  await until('the browser to refuse', () => complaints.some((told) => told.includes('script')));
  expect(await page.title()).not.toBe('taken over');
});

test('its picture shows a hold in the midst of everyday', async () => {
  await button('Forget all').click();
  await press('everyday');
  await world.writeEverywhere(60, 'PAY');
  await world.settled();
  await press('Key not found');
  await world.writeEverywhere(2, 'LATER');
  await page.locator('.facts', { hasText: 'holds for KEY_NOT_FOUND' }).waitFor();
  await page.emulateMedia({ colorScheme: 'light' });
  await page.setViewportSize({ width: 1060, height: 680 });
  const picture = await page.screenshot();
  // npm run pictures keeps it.
  writeFileSync(join(process.env['PICTURES'] === undefined ? folder : 'docs', 'simulator.png'), picture);
});

import { createHash } from 'node:crypto';
import { CONCERNED, type FaultGroup, type FaultName, NAMED_FAULTS } from '../named-faults.ts';
import { type Facts, SHOWN } from './facts.ts';
import { Html, html } from './html.ts';
import { choiceKey, newestRequests, overview } from './live.ts';
import { SCRIPT } from './script.ts';
import { STYLE } from './style.ts';

const GROUPS: Readonly<Record<FaultGroup, string>> = {
  nothing: 'No fault',
  result: 'What it answers',
  way: 'The way there and back',
  proof: 'Not to be believed',
};

/** The page runs its own script and nothing else, asks the simulator and nobody else, and stands in no frame. */
export const PAGE_POLICY = [
  "default-src 'none'",
  `script-src ${hashOf(SCRIPT)}`,
  `style-src ${hashOf(STYLE)}`,
  "connect-src 'self'",
  // The icon: a browser that finds none asks the gateway for it, and would be recorded as a client.
  'img-src data:',
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

/** The whole page, with the facts of this moment; it renews them by itself. @param atHand names of profiles to load */
export function simulatorPage(facts: Facts, atHand: readonly string[]): string {
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width" />
        <title>gateway simulator</title>
        <link rel="icon" href="data:," />
        ${new Html(`<style>${STYLE}</style>`)}
      </head>
      <body>
        <header><h1>Gateway simulator</h1></header>
        <main>
          <section id="controls" aria-label="What is played">
            <p id="said" class="heard" role="status"></p>
            <div id="problems" role="alert"></div>
            <fieldset>
              <legend>Faults</legend>
              <label for="concerned">A fault concerns</label>
              <select id="concerned">
                ${Object.entries(CONCERNED).map(([name, { label }]) => option(name, label))}
              </select>
              ${Object.entries(GROUPS).map(([group, title]) => faultButtons(group, title))}
            </fieldset>
            ${profileButtons(atHand)}
            <details>
              <summary>A profile of your own</summary>
              <label for="profile">JSON, as <code>payment-notifier simulate --help</code> shows it</label>
              <textarea id="profile" spellcheck="false">
{ "rules": [{ "when": { "attempt": 1 }, "answer": { "code": "UNKNOWN_EXCEPTION" } }] }</textarea>
              <div class="buttons">
                <button type="button" id="own">Play it</button>
                <button type="button" id="take">Take the one that is played</button>
              </div>
            </details>
          </section>
          <section id="live" aria-label="What happens">
            <p id="lost" role="alert" hidden>The simulator does not answer; asking again.</p>
            ${overview(facts)}
            <div class="bar" role="group" aria-label="The requests shown">
              <div>
                <label for="show">Show</label>
                <select id="show">
                  ${Object.entries(SHOWN).map(([name, label]) => option(name, label))}
                </select>
              </div>
              <div>
                <label for="payment">whose payment contains</label>
                <input id="payment" type="search" autocomplete="off" spellcheck="false" />
              </div>
              <button type="button" id="pause" aria-pressed="false">Pause</button>
              <button type="button" id="forget">Forget all</button>
              <small id="still" hidden>stands still</small>
            </div>
            ${newestRequests(facts)}
          </section>
        </main>
        ${new Html(`<script>${SCRIPT}</script>`)}
      </body>
    </html> `.markup;
}

function faultButtons(group: string, title: string): Html {
  const buttons = Object.entries(NAMED_FAULTS)
    .filter(([, fault]) => fault.group === group)
    .map(([name, { label, about }]) =>
      playButton(choiceKey({ kind: 'fault', fault: name as FaultName, concerned: 'all' }), label, about),
    );
  return html`<p><small id="group-${group}">${title}</small></p>
    <div class="buttons" role="group" aria-labelledby="group-${group}">${buttons}</div>`;
}

function profileButtons(atHand: readonly string[]): Html {
  const buttons = atHand.map((name) => playButton(choiceKey({ kind: 'profile', name }), name, 'Load and play it.'));
  if (buttons.length === 0) return html``;
  return html`<fieldset>
    <legend>Profiles at hand</legend>
    <div class="buttons">${buttons}</div>
  </fieldset>`;
}

function playButton(key: string, label: string, about: string): Html {
  return html`<button type="button" aria-pressed="false" data-play="${key}" title="${about}">${label}</button>`;
}

function option(value: string, label: string): Html {
  return html`<option value="${value}">${label}</option>`;
}

/** As a policy names what it lets run. */
function hashOf(text: string): string {
  return `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
}

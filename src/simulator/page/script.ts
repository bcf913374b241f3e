/**
 * What the page does by itself. Twice a second, one request at a time, it asks for the parts that change and puts them in
 * place of those before, but not while somebody reads in them with the keyboard or marks a text. A button asks the
 * simulator to play something else. All markup comes from the simulator.
 */
export const SCRIPT = `'use strict';
const EVERY_MS = 500;
const the = (id) => document.getElementById(id);
let shown = '';
let asked = 0;

async function renew() {
  asked += 1;
  const ticket = asked;
  const query = new URLSearchParams({ show: the('show').value, payment: the('payment').value });
  const answer = await fetch('live?' + query, { cache: 'no-store' });
  if (!answer.ok) throw new Error('HTTP ' + answer.status);
  const markup = await answer.text();
  if (ticket !== asked || markup === shown) return;
  shown = markup;
  const parts = document.createElement('template');
  parts.innerHTML = markup;
  for (const part of [...parts.content.children]) the(part.id).replaceWith(part);
  mark();
}

function mark() {
  const { playing, title } = the('overview').dataset;
  document.title = title + ' · gateway simulator';
  for (const button of document.querySelectorAll('button[data-play]')) {
    button.setAttribute('aria-pressed', String(button.dataset.play === playing));
  }
}

function isRead() {
  const selection = document.getSelection();
  const holds = (node) => the('newest').contains(node) || the('overview').contains(node);
  return holds(document.activeElement) || (!selection.isCollapsed && holds(selection.anchorNode));
}

async function follow() {
  const paused = the('pause').getAttribute('aria-pressed') === 'true';
  if (!paused && !document.hidden && !isRead()) {
    try {
      await renew();
      the('lost').hidden = true;
    } catch {
      the('lost').hidden = false;
    }
  }
  setTimeout(follow, EVERY_MS);
}

async function ask(method, path, body) {
  the('problems').replaceChildren();
  the('said').textContent = '';
  try {
    const answer = await fetch(path, { method, body });
    if (answer.ok) {
      await renew();
      return true;
    }
    complain(await answer.json());
  } catch {
    the('lost').hidden = false;
  }
  return false;
}

function complain({ problem, problems = [], remedy }) {
  const lines = [problem, ...problems.map(({ path, problem }) => path + ': ' + problem), remedy];
  the('problems').replaceChildren(
    ...lines.filter(Boolean).map((line) => Object.assign(document.createElement('p'), { textContent: line })),
  );
}

async function play(path, body) {
  if (await ask('PUT', path, body)) the('said').textContent = document.querySelector('h2').textContent;
}

document.querySelector('main').addEventListener('click', async ({ target }) => {
  const button = target.closest('button');
  if (button === null) return;
  if (button.dataset.play !== undefined) {
    await play('playing?' + button.dataset.play + '&concerned=' + the('concerned').value);
  } else if (button.id === 'own') {
    await play('profile', the('profile').value);
  } else if (button.id === 'take') {
    const answer = await fetch('playing', { cache: 'no-store' });
    the('profile').value = JSON.stringify((await answer.json()).profile, null, 2);
  } else if (button.id === 'forget') {
    if (await ask('DELETE', 'requests')) the('said').textContent = 'All requests are forgotten.';
  } else if (button.id === 'pause') {
    button.setAttribute('aria-pressed', String(button.getAttribute('aria-pressed') !== 'true'));
  }
});
for (const id of ['show', 'payment']) the(id).addEventListener('input', () => void renew().catch(() => undefined));

mark();
void follow();
`;

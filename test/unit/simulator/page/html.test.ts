import { expect, test } from 'vitest';
import { html } from '../../../../src/simulator/page/html.ts';

const NASTY = `<img src=x onerror="alert('x')">&`;

test('values are escaped for text and for quoted attributes, whatever they are', () => {
  expect(html`<p title="${NASTY}">${NASTY} ${7}</p>`.markup).toBe(
    '<p title="&lt;img src=x onerror=&quot;alert(&#39;x&#39;)&quot;&gt;&amp;">' +
      '&lt;img src=x onerror=&quot;alert(&#39;x&#39;)&quot;&gt;&amp; 7</p>',
  );
});

test('markup in markup stays as it is, one or many', () => {
  const many = [html`<i>${'<'}</i>`, html`<i>b</i>`];
  expect(html`<b>${many}</b>`.markup).toBe('<b><i>&lt;</i>\n<i>b</i></b>');
  expect(html`<b>${html`<i>a</i>`}</b>`.markup).toBe('<b><i>a</i></b>');
});

/** How the page looks, by day and by night. */
export const STYLE = `
:root {
  color-scheme: light dark; font: 15px/1.45 system-ui, sans-serif;
  --paper: #fff; --card: #f6f8fa; --ink: #1f2328; --quiet: #59636e; --line: #d1d9e0; --link: #0757ba;
  --good: #116329; --bad: #a40e26; --open: #7d4e00; --good-back: #dafbe1; --bad-back: #ffebe9;
}
@media (prefers-color-scheme: dark) {
  :root {
    --paper: #0d1117; --card: #161b22; --ink: #e6edf3; --quiet: #9aa4af; --line: #3d444d; --link: #79b8ff;
    --good: #56d364; --bad: #ff8f88; --open: #e3b341; --good-back: #12261e; --bad-back: #2d1517;
  }
}
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 1rem; max-width: 100rem; background: var(--paper); color: var(--ink); }
h1 { font-size: 1.1rem; margin: 0 0 .8rem; } h2 { font-size: 1.5rem; margin: 0; } p { margin: .2rem 0; }
small { color: var(--quiet); } a { color: var(--link); }
main { display: grid; gap: 1.2rem; grid-template-columns: minmax(0, 1fr); }
@media (min-width: 60rem) { main { grid-template-columns: 21rem minmax(0, 1fr); align-items: start; } }
fieldset, details { border: 1px solid var(--line); border-radius: .5rem; margin: 0 0 .8rem; padding: .5rem .7rem .7rem; }
legend, summary { font-weight: 600; padding: 0 .3rem; } summary { cursor: pointer; }
label { display: block; margin: .4rem 0 .2rem; color: var(--quiet); }
select, input, textarea { width: 100%; font: inherit; padding: .3rem .4rem; color: inherit; background: var(--paper);
  border: 1px solid var(--quiet); border-radius: .3rem; }
textarea { font: 13px/1.4 ui-monospace, monospace; min-height: 12rem; resize: vertical; }
.buttons { display: flex; flex-wrap: wrap; gap: .35rem; }
button { font: inherit; padding: .25rem .6rem; border: 1px solid var(--quiet); border-radius: .3rem;
  background: var(--card); color: inherit; cursor: pointer; }
button:hover { border-color: var(--ink); }
button[aria-pressed="true"] { background: var(--ink); color: var(--paper); border-color: var(--ink); }
:focus-visible { outline: 3px solid var(--link); outline-offset: 2px; }
#problems { color: var(--bad); } #lost { color: var(--bad); font-weight: 600; }
.bar { display: flex; flex-wrap: wrap; gap: .6rem; align-items: end; margin-bottom: .8rem; } .bar label { margin: 0; }
.heard { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
.headline { padding: .7rem 1rem; border-left: .6rem solid; border-radius: .3rem; }
.headline.good { border-color: var(--good); background: var(--good-back); }
.headline.bad { border-color: var(--bad); background: var(--bad-back); }
.facts { display: flex; flex-wrap: wrap; gap: .6rem; margin: .8rem 0; }
.facts div { background: var(--card); border-radius: .5rem; padding: .4rem .9rem; min-width: 7rem; }
dt { color: var(--quiet); } dd { margin: 0; font-size: 1.35rem; font-variant-numeric: tabular-nums; }
dd small { font-size: .8rem; }
.facts .good dd, tr.good th, td.good { color: var(--good); }
.facts .bad dd, tr.bad th, td.bad { color: var(--bad); }
.facts .open dd, tr.open th, td.open { color: var(--open); }
.counts { display: flex; flex-wrap: wrap; gap: 1rem 2.5rem; align-items: flex-start; margin-bottom: 1rem; }
table { border-collapse: collapse; } caption { text-align: left; white-space: nowrap; font-weight: 600; padding: .2rem 0; }
th, td { padding: .15rem .7rem .15rem 0; text-align: left; vertical-align: top; }
tbody th { font-weight: 400; } thead th { border-bottom: 1px solid var(--line); color: var(--quiet); font-weight: 600; }
.n { text-align: right; font-variant-numeric: tabular-nums; } meter { width: 8rem; height: .9rem; }
.scroll { overflow-x: auto; } .requests { width: 100%; } .requests td { border-top: 1px solid var(--line); white-space: nowrap; }
.requests small { display: block; white-space: normal; } time { font-variant-numeric: tabular-nums; }
`;

// Takes the pictures of the documentation.
//   node screenshots.mjs done       after a demonstration; ENTENTE_SERVER, TOKENS (folder with token files), OUT (folder)
//   node screenshots.mjs terminal TEXT PNG    what a terminal showed, colours included, as a picture
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { launch, setting, signIn } from './browser.mjs';

const org = '/o/contoso-group';
const desk = { viewport: { width: 1280, height: 600 } };
const phone = { viewport: { width: 390, height: 700 } };
const shots = {
  done: [
    { name: 'console-overview', token: 'platform', path: org, ...desk },
    { name: 'console-overview-dark', token: 'platform', path: org, ...desk, colorScheme: 'dark' },
    { name: 'console-phone', token: 'platform', path: org, ...phone },
  ],
};

async function pages(browser, stage) {
  const server = setting('ENTENTE_SERVER');
  for (const { name, token, path, ...options } of shots[stage]) {
    const page = await signIn(browser, server, join(setting('TOKENS'), token), options);
    await page.goto(server + path);
    await page.screenshot({ path: join(setting('OUT'), name + '.png'), fullPage: true });
    console.log(name + '.png');
    await page.context().close();
  }
}

// html turns the few escape sequences that entente writes into elements.
function html(text) {
  const escaped = text.replace(/\r/g, '').replace(/[&<>]/g, (c) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;' })[c]);
  return escaped.replace(/\x1b\[0m/g, '</span>').replace(/\x1b\[(\d+)m/g, '<span class="c$1">');
}

const style = `body { margin: 0; display: inline-block; background: #16191f; }
pre { margin: 0; padding: 16px 20px; color: #e6eaf2; font: 14px/1.45 "DejaVu Sans Mono", monospace; }
.c1 { font-weight: bold } .c2 { color: #98a2b3 } .c31 { color: #ff9c9c } .c32 { color: #7fdca0 } .c33 { color: #f3c56b } .c34 { color: #9cc0ff }`;

async function terminal(browser, text, png) {
  const page = await (await browser.newContext({ viewport: { width: 1400, height: 800 }, deviceScaleFactor: 1.5 })).newPage();
  await page.setContent(`<style>${style}</style><pre>${html(readFileSync(text, 'utf8').trim())}</pre>`);
  await page.locator('body').screenshot({ path: png });
  console.log(png);
}

const [stage, ...files] = process.argv.slice(2);
const browser = await launch();
try {
  if (stage === 'terminal') await terminal(browser, ...files);
  else if (shots[stage]) await pages(browser, stage);
  else throw new Error('usage: node screenshots.mjs done | terminal TEXT PNG');
} finally {
  await browser.close();
}

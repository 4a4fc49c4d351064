// What a tenant's admin sees and does, in a real browser.
//   ENTENTE_SERVER, TOKENS (folder with a token file for each of pat, a-admin, b-admin, c-admin, vera)
//   PICTURES (folder): writes screenshots there
import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import AxeBuilder from '@axe-core/playwright';
import { launch, setting, signIn } from '../browser.mjs';

const server = setting('ENTENTE_SERVER');
const token = (name) => join(setting('TOKENS'), name);
const org = '/o/contoso-group';
const languages = { en: 'en', sv: 'sv', zh: 'zh-Hans' };
const widths = { desktop: { width: 1280, height: 800 }, phone: { width: 390, height: 844 } };
const pages = [org + '/inbox', org + '/requests/look', org + '/requests/leave', org + '/requests/req-a-c-1', org + '/holds', org + '/shares/b/c', org + '/reductions', org, '/nothing'];

let browser;
before(async () => { browser = await launch(); });
after(async () => { await browser?.close(); });

const admin = (lang, options = {}) => signIn(browser, server, token('c-admin'), { locale: languages[lang] ?? lang, ...options });

async function accessible(page, what) {
  const { violations } = await new AxeBuilder({ page }).setLegacyMode(true).analyze() // no frames here, and half the time;
  const grave = violations.filter((v) => v.impact === 'serious' || v.impact === 'critical');
  assert.deepEqual(grave.map((v) => `${v.id}: ${v.nodes.map((n) => n.html).join(' ')}`), [], what);
}

// Every pair of language, scheme and width, without every combination of the three.
const looks = [['en', 'light', 'desktop'], ['en', 'dark', 'phone'], ['sv', 'light', 'phone'], ['sv', 'dark', 'desktop'], ['zh', 'light', 'desktop'], ['zh', 'dark', 'phone']];

for (const [lang, colorScheme, width] of looks) {
  const viewport = widths[width];
  test(`axe finds nothing serious: ${lang}, ${colorScheme}, ${width}`, async () => {
    const page = await admin(lang, { colorScheme, viewport });
    for (const path of pages) {
      await page.goto(server + path);
      assert.equal(await page.locator('html').getAttribute('lang'), languages[lang]);
      assert.equal(await page.locator('h1').count(), 1, path);
      await accessible(page, path);
      const wide = await page.evaluate(() => document.documentElement.scrollWidth);
      assert.ok(wide <= viewport.width, `${path} is ${wide} wide`);
      const cut = await page.$$eval('.scroll:has(.stack)', (found) => found.filter((e) => e.scrollWidth > e.clientWidth).length);
      assert.equal(cut, 0, `${path} has a table that is cut off`);
    }
    const out = await (await browser.newContext({ colorScheme, viewport, locale: languages[lang] })).newPage();
    await out.goto(server + '/sign-in');
    await accessible(out, '/sign-in');
    await page.context().close();
    await out.context().close();
  });
}

// Targets that a finger has to hit. Links inside a line of text, and what is out of sight, are not meant.
const targets = () => [...document.querySelectorAll('button, a.button, input:not([type=hidden]), select, summary, header a, nav a, .cards h3 a')]
  .filter((e) => e.checkVisibility() && !e.closest('details:not([open]) > :not(summary)'))
  .map((e) => (e.matches('[type=checkbox], [type=radio]') ? e.closest('label') : e))
  .map((e) => ({ what: e.outerHTML.slice(0, 90), height: Math.round(e.getBoundingClientRect().height) }))
  .filter((e) => e.height < 44);

test('on a phone every target is 44 pixels high', async () => {
  const page = await admin('en', { viewport: widths.phone });
  for (const path of pages) {
    await page.goto(server + path);
    assert.deepEqual(await page.evaluate(targets), [], path);
  }
  await page.context().close();
});

test('a wrong form leads to the error summary, and from there to the field', async () => {
  const page = await admin('en');
  await page.goto(server + org + '/requests/look');
  await page.fill('#maxUsers', 'many');
  await page.locator('#answer button.primary').click();
  await page.waitForFunction(() => document.activeElement?.id === 'faults');
  assert.equal(await page.locator('#maxUsers').inputValue(), 'many');
  assert.equal(await page.locator('#maxUsers').getAttribute('aria-invalid'), 'true');
  await accessible(page, 'a wrong form');
  await page.keyboard.press('Tab');
  await page.keyboard.press('Enter');
  await page.waitForFunction(() => document.activeElement?.id === 'maxUsers');
  await page.context().close();
});

test('filters narrow the list, and the address says so', async () => {
  const page = await admin('en');
  await page.goto(server + org + '/requests/look');
  const loads = [];
  page.on('load', () => loads.push(page.url()));
  await page.getByRole('searchbox', { name: 'Find a person' }).fill('person004');
  await page.getByRole('searchbox', { name: 'Find a person' }).press('Enter');
  await page.waitForFunction(() => document.querySelectorAll('#people-list tbody tr').length === 1);
  assert.match(page.url(), /search=person004/);
  assert.match(await page.locator('#people-count').innerText(), /1 of 240 people/);
  const scripted = await page.locator('script[src*=htmx]').count();
  assert.equal(loads.length, scripted ? 0 : 1, 'with htmx the page is not loaded again');
  await page.goto(server + org + '/requests/look?action=convert');
  assert.match(await page.locator('#people-count').innerText(), /^\d+ of 240 people$/);
  await page.goto(server + org + '/requests/look');
  await page.getByRole('link', { name: 'Next page' }).click();
  await page.getByText('person030@b.example').waitFor();
  await page.context().close();
});

// press Tab until the focus is on what the selector names; a page without keyboard traps gets there.
async function tabTo(page, selector) {
  for (let i = 0; i < 400; i++) {
    await page.keyboard.press('Tab');
    const there = await page.evaluate((s) => document.activeElement?.matches(s), selector);
    if (!there) continue;
    const outline = await page.evaluate(() => getComputedStyle(document.activeElement).outlineStyle);
    assert.notEqual(outline, 'none', `the focus on ${selector} cannot be seen`);
    return;
  }
  assert.fail(`no way to ${selector} by keyboard`);
}

test('by keyboard alone: sign in, open the inbox, leave one person out, approve', async () => {
  const { readFileSync } = await import('node:fs');
  const page = await (await browser.newContext({ locale: 'sv' })).newPage();
  await page.goto(server + org + '/requests/keyboard');
  assert.match(page.url(), /\/sign-in\?to=/);
  if (!(await page.evaluate(() => document.activeElement?.matches('[name=token]')))) await tabTo(page, '[name=token]');
  await page.keyboard.type(readFileSync(token('c-admin'), 'utf8').trim());
  await page.keyboard.press('Enter');
  await page.waitForURL(server + org + '/requests/keyboard'); // exactly the request that the link named
  await tabTo(page, `header a[href="${org}/inbox"]`);
  await page.keyboard.press('Enter');
  await page.waitForURL(server + org + '/inbox');
  await tabTo(page, `a[href="${org}/requests/keyboard"]`);
  await page.keyboard.press('Enter');
  await page.waitForURL(server + org + '/requests/keyboard');
  await tabTo(page, '[name=exclude][value="person004@b.example"]');
  await page.keyboard.press('Space');
  await tabTo(page, '#exclusionReason');
  await page.keyboard.type('slutar i maj');
  await tabTo(page, 'button[value=exclude]');
  await page.keyboard.press('Enter');
  await page.locator('#left-out').waitFor();
  await tabTo(page, '#maxUsers');
  await page.keyboard.type('300');
  await tabTo(page, '#answer button.primary');
  await page.keyboard.press('Enter');
  await page.waitForURL(server + org + '/requests/keyboard#next');
  await page.getByRole('heading', { name: 'Vad som händer nu' }).waitFor();
  await page.context().close();
});

test('without script: the same, on the second page of the list', async () => {
  const page = await admin('en', { javaScriptEnabled: false });
  await page.goto(server + org + '/inbox');
  await page.locator(`a[href="${org}/requests/scriptless"]`).click();
  await page.getByRole('link', { name: 'Next page' }).click();
  await page.getByLabel(/^Leave out/).first().check();
  await page.getByLabel('Why they stay out').fill('works elsewhere');
  await page.getByRole('button', { name: 'Leave out the ticked people' }).click();
  await page.getByRole('heading', { name: 'Left out by you' }).waitFor();
  await page.getByRole('link', { name: 'First page' }).click(); // who was left out is remembered
  await page.getByRole('heading', { name: 'Left out by you' }).waitFor();
  await page.getByLabel('Most users').fill('300');
  await page.getByRole('button', { name: 'Approve' }).click();
  await page.getByRole('heading', { name: 'What happens next' }).waitFor();
  await page.context().close();
});

test('the language is a choice in the footer, and stays', async () => {
  const page = await admin('en');
  await page.goto(server + org + '/requests/look?search=person004');
  await page.getByRole('button', { name: '简体中文' }).click();
  await page.waitForURL(/search=person004/);
  assert.equal(await page.locator('html').getAttribute('lang'), 'zh-Hans');
  await page.goto(server + org + '/inbox');
  assert.equal(await page.locator('html').getAttribute('lang'), 'zh-Hans');
  await page.context().close();
});

// screen is how much of a page a picture shows.
const screen = 1280;

test('pictures', async () => {
  const out = process.env.PICTURES;
  if (out) mkdirSync(out, { recursive: true });
  const shots = { inbox: org + '/inbox', request: org + '/requests/look', small: org + '/requests/req-b-c-1', holds: org + '/holds', share: org + '/shares/b/c', decided: org + '/requests/req-a-c-1' };
  for (const lang of Object.keys(languages)) {
    for (const [width, viewport] of Object.entries(widths)) {
      const page = await admin(lang, { viewport });
      for (const [name, path] of Object.entries(shots)) {
        await page.goto(server + path);
        const whole = await page.evaluate(() => document.documentElement.scrollHeight);
        for (let part = 1, y = 0; y < whole; part++, y += screen) {
          const clip = { x: 0, y, width: viewport.width, height: Math.min(screen, whole - y) };
          const png = await page.screenshot({ fullPage: true, clip, ...(out && { path: join(out, `console-${name}-${lang}-${width}-${part}.png`) }) });
          assert.ok(png.length > 300, `${name} in ${lang} is empty`);
        }
      }
      await page.context().close();
    }
  }
});

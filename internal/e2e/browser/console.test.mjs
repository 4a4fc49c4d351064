// The console in a real browser, after a demonstration: what it shows, keyboard, accessibility, its own strict policy.
//   ENTENTE_SERVER, TOKENS (folder with the demonstration's tokens)
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import AxeBuilder from '@axe-core/playwright';
import { launch, setting, signIn } from './browser.mjs';

const server = setting('ENTENTE_SERVER');
const token = (name) => join(setting('TOKENS'), name);
const org = '/o/contoso-group';
const pages = {
  platform: [org, org + '/reductions', org + '/shares/b/c', org + '/inbox', org + '/nothing-here'],
  'admin-c': [org + '/inbox', org + '/requests/b-c-1', org],
};

let browser;
before(async () => { browser = await launch(); });
after(async () => { await browser?.close(); });

// watched signs in and collects whatever the browser complains of.
async function watched(who, options) {
  const page = await signIn(browser, server, token(who), options);
  const complaints = [];
  page.on('console', (m) => { if (m.type() === 'error' || m.type() === 'warning') complaints.push(m.text()); });
  page.on('pageerror', (e) => complaints.push(String(e)));
  return { page, complaints };
}

test('sign-in refuses a wrong token and opens with a right one', async () => {
  const page = await (await browser.newContext()).newPage();
  await page.goto(server + org);
  assert.match(page.url(), /\/sign-in/);
  await page.fill('input[name=token]', 'wrong');
  await page.click('button[type=submit]');
  await page.getByRole('alert').getByText('not known here').waitFor();
  const signed = await signIn(browser, server, token('platform'));
  await signed.getByRole('heading', { level: 1, name: 'Overview' }).waitFor();
});

test('the overview reads 12 of 12', async () => {
  const { page } = await watched('platform');
  await page.goto(server + org);
  const totals = await page.locator('.totals').innerText();
  assert.match(totals, /12 of 12 covered/);
  assert.match(totals, /4 internal · 8 members · 0 guests/);
  assert.match(totals, /6 of 6 shares in sync/);
  const rows = await page.locator('.matrix tbody tr').allInnerTexts();
  assert.equal(rows.length, 4);
  assert.equal(rows.join('\n').match(/◆ member/g).length, 8);
  assert.equal(rows.join('\n').match(/● internal/g).length, 4);
});

test('a tenant admin lands in the inbox of the own tenant', async () => {
  const { page } = await watched('admin-c');
  await page.goto(server + '/');
  assert.equal(new URL(page.url()).pathname, org + '/inbox');
  const text = await page.locator('main').innerText();
  assert.match(text, /2 people from b ask to come into c/);
  assert.doesNotMatch(text, /come into a/);
});

test('signing in needs no script', async () => {
  const page = await signIn(browser, server, token('platform'), { javaScriptEnabled: false });
  await page.getByText('12 of 12 covered').waitFor();
});

test('everything is reached by keyboard, beginning with the way past the navigation', async () => {
  const { page } = await watched('platform');
  await page.goto(server + org);
  const all = await page.$$eval('a[href], button, input:not([type=hidden]), select, [tabindex="0"]', (found) => {
    found.forEach((e, i) => { e.dataset.stop = String(i); });
    return found.map((e) => `${e.dataset.stop} ${e.tagName} ${e.textContent.trim().slice(0, 30)}`);
  });
  const reached = new Set();
  for (let i = 0; i < all.length + 5; i++) {
    await page.keyboard.press('Tab');
    const stop = await page.evaluate(() => document.activeElement?.dataset?.stop);
    if (i === 0) assert.equal(await page.evaluate(() => document.activeElement.className), 'skip');
    if (stop !== undefined) reached.add(Number(stop));
  }
  assert.deepEqual(all.filter((_, i) => !reached.has(i)), []);
  await page.goto(server + org);
  await page.keyboard.press('Tab');
  await page.keyboard.press('Enter');
  await page.waitForFunction(() => document.activeElement?.id === 'content');
});

for (const colorScheme of ['light', 'dark']) {
  test(`axe finds nothing serious (${colorScheme})`, async () => {
    const blank = await (await browser.newContext({ colorScheme })).newPage();
    await blank.goto(server + '/sign-in');
    await accessible(blank, '/sign-in');
    for (const [who, paths] of Object.entries(pages)) {
      const { page } = await watched(who, { colorScheme });
      for (const path of paths) {
        await page.goto(server + path);
        await accessible(page, path);
      }
    }
  });
}

async function accessible(page, path) {
  const { violations } = await new AxeBuilder({ page }).analyze();
  const grave = violations.filter((v) => v.impact === 'serious' || v.impact === 'critical');
  assert.deepEqual(grave.map((v) => `${v.id}: ${v.nodes.map((n) => n.html).join(' ')}`), [], path);
}

test('the policy is strict, and no page makes the browser complain', async () => {
  for (const [who, paths] of Object.entries(pages)) {
    const { page, complaints } = await watched(who);
    for (const path of paths) {
      const answer = await page.goto(server + path);
      const policy = answer.headers()['content-security-policy'];
      assert.match(policy, /default-src 'none'/);
      assert.doesNotMatch(policy, /unsafe|\*|https?:/);
      await page.waitForTimeout(300); // the live stream opens after the page
    }
    const own = complaints.filter((text) => !/status of 404/.test(text)); // of the page that is not there
    assert.deepEqual(own, [], who);
  }
});

test('a phone shows every column that it keeps, without moving sideways', async () => {
  const { page } = await watched('platform', { viewport: { width: 390, height: 700 } });
  for (const path of pages.platform) {
    await page.goto(server + path);
    const wide = await page.evaluate(() => document.documentElement.scrollWidth);
    assert.ok(wide <= 390, `${path} is ${wide} wide`);
  }
  await page.goto(server + org);
  const hidden = await page.$$eval('.scroll', (found) => found.filter((e) => e.scrollWidth > e.clientWidth).map((e) => e.getAttribute('aria-labelledby')));
  assert.deepEqual(hidden, []);
});

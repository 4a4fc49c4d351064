// What the browser tests and the screenshots share: one Chromium, one signed-in page.
import { existsSync, readFileSync } from 'node:fs';
import { chromium } from 'playwright-core';

const places = [process.env.CHROMIUM, '/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];

export function launch() {
  const executablePath = places.find((path) => path && existsSync(path));
  if (!executablePath) throw new Error('no Chromium found: install the package chromium, or set CHROMIUM to its path');
  return chromium.launch({
    executablePath,
    args: ['--headless', '--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
  });
}

// signIn opens a page that is signed in with the token in a file.
export async function signIn(browser, server, tokenFile, options = {}) {
  const page = await (await browser.newContext(options)).newPage();
  await page.goto(server + '/sign-in');
  await page.fill('input[name=token]', readFileSync(tokenFile, 'utf8').trim());
  await page.click('button[type=submit]');
  await page.waitForURL((url) => !url.pathname.startsWith('/sign-in'));
  return page;
}

export function setting(name) {
  const value = process.env[name];
  if (!value) throw new Error(`${name} is not set`);
  return value;
}

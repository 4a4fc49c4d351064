// Takes the pictures of the documentation from a running demonstration.
//   ENTENTE_SERVER, TOKENS (folder with the demonstration's tokens), OUT (folder)
import { join } from 'node:path';
import { launch, setting, signIn } from './browser.mjs';

const server = setting('ENTENTE_SERVER');
const tokens = setting('TOKENS');
const out = setting('OUT');
const browser = await launch();
try {
  const shots = [
    { name: 'console-overview', token: 'platform', path: '/', viewport: { width: 1280, height: 900 }, colorScheme: 'light' },
    { name: 'console-overview-dark', token: 'platform', path: '/', viewport: { width: 1280, height: 900 }, colorScheme: 'dark' },
    { name: 'console-phone', token: 'platform', path: '/', viewport: { width: 390, height: 844 }, colorScheme: 'light' },
    { name: 'console-inbox', token: 'admin-c', path: '/o/contoso-group/inbox', viewport: { width: 1280, height: 900 }, colorScheme: 'light' },
    { name: 'console-reductions', token: 'platform', path: '/o/contoso-group/reductions', viewport: { width: 1280, height: 900 }, colorScheme: 'light' },
  ];
  for (const { name, token, path, ...options } of shots) {
    const page = await signIn(browser, server, join(tokens, token), options);
    await page.goto(server + path);
    await page.screenshot({ path: join(out, name + '.png'), fullPage: true });
    console.log(join(out, name + '.png'));
  }
} finally {
  await browser.close();
}

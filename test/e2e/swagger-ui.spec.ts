import type { Browser, Page } from 'playwright-core';
import { bootGateway, type BootedGateway } from '../support/boot-gateway.js';
import { findChromium } from '../support/chromium.js';

const launch = findChromium('Swagger UI in a browser');

(launch === undefined ? describe.skip : describe)('Swagger UI', () => {
  let gateway: BootedGateway;
  let browser: Browser;
  let page: Page;
  const complaints: string[] = [];

  beforeAll(async () => {
    gateway = await bootGateway();
    browser = await (launch as () => Promise<Browser>)();
    page = await browser.newPage({ viewport: { width: 1300, height: 1000 } });
    page.on('console', (message) => {
      if (message.type() === 'error') complaints.push(message.text());
    });
    page.on('pageerror', (error) => complaints.push(error.message));
    await page.goto(`${gateway.url}/docs`, { waitUntil: 'networkidle' });
  }, 60_000);
  afterAll(async () => {
    await browser.close();
    await gateway.close();
  });

  const execute = async (operationId: string, body?: string): Promise<string> => {
    const block = page.locator(`[id$="${operationId}"]`);
    await block.locator('.opblock-summary-control').click();
    if (body !== undefined) await block.locator('textarea').first().fill(body);
    await block.getByRole('button', { name: 'Execute' }).click();
    return (await block.locator('.live-responses-table tbody .response-col_status').first().innerText()).trim();
  };

  it('shows every domain', async () => {
    const tags = await page.locator('.opblock-tag').allInnerTexts();
    expect(tags.map((tag) => tag.trim().toLowerCase().split(/\s/)[0])).toEqual(
      expect.arrayContaining(['auth', 'ingestion', 'qc', 'pipelines', 'execution', 'results', 'monitoring', 'health']),
    );
  });

  it('refuses a call before the login and lets it pass after log in and Authorize', async () => {
    expect(await execute('monitoring_metrics')).toMatch(/^401/);
    const login = page.locator('[id$="auth_login"]');
    expect(await execute('auth_login', '{"username":"admin","password":"good"}')).toMatch(/^200/);
    const answer = await login.locator('.live-responses-table .highlight-code code').first().innerText();
    const token = (JSON.parse(answer) as { access_token: string }).access_token;
    await page.locator('.auth-wrapper .authorize').first().click();
    await page.locator('.auth-container input').first().fill(token);
    await page.locator('.auth-btn-wrapper .authorize').click();
    await page.locator('.auth-btn-wrapper .btn-done').click();
    const metrics = page.locator('[id$="monitoring_metrics"]');
    await metrics.getByRole('button', { name: 'Execute' }).click();
    await metrics
      .locator('.live-responses-table tbody .response-col_status', { hasText: '200' })
      .waitFor({ timeout: 10_000 });
  }, 60_000);

  it('runs under its content policy without a complaint', () => {
    expect(complaints.filter((text) => !/401/.test(text))).toEqual([]);
  });
});

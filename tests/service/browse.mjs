// Opens pages of the service in Debian's Chromium; prints what it saw of each as one JSON object.
import { createRequire } from "node:module";

const [modules, browser, profile, asked] = process.argv.slice(2);
const { chromium } = createRequire(`${modules}/`)("playwright-core");
const { token, visits } = JSON.parse(asked);

// Root has no sandbox in Chromium, and nothing here is to be looked for in the network.
const context = await chromium.launchPersistentContext(profile, {
  executablePath: browser,
  headless: true,
  args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--no-first-run"],
  httpCredentials: { username: "operator", password: token },
  viewport: { width: 1280, height: 900 },
});

const seen = [];
for (const { url, screenshot, width = 1280, dark = false } of visits) {
  const page = await context.newPage();
  await page.setViewportSize({ width, height: 900 });
  await page.emulateMedia({ colorScheme: dark ? "dark" : "light" });
  const saw = { url, requests: [], troubles: [], dialogs: 0 };
  page.on("request", (request) => saw.requests.push(request.url()));
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) saw.troubles.push(message.text());
  });
  page.on("pageerror", (error) => saw.troubles.push(String(error)));
  page.on("requestfailed", (request) => saw.troubles.push(`failed: ${request.url()}`));
  page.on("dialog", (dialog) => { saw.dialogs += 1; return dialog.dismiss(); });
  const answer = await page.goto(url, { waitUntil: "load" });
  saw.status = answer.status();
  saw.headers = answer.headers();
  saw.title = await page.title();
  saw.text = await page.innerText("body");
  saw.links = await page.$$eval("a[href]", (links) => links.map((link) => link.href));
  saw.headings = await page.$$eval("h1, h2, h3", (all) => all.map((one) => one.textContent.trim()));
  saw.tables = await page.$$eval("table", (tables) => tables.map((table) =>
    [...table.rows].map((row) => [...row.cells].map((cell) => cell.innerText.trim()))));
  saw.charts = await page.$$eval("svg", (charts) => charts.map((chart) => ({
    width: chart.getBoundingClientRect().width,
    label: chart.getAttribute("aria-label") ?? chart.querySelector("title")?.textContent ?? "",
    marks: chart.querySelectorAll("rect, path, circle, polyline").length,
  })));
  // Wider than the window: something is cut off, or has to be scrolled to.
  saw.overflow = await page.evaluate(() =>
    document.documentElement.scrollWidth - document.documentElement.clientWidth);
  saw.foreign = await page.$$eval("script, img, iframe, object, embed", (all) => all.length);
  await page.screenshot({ path: screenshot, fullPage: true });
  await page.close();
  seen.push(saw);
}
await context.close();
console.log(JSON.stringify(seen));

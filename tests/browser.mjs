// Opens a report's page in a real browser and tells what it shows, as JSON: FOLDER (where
// puppeteer-core and @sparticuz/chromium are installed), the page, a run to unfold, words to filter.
import { createRequire } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const [, , folder, file, run, words] = process.argv;
const installed = createRequire(join(folder, "package.json"));
const load = async (name) => (await import(pathToFileURL(installed.resolve(name)).href)).default;
const [chromium, puppeteer] = [await load("@sparticuz/chromium"), await load("puppeteer-core")];

const browser = await puppeteer.launch({
  args: chromium.args,
  executablePath: await chromium.executablePath(),
  headless: "shell",
});
const page = await browser.newPage();
const said = [];
const fetched = [];
page.on("console", (message) => said.push(message.text()));
page.on("pageerror", (error) => said.push(error.message));
page.on("request", (request) => {
  if (!request.url().startsWith("file:")) fetched.push(request.url());
});
await page.goto(`${pathToFileURL(file).href}#${run}`);
await page.waitForSelector(`[data-run="${run}"] .trial:last-child .steps`);
const text = (selector) => page.$eval(selector, (found) => found.textContent);
const count = (selector) => page.$$eval(selector, (found) => found.length);
const before = await text("#filter output");
const shown = {
  steps: (await count(".steps tr")) - (await count(".steps")),
  trials: await count(".trial"),
  lives: (await count(".timeline tr")) - 2,
  drawn: await count(".drawing svg"),
};
await page.type("#filter [name=words]", words);
const filtered = await text("#filter output");
console.log(JSON.stringify({ said, fetched, before, ...shown, filtered }));
await browser.close();

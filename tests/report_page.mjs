// Opens a report's page in a real browser and tells what it shows, as JSON: FOLDER (of the
// browser), the page, a run to unfold, words to filter.
import { pathToFileURL } from "node:url";

import { opened } from "./browser.mjs";

const [, , folder, file, run, words] = process.argv;
const { browser, page, said, fetched } = await opened(folder);
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

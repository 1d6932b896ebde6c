// Opens a report's page in a real browser and tells what it shows, as JSON: FOLDER (of the
// browser), the page, a run to unfold, words to filter, a folder for pictures.
import { join } from "node:path";
import { pathToFileURL } from "node:url";

import { opened } from "./browser.mjs";

const [, , folder, file, run, words, pictures] = process.argv;
const { browser, page, said, fetched } = await opened(folder);
await page.setViewport({ width: 1000, height: 900 });
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
for (const value of ["light", "dark"]) {
  await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value }]);
  for (const [name, selector] of [["top", "body"], ["run", `[data-run="${run}"]`]]) {
    await page.$eval(selector, async (element) => {
      element.scrollIntoView();
      await new Promise((then) => requestAnimationFrame(() => requestAnimationFrame(then)));
    });
    await page.screenshot({ path: join(pictures, `${name}-${value}.png`) });
  }
}
await page.type("#filter [name=words]", words);
const filtered = await text("#filter output");
console.log(JSON.stringify({ said, fetched, before, ...shown, filtered }));
await browser.close();

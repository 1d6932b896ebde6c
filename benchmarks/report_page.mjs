// Opens a report's page in a real browser, as often as asked, and tells as JSON how long it took:
// FOLDER (of the browser), the page, a run to unfold, how often, a folder for pictures ("" for none).
import { join } from "node:path";
import { pathToFileURL } from "node:url";

import { opened } from "../tests/browser.mjs";

const [, , folder, file, run, times, pictures] = process.argv;
const { browser, page, said } = await opened(folder);
await page.setViewport({ width: 1280, height: 900 });
const address = pathToFileURL(file).href;
const line = `[data-run="${run}"]`;
const found = { parsed: [], usable: [], unfolded: [], filtered: [] };

// In the page: milliseconds from now until what `work` began is done and the screen drawn again.
const timed = (selector, work) =>
  page.$eval(
    selector,
    async (element, work) => {
      const began = performance.now();
      await new Function("element", work)(element);
      await new Promise((then) => requestAnimationFrame(() => setTimeout(then)));
      return performance.now() - began;
    },
    work,
  );
const UNFOLD = `return new Promise((then) => {
  element.addEventListener("unfolded", then, { once: true });
  element.open = true;
})`;
const FILTER = `element.value = "none"; element.dispatchEvent(new Event("input", { bubbles: true }))`;

for (let number = 0; number < Number(times); number++) {
  const began = performance.now();
  await page.goto(address, { waitUntil: "domcontentloaded" });
  found.parsed.push(performance.now() - began);
  // The filter counts the runs once the script is done; a frame later all in view is drawn.
  await page.waitForFunction(
    () => document.querySelector("#filter output").textContent && document.querySelector(".plots svg"),
  );
  await page.evaluate(() => new Promise((then) => requestAnimationFrame(() => setTimeout(then))));
  found.usable.push(performance.now() - began);
  found.filtered.push(await timed("#filter [name=words]", FILTER));
  await page.goto("about:blank");
  await page.goto(address);
  found.unfolded.push(await timed(line, UNFOLD));
}

if (pictures) {
  for (const value of ["light", "dark"]) {
    await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value }]);
    await page.goto("about:blank");
    await page.goto(address);
    await page.screenshot({ path: join(pictures, `plots-${value}.png`) });
    await page.$eval(line, new Function("element", UNFOLD));
    await page.$$eval(`${line} details`, ([first]) => (first.open = true));
    await page.$eval(line, (element) => element.scrollIntoView());
    await page.screenshot({ path: join(pictures, `run-${value}.png`) });
  }
}
console.log(JSON.stringify({ said, ...found }));
await browser.close();

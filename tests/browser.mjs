// A real headless browser for what looks at a page: `opened(FOLDER)`, where FOLDER is one in which
// `npm install puppeteer-core @sparticuz/chromium` was run.
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

// The package brings libraries and fonts for a bare machine, and unpacks them where it takes the
// machine for one of Amazon's. With its fonts a page looks the same on every machine.
process.env.AWS_EXECUTION_ENV ??= "AWS_Lambda_nodejs22.x";
process.env.FONTCONFIG_PATH ??= join(tmpdir(), "fonts");

// The page, and what it said on its console and fetched from elsewhere than a file.
export const opened = async (folder) => {
  const installed = createRequire(join(folder, "package.json"));
  const load = async (name) => (await import(pathToFileURL(installed.resolve(name)).href)).default;
  const [chromium, puppeteer] = [await load("@sparticuz/chromium"), await load("puppeteer-core")];
  const browser = await puppeteer.launch({
    args: chromium.args,
    executablePath: await chromium.executablePath(),
    headless: "shell",
  });
  const page = await browser.newPage();
  const [said, fetched] = [[], []];
  page.on("console", (message) => said.push(message.text()));
  page.on("pageerror", (error) => said.push(error.message));
  page.on("request", (request) => {
    if (!request.url().startsWith("file:")) fetched.push(request.url());
  });
  return { browser, page, said, fetched };
};

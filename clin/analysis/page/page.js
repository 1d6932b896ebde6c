"use strict";
// Unfolds a run when somebody opens it, and filters the list. All text of worlds and models goes
// through textContent; the one picture per run is ours, and it was escaped when it was drawn.
(() => {
  const make = (tag, known = {}, ...inside) => {
    const made = Object.assign(document.createElement(tag), known);
    made.append(...inside);
    return made;
  };

  const unpack = async (run) => {
    const text = document.getElementById(`data-${run}`).textContent;
    const bytes = Uint8Array.from(atob(text), (char) => char.charCodeAt(0));
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
    return new Response(stream).json();
  };

  const signed = (change) => (change > 0 ? "+" : "") + Number(change.toPrecision(3));

  const onOpen = (details, fill) => {
    details.addEventListener("toggle", () => details.open && fill(), { once: true });
    return details;
  };

  // --- a trial

  const stepRow = ([action, seen, score, thought, cited, told], index, before) => {
    const change = score - before;
    const did = make("td", {}, make("div", { className: "action", textContent: action }));
    if (thought) did.prepend(make("div", { className: "thought", textContent: thought }));
    if (told) did.prepend(make("div", { className: "told", textContent: `memory: ${told}` }));
    if (cited.length) did.append(make("div", { className: "uses", textContent: `uses ${cited.join(", ")}` }));
    return make(
      "tr",
      { className: change > 0 ? "up" : change < 0 ? "down" : "" },
      make("td", { textContent: index }),
      make("td", { textContent: change ? signed(change) : "·" }),
      did,
      make("td", { className: "seen", textContent: seen }),
    );
  };

  const steps = (trial) => {
    const columns = make("colgroup", {}, ...[0, 1, 2, 3].map(() => make("col")));
    const names = ["step", "score", "action", "observation"];
    const head = make("tr", {}, ...names.map((name) => make("th", { textContent: name })));
    let before = 0;
    const rows = trial.steps.map((step, index) => {
      const row = stepRow(step, index, before);
      before = step[2];
      return row;
    });
    return make("table", { className: "steps" }, columns, head, ...rows);
  };

  const trialOf = (trial) => {
    const told = `Trial ${trial.number}: score ${Number(trial.score.toPrecision(4))}, ` +
      `${trial.steps.length} steps, ${trial.ending}, ${trial.read.length} links read`;
    const details = make("details", { className: "trial" }, make("summary", { textContent: told }));
    return onOpen(details, () => {
      if (trial.read.length) {
        const lines = trial.read.map((link) => make("li", { textContent: link }));
        details.append(make("h4", { textContent: "It read" }), make("ol", {}, ...lines));
      }
      details.append(make("h4", { textContent: "At first" }), make("pre", { textContent: trial.opening }), steps(trial));
    });
  };

  // --- the memory

  // A font may lack the signs, so they are drawn.
  const OUTLINES = { "■": "M2 2h10v10H2z", "▲": "M7 2l6 10H1z", "▼": "M7 12L1 2h12z" };
  const FILLED = { "□": "■", "△": "▲", "▽": "▼" };

  const sign = (form) => {
    const svg = make("span", { innerHTML: "<svg><path></path></svg>" }).firstChild;
    const known = { class: form in FILLED ? "sign hollow" : "sign", viewBox: "0 0 14 14", role: "img", "aria-label": form };
    Object.entries(known).forEach(([name, value]) => svg.setAttribute(name, value));
    svg.firstChild.setAttribute("d", OUTLINES[FILLED[form] ?? form]);
    return svg;
  };

  const timeline = ({ versions, lives }) => {
    const heads = versions.map(({ label }) => make("th", { textContent: label }));
    const scores = versions.map(({ score }) => make("td", { textContent: score === null ? "" : Math.round(score) }));
    const rows = lives.map(({ link, forms }) => {
      const cells = forms.map((form) => make("td", { className: form ? "" : "same" }, form ? sign(form) : "·"));
      const gone = forms.at(-1) ? "" : "gone";
      return make("tr", {}, ...cells, make("td", { textContent: link, className: gone }));
    });
    return make(
      "table",
      { className: "timeline" },
      make("tr", {}, ...heads, make("td", { textContent: "after trial (s: start, p: a person's)" })),
      make("tr", {}, ...scores, make("td", { textContent: "score of the trial" })),
      ...rows,
    );
  };

  const key = () => make(
    "div",
    { className: "key" },
    ...[sign("■"), " necessary ", sign("▲"), " contributes ", sign("▼"), " does not; filled SHOULD, hollow MAY; · not held"],
  );

  const graphs = (run) => {
    const details = make("details", {}, make("summary", { textContent: "The graph, and what each trial changed in it" }));
    return onOpen(details, () => {
      if (run.graph) {
        const drawing = make("div", { className: "drawing" });
        drawing.innerHTML = run.graph;
        details.append(drawing);
      }
      [...run.trees.entries()].filter(([, tree]) => tree).reverse().forEach(([index, tree]) => {
        const title = `After trial ${run.versions[index].label}, against the version before`;
        details.append(make("h4", { textContent: title }), make("pre", { className: "tree", textContent: tree }));
      });
    });
  };

  const memory = (run) => {
    const notes = run.versions.flatMap(({ label, notes }) => notes.map((note) => `After trial ${label}: ${note}`));
    const parts = [make("h4", { textContent: "Memory over the trials" })];
    if (run.lives.length) {
      parts.push(timeline(run), key(), graphs(run));
    }
    if (notes.length) parts.push(make("ul", {}, ...notes.map((note) => make("li", { textContent: note }))));
    return run.lives.length || notes.length ? parts : [];
  };

  // --- a run

  const unfold = async (details) => {
    const place = make("div", { className: "unfolded" });
    details.querySelector(".last").before(place);
    try {
      const run = await unpack(details.dataset.run);
      const shown = memory(run);
      if (shown.length) details.querySelector(".last").remove();
      place.append(make("p", { className: "goal", textContent: run.goal }), ...shown, ...run.trials.map(trialOf));
    } catch (error) {
      place.append(make("p", { textContent: `This run cannot be unfolded: ${error.message}` }));
    }
    details.dispatchEvent(new Event("unfolded"));
  };

  const runs = [...document.querySelectorAll(".run[data-run]")];
  runs.forEach((run) => onOpen(run, () => unfold(run)));

  // A link to page.html#r3 opens the run r3 and all its trials.
  const wanted = runs.find((run) => `#${run.dataset.run}` === location.hash);
  if (wanted) {
    wanted.addEventListener("unfolded", () => {
      wanted.querySelectorAll("details").forEach((each) => (each.open = true));
      wanted.scrollIntoView();
    });
    wanted.open = true;
  }

  // --- the filter

  const form = document.getElementById("filter");
  const lines = new Map(runs.map((run) => [run, run.firstElementChild.textContent.toLowerCase()]));
  const passes = { "": () => true, full: (last) => last >= 100, some: (last) => last > 0 && last < 100, none: (last) => last <= 0 };

  const filter = () => {
    const words = form.words.value.toLowerCase().split(/\s+/).filter(Boolean);
    let count = 0;
    for (const run of runs) {
      const shown = words.every((word) => lines.get(run).includes(word)) &&
        (!form.arm.value || run.dataset.arm === form.arm.value) &&
        passes[form.last.value](Number(run.dataset.last));
      run.hidden = !shown;
      count += shown;
    }
    form.querySelector("output").textContent = `${count} of ${runs.length} runs`;
  };

  form.hidden = false;
  form.addEventListener("input", filter);
  form.addEventListener("submit", (event) => event.preventDefault());
  filter();
})();
